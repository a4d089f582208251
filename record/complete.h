/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel side did not tell of a process: asked of /proc while it is
 * alive, and of its executable. Once for each, and only for those in the trace.
 */
#ifndef NETSNOOP_RECORD_COMPLETE_H
#define NETSNOOP_RECORD_COMPLETE_H

#include "record/process_table.h"

struct complete;

int complete_open(struct complete **ret_complete); /* 0 or -ENOMEM */
void complete_close(struct complete *complete);	   /* NULL is fine */

/*
 * Fill in what can be found out: user, executable, arguments, build id. parent
 * may be NULL; it is asked where the process is gone. 0 or -ENOMEM.
 */
int complete_process(struct complete *complete, struct process *process,
		     const struct process *parent);

/* The same for what it runs, without its build id: cheap, and soon too late. 0 or -ENOMEM. */
int complete_image(struct process *process);

/* A cgroup was made. 0 or -ENOMEM. */
int complete_note_cgroup(struct complete *complete, uint64_t id, const struct nst_bytes *path);

/* The path of a cgroup, valid until the next call; NULL: not known, or told before. */
const char *complete_cgroup(struct complete *complete, const struct process *process, uint64_t id);

#endif
