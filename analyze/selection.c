/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Three readings: which flows are wanted (owners of a flow may stand behind its events),
 * what these flows need, and what the processes need that were found so.
 */
#include "analyze/selection.h"

#include "analyze/limits.h"
#include "common/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USER_PREFIX "user."

enum mark {		    /* of a flow */
	HAS_OWNER = 1 << 0, /* a process that was asked for */
	HAS_TUPLE = 1 << 1, /* addresses and ports that were */
	IN_SPAN = 1 << 2,
	WANTED = HAS_OWNER | HAS_TUPLE | IN_SPAN,
};

enum keep_kind {
	KEEP_PROCESS,
	KEEP_NETNS,
	KEEP_CGROUP,
	KEEP_USER,
};

struct keep_key {
	uint64_t number, start_ns;
	uint32_t trace, kind;
};

struct flow_key {
	uint64_t id, trace;
};

static bool is_by_owner(const struct selection *selection)
{
	return selection->n_pids || selection->n_comms;
}

/* ---- Does something fit? ----------------------------------------------- */

static bool fits_owner(const struct selection *selection, uint32_t pid, struct nst_bytes comm)
{
	bool has_pid = !selection->n_pids, has_comm = !selection->n_comms;

	for (size_t i = 0; i < selection->n_pids && !has_pid; i++)
		has_pid = selection->pids[i] == pid;
	for (size_t i = 0; i < selection->n_comms && !has_comm; i++)
		has_comm = strlen(selection->comms[i]) == comm.len_bytes &&
			   !memcmp(selection->comms[i], comm.data, comm.len_bytes);
	return has_pid && has_comm;
}

