/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A chunk becomes a chunk: rows are copied, given other values and written, events by
 * their lanes. Nothing is taken over but what a rule is for.
 */
#include "analyze/anonymize.h"

#include "analyze/anonymize_rows.h"
#include "analyze/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 9 /* it is written once and sent to many */

struct copy {
	struct anonymized *to;
	struct nst_reader *reader;
	struct nst_writer *writer; /* of the trace at hand; NULL: none yet, or it has ended */
	size_t trace, n_begun;
	int fd;
	bool is_output;
	bool is_left_out; /* the trace at hand: nothing of it is in the span */
	bool has_filters; /* it says by what was chosen */
	/* of the chunk at hand */
	struct nst_process *processes;
	struct nst_flow *flows;
	struct nst_lane *lanes;
	struct nst_writer_lane *writer_lanes;
	uint32_t *weights;
	bool *wanted; /* lanes */
	size_t n_processes, n_flows, n_lanes, n_writer_lanes, n_weights, n_wanted;
};

/* ---- Headers ----------------------------------------------------------- */

/* Of the field of a header that is of this number. */
static struct field_count *header_count(struct copy *copy, unsigned int table, unsigned int column)
{
	size_t n;

	return &copy->to->counts[fields_of(table, &n) - fields + column - 1];
}

static void count_header(struct copy *copy, unsigned int table, unsigned int column, bool changed)
{
	struct field_count *count = header_count(copy, table, column);

	count->values++;
	count->changed += changed;
}

/* A time that says less. */
static uint64_t coarse(const struct copy *copy, uint64_t time_ns)
{
	return copy->to->grain_ns ? time_ns - time_ns % copy->to->grain_ns : time_ns;
}

/* What is selected begins where it begins, and not where the recording did. */
static void cut_header(const struct copy *copy, size_t trace, struct nst_header *header)
{
	const struct selected_trace *selected;
	uint64_t start_ns = header->start_ns;

	if (copy->to->selection) {
		selected = &copy->to->selection->traces[trace];
		if (selected->from_ns > start_ns) {
			start_ns = selected->from_ns;
			header->start_realtime_ns =
				(uint64_t)timeline_realtime(&selected->timeline, start_ns);
		}
	}
	header->start_ns = coarse(copy, start_ns);
	if (header->start_realtime_ns > start_ns - header->start_ns)
		header->start_realtime_ns -= start_ns - header->start_ns;
}

static int map_header(struct copy *copy, const struct nst_header *from, struct nst_header *ret_to)
{
	struct anonymizer *anonymizer = &copy->to->anonymizer;
	struct nst_header to = *from;
	int err = anonymize_trace_uuid(anonymizer, from->uuid, to.uuid)
			  ?: anonymize_uuid(anonymizer, from->boot_id, to.boot_id)
			  ?: anonymize_writer(anonymizer, to.writer)
			  ?: anonymizer_note_clocks(
				     anonymizer, (struct clock_reading){ from->start_ns,
									 from->start_realtime_ns });

	to.start_ns = anonymize_time(anonymizer, from->start_ns);
	to.start_realtime_ns = anonymize_realtime(anonymizer, from->start_realtime_ns);
	to.incompat = to.compat = 0; /* the writer's own */
	count_header(copy, FIELDS_FILE_HEADER, 1, true);
	count_header(copy, FIELDS_FILE_HEADER, 2, memcmp(from->boot_id, to.boot_id, 16));
	count_header(copy, FIELDS_FILE_HEADER, 3, from->start_ns != to.start_ns);
	count_header(copy, FIELDS_FILE_HEADER, 4, from->start_realtime_ns != to.start_realtime_ns);
	count_header(copy, FIELDS_FILE_HEADER, 5, false);
	count_header(copy, FIELDS_FILE_HEADER, 10, strcmp(from->writer, to.writer));
	if (!err)
		*ret_to = to;
	return err;
}

