/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of processes beside their names: the last of each attribute. */
#ifndef NETSNOOP_ANALYZE_PROCESS_H
#define NETSNOOP_ANALYZE_PROCESS_H

#include "analyze/dimensions.h"

/* Beside NST_PROCESS_HAS_*, in the has of struct process_info. */
#define PROCESS_HAS_EXIT (UINT32_C(1) << 31)

struct process_info {
	uint64_t time_ns; /* of the latest row; 0: none yet */
	uint64_t exit_ns; /* with PROCESS_HAS_EXIT */
	uint64_t cgroup_id;
	uint32_t has;
	uint32_t parent; /* a process */
	uint32_t uid, gid, netns, mntns, pidns;
	uint32_t exit_code;	      /* as wait(2) has it */
	uint32_t exe, args, build_id; /* texts, with their bits */
	bool is_noted;		      /* by process_note(): more than the database knows */
};

/* Of a process; all unknown where nothing was noted. */
const struct process_info *process_info(const struct dimensions *dims, uint32_t process);

/* Room to note it, zeros at first. 0 or -ENOMEM. */
int process_info_get(struct dimensions *dims, uint32_t process, struct process_info **ret_info);

/* The words of process_event.what; NULL for a value without one. */
const char *process_what_name(unsigned int what);

/*
 * Take in a row of a trace's process table: what it says replaces what was
 * known, unless that is later. 0 or -ENOMEM.
 */
int process_note(struct dimensions *dims, uint32_t trace, const struct nst_process_event *event);

#endif
