/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strings that are made of several things: what becomes of each of them. */
#include "analyze/anonymizer.h"
#include "analyze/cgroup.h"
#include "tests/unit/test.h"

#include <stdlib.h>

#define ID "4f0b7d8a9e2c416a8a3b5c6d7e8f90123456789abcdef0123456789abcdef012"
#define ID2 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define POD "3f1b2c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
#define POD_ "3f1b2c4d_5e6f_4a7b_8c9d_0e1f2a3b4c5d"

static struct anonymizer anonymizer;

static void begin(bool keep_names, bool is_named)
{
	const struct anonymize_key key = { { 9, 8, 7 } };
	const struct anonymize_options options = {
		.keep_names = keep_names, .known = "houseprogram\0houseprogram-of-length\0"
	};

	if (anonymizer_init(&anonymizer, &key, is_named, &options))
		abort();
}

typedef int mapping(struct anonymizer *of, struct nst_bytes from, struct nst_bytes *ret_to);

static const char *mapped_bytes(mapping *map, const char *from, size_t len)
{
	static char texts[4][512];
	static unsigned int next;
	char *text = texts[next++ % 4];
	struct nst_bytes to;

	if (map(&anonymizer, (struct nst_bytes){ from, (uint32_t)len }, &to))
		return "(failed)";
	for (uint32_t i = 0; i < to.len_bytes; i++)
		text[i] = ((const char *)to.data)[i] ? ((const char *)to.data)[i] : '|';
	text[to.len_bytes] = '\0';
	return text;
}

static const char *mapped(mapping *map, const char *from)
{
	return mapped_bytes(map, from, strlen(from));
}

/* A key from a file gives these in any version: HMAC-SHA256 of "name of program", a NUL and the name. */
static void names_by_key(void)
{
	begin(false, true);
	CHECK_STR(mapped(anonymize_exe, "secret"), "proc-scpp1ezdm4");
	CHECK_STR(mapped(anonymize_hex, POD), "d060cf53-9d44-c489-1aa5-0e90e418cdc5");
	anonymizer_free(&anonymizer);
}

static void executables(void)
{
	begin(false, false);
	CHECK_STR(mapped(anonymize_exe, "/usr/bin/curl"), "/usr/bin/curl");
	CHECK_STR(mapped(anonymize_exe, "/opt/acme/bin/curl"), "/dir-1/curl");
	CHECK_STR(mapped(anonymize_exe, "/usr/bin/secret"), "/usr/bin/proc-1");
	CHECK_STR(mapped(anonymize_exe, "/opt/acme/bin/secret"), "/dir-1/proc-1");
	CHECK_STR(mapped(anonymize_exe, "/secret"), "/proc-1");
	CHECK_STR(mapped(anonymize_exe, "secret"), "proc-1");
	CHECK_STR(mapped(anonymize_exe, "./secret"), "dir-2/proc-1");
	CHECK_STR(mapped(anonymize_exe, "/usr/bin/secret (deleted)"), "/usr/bin/proc-1 (deleted)");
	CHECK_STR(mapped(anonymize_exe, "/usr/bin/houseprogram"), "/usr/bin/houseprogram");
	CHECK_STR(mapped(anonymize_exe, "houseprogram-of-length"), "houseprogram-of-length");
	CHECK_STR(mapped(anonymize_exe, "houseprogram-of"), "houseprogram-of"); /* as a comm */
	CHECK_STR(mapped(anonymize_exe, ""), "");
	anonymizer_free(&anonymizer);
	/* the process and its executable are called alike, also by a key from a file */
	begin(false, true);
	{
		struct nst_bytes name;

		CHECK_INT(anonymize_name(&anonymizer, IMAGE_PROGRAM, bytes_of("secret"), &name), 0);
		CHECK_INT(name.len_bytes, 15);
		CHECK(!strncmp(mapped(anonymize_exe, "/usr/bin/secret") + 9, name.data, 15));
	}
	anonymizer_free(&anonymizer);
}

static const char *program(const char *name)
{
	static char texts[2][64];
	static unsigned int next;
	char *text = texts[next++ % 2];
	struct nst_bytes to;

	if (anonymize_name(&anonymizer, IMAGE_PROGRAM, bytes_of(name), &to))
		return "(failed)";
	snprintf(text, sizeof(texts[0]), "%.*s", (int)to.len_bytes, (const char *)to.data);
	return text;
}