static int set_chunk_header(struct copy *copy, const struct nst_chunk *chunk)
{
	struct clock_reading from = { chunk->sample_clock_ns, chunk->sample_realtime_ns };
	const struct selection *selection = copy->to->selection;
	struct anonymizer *anonymizer = &copy->to->anonymizer;
	uint64_t clock_ns, realtime_ns, lost[NST_LOSS_SLOTS];

	memcpy(lost, chunk->lost, sizeof(lost));
	if (selection) {
		selection_cut_reading(selection, copy->trace, &from.clock_ns, &from.realtime_ns);
		selection_cut_lost(selection, copy->trace, lost);
	}
	clock_ns = anonymize_time(anonymizer, from.clock_ns);
	realtime_ns = anonymize_realtime(anonymizer, from.realtime_ns);
	nst_writer_set_lost(copy->writer, lost);
	nst_writer_set_clock_sample(copy->writer, clock_ns, realtime_ns);
	count_header(copy, FIELDS_CHUNK_HEADER, 4, anonymizer->clock_shift_ns);
	count_header(copy, FIELDS_CHUNK_HEADER, 5, anonymizer->clock_shift_ns);
	count_header(copy, FIELDS_CHUNK_HEADER, 6, clock_ns != chunk->sample_clock_ns);
	count_header(copy, FIELDS_CHUNK_HEADER, 7, realtime_ns != chunk->sample_realtime_ns);
	count_header(copy, FIELDS_CHUNK_HEADER, 8, false);
	return anonymizer_note_clocks(anonymizer, from);
}

/* ---- Traces ------------------------------------------------------------ */

static int say_filters(struct copy *copy)
{
	if (!copy->to->anonymizer.options.filters || copy->has_filters)
		return 0;
	return anonymize_write_filters(copy->to, copy->writer, &copy->is_output);
}

/* What was not ended stays cut, since nobody knows what came behind. */
static int leave_trace(struct copy *copy)
{
	int err = copy->writer ? say_filters(copy) : 0;

	if (!err && copy->writer) {
		err = nst_writer_flush(copy->writer);
		copy->is_output = err;
	}
	copy->to->is_cut |= copy->writer != NULL;
	nst_writer_close(copy->writer);
	copy->writer = NULL;
	return err;
}

static int begin_trace(struct copy *copy, const struct nst_chunk *chunk)
{
	size_t n;
	const struct nst_trace *trace = &nst_reader_traces(copy->reader, &n)[chunk->trace];
	struct nst_header header, from;
	int err = leave_trace(copy);

	if (err)
		return err;
	if (!trace->has_header)
		return -EUCLEAN;
	if (chunk->trace != copy->n_begun)
		return -ESTALE;
	if (copy->to->selection && chunk->trace >= copy->to->selection->n_traces)
		return -EUCLEAN;
	copy->trace = chunk->trace;
	copy->n_begun++;
	copy->has_filters = false;
	copy->is_left_out =
		copy->to->selection && !selection_wants_trace(copy->to->selection, chunk->trace);
	if (copy->is_left_out)
		return 0;
	from = trace->header;
	cut_header(copy, chunk->trace, &from);
	err = map_header(copy, &from, &header);
	if (err)
		return err;
	err = nst_writer_open(copy->fd, &header, LEVEL, &copy->writer);
	copy->is_output = err;
	copy->to->traces++;
	return err;
}

static int end_trace(struct copy *copy, const struct nst_chunk *chunk)
{
	const struct selection *selection = copy->to->selection;
	uint64_t end_ns = chunk->last_ns;
	int err;

	if (selection && selection->traces[copy->trace].to_ns < end_ns)
		end_ns = selection->traces[copy->trace].to_ns;
	err = anonymizer_note_clocks(&copy->to->anonymizer, (struct clock_reading){ end_ns, 0 })
		      ?: say_filters(copy);
	if (err)
		return err;
	err = nst_writer_end(copy->writer, anonymize_time(&copy->to->anonymizer, end_ns));
	copy->is_output = err;
	nst_writer_close(copy->writer);
	copy->writer = NULL;
	return err;
}

/* ---- Events ------------------------------------------------------------ */

static int map_rows(struct copy *copy, unsigned int table, void *rows, size_t n, size_t size,
		    const uint32_t *weights)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		char *row = (char *)rows + i * size;
		bool keep;

		if (weights && !weights[i]) /* no event of it is wanted */
			err = fields_drop(&copy->to->anonymizer, copy->to->counts, table, row);
		else
			err = fields_apply(&copy->to->anonymizer, copy->to->counts, table, row,
					   weights ? weights[i] : 1, &keep);
	}
	return err;
}

static int reserve(struct copy *copy, const struct nst_dictionaries *from)
{
	size_t most = from->n_lanes;

	most = from->n_flows > most ? from->n_flows : most;
	most = from->n_processes > most ? from->n_processes : most;
	return array_reserve(&copy->processes, &copy->n_processes, from->n_processes,
			     sizeof(*copy->processes))
		       ?: array_reserve(&copy->flows, &copy->n_flows, from->n_flows,
					sizeof(*copy->flows))
		       ?: array_reserve(&copy->lanes, &copy->n_lanes, from->n_lanes,
					sizeof(*copy->lanes))
		       ?: array_reserve(&copy->writer_lanes, &copy->n_writer_lanes, from->n_lanes,
					sizeof(*copy->writer_lanes))
		       ?: array_reserve(&copy->wanted, &copy->n_wanted, from->n_lanes,
					sizeof(*copy->wanted))
		       ?: array_reserve(&copy->weights, &copy->n_weights, 3 * most,
					sizeof(*copy->weights));
}

