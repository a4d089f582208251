// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/arm_processes.h"

#include "bpf/events.h"
#include "bpf/netsnoop.skel.h"
#include "record/proc.h"
#include "record/process_records.h"
#include "record/say.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 16

struct list {
	struct process_record *all;
	size_t n, room;
};

/* A drain_sink. */
static int append(void *context, const void *record, uint32_t length_bytes)
{
	struct list *list = context;

	(void)length_bytes;
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 256;
		struct process_record *larger = reallocarray(list->all, room, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		list->all = larger;
		list->room = room;
	}
	list->all[list->n++] = *(const struct process_record *)record;
	return 0;
}

static const struct process_record *find(const struct list *list, uint32_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->all[i].pid == pid)
			return &list->all[i];
	return NULL;
}

/* What an earlier filter said of the same process stands, too. */
static int tie(const struct list *list, const struct filter *filter, int map, uint32_t follow)
{
	const struct process_record *record = find(list, filter->pid);
	struct snoop_value value = { 0 };
	/* an iterator may pass over one (init has been seen to be): it has the number all the same */
	bool is_there = record || proc_process_of(filter->pid) == filter->pid;

	if (!is_there && filter->exclude) {
		/* nobody: whoever has the number later is not meant */
		bpf_map_delete_elem(map, &filter->pid);
		return 0;
	}
	if (!is_there) {
		say("--pid %u: there is no such process", filter->pid);
		return -ESRCH;
	}
	bpf_map_lookup_elem(map, &filter->pid, &value);
	value.start_ns = record ? record->start_ns : 0;
	value.what |= follow;
	return bpf_map_update_elem(map, &filter->pid, &value, BPF_ANY);
}

/* Add the children of those that are followed. How many were new, or what bpf(2) gives. */
static int add_children(const struct list *list, int map)
{
	int n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct process_record *record = &list->all[i];
		struct snoop_value parent = { 0 }, own = { 0 };
		int err;

		if (bpf_map_lookup_elem(map, &record->parent_pid, &parent) ||
		    !(parent.what & SNOOP_FOLLOW) ||
		    (parent.start_ns && parent.start_ns != record->parent_start_ns))
			continue;
		if (!bpf_map_lookup_elem(map, &record->pid, &own) && (parent.what & ~own.what) == 0)
			continue;
		own.start_ns = record->start_ns;
		own.what |= parent.what;
		err = bpf_map_update_elem(map, &record->pid, &own, BPF_ANY);
		if (err)
			return err;
		n++;
	}
	return n;
}

/* Until there is nobody new: a child may be listed before its parent, or be forked meanwhile. */
static int add_descendants(struct netsnoop_bpf *programs, struct list *list, int map)
{
	int n = 1, err = 0;

	for (int round = 0; !err && n > 0 && round < ROUNDS_MAX; round++) {
		while ((n = add_children(list, map)) > 0)
			;
		list->n = 0;
		err = n < 0 ? n : process_records_list(programs, append, list);
		if (!err)
			n = add_children(list, map);
	}
	return err ?: n < 0 ? n : 0;
}

int arm_processes(struct netsnoop_bpf *programs, const struct filters *filters)
{
	uint32_t follow = filters->follow == FOLLOW_ALL ? SNOOP_FOLLOW : 0;
	int map = bpf_map__fd(programs->maps.snoop_proc), err = 0;
	struct list list = { 0 };

	if (!filters_count(filters, BY_PID, false) && !filters_count(filters, BY_PID, true))
		return 0;
	err = process_records_list(programs, append, &list);
	for (size_t i = 0; !err && list.n && i < filters->n; i++)
		if (filters->all[i].type == BY_PID)
			err = tie(&list, &filters->all[i], map, follow);
	if (!err && follow)
		err = add_descendants(programs, &list, map);
	if (err && err != -ESRCH)
		say("the processes of --pid: %s", strerror(-err));
	free(list.all);
	return err;
}