/* Behind a thread's name of the kernel, the number of a CPU and nothing else stays. */
static void threads_of_cpus(void)
{
	begin(false, false);
	CHECK_STR(program("ksoftirqd/3"), "ksoftirqd/3");
	CHECK_STR(program("swapper/0"), "swapper/0");
	CHECK_STR(program("migration/1023"), "migration/1023");
	CHECK_STR(program("ssh/0123456789"), "proc-1");
	CHECK_STR(program("ssh/1"), "proc-2");
	CHECK_STR(program("ksoftirqd/12345"), "proc-3");
	CHECK_STR(program("ksoftirqd/01"), "proc-4");
	CHECK_STR(program("ksoftirqd/"), "proc-5");
	CHECK_STR(program("ksoftirqd/3x"), "proc-6");
	CHECK_STR(program("ssh"), "ssh");
	anonymizer_free(&anonymizer);
}

static const char *mac(const char *bytes, size_t len)
{
	return mapped_bytes(anonymize_mac, bytes, len);
}

/* A MAC address is one wherever it stands, and the number of a user as well. */
static void kept_names(void)
{
	begin(true, false);
	CHECK_STR(mapped(anonymize_cgroup, "/system.slice/ifup@enx001122aabbcc.service"),
		  "/system.slice/unit-1.service");
	CHECK_STR(mapped(anonymize_exe, "wpa-enx00112233"), "proc-1"); /* cut, as a comm */
	CHECK_STR(mapped(anonymize_exe, "/usr/bin/matrix"), "/usr/bin/matrix");
	CHECK_STR(mapped(anonymize_cgroup, "/user.slice/run-user-1000.mount"),
		  mapped(anonymize_cgroup, "/user.slice/run-user-1000.mount"));
	CHECK(strcmp(mapped(anonymize_cgroup, "/user.slice/run-user-1000.mount"),
		     "/user.slice/run-user-1000.mount"));
	CHECK(!strncmp(mapped(anonymize_cgroup, "/user.slice/run-user-1000.mount"),
		       "/user.slice/run-user-", 21));
	anonymizer_free(&anonymizer);
}

static int map_interface(struct anonymizer *of, struct nst_bytes from, struct nst_bytes *ret_to)
{
	return anonymize_name(of, IMAGE_INTERFACE, from, ret_to);
}

static int map_program(struct anonymizer *of, struct nst_bytes from, struct nst_bytes *ret_to)
{
	return anonymize_name(of, IMAGE_PROGRAM, from, ret_to);
}

/* Somebody may be called what others are given. */
static void names_like_given_ones(void)
{
	begin(true, false);
	CHECK_STR(mapped(map_interface, "enx001122aabbcc"), "if-1");
	CHECK_STR(mapped(map_interface, "if-1"), "if-2");
	CHECK_STR(mapped(map_interface, "eth0"), "eth0");
	anonymizer_free(&anonymizer);
	begin(false, false);
	CHECK_STR(mapped(map_program, "proc-1"), "proc-2");
	CHECK_STR(mapped(map_program, "secret"), "proc-3");
	anonymizer_free(&anonymizer);
}

/* Of one byte each: all of them, none and all others included, stay different. */
static void short_macs(void)
{
	bool is_taken[256] = { false };

	begin(false, false);
	for (int i = 0; i < 256; i++) {
		const char byte = (char)i;
		uint8_t to = (uint8_t)mac(&byte, 1)[0];

		to = to == '|' && i == 0 ? 0 : to; /* as it is shown */
		if (i == 0 || i == 255)
			CHECK_INT(to, i);
		CHECK(!is_taken[to]);
		is_taken[to] = true;
	}
	anonymizer_free(&anonymizer);
}

/* What differs only behind what there is room for. */
static void long_command_lines(void)
{
	static char one[16384], other[16384];
	const struct nst_bytes lines[] = { { one, 16000 }, { other, 16000 } };
	struct nst_bytes to[2];

	for (size_t i = 0; i + 1 < sizeof(one); i += 2)
		one[i] = (char)('a' + i % 26);
	memcpy(other, one, sizeof(one));
	other[15990] = 'Z';
	for (int is_named = 0; is_named < 2; is_named++) {
		begin(false, is_named);
		for (size_t i = 0; i < 2; i++)
			CHECK_INT(anonymize_args(&anonymizer, lines[i], &to[i]), 0);
		CHECK(to[0].len_bytes <= 65536 && !bytes_equal(to[0], to[1]));
		anonymizer_free(&anonymizer);
	}
}

/* However the path says it, it is one container. */
static void containers_of_lxc(void)
{
	begin(false, false);
	CHECK_STR(mapped(anonymize_cgroup, "/lxc/web1"), "/lxc/container-1");
	CHECK_STR(mapped(anonymize_cgroup, "/lxc.payload/web1/ns"),
		  "/lxc.payload/container-1/cgroup-1");
	CHECK_STR(mapped(anonymize_cgroup, "/lxc.payload.web1"), "/lxc.payload.container-1");
	anonymizer_free(&anonymizer);
}