static bool is_in_span(const struct copy *copy, uint64_t time_ns)
{
	const struct selected_trace *trace;

	if (!copy->to->selection)
		return true;
	trace = &copy->to->selection->traces[copy->trace];
	return time_ns >= trace->from_ns && time_ns < trace->to_ns;
}

static bool is_wanted(const struct copy *copy, const struct nst_events *events, size_t i)
{
	return copy->wanted[events->lane[i]] && is_in_span(copy, events->timestamp[i]);
}

/* A row counts as often as there are events of it, since a writer makes rows of its own. */
static int map_dictionaries(struct copy *copy, const struct nst_dictionaries *from,
			    const struct nst_events *events)
{
	uint32_t *of_lane, *of_flow, *of_process;
	int err = reserve(copy, from);

	if (err)
		return err;
	of_lane = copy->weights;
	of_flow = of_lane + from->n_lanes;
	of_process = of_flow + from->n_flows;
	memset(copy->weights, 0,
	       (from->n_lanes + from->n_flows + from->n_processes) * sizeof(*copy->weights));
	memset(copy->writer_lanes, 0, from->n_lanes * sizeof(*copy->writer_lanes));
	memcpy(copy->flows, from->flows, from->n_flows * sizeof(*copy->flows));
	memcpy(copy->lanes, from->lanes, from->n_lanes * sizeof(*copy->lanes));
	if (from->n_processes)
		memcpy(copy->processes, from->processes,
		       from->n_processes * sizeof(*copy->processes));
	for (size_t i = 0; i < from->n_lanes; i++)
		copy->wanted[i] = !copy->to->selection ||
				  selection_wants_lane(copy->to->selection, copy->trace, from,
						       &from->lanes[i]);
	for (size_t i = 0; i < events->n_events; i++)
		of_lane[events->lane[i]] += is_wanted(copy, events, i);
	for (size_t i = 0; i < from->n_lanes; i++) {
		of_flow[from->lanes[i].flow] += of_lane[i];
		if (from->lanes[i].has & NST_HAS_OWNER)
			of_process[from->lanes[i].process] += of_lane[i];
	}
	return map_rows(copy, NST_TABLE_PROCESS, copy->processes, from->n_processes,
			sizeof(*copy->processes), of_process)
		       ?: map_rows(copy, NST_TABLE_FLOW, copy->flows, from->n_flows,
				   sizeof(*copy->flows), of_flow)
		       ?: map_rows(copy, NST_TABLE_LANE, copy->lanes, from->n_lanes,
				   sizeof(*copy->lanes), of_lane);
}

static void put_flow(const struct nst_flow *flow, bool is_send, struct net_event *event)
{
	event->has |= flow->has;
	event->flow_id = flow->id;
	event->netns = flow->netns;
	event->ethertype = flow->ethertype;
	event->protocol = flow->protocol;
	event->sport = is_send ? flow->local_port : flow->remote_port;
	event->dport = is_send ? flow->remote_port : flow->local_port;
	if (flow->has & NST_HAS_ADDR && flow->local_addr.len_bytes && flow->remote_addr.len_bytes) {
		const struct nst_bytes *source = is_send ? &flow->local_addr : &flow->remote_addr;
		const struct nst_bytes *target = is_send ? &flow->remote_addr : &flow->local_addr;

		memcpy(event->saddr, source->data, source->len_bytes);
		memcpy(event->daddr, target->data, target->len_bytes);
	}
}

/* What an event has of its lane. */
static void put_lane(const struct copy *copy, const struct nst_lane *lane, struct net_event *event)
{
	event->has |= lane->has;
	event->cgroup_id = lane->cgroup_id;
	event->ifindex = lane->ifindex;
	event->vlan_id = lane->vlan_id;
	event->flags |= lane->flags;
	event->is_send = lane->is_send;
	event->owner_source = lane->owner_source;
	event->link_header_bytes = lane->link_header_bytes;
	put_flow(&copy->flows[lane->flow], lane->is_send, event);
	if (lane->has & NST_HAS_OWNER) {
		const struct nst_process *process = &copy->processes[lane->process];

		event->pid = process->pid;
		event->start_ns = process->start_ns;
		event->comm_len = (uint8_t)process->comm.len_bytes;
		if (event->comm_len)
			memcpy(event->comm, process->comm.data, event->comm_len);
	}
}

