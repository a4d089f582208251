#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What makes a mistake harder to make use of: it is in the programs, those for other hosts too.
. tests/lib.sh
plain=${BUILD%/san} # the sanitizers have checks of their own
[ -x "$plain/netsnoop-record" ] || skip "there is no build without the sanitizers"

for program in "$plain/netsnoop-record" "$plain/netsnoop-analyze" \
	"$plain/static/netsnoop-record" "$plain/static/netsnoop-analyze"; do
	readelf -W -h -l -d -n "$program" >"$TMP/elf" 2>/dev/null || fail "readelf $program"
	readelf -W -s "$program" >"$TMP/symbols" 2>/dev/null || fail "readelf $program"
	# it may be loaded anywhere, and no address of a function is written after that
	grep -q 'Type:.*DYN' "$TMP/elf" || fail "$program is not position independent"
	grep -q 'FLAGS_1.*PIE' "$TMP/elf" || fail "$program is not position independent"
	grep -q GNU_RELRO "$TMP/elf" || fail "$program has no RELRO"
	grep -q 'FLAGS_1.*NOW' "$TMP/elf" || fail "$program binds lazily"
	# neither stack nor anything else is both written and executed
	grep -q 'GNU_STACK.* RW ' "$TMP/elf" || fail "$program has an executable stack"
	grep -E '^ +LOAD.* RWE ' "$TMP/elf" && fail "$program is written and executed"
	grep -q '__stack_chk_fail' "$TMP/symbols" || fail "$program has no stack protector"
	grep -qE '__(memcpy|snprintf|vfprintf|fprintf|read)_chk' "$TMP/symbols" ||
		fail "$program does not use FORTIFY"
done

# of a program, libc's objects have a word in it
if [ "$(uname -m)" = x86_64 ]; then
	for object in "$plain/analyze/main.o" "$plain/record/main.o" "$plain/format/reader.o"; do
		readelf -W -n "$object" 2>/dev/null | grep -q 'IBT, SHSTK' || fail "$object lacks CET"
	done
fi