static void command_lines(void)
{
	begin(false, false);
	CHECK_STR(mapped_bytes(anonymize_args, "curl\0-u\0me:pw\0", 14), "curl|arg-1|arg-2|");
	CHECK_STR(mapped_bytes(anonymize_args, "/opt/x/y\0-u\0", 12), "/dir-1/proc-1|arg-1|");
	CHECK_STR(mapped_bytes(anonymize_args, "curl\0-u", 7), "curl|arg-1"); /* cut */
	CHECK_STR(mapped_bytes(anonymize_args, "curl\0\0-u\0", 9), "curl||arg-1|");
	/* a title in place of a name */
	CHECK_STR(mapped_bytes(anonymize_args, "sshd: me@pts/0\0", 15), "arg-3|");
	CHECK_STR(mapped_bytes(anonymize_args, "postgres: me db\0", 16), "arg-4|");
	CHECK_STR(mapped_bytes(anonymize_args, "", 0), "");
	anonymizer_free(&anonymizer);
	begin(true, false);
	CHECK_STR(mapped_bytes(anonymize_args, "/opt/x/y\0pw\0", 12), "/opt/x/y|arg-1|");
	CHECK_STR(mapped_bytes(anonymize_args, "opt/x/y\0pw\0", 11), "opt/x/y|arg-1|");
	CHECK_STR(mapped_bytes(anonymize_args, "token=abc\0pw\0", 13), "arg-2|arg-1|");
	anonymizer_free(&anonymizer);
}

static const char *const paths[] = {
	"",
	"/",
	"/init.scope",
	"/system.slice/nginx.service",
	"/system.slice/acme.service",
	"/system.slice/system-getty.slice/getty@tty1.service",
	"/user.slice/user-1000.slice/session-3.scope",
	"/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-2718.scope",
	"/docker/" ID,
	"/system.slice/docker-" ID ".scope",
	"/docker/" ID "/docker/" ID2,
	"/kubepods/burstable/pod" POD "/" ID,
	"/kubepods/besteffort/pod0123456789abcdef0123456789abcdef/" ID,
	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	".slice/cri-containerd-" ID ".scope",
	"/kubepods.slice/kubepods-pod" POD_ ".slice/crio-conmon-" ID ".scope",
	"/kubepods.slice/kubepods-pod" POD_ ".slice/acme-conmon-" ID ".scope",
	"/system.slice/containerd.service/kubepods-burstable-pod" POD_ ".slice:cri-containerd:" ID,
	"/docker/" ID "/kubelet.slice/kubelet-kubepods.slice/cri-containerd-" ID2 ".scope",
	"/system.slice/nerdctl-" ID ".scope",
	"/ecs/0123456789abcdef0123456789abcdef/" ID,
	"/machine.slice/libpod-" ID ".scope/container",
	"/machine.slice/libpod-conmon-" ID ".scope",
	"/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope",
	"/system.slice/web.service/libpod-payload-" ID,
	"/lxc/web1",
	"/lxc.payload.web1",
	"/lxc.payload/web1/system.slice/nginx.service",
	"/lxc.monitor.web1",
	"/docker",
	"/podinfo",
	"/build/" ID "0",
	"/build/x" ID,
};

/* The same is found in a path, and nothing of what was. */
static void control_groups(void)
{
	begin(false, false);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		static const char *const secrets[] = { ID,     ID2,    POD,	  POD_,	    "web1",
						       "acme", "1000", "firefox", "nerdctl" };
		const char *path = mapped(anonymize_cgroup, paths[i]);
		struct cgroup_parts before, after;

		test_name = paths[i];
		cgroup_parse(paths[i], &before);
		cgroup_parse(path, &after);
		CHECK_INT(!*after.container, !*before.container);
		CHECK_INT(!*after.pod, !*before.pod);
		CHECK_INT(!*after.unit, !*before.unit);
		CHECK_INT(strlen(after.pod), strlen(before.pod));
		for (size_t k = 0; k < sizeof(secrets) / sizeof(secrets[0]); k++)
			CHECK(!strstr(path, secrets[k]));
	}
	test_name = "control_groups";
	/* one id is one, however it is written */
	{
		struct cgroup_parts a, b;

		cgroup_parse(mapped(anonymize_cgroup, paths[11]), &a);
		cgroup_parse(mapped(anonymize_cgroup, paths[13]), &b);
		CHECK_STR(a.container, b.container);
		CHECK_STR(a.pod, b.pod);
	}
	CHECK_STR(mapped(anonymize_cgroup, "/system.slice/nginx.service"),
		  "/system.slice/nginx.service");
	anonymizer_free(&anonymizer);
	/* the number of a user is no name: it is another one wherever it stands */
	begin(true, false);
	CHECK(!strstr(mapped(anonymize_cgroup, "/user.slice/user-1000.slice/user@1000.service"),
		      "1000"));
	CHECK_STR(mapped(anonymize_cgroup, "/user.slice/user-0.slice/acme.scope"),
		  "/user.slice/user-0.slice/acme.scope");
	/* anybody may make the second one beside his own */
	CHECK(strcmp(mapped(anonymize_cgroup, "/user.slice/user-7.slice"),
		     mapped(anonymize_cgroup, "/user.slice/user-07.slice")));
	CHECK(!anonymizer.has_collision);
	anonymizer_free(&anonymizer);
}

