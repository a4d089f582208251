/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Five readings: which processes had a name that is asked for, which flows are wanted (owners of a
 * flow may stand behind its events), which rows of times before the span still hold in it, what
 * these flows need, and what the processes need that were found so.
 */
#include "analyze/selection_find.h"

#include "analyze/limits.h"

#include <errno.h>
#include <stdlib.h>

static int mark_flow(struct selection *selection, size_t trace, uint64_t id, unsigned int marks)
{
	struct selected_flow *flow;
	int err = selection_get_flow(selection, trace, id, &flow);

	if (!err)
		flow->marks |= (uint8_t)marks;
	return err;
}

struct reading {
	struct selection *selection;
	struct nst_reader *reader;
	size_t trace;
};

/*
 * A process that changed its name is one process, in reports too; and its flows may be told of
 * under a name that it had only then.
 */
static int note_comm(struct reading *reading, uint32_t pid, uint64_t start_ns,
		     struct nst_bytes comm)
{
	if (!comm.len_bytes || !selection_is_comm(reading->selection, comm))
		return 0;
	return selection_keep(reading->selection, reading->trace, KEEP_COMM, pid, start_ns);
}

static int name_events(struct reading *reading, const struct nst_dictionaries *dictionaries,
		       const bool *seen)
{
	int err = 0;

	(void)seen;
	for (size_t i = 0; i < dictionaries->n_processes && !err; i++) {
		const struct nst_process *process = &dictionaries->processes[i];

		err = note_comm(reading, process->pid, process->start_ns, process->comm);
	}
	return err;
}

static int name_row(struct reading *reading, enum nst_table table, const void *row)
{
	const struct nst_owner *owner = row;
	const struct nst_total *total = row;
	const struct nst_process_event *event = row;

	switch (table) {
	case NST_TABLE_OWNER:
		return note_comm(reading, owner->pid, owner->start_ns, owner->comm);
	case NST_TABLE_TOTAL:
		return total->has & NST_TOTAL_HAS_OWNER
			       ? note_comm(reading, total->pid, total->start_ns, total->comm)
			       : 0;
	case NST_TABLE_PROCESS_EVENT:
		return note_comm(reading, event->pid, event->start_ns, event->comm);
	default:
		return 0;
	}
}

static int first_events(struct reading *reading, const struct nst_dictionaries *dictionaries,
			const bool *seen)
{
	struct selection *selection = reading->selection;
	int err = 0;

	for (size_t i = 0; i < dictionaries->n_lanes && !err; i++) {
		const struct nst_lane *lane = &dictionaries->lanes[i];
		const struct nst_flow *flow = &dictionaries->flows[lane->flow];
		unsigned int marks = selection_marks_of(selection, flow) | (seen[i] ? IN_SPAN : 0);

		if (!(lane->has & NST_HAS_OWNER))
			marks |= seen[i] ? IS_UNOWNED : 0;
		else if (selection_fits_lane(selection, reading->trace, dictionaries, lane))
			marks |= HAS_OWNER;
		if (flow->has & NST_HAS_FLOW_ID)
			err = mark_flow(selection, reading->trace, flow->id, marks);
	}
	return err;
}

/* It is charged to who has the flow when it begins, which may be before the span. */
static int first_total(struct reading *reading, const struct nst_total *total)
{
	struct selection *selection = reading->selection;
	struct selected_flow *flow;
	int err;

	if (!(total->has & NST_TOTAL_HAS_FLOW))
		return 0;
	err = selection_get_flow(selection, reading->trace, total->flow_id, &flow);
	if (err)
		return err;
	if (total->has & NST_TOTAL_HAS_OWNER &&
	    selection_fits_owner(selection, reading->trace, total->pid, total->start_ns))
		flow->marks |= HAS_OWNER;
	if (!is_in_span(&selection->traces[reading->trace], total->from_ns, total->to_ns))
		return 0;
	flow->marks |= IN_SPAN | (total->has & NST_TOTAL_HAS_OWNER ? 0 : IS_UNOWNED);
	if (total->from_ns < flow->begin_ns)
		flow->begin_ns = total->from_ns;
	return 0;
}

