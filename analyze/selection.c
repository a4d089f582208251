/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Three readings: which flows are wanted (owners of a flow may stand behind its events),
 * what these flows need, and what the processes need that were found so.
 */
#include "analyze/selection.h"

#include "analyze/say.h"
#include "common/units.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PID_MAX (1u << 22)
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

/* ---- What is asked for ------------------------------------------------- */

int selection_add_pid(struct selection *selection, const char *text)
{
	uint64_t pid;

	if (parse_number(text, 1, PID_MAX, &pid)) {
		say("--pid %s: not a process id, 1 to %u", text, PID_MAX);
		return -EINVAL;
	}
	if (array_reserve(&selection->pids, &selection->cap_pids, selection->n_pids + 1,
			  sizeof(*selection->pids)))
		return -ENOMEM;
	selection->pids[selection->n_pids++] = (uint32_t)pid;
	return 0;
}

int selection_add_comm(struct selection *selection, const char *text)
{
	if (!*text || strlen(text) > NST_COMM_MAX) {
		say("--comm %s: not the name of a process, 1 to %d bytes", text, NST_COMM_MAX);
		return -EINVAL;
	}
	if (array_reserve(&selection->comms, &selection->cap_comms, selection->n_comms + 1,
			  sizeof(*selection->comms)))
		return -ENOMEM;
	selection->comms[selection->n_comms++] = text;
	return 0;
}

/* An address, with a prefix's length behind a slash or whole. */
static int parse_host(const char *text, struct selection_host *host)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];
	uint64_t bits;

	snprintf(address, sizeof(address), "%.*s", (int)(slash ? slash - text : INET6_ADDRSTRLEN),
		 text);
	host->len_bytes = inet_pton(AF_INET, address, host->address) == 1    ? 4
			  : inet_pton(AF_INET6, address, host->address) == 1 ? 16
									     : 0;
	bits = 8u * host->len_bytes;
	if (!host->len_bytes || (slash && parse_number(slash + 1, 0, bits, &bits)))
		return -EINVAL;
	host->prefix_bits = (uint8_t)bits;
	return 0;
}

int selection_add_host(struct selection *selection, const char *text)
{
	struct selection_host host;

	if (parse_host(text, &host)) {
		say("--host %s: not an IPv4 or IPv6 address, or not a prefix length of one", text);
		return -EINVAL;
	}
	if (array_reserve(&selection->hosts, &selection->cap_hosts, selection->n_hosts + 1,
			  sizeof(*selection->hosts)))
		return -ENOMEM;
	selection->hosts[selection->n_hosts++] = host;
	return 0;
}

int selection_add_port(struct selection *selection, const char *text)
{
	const char *dash = strchr(text, '-');
	char first_text[8] = "";
	uint64_t first, last;

	if (dash && (size_t)(dash - text) < sizeof(first_text))
		memcpy(first_text, text, (size_t)(dash - text));
	if (parse_number(dash ? first_text : text, 0, UINT16_MAX, &first) ||
	    parse_number(dash ? dash + 1 : text, 0, UINT16_MAX, &last) || first > last) {
		say("--port %s: not a port, 0 to 65535, or a range such as 8000-8080", text);
		return -EINVAL;
	}
	if (array_reserve(&selection->ports, &selection->cap_ports, selection->n_ports + 1,
			  sizeof(*selection->ports)))
		return -ENOMEM;
	selection->ports[selection->n_ports++] =
		(struct selection_ports){ (uint16_t)first, (uint16_t)last };
	return 0;
}

static bool is_by_owner(const struct selection *selection)
{
	return selection->n_pids || selection->n_comms;
}

static bool is_by_tuple(const struct selection *selection)
{
	return selection->n_hosts || selection->n_ports;
}

bool selection_is_by_flow(const struct selection *selection)
{
	return is_by_owner(selection) || is_by_tuple(selection);
}

bool selection_is_given(const struct selection *selection)
{
	return selection_is_by_flow(selection) || window_is_given(&selection->window);
}

char *selection_text(const struct selection *selection, uint64_t grain_ns)
{
	const struct window *window = &selection->window;
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	fprintf(out, "%d %lld %d %lld %llu", window->from.kind, (long long)window->from.ns,
		window->to.kind, (long long)window->to.ns, (unsigned long long)grain_ns);
	for (size_t i = 0; i < selection->n_pids; i++)
		fprintf(out, " pid %u", selection->pids[i]);
	for (size_t i = 0; i < selection->n_comms; i++)
		fprintf(out, " comm %s", selection->comms[i]);
	for (size_t i = 0; i < selection->n_hosts; i++) {
		fputs(" host ", out);
		for (size_t k = 0; k < selection->hosts[i].len_bytes; k++)
			fprintf(out, "%02x", selection->hosts[i].address[k]);
		fprintf(out, "/%u", selection->hosts[i].prefix_bits);
	}
	for (size_t i = 0; i < selection->n_ports; i++)
		fprintf(out, " port %u-%u", selection->ports[i].first, selection->ports[i].last);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
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
	int more = 0, err = input_rewind(input);

	if (!err)
		err = nst_reader_open(input->fd, &reading.reader);
	if (!err && !pass->events)
		nst_reader_set_choice(reading.reader, no_events, NULL);
	while (!err && (more = nst_reader_next(reading.reader, &chunk)) > 0) {
		reading.trace = chunk->trace;
		if (chunk->trace >= selection->n_traces)
			err = -EUCLEAN; /* it has changed meanwhile */
		else if (chunk->type != NST_CHUNK_EVENTS)
			err = read_tables(&reading, pass);
		else if (pass->events)
			err = read_events(&reading, pass);
	}
	nst_reader_close(reading.reader);
	return err ?: more < 0 ? more : 0;
}

