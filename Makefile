# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make                  both programs, in build/
# make demo             install what is missing, build, record, report
# make check            install what is missing, build, test
# make check-live       build, and try attribution on every kind of traffic (root)
# make check-live-old   the same without the hooks that kernels before 6.3 lack
# make check-kills      200 recorders killed and 50 power cuts, under load (root)
# make check-scale      10,000 connections, and 5,000 processes in a minute (root)
# make check-damage     10,000 damaged copies of a trace, with the sanitizers
# make fuzz             each fuzz target with libFuzzer; FUZZ_SECONDS= each (60), FUZZ_TARGETS=
# make fuzz-afl         the same with AFL++
# make bench            cost, size and speed beside other tools', docs/performance.md (root); 25 minutes
# make bench-quick      the most important of it beside docs/bench.json (root); 2 minutes
# make bench-hooks      what the kernel's programs cost (root); OLD=DIR: beside another build
# make bench-share      an attachment of 10 MB: five minutes at 20,000 packets a second, shared
# make bench-flight     the recorder's CPU time with --flight beside that with a file (root)
# make check-vm         the rig on Debian's kernels, emulated; and the table of them
# make soak             half an hour at 50,000 packets a second (root); SOAK_SECONDS=
# make nightly          all of the checks, one after the other (root)
# make static           one file each to copy to another host, in build/static/
# make install          DESTDIR= and PREFIX= are heeded; uninstall reverses it
# make compile_commands.json | clean
#
# O=DIR builds elsewhere, V=1 shows the commands, SAN=1 builds with the address
# and undefined-behaviour sanitizers (in build/san).

VERSION := 0.1.0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
INSTALL ?= install
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g

ifeq ($(SAN),1)
O ?= build/san
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
O ?= build
endif
ifeq ($(FUZZ),1)
SAN_FLAGS += -fsanitize=fuzzer-no-link
endif
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' '$(1)' '$(2)';)

WARNINGS := -Wall -Wextra -Wshadow -Werror
# Against whoever finds a mistake in the programs. The sanitizers bring their own checks.
ifneq ($(SAN),1)
HARDEN := $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) -fstack-clash-protection
endif
MACHINE := $(shell uname -m)
HARDEN += -fPIE -fstack-protector-strong $(if $(filter x86_64,$(MACHINE)),-fcf-protection) \
	$(if $(filter aarch64,$(MACHINE)),-mbranch-protection=standard)
HARDEN_LINK := -pie -Wl,-z,relro,-z,now,-z,noexecstack

CPPFLAGS_ALL := -I. -I$(O) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DNETSNOOP_VERSION='"$(VERSION)"' $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(WARNINGS) $(HARDEN) $(SAN_FLAGS) $(CFLAGS)
LDFLAGS_ALL := $(HARDEN_LINK) $(SAN_FLAGS) $(LDFLAGS)

# Asked when a program is linked, so that this file can be read before the
# packages are installed.
libs = $(shell $(PKG_CONFIG) --libs $(1))
LIBS_FORMAT = $(call libs,libzstd)
LIBS_RECORD = $(call libs,libbpf libelf libzstd) -pthread
LIBS_ANALYZE = $(call libs,sqlite3 libzstd nettle libseccomp) -pthread

