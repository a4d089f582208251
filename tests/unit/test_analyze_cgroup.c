/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths of control groups as container engines and systemd make them. */
#include "tests/unit/test.h"

#include "analyze/arguments.h"
#include "analyze/cgroup.h"

#include <stdlib.h>

#define ID "4f0b7d8a9e2c416a8a3b5c6d7e8f90123456789abcdef0123456789abcdef012"
#define ID2 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define POD "3f1b2c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
#define POD_ "3f1b2c4d_5e6f_4a7b_8c9d_0e1f2a3b4c5d"

static const struct {
	const char *path, *container, *pod, *unit;
} cases[] = {
	{ "", "", "", "" },
	{ "/", "", "", "" },
	/* systemd */
	{ "/init.scope", "", "", "init.scope" },
	{ "/system.slice/nginx.service", "", "", "nginx.service" },
	{ "/system.slice/system-getty.slice/getty@tty1.service", "", "", "getty@tty1.service" },
	{ "/system.slice/docker.socket", "", "", "docker.socket" },
	{ "/system.slice/boot-efi.mount", "", "", "boot-efi.mount" },
	{ "/user.slice/user-1000.slice/session-3.scope", "", "", "session-3.scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "", "", "init.scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/"
	  "app-gnome-firefox-2718.scope",
	  "", "", "app-gnome-firefox-2718.scope" },
	{ "/system.slice/ssh.service/worker", "", "", "ssh.service" },
	{ "/user.slice/user-1000.slice", "", "", "" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator", "", "",
	  "machine-qemu\\x2d1\\x2dvm.scope" },
	/* Docker, with either driver, rootless, and systemd in a container */
	{ "/docker/" ID, ID, "", "" },
	{ "/system.slice/docker-" ID ".scope", ID, "", "docker-" ID ".scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope", ID, "",
	  "docker-" ID ".scope" },
	{ "/docker/" ID "/system.slice/nginx.service", ID, "", "nginx.service" },
	{ "/docker/" ID "/docker/" ID2, ID2, "", "" },
	/* Kubernetes: containerd, CRI-O and Docker; a static pod's uid is a hash */
	{ "/kubepods/burstable/pod" POD "/" ID, ID, POD, "" },
	{ "/kubepods/pod" POD "/" ID, ID, POD, "" },
	{ "/kubepods/besteffort/pod0123456789abcdef0123456789abcdef/" ID, ID,
	  "0123456789abcdef0123456789abcdef", "" },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	  ".slice/cri-containerd-" ID ".scope",
	  ID, POD, "cri-containerd-" ID ".scope" },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-" ID ".scope", ID, POD,
	  "crio-" ID ".scope" },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_
	  ".slice/docker-" ID ".scope",
	  ID, POD, "docker-" ID ".scope" },
	{ "/kubepods/burstable/pod" POD "/crio-" ID, ID, POD, "" },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-conmon-" ID ".scope", "", POD,
	  "crio-conmon-" ID ".scope" },
	{ "/system.slice/containerd.service/kubepods-burstable-pod" POD_
	  ".slice:cri-containerd:" ID,
	  ID, POD, "containerd.service" },
	{ "/docker/" ID "/kubelet.slice/kubelet-kubepods.slice/cri-containerd-" ID2 ".scope", ID2,
	  "", "cri-containerd-" ID2 ".scope" },
	{ "/kubepods.slice/kubepods-burstable.slice", "", "", "" },
	/* nerdctl, ECS */
	{ "/system.slice/nerdctl-" ID ".scope", ID, "", "nerdctl-" ID ".scope" },
	{ "/ecs/0123456789abcdef0123456789abcdef/" ID, ID, "", "" },
	/* Podman */
	{ "/machine.slice/libpod-" ID ".scope", ID, "", "libpod-" ID ".scope" },
	{ "/machine.slice/libpod-" ID ".scope/container", ID, "", "libpod-" ID ".scope" },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "", "", "libpod-conmon-" ID ".scope" },
	{ "/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", ID, ID2,
	  "libpod-" ID ".scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_" ID2
	  ".slice/libpod-" ID ".scope/container",
	  ID, ID2, "libpod-" ID ".scope" },
	{ "/libpod_parent/libpod-" ID, ID, "", "" },
	{ "/system.slice/web.service/libpod-payload-" ID, ID, "", "web.service" },
	/* LXC, old and new */
	{ "/lxc/web1", "web1", "", "" },
	{ "/lxc.payload.web1", "web1", "", "" },
	{ "/lxc.payload/web1/system.slice/nginx.service", "web1", "", "nginx.service" },
	{ "/lxc.monitor.web1", "", "", "" },
	/* neither */
	{ "/docker", "", "", "" },
	{ "/podinfo", "", "", "" },
	{ "/build/" ID "0", "", "", "" },
	{ "/build/x" ID, "", "", "" },
};

static void paths_say_whose_they_are(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgroup_parts parts;

		test_name = cases[i].path;
		cgroup_parse(cases[i].path, &parts);
		CHECK_STR(parts.container, cases[i].container);
		CHECK_STR(parts.pod, cases[i].pod);
		CHECK_STR(parts.unit, cases[i].unit);
	}
}

static void check_arguments(const char *bytes, uint32_t len, const char *want)
{
	char *text = arguments_text((struct nst_bytes){ len ? bytes : NULL, len });

	CHECK_STR(text, want);
	free(text);
}

static void arguments_can_be_typed(void)
{
	check_arguments("", 0, "");
	check_arguments("ls\0-l\0", 6, "ls -l");
	check_arguments("ls\0-l", 5, "ls -l"); /* cut */
	check_arguments("\0", 1, "''");
	check_arguments("a\0\0b\0", 5, "a '' b");
	check_arguments("sh\0-c\0echo $HOME; it's\0", 23, "sh -c 'echo $HOME; it'\\''s'");
	check_arguments("x\0\xff\0", 4, "x '\\xff'");
	check_arguments("caf\xc3\xa9\0", 6, "caf\xc3\xa9");
	check_arguments("'", 1, "''\\'''");
	check_arguments("\n\0''''", 6, "'\n' ''\\'''\\'''\\'''\\'''");
}

int main(void)
{
	RUN(paths_say_whose_they_are);
	RUN(arguments_can_be_typed);
	return test_result();
}