static int first_row(struct reading *reading, enum nst_table table, const void *row)
{
	struct selection *selection = reading->selection;
	const struct nst_owner *owner = row;
	const struct nst_flow *flow = row;
	unsigned int marks = 0;

	switch (table) {
	case NST_TABLE_OWNER:
		marks = selection_fits_owner(selection, reading->trace, owner->pid, owner->start_ns)
				? HAS_OWNER
				: 0;
		return mark_flow(selection, reading->trace, owner->flow_id, marks);
	case NST_TABLE_TOTAL:
		return first_total(reading, row);
	case NST_TABLE_TUPLE:
		return mark_flow(selection, reading->trace, flow->id,
				 selection_marks_of(selection, flow));
	case NST_TABLE_LOSS:
		limits_note_loss(&selection->traces[reading->trace], row);
		return 0;
	case NST_TABLE_DETAIL:
		limits_note_detail(&selection->traces[reading->trace], row);
		return 0;
	default:
		return 0;
	}
}

/* What overrules what of the rows of flows that are wanted, of processes and of devices. */
static int second_row(struct reading *reading, enum nst_table table, const void *row)
{
	const struct nst_owner *owner = row;
	struct selected_flow *flow;

	switch (table) {
	case NST_TABLE_OWNER:
		flow = selection_find_flow(reading->selection, reading->trace, owner->flow_id);
		if (flow)
			limits_note_owner(flow, owner);
		return 0;
	case NST_TABLE_PROCESS_EVENT:
		return limits_note_process(reading->selection, reading->trace, row);
	case NST_TABLE_INTERFACE:
		return limits_note_device(reading->selection, reading->trace, row);
	default:
		return 0;
	}
}

static int keep_place(struct reading *reading, uint32_t netns, bool has_ifindex, uint32_t ifindex)
{
	int err = selection_keep(reading->selection, reading->trace, KEEP_NETNS, netns, 0);

	return err || !has_ifindex ? err
				   : selection_keep(reading->selection, reading->trace, KEEP_DEVICE,
						    keep_device(netns, ifindex), 0);
}

static int keep_owner(struct reading *reading, uint32_t pid, uint64_t start_ns, bool has_cgroup,
		      uint64_t cgroup_id)
{
	int err = selection_keep(reading->selection, reading->trace, KEEP_PROCESS, pid, start_ns);

	return err || !has_cgroup ? err
				  : selection_keep(reading->selection, reading->trace, KEEP_CGROUP,
						   cgroup_id, 0);
}

static int third_events(struct reading *reading, const struct nst_dictionaries *dictionaries,
			const bool *seen)
{
	int err = 0;

	for (size_t i = 0; i < dictionaries->n_lanes && !err; i++) {
		const struct nst_lane *lane = &dictionaries->lanes[i];
		const struct nst_flow *flow = &dictionaries->flows[lane->flow];
		const struct nst_process *process;

		if (!seen[i] ||
		    !selection_wants_lane(reading->selection, reading->trace, dictionaries, lane))
			continue;
		reading->selection->is_found = true;
		if (flow->has & NST_HAS_NETNS)
			err = keep_place(reading, flow->netns, lane->has & NST_HAS_IFINDEX,
					 lane->ifindex);
		if (!err && lane->has & NST_HAS_CGROUP)
			err = selection_keep(reading->selection, reading->trace, KEEP_CGROUP,
					     lane->cgroup_id, 0);
		if (err || !(lane->has & NST_HAS_OWNER))
			continue;
		process = &dictionaries->processes[lane->process];
		err = keep_owner(reading, process->pid, process->start_ns, false, 0);
	}
	return err;
}

