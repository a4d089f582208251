/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The processes of this machine: who begins, becomes another program, takes
 * another name, ends. Each program writes a record of its own; none of them is
 * on the way of a packet. A process is its first thread: other threads neither
 * begin nor rename one, and it ends with its last.
 */
#ifndef NETSNOOP_BPF_PROCESS_H
#define NETSNOOP_BPF_PROCESS_H

#include "bpf/kernel.h"

#include "bpf/count.h"
#include "bpf/events.h"
#include "bpf/filter.h"
#include "bpf/flow.h"
#include "bpf/kernel_process.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define PROCESS_RING_BYTES (1 << 20)
#define NAME_BYTES 256 /* NAME_MAX and a NUL */
#define OVERLAYFS_MAGIC 0x794c7630
#define PATH_NAMES_MAX 48 /* a path with more is left out */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, PROCESS_RING_BYTES);
} process_records SEC(".maps");

struct process_text {
	struct process_record record;
	char text[PROCESS_TEXT_BYTES];
};

/* Of this CPU: tracepoints run with preemption off, and these only in process context. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_text);
} process_texts SEC(".maps");

/* Of the one that walks: it can be put aside for a tracepoint on the same CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_text);
} listed_text SEC(".maps");

static __always_inline void write_process(const void *record, __u64 bytes)
{
	struct counters *count;

	if (!bpf_ringbuf_output(&process_records, (void *)record, bytes, BPF_RB_NO_WAKEUP))
		return;
	count = own_counters();
	if (count)
		count->value[COUNTER_PROCESS_RING_FULL]++;
}

/* Which process, and when. */
static __always_inline void name_process(struct process_record *record, struct task_struct *task,
					 __u8 kind)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	record->kind = kind;
	record->timestamp = bpf_ktime_get_boot_ns();
	record->pid = BPF_CORE_READ(leader, tgid);
	record->start_ns = BPF_CORE_READ(leader, start_boottime);
	bpf_core_read_str(record->comm, sizeof(record->comm), &leader->comm);
}

static __always_inline __u32 pid_namespace_of(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct pid_namespace *namespace = NULL;
	struct upid *number;

	if (!pid)
		return 0;
	number = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
		 (__u64)BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);
	bpf_core_read(&namespace, sizeof(namespace), &number->ns);
	return BPF_CORE_READ(namespace, ns.inum);
}

/*
 * The kind of file system, 0 where it is not to be relied on: an overlay that a
 * user made in a namespace of his own may lie on a FUSE that never answers him.
 */
static __always_inline __u32 kind_of(struct super_block *super)
{
	__u32 magic = BPF_CORE_READ(super, s_magic);

	if (magic == OVERLAYFS_MAGIC && BPF_CORE_READ(super, s_user_ns, level))
		return 0;
	return magic;
}

static __always_inline void describe_exe(struct process_record *record, struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);

	if (!inode)
		return;
	record->exe_inode = BPF_CORE_READ(inode, i_ino);
	record->exe_device = BPF_CORE_READ(inode, i_sb, s_dev);
	record->exe_filesystem = kind_of(BPF_CORE_READ(inode, i_sb));
}

/* Everything about a process but its text. */
static __always_inline void describe_process(struct process_record *record,
					     struct task_struct *task, __u8 kind)
{
	struct task_struct *parent = BPF_CORE_READ(task, real_parent, group_leader);

	name_process(record, task, kind);
	record->parent_pid = BPF_CORE_READ(parent, tgid);
	record->parent_start_ns = BPF_CORE_READ(parent, start_boottime);
	record->uid = BPF_CORE_READ(task, cred, uid.val);
	record->gid = BPF_CORE_READ(task, cred, gid.val);
	record->netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
	record->mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	record->pidns = pid_namespace_of(task);
	record->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	describe_exe(record, task);
}

