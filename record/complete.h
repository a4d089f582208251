/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel side did not tell of a process: asked of /proc while it is
 * alive, and of its executable. Once for each, and only for those in the trace.
 */
#ifndef NETSNOOP_RECORD_COMPLETE_H
#define NETSNOOP_RECORD_COMPLETE_H

#include "record/cgroups.h"
#include "record/process_table.h"

struct complete;
struct opener;

/* opener: who is asked for what may not be opened here; NULL: nobody. 0 or -ENOMEM. */
int complete_open(struct opener *opener, struct complete **ret_complete);
void complete_close(struct complete *complete); /* NULL is fine */

/*
 * Fill in what can be found out: user, executable, arguments, build id. parent
 * may be NULL; it is asked where the process is gone. 0 or -ENOMEM.
 */
int complete_process(struct complete *complete, struct process *process,
		     const struct process *parent);

/* The same for what it runs, without its build id: cheap, and soon too late. 0 or -ENOMEM. */
int complete_image(struct complete *complete, struct process *process);

/* A cgroup was made. 0 or -ENOMEM. */
int complete_note_cgroup(struct complete *complete, uint64_t id, const struct nst_bytes *path);

/* The path of a cgroup, valid until the next call; NULL: not known, or told before. */
const char *complete_cgroup(struct complete *complete, const struct process *process, uint64_t id);

/* The cgroups whose paths complete_cgroup() gave. 0, or what ends it. */
int complete_cgroups_told(const struct complete *complete, cgroup_sink *sink, void *context);

#endif
