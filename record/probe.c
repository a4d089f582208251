// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/probe.h"

#include "record/proc.h"
#include "record/say.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define HOST_PID_NAMESPACE 0xeffffffc /* the kernel's PROC_PID_INIT_INO */

static bool has_capability(const struct __user_cap_data_struct *data, unsigned int capability)
{
	return data[capability / 32].effective & 1u << capability % 32;
}

static bool has_privilege(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return true; /* then bpf(2) itself will tell */
	return has_capability(data, CAP_SYS_ADMIN) ||
	       (has_capability(data, CAP_BPF) && has_capability(data, CAP_PERFMON));
}

static const char *release(void)
{
	static struct utsname names;

	return uname(&names) ? "(unknown)" : names.release;
}

bool probe_machine(void)
{
	if (!has_privilege()) {
		say("recording needs the capabilities CAP_BPF and CAP_PERFMON: run it as root, say "
		    "with sudo");
		return false;
	}
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

void explain_load_failure(int err)
{
	static const char *const tracepoints[] = { "net_dev_queue", "netif_receive_skb" };

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
