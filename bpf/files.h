/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sockets that a process has as it ends, where nothing tells who receives:
 * sched_process_exit fires before its files are closed (do_exit(), from 5.5 to
 * 6.18), and what no walk has met in time is seen here.
 *
 * What holds here: a file that somebody else has, too, is left to him or to a walk;
 * else a child that has inherited a socket and never used it would pass for its owner.
 */
#ifndef NETSNOOP_BPF_FILES_H
#define NETSNOOP_BPF_FILES_H

#include "bpf/kernel.h"

#include "bpf/endpoint.h"
#include "bpf/kernel_process.h"
#include "bpf/orphan.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/*
 * Descriptors that are looked at, from 0 on: the lowest free one is always taken, so
 * a process with more has lived for longer than a walk takes to come, or has many.
 */
#define FILES_MAX 256

/* A function of its own for the verifier, as give_orphans() is. */
__noinline int end_file(__u64 number)
{
	struct file *file = (void *)number;
	struct socket *socket;
	struct sock *sk;

	if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return 0;
	/* before 6.13, 90ee6ed776c0 */
	if (bpf_core_field_exists(file->f_count) && BPF_CORE_READ(file, f_count.counter) != 1)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = socket ? BPF_CORE_READ(socket, sk) : NULL;
	if (sk)
		give_orphans((__u64)sk, HEIR_OF_END);
	return 0;
}

static __always_inline void end_files(struct task_struct *task)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	__u32 n = BPF_CORE_READ(table, max_fds), kind = HEIR_OF_END;
	struct heir *heir = bpf_map_lookup_elem(&heirs, &kind);

	if (!heir)
		return;
	current_owner(&heir->owner);
	for (__u32 i = 0; i < FILES_MAX && i < n; i++) {
		struct file *file = NULL;

		if (!bpf_probe_read_kernel(&file, sizeof(file), files + i) && file)
			end_file((__u64)file);
	}
	note_end(&heir->owner);
}

#endif