/* ---- The span ---------------------------------------------------------- */

static int note_clock(struct selection *selection, struct nst_reader *reader,
		      const struct nst_chunk *chunk)
{
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(reader, &n);
	const struct nst_header *header = &traces[chunk->trace].header;
	int err = array_reserve(&selection->traces, &selection->cap_traces, n,
				sizeof(*selection->traces));
	struct selected_trace *trace;

	if (err)
		return err;
	trace = &selection->traces[chunk->trace];
	selection->n_traces = n;
	trace->start_ns = input_trace_start(header, chunk);
	return timeline_add(&trace->timeline, header->start_ns, header->start_realtime_ns)
		       ?: timeline_add(&trace->timeline, chunk->sample_clock_ns,
				       chunk->sample_realtime_ns);
}

static int read_clocks(struct selection *selection, const struct input *input)
{
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	int more = 0, err = input_rewind(input) ?: nst_reader_open(input->fd, &reader);
	size_t n;

	if (!err)
		nst_reader_set_choice(reader, no_events, NULL);
	while (!err && (more = nst_reader_next(reader, &chunk)) > 0)
		err = note_clock(selection, reader, chunk);
	if (!err && more >= 0) {
		const struct nst_trace *traces = nst_reader_traces(reader, &n);

		for (size_t i = 0; i < selection->n_traces; i++)
			selection->traces[i].end_ns = traces[i].end_ns;
	}
	nst_reader_close(reader);
	return err ?: more < 0 ? more : 0;
}

/* Of all traces together. */
static void whole_span(const struct selection *selection, int64_t *ret_start_ns,
		       int64_t *ret_end_ns)
{
	*ret_start_ns = INT64_MAX;
	*ret_end_ns = INT64_MIN;
	for (size_t i = 0; i < selection->n_traces; i++) {
		const struct selected_trace *trace = &selection->traces[i];
		int64_t start = timeline_realtime(&trace->timeline, trace->start_ns);
		int64_t end = timeline_realtime(&trace->timeline, trace->end_ns);

		*ret_start_ns = start < *ret_start_ns ? start : *ret_start_ns;
		*ret_end_ns = end > *ret_end_ns ? end : *ret_end_ns;
	}
}

static void set_spans(struct selection *selection)
{
	int64_t start_ns, end_ns;

	whole_span(selection, &start_ns, &end_ns);
	selection->bounds = window_bounds(&selection->window, start_ns, end_ns);
	for (size_t i = 0; i < selection->n_traces; i++) {
		struct selected_trace *trace = &selection->traces[i];

		trace->bounds = (struct clock_bounds){ 0 };
		window_clock_bounds(&selection->bounds, &trace->timeline, &trace->bounds);
		trace->from_ns = trace->bounds.from_ns;
		trace->to_ns = trace->bounds.to_ns;
	}
}

int selection_span(struct selection *selection, const struct input *input, int64_t *ret_from_ns,
		   int64_t *ret_to_ns)
{
	int64_t start_ns, end_ns;
	int err = selection->n_traces ? 0 : read_clocks(selection, input);

	if (err)
		return err;
	whole_span(selection, &start_ns, &end_ns);
	selection->bounds = window_bounds(&selection->window, start_ns, end_ns);
	if (selection->bounds.has_from && selection->bounds.from_realtime_ns > start_ns)
		start_ns = selection->bounds.from_realtime_ns;
	if (selection->bounds.has_to && selection->bounds.to_realtime_ns < end_ns)
		end_ns = selection->bounds.to_realtime_ns;
	*ret_from_ns = start_ns;
	*ret_to_ns = end_ns;
	return 0;
}

bool selection_has_span(const struct selection *selection)
{
	for (size_t i = 0; i < selection->n_traces; i++)
		if (is_in_span(&selection->traces[i], selection->traces[i].start_ns,
			       selection->traces[i].end_ns + 1))
			return true;
	return false;
}

int selection_find(struct selection *selection, const struct input *input)
{
	static const struct pass passes[] = { { first_events, first_row },
					      { second_events, second_row },
					      { NULL, third_row } };
	int err = selection->n_traces ? 0 : read_clocks(selection, input);

	if (err)
		return err;
	set_spans(selection);
	intern_free(&selection->flows);
	intern_free(&selection->kept);
	if (selection->flow_marks)
		memset(selection->flow_marks, 0, selection->cap_marks);
	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]) && !err; i++)
		err = read_all(selection, input, &passes[i]);
	return err ?: input_rewind(input);
}

void selection_free(struct selection *selection)
{
	for (size_t i = 0; i < selection->n_traces; i++)
		timeline_free(&selection->traces[i].timeline);
	free(selection->traces);
	free(selection->pids);
	free(selection->comms);
	free(selection->hosts);
	free(selection->ports);
	free(selection->flow_marks);
	intern_free(&selection->flows);
	intern_free(&selection->kept);
	*selection = (struct selection){ 0 };
}