static __always_inline struct mount *mount_of(struct vfsmount *mounted)
{
	return (void *)mounted - bpf_core_field_offset(struct mount, mnt);
}

/*
 * The path of a file as /proc/PID/exe gives it, through all mounts. What execve
 * was called with may be relative, a descriptor, or a script. False if it is too long.
 */
static __always_inline bool write_path(struct process_text *to, struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct mount *mount = mount_of(BPF_CORE_READ(file, f_path.mnt));
	__u64 length = 0; /* 64 bits: before 6.3 a narrower spill loses its bounds */

	for (int i = 0; i < PATH_NAMES_MAX; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		const unsigned char *name;
		long bytes;

		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount || !above) {
				to->record.path_len = length;
				return true;
			}
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		name = BPF_CORE_READ(dentry, d_name.name);
		barrier_var(length);
		if (length > PROCESS_PATH_BYTES - NAME_BYTES)
			return false;
		bytes = bpf_probe_read_kernel_str(to->text + length, NAME_BYTES, name);
		if (bytes < 0)
			return false;
		length += bytes;
		dentry = parent;
	}
	return false;
}

static __always_inline void write_args(struct process_text *to, struct mm_struct *mm)
{
	unsigned long start = BPF_CORE_READ(mm, arg_start), end = BPF_CORE_READ(mm, arg_end);
	__u32 at = to->record.path_len;
	__u64 bytes = end - start;

	if (end < start || bytes > 0xffffffff || at > PROCESS_PATH_BYTES)
		return;
	to->record.args_bytes = bytes;
	if (bytes > PROCESS_ARGS_BYTES)
		bytes = PROCESS_ARGS_BYTES;
	if (bpf_probe_read_user(to->text + at, bytes, (void *)start))
		return;
	to->record.args_len = bytes;
	to->record.has_args = true;
}