FORMAT_C := $(wildcard format/*.c)
COMMON_C := $(wildcard common/*.c)
RECORD_C := $(wildcard record/*.c)
ANALYZE_C := $(wildcard analyze/*.c)
ANALYZE_SQL := $(sort $(wildcard analyze/*.sql analyze/reports/*.sql))
UNIT_C := $(wildcard tests/unit/test_*.c)
TOOL_C := $(wildcard tests/bad/*.c tests/cli/*.c tests/live/*.c tests/fuzz/*.c tests/golden/*.c tests/rig/*.c tests/bench/*.c) \
	$(filter-out $(UNIT_C),$(wildcard tests/unit/*.c))
ALL_C := $(FORMAT_C) $(COMMON_C) $(wildcard common/static/*.c) $(RECORD_C) $(ANALYZE_C) $(UNIT_C) $(filter-out %.bpf.c,$(TOOL_C))

comma := ,
object = $(patsubst %.c,$(O)/%.o,$(1))
LIBRARY := $(O)/libnetsnoop.a
FUZZ_ALL := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_TARGETS ?= $(FUZZ_ALL)
FUZZ_SECONDS ?= 60
PROGRAMS := $(O)/netsnoop-record $(O)/netsnoop-analyze
UNIT := $(patsubst tests/unit/%.c,$(O)/tests/%,$(UNIT_C))
TEST_TOOLS := $(addprefix $(O)/tests/,traffic talk frames lives captive process_rows total_rows faulty.so netsnoop-record-narrow \
	damage damage_many hostile make_bad bounded owned canaries chance open_trace spec_reader make_golden $(addprefix replay_,$(FUZZ_ALL)) rig-scenarios bench-mixed bench-timed bench-writer)

RIG_C := $(filter-out tests/rig/current%,$(wildcard tests/rig/*.c))
RIG_TOOLS := $(O)/tests/rig-current

.PHONY: all bench bench-flight bench-hooks bench-quick bench-share check check-damage check-kills check-live check-live-old check-scale check-vm demo fuzz fuzz-afl \
	install nightly soak static static-tests uninstall clean tests
all: $(PROGRAMS)

# ---- what is compiled

$(O)/%.o: %.c Makefile
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The map of the target's processor to libbpf's word for it.
BPF_ARCH := $(shell echo $(MACHINE) | sed 's/x86_64/x86/; s/aarch64/arm64/; s/ppc64le/powerpc/; s/riscv64/riscv/; s/s390x/s390/')
BPF_FLAGS := -target bpf -O2 -g -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra -Werror -I.
MULTIARCH = $(shell $(CC) -print-multiarch 2>/dev/null)

$(O)/%.bpf.o: %.bpf.c Makefile
	$(call say,BPF,$@)mkdir -p $(@D) && $(CLANG) $(BPF_FLAGS) \
		$(if $(MULTIARCH),-idirafter /usr/include/$(MULTIARCH)) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

$(O)/%.skel.h: $(O)/%.bpf.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name $(*F)_bpf > $@

# One C string a SQL file, under its base name.
$(O)/analyze/sql.h: $(ANALYZE_SQL) Makefile
	$(call say,SQL,$@)mkdir -p $(@D) && for f in $(ANALYZE_SQL); do \
		printf 'extern const char sql_%s[];\n' "$$(basename "$$f" .sql | tr - _)"; \
	done > $@
$(O)/analyze/sql.c: $(ANALYZE_SQL) $(O)/analyze/sql.h Makefile
	$(Q){ echo '#include "analyze/sql.h"'; for f in $(ANALYZE_SQL); do \
		printf 'const char sql_%s[] =\n' "$$(basename "$$f" .sql | tr - _)"; \
		sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' "$$f"; echo ';'; \
	done; } > $@
$(O)/analyze/sql.o: $(O)/analyze/sql.c
	$(call say,CC,$@)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The generated headers must be there before whoever includes them is compiled
# for the first time; from then on the compiler's own lists say who depends.
$(call object,$(RECORD_C)): | $(O)/bpf/netsnoop.skel.h $(O)/bpf/netsnoop_casts.skel.h
$(O)/tests/rig/current.o: | $(O)/tests/rig/current.skel.h
$(call object,$(ANALYZE_C) $(UNIT_C)): | $(O)/analyze/sql.h

# The loops over all events of a chunk: of -O2, gcc 12 makes no vectors of them.
$(addprefix $(O)/,$(addprefix format/,events_encode.o events_decode.o section.o table.o floats.o codes.o order.o) \
	analyze/slices.o): CFLAGS_ALL += -O3

# ---- what is linked

$(LIBRARY): $(call object,$(FORMAT_C))
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(O)/netsnoop-record: $(call object,$(RECORD_C) $(COMMON_C)) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_RECORD)

# The recorder that can do as if the kernel were an older one: NETSNOOP_WITHOUT="HOOK..."
$(O)/tests/emulate/%.o: record/%.c Makefile | $(O)/bpf/netsnoop.skel.h $(O)/bpf/netsnoop_casts.skel.h
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(CPPFLAGS_ALL) -DNETSNOOP_TEST_HOOKS $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
$(O)/tests/netsnoop-record-emulate: $(O)/tests/emulate/hooks.o \
		$(filter-out $(O)/record/hooks.o,$(call object,$(RECORD_C) $(COMMON_C))) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_RECORD)

# Recorders whose programs end at a stage (bpf/stage.h), to find out what each costs.
STAGES := 1 2 3 4 5 6 7
define stage_rules
$(O)/tests/stage$(1)/bpf/%.bpf.o: bpf/%.bpf.c Makefile
	$(call say,BPF,$$@)mkdir -p $$(@D) && $$(CLANG) $$(BPF_FLAGS) -DLAST_STAGE=$(1) \
		$$(if $$(MULTIARCH),-idirafter /usr/include/$$(MULTIARCH)) -MMD -MP -MF $$(@:.o=.d) -c -o $$@ $$<
$(O)/tests/stage$(1)/programs.o: record/programs.c $(O)/tests/stage$(1)/bpf/netsnoop.skel.h $(O)/tests/stage$(1)/bpf/netsnoop_casts.skel.h
	$(call say,CC,$$@)$$(CC) -I$(O)/tests/stage$(1) $$(CPPFLAGS_ALL) $$(CFLAGS_ALL) -c -o $$@ $$<
$(O)/tests/stage$(1)/netsnoop-record: $(O)/tests/stage$(1)/programs.o \
		$$(filter-out $(O)/record/programs.o,$$(call object,$$(RECORD_C) $$(COMMON_C))) $$(LIBRARY)
	$(call say,LD,$$@)$$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(LIBS_RECORD)
endef
$(foreach stage,$(STAGES),$(eval $(call stage_rules,$(stage))))

# The recorder whose way to the file is soon full.
$(O)/tests/narrow/outlet.o: record/outlet.c Makefile
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(CPPFLAGS_ALL) '-DQUEUE_BYTES=((size_t)1 << 20)' $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
$(O)/tests/netsnoop-record-narrow: $(O)/tests/narrow/outlet.o \
		$(filter-out $(O)/record/outlet.o,$(call object,$(RECORD_C) $(COMMON_C))) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_RECORD)

$(O)/netsnoop-analyze: $(call object,$(ANALYZE_C) $(COMMON_C)) $(O)/analyze/sql.o $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ANALYZE)

# A unit test is linked with everything but the programs' main files.
UNIT_OBJECTS := $(call object,$(COMMON_C) $(filter-out analyze/main.c,$(ANALYZE_C))) $(O)/analyze/sql.o
UNCONFINED_OBJECTS := $(O)/tests/unit/no_sandbox.o $(filter-out $(O)/analyze/sandbox.o,$(UNIT_OBJECTS))
UNIT_RECORD_OBJECTS := $(call object,$(COMMON_C) $(filter-out record/main.c,$(RECORD_C)))

$(O)/tests/test_record_%: $(O)/tests/unit/test_record_%.o $(UNIT_RECORD_OBJECTS) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_RECORD)
# What the kernel side does, and who counts what is lost, is in the test.
$(O)/tests/test_record_taking: LDFLAGS_ALL += \
	$(addprefix -Wl$(comma)--wrap=,kernel_drain kernel_process_drain totals_lose)
$(O)/tests/test_record_flight_dump: LDFLAGS_ALL += -Wl,--wrap=recording_describe
$(O)/tests/test_%: $(O)/tests/unit/test_%.o $(UNCONFINED_OBJECTS) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ANALYZE)

$(O)/tests/traffic $(O)/tests/talk $(O)/tests/frames $(O)/tests/lives: $(O)/tests/%: $(O)/tests/live/%.o
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^
$(O)/tests/captive: LDFLAGS_ALL += $(addprefix -Wl$(comma)--wrap=,landlock_new seccomp_enter)
$(O)/tests/captive: $(O)/tests/live/captive.o $(UNIT_OBJECTS) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ANALYZE)
$(O)/tests/faulty.so: tests/live/faulty.c Makefile
	$(call say,LD,$@)mkdir -p $(@D) && $(CC) $(CPPFLAGS_ALL) -std=gnu11 $(WARNINGS) $(CFLAGS) \
		-fPIC -shared -MMD -MP -o $@ $< -ldl
$(O)/tests/rig-scenarios: $(call object,$(RIG_C) $(COMMON_C))
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ -pthread
$(O)/tests/rig-current: $(call object,tests/rig/current.c $(COMMON_C))
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_RECORD)
$(O)/tests/process_rows $(O)/tests/total_rows: $(O)/tests/%: $(O)/tests/live/%.o $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FORMAT)
tests: $(O)/tests/clock_shim.so
$(O)/tests/clock_shim.so: tests/live/clock_shim.c Makefile
	$(call say,LD,$@)mkdir -p $(@D) && $(CC) $(CPPFLAGS_ALL) -std=gnu11 $(WARNINGS) -O2 -fPIC -shared -o $@ $<
$(O)/tests/bench-flood: $(O)/tests/bench/flood.o
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^
$(O)/tests/bench-drain: LDFLAGS_ALL += $(addprefix -Wl$(comma)--wrap=,kernel_drain kernel_process_drain)
$(O)/tests/bench-drain: $(O)/tests/bench/drain.o $(UNIT_RECORD_OBJECTS) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_RECORD)
$(O)/tests/bench-hooks: $(O)/tests/bench/hooks.o
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(call libs,libbpf libelf)
$(O)/tests/bench-mixed: $(call object,$(wildcard tests/bench/mixed*.c)) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FORMAT) -lm
$(O)/tests/bench-writer: $(O)/tests/bench/writer.o $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FORMAT)
$(O)/tests/bench-timed: $(O)/tests/bench/timed.o
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^
$(O)/tests/damage: $(O)/tests/cli/damage.o
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^
$(O)/tests/damage_many: $(O)/tests/cli/damage_many.o $(O)/tests/cli/damage_whole.o $(UNCONFINED_OBJECTS) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ANALYZE)
$(O)/tests/owned $(O)/tests/canaries $(O)/tests/chance $(O)/tests/hostile: $(O)/tests/%: $(O)/tests/cli/%.o $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FORMAT)
$(O)/tests/open_trace: $(call object,tests/fuzz/open_trace.c tests/fuzz/opened.c) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FORMAT)
$(O)/tests/make_bad: $(call object,$(addprefix tests/bad/,make_bad.c bad_edits.c bad_bombs.c bad_dictionaries.c)) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FORMAT)
$(O)/tests/bounded: $(O)/tests/bad/bounded.o
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^
$(O)/tests/spec_reader: $(O)/tests/unit/spec_reader.o
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FORMAT)
$(O)/tests/make_golden: $(O)/tests/golden/make_golden.o $(O)/tests/golden/golden_totals.o $(O)/tests/golden/golden_runs.o $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FORMAT)

# Without an engine, or with the compiler's own (libFuzzer, or AFL++'s driver).
FUZZ_PROGRAMS := $(foreach target,$(FUZZ_ALL),$(O)/tests/replay_$(target) $(O)/tests/fuzz_$(target))
$(filter %_report %_options,$(FUZZ_PROGRAMS)): LDFLAGS_ALL += -Wl,--wrap=limits_set
$(filter %_recover,$(FUZZ_PROGRAMS)): LDFLAGS_ALL += -Wl,--wrap=getrandom
FUZZ_SHARED := $(call object,tests/fuzz/opened.c tests/fuzz/made.c)
$(O)/tests/replay_%: $(O)/tests/fuzz/replay.o $(O)/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) $(UNCONFINED_OBJECTS) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ANALYZE)
$(O)/tests/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(FUZZ_SHARED) $(UNCONFINED_OBJECTS) $(LIBRARY)
	$(call say,LD,$@)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $^ $(LIBS_ANALYZE)

# ---- what is linked statically: one file each to copy to another host

STATIC := $(O)/static/netsnoop-record $(O)/static/netsnoop-analyze
STATIC_TOOLS := $(patsubst %,$(O)/static/tests/%,traffic lives rig-scenarios rig-current)
STATIC_C := $(wildcard common/static/*.c)
libs_static = $(shell $(PKG_CONFIG) --static --libs $(1))
# The linker only warns of what would need the build machine's libraries.
link_static = $(call say,STATIC,$@)mkdir -p $(@D) && \
	$(CC) -static-pie -Wl,--fatal-warnings $(filter-out -pie,$(LDFLAGS_ALL)) -o $@ $^

static:
	$(Q)tests/packages.sh build
	$(Q)$(MAKE) --no-print-directory $(STATIC)

$(O)/static/netsnoop-record: $(call object,$(RECORD_C) $(COMMON_C) $(STATIC_C)) $(LIBRARY)
	$(link_static) $(call libs_static,libbpf libelf libzstd)
$(O)/static/netsnoop-analyze: $(call object,$(ANALYZE_C) $(COMMON_C) $(STATIC_C)) $(O)/analyze/sql.o $(LIBRARY)
	$(link_static) -Wl,--wrap=dlopen $(call libs_static,sqlite3 libzstd nettle libseccomp)
$(O)/static/tests/lives: $(O)/tests/live/lives.o
	$(link_static)
$(O)/static/tests/traffic: $(O)/tests/live/traffic.o
	$(link_static)
$(O)/static/tests/rig-scenarios: $(call object,$(RIG_C) $(COMMON_C))
	$(link_static) -pthread
$(O)/static/tests/rig-current: $(call object,tests/rig/current.c $(COMMON_C))
	$(link_static) $(call libs_static,libbpf libelf)
static-tests: $(STATIC) $(STATIC_TOOLS)

tests: $(PROGRAMS) $(UNIT) $(TEST_TOOLS) $(RIG_TOOLS)

# ---- what is run

# These begin by installing packages, and only then is the rest of this file
# worth reading: hence a second make.
demo:
	$(Q)tests/packages.sh build
	$(Q)$(MAKE) --no-print-directory all $(O)/tests/traffic
	$(Q)samples/demo.sh $(O)

# Emulation takes packages of its own; who may not install them goes without.
check:
	$(Q)tests/packages.sh build test $$([ "$$(id -u)" -ne 0 ] || echo vm)
	$(Q)tests/run.sh

check-live:
	$(Q)tests/packages.sh build test
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)tests/rig/run.sh $(O)
	$(Q)tests/rig/mutation.sh $(O)

check-live-old:
	$(Q)tests/packages.sh build test
	$(Q)$(MAKE) --no-print-directory tests $(O)/tests/netsnoop-record-emulate
	$(Q)tests/rig/run.sh --emulate 6.2 $(O)

check-scale:
	$(Q)tests/packages.sh build test
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)tests/rig/scale.sh $(O)

check-damage:
	$(Q)tests/packages.sh build
	$(Q)$(MAKE) --no-print-directory O=build/san SAN=1 build/san/tests/damage_many
	$(Q)cd build/san && tests/damage_many 10000

fuzz fuzz-afl:
	$(Q)tests/packages.sh build fuzz
	$(Q)SECONDS_EACH=$(FUZZ_SECONDS) tests/fuzz/run.sh $(if $(filter fuzz,$@),libfuzzer,afl) $(FUZZ_TARGETS)

check-vm:
	$(Q)tests/packages.sh build test vm
	$(Q)$(MAKE) --no-print-directory static-tests
	$(Q)tests/vm/run.sh $(O)

soak:
	$(Q)tests/packages.sh build test
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)tests/soak/run.sh $(O)

# One after the other: they share the machine.
NIGHTLY := check check-live check-live-old check-scale check-kills check-damage check-vm soak
nightly:
	$(Q)for target in $(NIGHTLY); do \
		echo "== make $$target"; $(MAKE) --no-print-directory $$target || exit 1; done

check-kills:
	$(Q)tests/packages.sh build test
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)for test in kill power; do \
		BUILD="$(abspath $(O))" TMP="$$(mktemp -d)" KILLS=200 CUTS=50 LC_ALL=C.UTF-8 TZ=UTC; \
		export BUILD TMP KILLS CUTS LC_ALL TZ PATH="$$PATH:/usr/sbin:/sbin"; \
		tests/live/$$test.sh; status=$$?; rm -rf "$$TMP"; [ $$status -eq 0 ] || exit 1; \
	done

BENCH_TOOLS := $(addprefix $(O)/tests/,bench-drain bench-hooks bench-flood) \
	$(addprefix $(O)/tests/bench/,empty.bpf.o empty_ready.bpf.o) \
	$(foreach stage,$(STAGES),$(O)/tests/stage$(stage)/netsnoop-record)

# A peer that cannot be had is named as missing, there and in the table.
bench bench-quick:
	$(Q)tests/packages.sh build test
	$(Q)tests/packages.sh bench || true
	$(Q)$(MAKE) --no-print-directory tests $(BENCH_TOOLS)
	$(Q)QUICK=$(if $(filter bench-quick,$@),1) tests/bench/run.sh $(O)

bench-hooks:
	$(Q)tests/packages.sh build test
	$(Q)$(MAKE) --no-print-directory tests $(BENCH_TOOLS)
	$(Q)tests/bench/hooks.sh $(O) $(OLD)

bench-flight:
	$(Q)tests/packages.sh build test
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)tests/bench/flight.sh $(O)

bench-share:
	$(Q)tests/packages.sh build
	$(Q)$(MAKE) --no-print-directory all $(O)/tests/bench-mixed $(O)/tests/bench-timed
	$(Q)tests/bench/share.sh $(O)

install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5
	$(INSTALL) -m 755 $(PROGRAMS) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 docs/netsnoop-record.1 docs/netsnoop-analyze.1 $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 644 docs/netsnoop-trace.5 $(DESTDIR)$(MANDIR)/man5

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/netsnoop-record $(DESTDIR)$(BINDIR)/netsnoop-analyze \
		$(DESTDIR)$(MANDIR)/man1/netsnoop-record.1 $(DESTDIR)$(MANDIR)/man1/netsnoop-analyze.1 \
		$(DESTDIR)$(MANDIR)/man5/netsnoop-trace.5

clean:
	rm -rf build compile_commands.json

compile_commands.json: Makefile $(ALL_C)
	$(Q){ echo '['; separator=; for f in $(ALL_C); do \
		printf '%b{"directory":"%s","file":"%s","arguments":["%s"' "$$separator" "$(CURDIR)" "$$f" "$(CC)"; \
		for a in $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c; do \
			printf ',"%s"' "$$(printf '%s' "$$a" | sed 's/["\\]/\\&/g')"; done; \
		printf ',"%s"]}' "$$f"; separator=",\n"; done; printf '\n]\n'; } > $@

-include $(patsubst %.o,%.d,$(call object,$(ALL_C))) $(O)/analyze/sql.d $(O)/bpf/netsnoop.bpf.d $(O)/bpf/netsnoop_casts.bpf.d $(O)/tests/rig/current.bpf.d $(wildcard $(O)/tests/stage*/bpf/*.d)