static int third_row(struct reading *reading, enum nst_table table, const void *row)
{
	const struct nst_owner *owner = row;
	const struct nst_total *total = row;
	int err = 0;

	if (table == NST_TABLE_INTERFACE &&
	    limits_want_device(reading->selection, reading->trace, row))
		return devices_note(reading->selection, reading->trace, row);
	if ((table != NST_TABLE_OWNER && table != NST_TABLE_TOTAL) ||
	    !selection_wants_row(reading->selection, reading->trace, table, row))
		return 0;
	if (table == NST_TABLE_OWNER)
		return keep_owner(reading, owner->pid, owner->start_ns,
				  owner->has & NST_OWNER_HAS_CGROUP, owner->cgroup_id);
	reading->selection->is_found = true;
	if (total->has & NST_TOTAL_HAS_NETNS)
		err = keep_place(reading, total->netns, total->has & NST_TOTAL_HAS_IFINDEX,
				 total->ifindex);
	if (!err && total->has & NST_TOTAL_HAS_OWNER)
		err = keep_owner(reading, total->pid, total->start_ns, total->cgroup_id != 0,
				 total->cgroup_id);
	return err;
}

/* What is known of the processes that were found. */
static int fourth_row(struct reading *reading, enum nst_table table, const void *row)
{
	const struct nst_process_event *event = row;
	uint32_t has;
	int err = 0;

	if (table != NST_TABLE_PROCESS_EVENT ||
	    !selection_wants_row(reading->selection, reading->trace, table, row))
		return 0;
	has = limits_process_has(reading->selection, reading->trace, event);
	if (has & NST_PROCESS_HAS_UID)
		err = selection_keep(reading->selection, reading->trace, KEEP_USER, event->uid, 0);
	if (!err && has & NST_PROCESS_HAS_CGROUP)
		err = selection_keep(reading->selection, reading->trace, KEEP_CGROUP,
				     event->cgroup_id, 0);
	if (!err && has & NST_PROCESS_HAS_NETNS)
		err = selection_keep(reading->selection, reading->trace, KEEP_NETNS, event->netns,
				     0);
	return err;
}

struct pass {
	int (*events)(struct reading *reading, const struct nst_dictionaries *dictionaries,
		      const bool *seen); /* seen: which lanes have events in the span */
	bool is_of_names;		 /* nothing is seen */
	int (*row)(struct reading *reading, enum nst_table table, const void *row);
};

static int read_events(struct reading *reading, const struct pass *pass)
{
	const struct selected_trace *trace = &reading->selection->traces[reading->trace];
	const struct nst_dictionaries *dictionaries;
	const struct nst_events *events;
	bool *seen;
	int err = nst_reader_dictionaries(reading->reader, &dictionaries);

	if (!err && pass->is_of_names)
		return pass->events(reading, dictionaries, NULL);
	if (!err)
		err = nst_reader_events(reading->reader, &events);
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
		       { NST_TABLE_PROCESS_EVENT, sizeof(struct nst_process_event) },
		       { NST_TABLE_INTERFACE, sizeof(struct nst_interface) },
		       { NST_TABLE_LOSS, sizeof(struct nst_loss_interval) },
		       { NST_TABLE_DETAIL, sizeof(struct nst_detail_change) } };
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
	static const struct pass names = { name_events, true, name_row };
	static const struct pass passes[] = { { first_events, false, first_row },
					      { NULL, false, second_row },
					      { third_events, false, third_row },
					      { NULL, false, fourth_row } };
	int err = selection->n_traces ? 0 : selection_read_clocks(selection, input);

	if (err)
		return err;
	selection_set_spans(selection);
	intern_free(&selection->flows);
	intern_free(&selection->processes);
	intern_free(&selection->devices);
	intern_free(&selection->kept);
	selection->n_links = 0;
	selection->is_found = false;
	if (selection->n_comms)
		err = read_all(selection, input, &names);
	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]) && !err; i++)
		err = read_all(selection, input, &passes[i]);
	return err ?: devices_keep_below(selection) ?: input_rewind(input);
}