static int write_event(struct copy *copy, uint32_t row, struct net_event *event)
{
	struct nst_writer_lane *lane = &copy->writer_lanes[row];
	const struct nst_lane_event own = {
		.timestamp = event->timestamp,
		.bytes = event->bytes,
		.tid = event->tid,
		.segments = event->segments,
		.header_bytes = event->header_bytes,
		.tcp_flags = event->tcp_flags,
		.flags = (uint8_t)event->flags,
	};
	/* a lane stands for events with the same bits of has */
	uint32_t has = copy->lanes[row].has | copy->flows[copy->lanes[row].flow].has | event->has;
	int r = lane->chunk && lane->has == has ? nst_writer_lane_event(copy->writer, lane, &own)
						: -ESTALE;

	if (r == -ESTALE) {
		put_lane(copy, &copy->lanes[row], event);
		r = nst_writer_event_lane(copy->writer, event, lane);
	}
	copy->is_output = r < 0;
	return r < 0 ? r : 0;
}

static int copy_events(struct copy *copy)
{
	const struct nst_dictionaries *dictionaries;
	const struct nst_events *events;
	int err = nst_reader_dictionaries(copy->reader, &dictionaries)
			  ?: nst_reader_events(copy->reader, &events);

	if (err)
		return err == -EBADMSG ? -EUCLEAN : err;
	err = map_dictionaries(copy, dictionaries, events);
	for (size_t i = 0; i < events->n_events && !err; i++) {
		struct net_event event = {
			.timestamp = coarse(copy, events->timestamp[i]),
			.has = events->has[i],
			.bytes = events->bytes[i],
			.tid = events->tid[i],
			.segments = events->segments[i],
			.header_bytes = events->header_bytes[i],
			.tcp_flags = events->tcp_flags[i],
			.flags = events->flags[i],
		};

		if (!is_wanted(copy, events, i))
			continue;
		err = map_rows(copy, NST_TABLE_EVENT, &event, 1, sizeof(event), NULL)
			      ?: write_event(copy, events->lane[i], &event);
		copy->to->rows[NST_TABLE_EVENT]++;
	}
	if (!err && copy->writer) {
		err = nst_writer_flush(copy->writer);
		copy->is_output = err;
	}
	return err;
}

/* ---- Metadata ---------------------------------------------------------- */

/* So that an event of the time at which its process had the flow is of that time still. */
static void make_owner_coarse(const struct copy *copy, struct nst_owner *owner)
{
	uint64_t to_ns = coarse(copy, owner->to_ns);

	owner->from_ns = coarse(copy, owner->from_ns);
	if (to_ns < owner->to_ns && !__builtin_add_overflow(to_ns, copy->to->grain_ns, &to_ns))
		owner->to_ns = to_ns;
}

/* False: it is left out, and so are its strings. */
static bool wants_row(struct copy *copy, enum nst_table table, const void *row)
{
	const struct selection *selection = copy->to->selection;

	if (!selection || selection_wants_row(selection, copy->trace, table, row))
		return true;
	copy->to->n_without_flow +=
		table == NST_TABLE_TOTAL && selection_misses_flow(selection, copy->trace, row);
	return false;
}

/* A copy of a row, before it is given other values: what tells of other times is taken from it. */
static int cut_row(struct copy *copy, enum nst_table table, const void *from, void *row)
{
	const struct selection *selection = copy->to->selection;

	if (table == NST_TABLE_SETTING)
		copy->has_filters |= setting_is_filters(row);
	if (selection)
		selection_cut_row(selection, copy->trace, table, row);
	if (table == NST_TABLE_OWNER)
		make_owner_coarse(copy, row);
	return selection
		       ? fields_drop_cut(&copy->to->anonymizer, copy->to->counts, table, from, row)
		       : 0;
}

/* A copy of a table's rows with other values; what a rule drops is not among them. */
static int map_table(struct copy *copy, enum nst_table number, struct nst_rows *ret_table)
{
	size_t size = table_row_bytes(number), n = 0, kept = 0;
	const void *rows;
	char *mapped;
	int err = nst_reader_rows(copy->reader, number, &rows, &n);

	*ret_table = (struct nst_rows){ .table = number };
	if (err || !n)
		return err == -EBADMSG ? -EUCLEAN : err == -EINVAL ? 0 : err;
	mapped = malloc(n * size);
	if (!mapped)
		return -ENOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		char *row = mapped + kept * size;
		bool keep = false;

		memcpy(row, (const char *)rows + i * size, size);
		if (!wants_row(copy, number, row)) {
			err = fields_drop(&copy->to->anonymizer, copy->to->counts, number, row);
			continue;
		}
		err = cut_row(copy, number, (const char *)rows + i * size, row);
		if (!err)
			err = fields_apply(&copy->to->anonymizer, copy->to->counts, number, row, 1,
					   &keep);
		kept += keep;
	}
	if (err) {
		free(mapped);
		return err;
	}
	copy->to->rows[number] += kept;
	ret_table->rows = mapped;
	ret_table->n_rows = kept;
	return 0;
}

