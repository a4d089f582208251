/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The process table of a recording. It hears of every process of the machine
 * and lets into the trace those that own something in it: what they run at that
 * moment, and from then on what happens to them.
 */
#ifndef NETSNOOP_RECORD_PROCESSES_H
#define NETSNOOP_RECORD_PROCESSES_H

#include "format/trace.h"

#define PROCESS_NEWS_PATH_BYTES 1040

/* One thing that happened, or a process found at the start. */
struct process_news {
	struct nst_process_event event; /* its strings are valid during the call */
	uint64_t exe_inode;		/* 0: not known, as the next two */
	uint32_t exe_device;		/* the kernel's: major << 20 | minor */
	uint32_t exe_filesystem;	/* its magic number */
	bool is_args_cut;
	bool is_cgroup; /* no process: a cgroup, its id in cgroup_id, its path in exe */
	char path[PROCESS_NEWS_PATH_BYTES];
};

struct opener;
struct processes;

/*
 * only_owners: nobody is let in but owners, not even their ancestors, because
 * the recording is about some processes only. opener as in complete_open(). 0 or
 * -ENOMEM.
 */
int processes_open(bool only_owners, struct opener *opener, struct processes **ret_processes);

/* Have somebody told of each process that ended so long ago that it is forgotten. */
void processes_tell_forgotten(struct processes *processes,
			      void (*sink)(void *context, uint32_t pid, uint64_t start_ns),
			      void *context);

/* Something happened. 0 or -ENOMEM. */
int processes_note(struct processes *processes, const struct process_news *news);

/* Has processes_meet() been told of this owner? Quick; false if it has been long ago. */
bool processes_knows(const struct processes *processes, uint32_t pid, uint64_t start_ns,
		     uint64_t cgroup_id);

/*
 * A process owns something at this time: what happened before that has been
 * noted, what came later has not. comm is what is told of a process that
 * nobody knows; cgroup_id 0: not known. 0 or -ENOMEM.
 */
int processes_meet(struct processes *processes, uint64_t at_ns, uint32_t pid, uint64_t start_ns,
		   uint64_t cgroup_id, const char *comm, size_t comm_len);

/*
 * Look at some of those that were there at the start and have not been looked
 * at: what they run cannot be found out any more when they have ended. 0 or -ENOMEM.
 */
int processes_ask(struct processes *processes);

/* Write what is due at at_ns, and forget who ended some time ago. UINT64_MAX: write all. */
int processes_write(struct processes *processes, struct nst_writer *writer, uint64_t at_ns);

/*
 * Write the processes and cgroups that the trace has and that are still known, as
 * they are at at_ns, for a file of its own. 0, -ENOMEM, or what the writer gives.
 */
int processes_describe(const struct processes *processes, struct nst_writer *writer,
		       uint64_t at_ns);

/*
 * What comes goes into another file, for which processes_describe() will be called, and
 * counts begin anew.
 */
void processes_move(struct processes *processes);

/*
 * The kernel's ring was full: ends may have been missed. Those that are gone
 * without having been seen to are looked for.
 */
void processes_missed(struct processes *processes, uint64_t at_ns);

/*
 * Counts of the trace: owners that were not in the table, ends forgotten early, and rows
 * for which the trace had no room in time.
 */
#define PROCESS_COUNTERS 3
void processes_counters(const struct processes *processes,
			struct nst_counter counters[PROCESS_COUNTERS]);

void processes_close(struct processes *processes); /* NULL is fine */

#endif