static bool fits_host(const struct selection_host *host, struct nst_bytes address)
{
	const uint8_t *at = address.data;

	if (address.len_bytes != host->len_bytes)
		return false;
	for (unsigned int i = 0; i < host->prefix_bits; i++)
		if ((at[i / 8] ^ host->address[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static bool fits_tuple(const struct selection *selection, const struct nst_flow *flow)
{
	bool has_host = !selection->n_hosts, has_port = !selection->n_ports;

	for (size_t i = 0; i < selection->n_hosts && !has_host && flow->has & NST_HAS_ADDR; i++)
		has_host = fits_host(&selection->hosts[i], flow->local_addr) ||
			   fits_host(&selection->hosts[i], flow->remote_addr);
	for (size_t i = 0; i < selection->n_ports && !has_port && flow->has & NST_HAS_PORT; i++) {
		const struct selection_ports *ports = &selection->ports[i];

		has_port = (flow->local_port >= ports->first && flow->local_port <= ports->last) ||
			   (flow->remote_port >= ports->first && flow->remote_port <= ports->last);
	}
	return has_host && has_port;
}

static bool is_in_span(const struct selected_trace *trace, uint64_t from_ns, uint64_t to_ns)
{
	return from_ns < trace->to_ns && to_ns > trace->from_ns;
}

/* ---- What was found ---------------------------------------------------- */

static int mark_flow(struct selection *selection, size_t trace, uint64_t id, unsigned int marks)
{
	const struct flow_key key = { .id = id, .trace = trace };
	uint32_t index;
	bool is_new;
	int err = intern_get(&selection->flows, &key, sizeof(key), &index, &is_new);

	if (!err)
		err = array_reserve(&selection->flow_marks, &selection->cap_marks,
				    (size_t)index + 1, sizeof(*selection->flow_marks));
	if (!err)
		selection->flow_marks[index] |= (uint8_t)marks;
	return err;
}

static bool wants_flow(const struct selection *selection, size_t trace, uint64_t id)
{
	const struct flow_key key = { .id = id, .trace = trace };
	uint32_t index;

	return intern_find(&selection->flows, &key, sizeof(key), &index) &&
	       selection->flow_marks[index] == WANTED;
}

static struct keep_key keep_key(size_t trace, enum keep_kind kind, uint64_t number,
				uint64_t start_ns)
{
	return (struct keep_key){
		.number = number, .start_ns = start_ns, .trace = (uint32_t)trace, .kind = kind
	};
}

static int keep(struct selection *selection, size_t trace, enum keep_kind kind, uint64_t number,
		uint64_t start_ns)
{
	const struct keep_key key = keep_key(trace, kind, number, start_ns);
	uint32_t index;
	bool is_new;

	return intern_get(&selection->kept, &key, sizeof(key), &index, &is_new);
}

static bool keeps(const struct selection *selection, size_t trace, enum keep_kind kind,
		  uint64_t number, uint64_t start_ns)
{
	const struct keep_key key = keep_key(trace, kind, number, start_ns);
	uint32_t index;

	return intern_find(&selection->kept, &key, sizeof(key), &index);
}

/* What a flow has of its own, before any owner is known. */
static unsigned int marks_of(const struct selection *selection, const struct nst_flow *flow)
{
	return (is_by_owner(selection) ? 0 : HAS_OWNER) |
	       (fits_tuple(selection, flow) ? HAS_TUPLE : 0);
}

bool selection_wants_lane(const struct selection *selection, size_t trace,
			  const struct nst_dictionaries *dictionaries, const struct nst_lane *lane)
{
	const struct nst_flow *flow = &dictionaries->flows[lane->flow];
	const struct nst_process *process = &dictionaries->processes[lane->process];

	if (flow->has & NST_HAS_FLOW_ID)
		return wants_flow(selection, trace, flow->id);
	if (!fits_tuple(selection, flow))
		return false;
	return !is_by_owner(selection) ||
	       (lane->has & NST_HAS_OWNER && fits_owner(selection, process->pid, process->comm));
}

static bool wants_user(const struct selection *selection, size_t trace,
		       const struct nst_setting *setting)
{
	char digits[16];
	uint64_t uid;

	if (setting->key.len_bytes <= strlen(USER_PREFIX) ||
	    memcmp(setting->key.data, USER_PREFIX, strlen(USER_PREFIX)))
		return true;
	snprintf(digits, sizeof(digits), "%.*s",
		 (int)(setting->key.len_bytes - strlen(USER_PREFIX)),
		 (const char *)setting->key.data + strlen(USER_PREFIX));
	return !parse_number(digits, 0, UINT32_MAX, &uid) &&
	       keeps(selection, trace, KEEP_USER, uid, 0);
}

static bool wants_total(const struct selection *selection, size_t trace,
			const struct nst_total *total)
{
	if (!is_in_span(&selection->traces[trace], total->from_ns, total->to_ns))
		return false;
	if (total->has & NST_TOTAL_HAS_FLOW)
		return wants_flow(selection, trace, total->flow_id);
	return !selection_is_by_flow(selection);
}

bool selection_wants_row(const struct selection *selection, size_t trace, enum nst_table table,
			 const void *row)
{
	switch (table) {
	case NST_TABLE_SETTING:
		return wants_user(selection, trace, row);
	case NST_TABLE_INTERFACE:
		return keeps(selection, trace, KEEP_NETNS,
			     ((const struct nst_interface *)row)->netns, 0);
	case NST_TABLE_NETNS:
		return keeps(selection, trace, KEEP_NETNS, ((const struct nst_netns *)row)->netns,
			     0);
	case NST_TABLE_CGROUP:
		return keeps(selection, trace, KEEP_CGROUP, ((const struct nst_cgroup *)row)->id,
			     0);
	case NST_TABLE_PROCESS_EVENT:
		return keeps(selection, trace, KEEP_PROCESS,
			     ((const struct nst_process_event *)row)->pid,
			     ((const struct nst_process_event *)row)->start_ns);
	case NST_TABLE_OWNER:
		return wants_flow(selection, trace, ((const struct nst_owner *)row)->flow_id);
	case NST_TABLE_TUPLE:
		return wants_flow(selection, trace, ((const struct nst_flow *)row)->id);
	case NST_TABLE_TOTAL:
		return wants_total(selection, trace, row);
	case NST_TABLE_LOSS:
	case NST_TABLE_DETAIL:
	case NST_TABLE_COMMENT:
		return true;
	default: /* counts of everything, which a part does not add up to */
		return false;
	}
}

/* ---- Readings ---------------------------------------------------------- */

struct reading {
	struct selection *selection;
	struct nst_reader *reader;
	size_t trace;
};

static int first_events(struct reading *reading, const struct nst_dictionaries *dictionaries,
			const bool *seen)
{
	struct selection *selection = reading->selection;
	int err = 0;

	for (size_t i = 0; i < dictionaries->n_lanes && !err; i++) {
		const struct nst_lane *lane = &dictionaries->lanes[i];
		const struct nst_flow *flow = &dictionaries->flows[lane->flow];
		const struct nst_process *process = &dictionaries->processes[lane->process];
		unsigned int marks = marks_of(selection, flow) | (seen[i] ? IN_SPAN : 0);

		if (lane->has & NST_HAS_OWNER && fits_owner(selection, process->pid, process->comm))
			marks |= HAS_OWNER;
		if (flow->has & NST_HAS_FLOW_ID)
			err = mark_flow(selection, reading->trace, flow->id, marks);
	}
	return err;
}

static int first_row(struct reading *reading, enum nst_table table, const void *row)
{
	struct selection *selection = reading->selection;
	const struct nst_owner *owner = row;
	const struct nst_total *total = row;
	const struct nst_flow *flow = row;
	unsigned int marks = 0;

	switch (table) {
	case NST_TABLE_OWNER:
		marks = fits_owner(selection, owner->pid, owner->comm) ? HAS_OWNER : 0;
		return mark_flow(selection, reading->trace, owner->flow_id, marks);
	case NST_TABLE_TOTAL:
		if (!(total->has & NST_TOTAL_HAS_FLOW))
			return 0;
		if (total->has & NST_TOTAL_HAS_OWNER &&
		    fits_owner(selection, total->pid, total->comm))
			marks |= HAS_OWNER;
		if (is_in_span(&selection->traces[reading->trace], total->from_ns, total->to_ns))
			marks |= IN_SPAN;
		return mark_flow(selection, reading->trace, total->flow_id, marks);
	case NST_TABLE_TUPLE:
		return mark_flow(selection, reading->trace, flow->id, marks_of(selection, flow));
	default:
		return 0;
	}
}

static int keep_owner(struct reading *reading, uint32_t pid, uint64_t start_ns, bool has_cgroup,
		      uint64_t cgroup_id)
{
	int err = keep(reading->selection, reading->trace, KEEP_PROCESS, pid, start_ns);

	return err || !has_cgroup
		       ? err
		       : keep(reading->selection, reading->trace, KEEP_CGROUP, cgroup_id, 0);
}

static int second_events(struct reading *reading, const struct nst_dictionaries *dictionaries,
			 const bool *seen)
{
	int err = 0;

	for (size_t i = 0; i < dictionaries->n_lanes && !err; i++) {
		const struct nst_lane *lane = &dictionaries->lanes[i];
		const struct nst_flow *flow = &dictionaries->flows[lane->flow];
		const struct nst_process *process = &dictionaries->processes[lane->process];

		if (!seen[i] ||
		    !selection_wants_lane(reading->selection, reading->trace, dictionaries, lane))
			continue;
		if (flow->has & NST_HAS_NETNS)
			err = keep(reading->selection, reading->trace, KEEP_NETNS, flow->netns, 0);
		if (!err && lane->has & NST_HAS_CGROUP)
			err = keep(reading->selection, reading->trace, KEEP_CGROUP, lane->cgroup_id,
				   0);
		if (!err && lane->has & NST_HAS_OWNER)
			err = keep_owner(reading, process->pid, process->start_ns, false, 0);
	}
	return err;
}

static int second_row(struct reading *reading, enum nst_table table, const void *row)
{
	const struct nst_owner *owner = row;
	const struct nst_total *total = row;
	int err = 0;

	if ((table != NST_TABLE_OWNER && table != NST_TABLE_TOTAL) ||
	    !selection_wants_row(reading->selection, reading->trace, table, row))
		return 0;
	if (table == NST_TABLE_OWNER)
		return keep_owner(reading, owner->pid, owner->start_ns,
				  owner->has & NST_OWNER_HAS_CGROUP, owner->cgroup_id);
	if (total->has & NST_TOTAL_HAS_NETNS)
		err = keep(reading->selection, reading->trace, KEEP_NETNS, total->netns, 0);
	if (!err && total->has & NST_TOTAL_HAS_OWNER)
		err = keep_owner(reading, total->pid, total->start_ns, total->cgroup_id != 0,
				 total->cgroup_id);
	return err;
}

/* What is known of the processes that were found. */
static int third_row(struct reading *reading, enum nst_table table, const void *row)
{
	const struct nst_process_event *event = row;
	int err = 0;

	if (table != NST_TABLE_PROCESS_EVENT ||
	    !selection_wants_row(reading->selection, reading->trace, table, row))
		return 0;
	if (event->has & NST_PROCESS_HAS_UID)
		err = keep(reading->selection, reading->trace, KEEP_USER, event->uid, 0);
	if (!err && event->has & NST_PROCESS_HAS_CGROUP)
		err = keep(reading->selection, reading->trace, KEEP_CGROUP, event->cgroup_id, 0);
	if (!err && event->has & NST_PROCESS_HAS_NETNS)
		err = keep(reading->selection, reading->trace, KEEP_NETNS, event->netns, 0);
	return err;
}

struct pass {
	int (*events)(struct reading *reading, const struct nst_dictionaries *dictionaries,
		      const bool *seen); /* seen: which lanes have events in the span */
	int (*row)(struct reading *reading, enum nst_table table, const void *row);
};

static int read_events(struct reading *reading, const struct pass *pass)
{
	const struct selected_trace *trace = &reading->selection->traces[reading->trace];
	const struct nst_dictionaries *dictionaries;
	const struct nst_events *events;
	bool *seen;
	int err = nst_reader_dictionaries(reading->reader, &dictionaries)
			  ?: nst_reader_events(reading->reader, &events);

	if (err)
		return err == -EBADMSG ? -EUCLEAN : err;
	seen = calloc(dictionaries->n_lanes, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	for (size_t i = 0; i < events->n_events; i++)
		if (events->timestamp[i] >= trace->from_ns && events->timestamp[i] < trace->to_ns)
			seen[events->lane[i]] = true;
	err = pass->events(reading, dictionaries, seen);
	free(seen);
	return err;
}

static int read_tables(struct reading *reading, const struct pass *pass)
{
	static const struct {
		enum nst_table table;
		size_t size;
	} tables[] = { { NST_TABLE_OWNER, sizeof(struct nst_owner) },
		       { NST_TABLE_TOTAL, sizeof(struct nst_total) },
		       { NST_TABLE_TUPLE, sizeof(struct nst_flow) },
		       { NST_TABLE_PROCESS_EVENT, sizeof(struct nst_process_event) } };
	int err = 0;

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]) && !err; t++) {
		const void *rows = NULL;
		size_t n = 0;

		err = nst_reader_rows(reading->reader, tables[t].table, &rows, &n);
		if (err == -EINVAL)
			return 0; /* END, or of an unknown type */
		for (size_t i = 0; i < n && !err; i++)
			err = pass->row(reading, tables[t].table,
					(const char *)rows + i * tables[t].size);
	}
	return err == -EBADMSG ? -EUCLEAN : err;
}

static bool no_events(void *unused, const struct nst_chunk *chunk)
{
	(void)unused;
	(void)chunk;
	return false;
}

static int read_all(struct selection *selection, const struct input *input, const struct pass *pass)
{
	struct reading reading = { .selection = selection };
	const struct nst_chunk *chunk;
	struct tally tally = { 0 };
	int more = 0, err = input_rewind(input);

	tally_begin(&tally, input);
	if (!err)
		err = nst_reader_open(input->fd, &reading.reader);
	if (!err && !pass->events)
		nst_reader_set_choice(reading.reader, no_events, NULL);
	while (!err && (more = nst_reader_next(reading.reader, &chunk)) > 0) {
		reading.trace = chunk->trace;
		err = tally_chunk(&tally, reading.reader, chunk);
		if (err)
			selection->is_said = err == -E2BIG;
		else if (chunk->trace >= selection->n_traces)
			err = -EUCLEAN; /* it has changed meanwhile */
		else if (chunk->type != NST_CHUNK_EVENTS)
			err = read_tables(&reading, pass);
		else if (pass->events)
			err = read_events(&reading, pass);
	}
	nst_reader_close(reading.reader);
	return err ?: more < 0 ? more : 0;
}

int selection_find(struct selection *selection, const struct input *input)
{
	static const struct pass passes[] = { { first_events, first_row },
					      { second_events, second_row },
					      { NULL, third_row } };
	int err = selection->n_traces ? 0 : selection_read_clocks(selection, input);

	if (err)
		return err;
	selection_set_spans(selection);
	intern_free(&selection->flows);
	intern_free(&selection->kept);
	if (selection->flow_marks)
		memset(selection->flow_marks, 0, selection->cap_marks);
	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]) && !err; i++)
		err = read_all(selection, input, &passes[i]);
	return err ?: input_rewind(input);
}