/* BPF_PROG() names a context that none of these needs beside its arguments. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-parameter"

/* The child of a followed process gets an entry like it, before it can send. */
static __always_inline void follow(struct task_struct *parent, struct task_struct *child, __u32 pid)
{
	struct counters *count = own_counters();
	struct snoop_value own = { .start_ns = BPF_CORE_READ(child, start_boottime) };

	own.what = snoop_what(BPF_CORE_READ(parent, tgid),
			      BPF_CORE_READ(parent, group_leader, start_boottime));
	if (!(own.what & SNOOP_FOLLOW))
		return;
	if (bpf_map_update_elem(&snoop_proc, &pid, &own, BPF_ANY) && count)
		count->value[COUNTER_SNOOP_FULL]++;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(see_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 thread = BPF_CORE_READ(child, pid), pid = BPF_CORE_READ(child, tgid);
	struct process_record record = {};

	if (thread != pid)
		return 0;
	if (filters & FILTER_EITHER(FILTER_PID))
		follow(parent, child, pid);
	describe_process(&record, child, PROCESS_FORK);
	write_process(&record, sizeof(record));
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(see_exec, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct process_text *to;
	__u32 zero = 0, bytes;

	to = bpf_map_lookup_elem(&process_texts, &zero);
	if (!to || !mm)
		return 0;
	__builtin_memset(&to->record, 0, sizeof(to->record));
	describe_process(&to->record, task, PROCESS_EXEC);
	write_path(to, BPF_CORE_READ(mm, exe_file));
	write_args(to, mm);
	bytes = sizeof(to->record) + to->record.path_len + to->record.args_len;
	if (bytes <= sizeof(*to))
		write_process(to, bytes);
	return 0;
}

/*
 * A name and what goes with it: who sends or receives is asked for it again.
 * An exec gives a name too, and has a record of its own. (Without in_execve the
 * rename is told as well; it says the same.)
 */
SEC("tp_btf/task_rename")
int BPF_PROG(see_rename, struct task_struct *task, const char *comm)
{
	struct process_record record = {};
	__u32 thread = BPF_CORE_READ(task, pid);

	raise(&name_epoch);
	if (bpf_core_field_exists(task->in_execve) && BPF_CORE_READ_BITFIELD(task, in_execve))
		return 0;
	name_process(&record, task, PROCESS_RENAME);
	if (thread != record.pid)
		return 0;
	__builtin_memset(record.comm, 0, sizeof(record.comm));
	bpf_probe_read_kernel_str(record.comm, sizeof(record.comm), comm);
	write_process(&record, sizeof(record));
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(see_exit, struct task_struct *task)
{
	struct process_record record = {};

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	name_process(&record, task, PROCESS_EXIT);
	if (BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT)
		record.exit_code = BPF_CORE_READ(task, signal, group_exit_code);
	else
		record.exit_code = BPF_CORE_READ(task, group_leader, exit_code);
	write_process(&record, sizeof(record));
	return 0;
}

static __always_inline void follow_cgroup(struct cgroup *cgroup)
{
	__u64 above = BPF_CORE_READ(cgroup, self.parent, cgroup, kn, id);
	__u64 own = BPF_CORE_READ(cgroup, kn, id);
	__u32 *verdict = bpf_map_lookup_elem(&filter_cgroup, &above);
	struct counters *count = own_counters();

	if (verdict && bpf_map_update_elem(&filter_cgroup, &own, verdict, BPF_ANY) && count)
		count->value[COUNTER_SNOOP_FULL]++;
}

/* The paths of cgroups that may be gone when somebody asks. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(see_cgroup, struct cgroup *cgroup, const char *path)
{
	struct process_text *to;
	__u32 zero = 0;
	long length;

	if (BPF_CORE_READ(cgroup, root, hierarchy_id)) /* cgroup2 has number 0 */
		return 0;
	if (filters & FILTER_EITHER(FILTER_CGROUP))
		follow_cgroup(cgroup);
	to = bpf_map_lookup_elem(&process_texts, &zero);
	if (!to)
		return 0;
	__builtin_memset(&to->record, 0, sizeof(to->record));
	to->record.kind = CGROUP_MADE;
	to->record.timestamp = bpf_ktime_get_boot_ns();
	to->record.cgroup_id = BPF_CORE_READ(cgroup, kn, id);
	length = bpf_probe_read_kernel_str(to->text, PROCESS_PATH_BYTES, path);
	if (length <= 0 || length >= PROCESS_PATH_BYTES)
		return 0;
	to->record.path_len = length;
	write_process(to, sizeof(to->record) + length);
	return 0;
}

/* The last process and the last socket of it are gone. */
SEC("tp_btf/cgroup_release")
int BPF_PROG(see_cgroup_end, struct cgroup *cgroup)
{
	__u64 id = BPF_CORE_READ(cgroup, kn, id);

	if (!BPF_CORE_READ(cgroup, root, hierarchy_id))
		bpf_map_delete_elem(&filter_cgroup, &id);
	return 0;
}

/*
 * Those that are there when the recording begins, each with the path that it runs: who
 * reads may not be allowed to ask /proc for it.
 */
SEC("iter/task")
int list_processes(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct process_text *to;
	__u32 zero = 0, bytes;
	struct file *exe;

	if (!task || task->pid != task->tgid || task->flags & PF_KTHREAD)
		return 0;
	to = bpf_map_lookup_elem(&listed_text, &zero);
	if (!to)
		return 0;
	__builtin_memset(&to->record, 0, sizeof(to->record));
	describe_process(&to->record, task, PROCESS_SNAPSHOT);
	exe = BPF_CORE_READ(task, mm, exe_file);
	if (exe)
		write_path(to, exe);
	bytes = PROCESS_RECORD_BYTES(to->record.path_len);
	if (bytes <= sizeof(*to))
		bpf_seq_write(context->meta->seq, to, bytes);
	return 0;
}

#pragma clang diagnostic pop

#endif