static const char *setting(const char *key, const char *value)
{
	static char text[256];
	struct nst_setting row = { bytes_of(key), bytes_of(value) };
	bool keep = false;

	if (anonymize_setting(&anonymizer, &row, &keep))
		return "(failed)";
	snprintf(text, sizeof(text), "%.*s=%.*s", (int)row.key.len_bytes,
		 (const char *)row.key.data, (int)row.value.len_bytes,
		 (const char *)row.value.data);
	return keep ? text : "(dropped)";
}

static void settings(void)
{
	begin(false, false);
	CHECK_STR(setting("host", "build7.acme.example"), "host=host-1");
	CHECK_STR(setting("kernel", "6.1.0-28-amd64"), "kernel=6.1.0-28-amd64");
	CHECK_STR(setting("kernel", "6.8.0-1021-aws"), "kernel=6.8.0-1021-aws");
	CHECK_STR(setting("kernel", "6.1.0-acme7"), "kernel=6.1.0-custom");
	CHECK_STR(setting("kernel", "6.1.0a64"), "kernel=6.1.0-custom");
	CHECK_STR(setting("kernel", "6.1.0 64"), "kernel=6.1.0-custom");
	CHECK_STR(setting("kernel", "6.1.0+"), "kernel=6.1.0+");
	CHECK_STR(setting("kernel", "6.1.0"), "kernel=6.1.0");
	CHECK_STR(setting("kernel", "acme"), "kernel=-custom");
	CHECK_STR(setting("filters", "--port !22 --comm my --port --host 10.0.0.1"),
		  "filters=--port * --comm * --port --host *");
	CHECK_STR(setting("filters", ""), "filters=");
	CHECK_STR(setting("cpus", "16"), "cpus=16");
	CHECK_STR(setting("cpus", "16 or so"), "(dropped)");
	CHECK_STR(setting("detail", "packets"), "detail=packets");
	CHECK_STR(setting("detail", "acme"), "(dropped)");
	CHECK_STR(setting("tool", "netsnoop-record 1.2.3"), "tool=netsnoop-record 1.2.3");
	CHECK_STR(setting("tool", "netsnoop-record acme"), "(dropped)");
	CHECK_STR(setting("hooks", "iter/task net_dev_queue"), "hooks=iter/task net_dev_queue");
	CHECK_STR(setting("hooks", "iter/task acme"), "(dropped)");
	CHECK_STR(setting("command_line", "netsnoop-record -o acme"), "(dropped)");
	CHECK_STR(setting("what_is_new", "1"), "(dropped)");
	CHECK_STR(setting("user.0", "root"), "user.0=root");
	CHECK_STR(setting("user.33", "alice"), "user.33=user-1");
	CHECK(strcmp(setting("user.1000", "alice"), "user.1000=user-1"));
	CHECK_STR(setting("user.x", "alice"), "(dropped)");
	anonymizer_free(&anonymizer);
}

/* udev names devices by their address, which is not kept even where names are. */
static void names_of_devices(void)
{
	struct nst_bytes name;

	begin(true, false);
	CHECK_INT(anonymize_name(&anonymizer, IMAGE_INTERFACE, bytes_of("enx001b213c4d5e"), &name),
		  0);
	CHECK(bytes_equal(name, bytes_of("if-1")));
	CHECK_INT(anonymize_name(&anonymizer, IMAGE_INTERFACE, bytes_of("br-uplink-face"), &name),
		  0);
	CHECK(bytes_equal(name, bytes_of("br-uplink-face")));
	anonymizer_free(&anonymizer);
}

int main(void)
{
	RUN(names_by_key);
	RUN(names_of_devices);
	RUN(executables);
	RUN(threads_of_cpus);
	RUN(command_lines);
	RUN(kept_names);
	RUN(containers_of_lxc);
	RUN(names_like_given_ones);
	RUN(short_macs);
	RUN(long_command_lines);
	RUN(control_groups);
	RUN(settings);
	return test_result();
}
