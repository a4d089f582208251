// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/probe.h"

#include "record/privileges.h"
#include "record/proc.h"
#include "record/say.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define HOST_PID_NAMESPACE 0xeffffffc /* the kernel's PROC_PID_INIT_INO */

static const char *release(void)
{
	static struct utsname names;

	return uname(&names) ? "(unknown)" : names.release;
}

/* CAP_SYS_ADMIN stands in for both. */
static bool has_privilege(void)
{
	bool bpf = privileges_has(CAP_BPF), perfmon = privileges_has(CAP_PERFMON);
	char program[PATH_MAX];
	ssize_t length;

	if ((bpf && perfmon) || privileges_has(CAP_SYS_ADMIN))
		return true;
	length = readlink("/proc/self/exe", program, sizeof(program));
	say("recording lacks %s%s%s: run it as root, or say once as root: setcap "
	    "cap_bpf,cap_perfmon+ep %.*s",
	    bpf ? "" : "CAP_BPF (to load programs into the kernel)", bpf || perfmon ? "" : " and ",
	    perfmon ? "" : "CAP_PERFMON (to let them read what the kernel knows of packets)",
	    length > 0 ? (int)length : 0, program);
	return false;
}

/*
 * The programs read the kernel's clock, and in a time namespace (5.6, 769071ac9f20)
 * CLOCK_BOOTTIME may be another one: no time of an event would be what it is taken for.
 */
static bool has_clock_of_kernel(void)
{
	long long seconds = 0, ns = 0;
	char name[16];
	FILE *file = fopen("/proc/self/timens_offsets", "re");

	if (!file)
		return true;
	while (fscanf(file, "%15s %lld %lld", name, &seconds, &ns) == 3)
		if (!strcmp(name, "boottime"))
			break;
	fclose(file);
	if (!seconds && !ns)
		return true;
	say("the clock of this time namespace is not the host's (by %lld s): run it on the host",
	    seconds);
	return false;
}

bool probe_machine(void)
{
	if (!has_privilege() || !has_clock_of_kernel())
		return false;
	if (access(KERNEL_BTF, R_OK)) {
		say("%s: %s: this kernel (%s) does not describe its types; recording needs one "
		    "built with CONFIG_DEBUG_INFO_BTF=y",
		    KERNEL_BTF, strerror(errno), release());
		return false;
	}
	return true;
}

bool probe_pids(const struct filters *filters)
{
	struct stat status;

	if (!stat("/proc/self/ns/pid", &status) && status.st_ino != HOST_PID_NAMESPACE) {
		say("--pid and COMMAND go by the process ids of the host, and this is another pid "
		    "namespace: run it on the host, or the container with --pid=host");
		return false;
	}
	for (size_t i = 0; i < filters->n; i++) {
		const struct filter *filter = &filters->all[i];
		uint32_t process;

		if (filter->type != BY_PID)
			continue;
		process = proc_process_of(filter->pid);
		if (process == filter->pid || (!process && filter->exclude))
			continue;
		if (process)
			say("--pid %u: a thread, and traffic goes by process: say --pid %u",
			    filter->pid, process);
		else
			say("--pid %u: there is no such process", filter->pid);
		return false;
	}
	return true;
}

/* Before 5.11 (97306be45fbe) a map counted as locked memory. */
static bool is_memory_locked(void)
{
	unsigned int major, minor;
	struct rlimit limit;

	return sscanf(release(), "%u.%u", &major, &minor) == 2 &&
	       (major < 5 || (major == 5 && minor < 11)) && !privileges_has(CAP_SYS_RESOURCE) &&
	       !getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY;
}

void explain_load_failure(int err)
{
	static const char *const tracepoints[] = { "net_dev_queue", "netif_receive_skb" };

	if (err == -EPERM && is_memory_locked()) {
		say("the kernel %s counts BPF maps as locked memory, of which too little is "
		    "allowed: give CAP_SYS_RESOURCE as well, or ulimit -l unlimited",
		    release());
		return;
	}
	if (err == -EPERM || err == -EACCES) {
		say("the kernel refuses BPF programs (%s): lockdown, seccomp or a container may "
		    "forbid them; run it on the host as root",
		    strerror(-err));
		return;
	}
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) == 0 ||
	    libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_TRACING, NULL) == 0) {
		say("the kernel %s is too old: recording needs Linux 5.10 or later", release());
		return;
	}
	for (size_t i = 0; i < sizeof(tracepoints) / sizeof(tracepoints[0]); i++) {
		if (libbpf_find_vmlinux_btf_id(tracepoints[i], BPF_TRACE_RAW_TP) > 0)
			continue;
		say("this kernel (%s) has no tracepoint %s: recording needs Linux 5.10 or later, "
		    "with CONFIG_TRACEPOINTS=y and CONFIG_NET=y",
		    release(), tracepoints[i]);
		return;
	}
	say("the kernel %s does not take the programs: %s; -v shows what it says", release(),
	    strerror(-err));
}