static int copy_tables(struct copy *copy, const struct nst_chunk *chunk)
{
	struct nst_rows tables[N_TABLES] = { { 0 } };
	int err = 0;

	for (size_t i = 0; i < N_TABLES && !err; i++)
		err = map_table(copy, (enum nst_table)(NST_TABLE_SETTING + i), &tables[i]);
	if (!err && copy->writer) {
		err = anonymize_write_rows(copy->writer, (enum nst_chunk_type)chunk->type, tables,
					   &copy->to->has_repeats);
		copy->is_output = err;
	}
	for (size_t i = 0; i < N_TABLES; i++)
		free((void *)tables[i].rows);
	return err;
}

/* ---- All of it --------------------------------------------------------- */

static bool is_known(unsigned int type)
{
	static const uint16_t types[] = { NST_CHUNK_EVENTS,    NST_CHUNK_ENVIRONMENT,
					  NST_CHUNK_PROCESSES, NST_CHUNK_OWNERS,
					  NST_CHUNK_TOTALS,    NST_CHUNK_INTERFACE_COUNTERS,
					  NST_CHUNK_COMMENT,   NST_CHUNK_END };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i] == type)
			return true;
	return false;
}

static int copy_chunk(struct copy *copy, const struct nst_chunk *chunk)
{
	int err = 0;

	if (!copy->n_begun || chunk->trace != copy->trace)
		err = begin_trace(copy, chunk);
	if (err)
		return err;
	if (!copy->writer && !copy->is_left_out) /* behind its end */
		return -EUCLEAN;
	if (!is_known(chunk->type))
		return 0;
	if (copy->writer) {
		err = set_chunk_header(copy, chunk);
		if (err)
			return err;
		copy->to->chunks++;
	}
	if (chunk->type == NST_CHUNK_END)
		return copy->writer ? end_trace(copy, chunk) : 0;
	return chunk->type == NST_CHUNK_EVENTS ? copy_events(copy) : copy_tables(copy, chunk);
}

/* That it is cut short is no damage: all before that is there. */
static int judge(struct copy *copy)
{
	size_t n;
	uint64_t n_total;
	const struct nst_problem *problems = nst_reader_problems(copy->reader, &n, &n_total);

	for (size_t i = 0; i < n; i++) {
		if (nst_problem_is_damage(&problems[i]) && problems[i].code != NST_PROBLEM_CUT &&
		    problems[i].code != NST_PROBLEM_NO_END)
			return -EUCLEAN;
		copy->to->unknown += problems[i].code == NST_PROBLEM_UNKNOWN;
	}
	return n_total > n ? -EUCLEAN : 0;
}

static int copy_all(struct copy *copy, const struct input *input)
{
	const struct nst_chunk *chunk;
	struct tally tally = { 0 };
	size_t n_said = 0;
	int more, err = 0;

	tally_begin(&tally, input);
	while ((more = nst_reader_next(copy->reader, &chunk)) > 0) {
		err = tally_chunk(&tally, copy->reader, chunk);
		copy->to->is_said = err == -E2BIG;
		if (!err)
			err = copy_chunk(copy, chunk);
		if (err)
			break;
	}
	if (!err && more < 0) {
		err = more;
		copy->to->is_said = true;
	}
	input_say_problems(input, copy->reader, &n_said, more < 0 ? more : 0);
	if (!err)
		err = copy->n_begun ? judge(copy) : -ENODATA;
	if (!err && !copy->to->chunks)
		err = -ENODATA;
	return err ?: leave_trace(copy);
}

int anonymize(struct anonymized *anonymized, const struct input *input, int fd, bool *ret_is_output)
{
	struct copy copy = { .to = anonymized, .fd = fd };
	int err = nst_reader_open(input->fd, &copy.reader);

	if (!err)
		err = copy_all(&copy, input);
	nst_writer_close(copy.writer);
	nst_reader_close(copy.reader);
	free(copy.processes);
	free(copy.flows);
	free(copy.lanes);
	free(copy.writer_lanes);
	free(copy.weights);
	free(copy.wanted);
	*ret_is_output = copy.is_output;
	return err;
}
