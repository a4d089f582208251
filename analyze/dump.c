/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/dump.h"

#include "analyze/intern.h"
#include "analyze/out.h"
#include "analyze/say.h"
#include "analyze/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct interface {
	uint32_t netns, ifindex;
	char *name;
};

struct dumping {
	FILE *out;
	struct input *input;
	const struct settings *settings;
	struct stream *stream;
	struct window window;
	struct bounds bounds;
	bool has_bounds;
	struct clock_bounds clock_bounds; /* of the trace */
	struct timeline timeline;	  /* of the trace that is being read */
	size_t trace;
	bool has_trace;
	struct interface *interfaces;
	size_t n_interfaces, n_interfaces_allocated;
	size_t n_said;
};

static void forget_trace(struct dumping *dumping)
{
	for (size_t i = 0; i < dumping->n_interfaces; i++)
		free(dumping->interfaces[i].name);
	dumping->n_interfaces = 0;
	timeline_free(&dumping->timeline);
	dumping->clock_bounds = (struct clock_bounds){ 0 };
}

/* What the runs of the trace before still need of it is in the runs themselves. */
static int enter_trace(struct dumping *dumping, size_t trace, const struct nst_header *header)
{
	int err;

	if (dumping->has_trace && dumping->trace == trace)
		return 0;
	forget_trace(dumping);
	dumping->has_trace = true;
	dumping->trace = trace;
	err = timeline_add(&dumping->timeline, header->start_ns, header->start_realtime_ns);
	if (!dumping->has_bounds)
		dumping->bounds =
			window_bounds(&dumping->window,
				      timeline_realtime(&dumping->timeline, header->start_ns), 0);
	dumping->has_bounds = true;
	return err;
}

static int add_interface(struct dumping *dumping, const struct nst_interface *row)
{
	struct interface *interface;
	char *name = malloc(TEXT_MAX((size_t)row->name.len_bytes));

	if (!name || array_reserve(&dumping->interfaces, &dumping->n_interfaces_allocated,
				   dumping->n_interfaces + 1, sizeof(*dumping->interfaces))) {
		free(name);
		return -ENOMEM;
	}
	text_from_bytes(row->name.data, row->name.len_bytes, name);
	for (size_t i = 0; i < dumping->n_interfaces; i++) {
		interface = &dumping->interfaces[i];
		if (interface->netns != row->netns || interface->ifindex != row->ifindex)
			continue;
		free(interface->name);
		interface->name = name;
		return 0;
	}
	interface = &dumping->interfaces[dumping->n_interfaces++];
	*interface = (struct interface){ row->netns, row->ifindex, name };
	return 0;
}

static int read_interfaces(struct dumping *dumping, struct nst_reader *reader)
{
	const void *rows = NULL;
	const struct nst_interface *interfaces;
	size_t n = 0;
	int err = nst_reader_rows(reader, NST_TABLE_INTERFACE, &rows, &n);

	if (err)
		return err == -EBADMSG || err == -EINVAL ? 0 : err;
	interfaces = rows;
	for (size_t i = 0; i < n && !err; i++)
		err = add_interface(dumping, &interfaces[i]);
	return err;
}

static int look_at_chunk(void *context, struct nst_reader *reader, const struct nst_chunk *chunk)
{
	struct dumping *dumping = context;
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(reader, &n);
	int err = enter_trace(dumping, chunk->trace, &traces[chunk->trace].header);

	if (!err)
		err = timeline_add(&dumping->timeline, chunk->sample_clock_ns,
				   chunk->sample_realtime_ns);
	if (!err && chunk->type == NST_CHUNK_ENVIRONMENT)
		err = read_interfaces(dumping, reader);
	if (err || chunk->type != NST_CHUNK_EVENTS)
		return err;
	window_clock_bounds(&dumping->bounds, &dumping->timeline, &dumping->clock_bounds);
	return chunk->last_ns >= dumping->clock_bounds.from_ns &&
	       chunk->first_ns < dumping->clock_bounds.to_ns;
}

/* What a chunk's events share, beside what only its clock and window know. */
struct shared {
	struct clock_bounds bounds;
	char (*interfaces)[TEXT_MAX(64)]; /* by lane */
	struct net_event lanes[];
};

static const char *interface_name(const struct dumping *dumping, const struct net_event *event)
{
	for (size_t i = 0; i < dumping->n_interfaces; i++) {
		const struct interface *interface = &dumping->interfaces[i];

		if (event->has & NST_HAS_IFINDEX && interface->ifindex == event->ifindex &&
		    (!(event->has & NST_HAS_NETNS) || interface->netns == event->netns))
			return interface->name;
	}
	return NULL;
}

static int attach_lanes(void *context, struct nst_reader *reader, const struct nst_chunk *chunk,
			const struct nst_dictionaries *dictionaries,
			const struct nst_events *events, void **ret_attached)
{
	struct dumping *dumping = context;
	size_t n = dictionaries->n_lanes;
	size_t interfaces_at = sizeof(struct shared) + n * sizeof(struct net_event);
	struct shared *shared = calloc(1, interfaces_at + n * sizeof(*shared->interfaces));
	bool *seen = calloc(n + 1, sizeof(*seen));

	(void)chunk;
	if (!shared || !seen) {
		free(shared);
		free(seen);
		return -ENOMEM;
	}
	shared->bounds = dumping->clock_bounds;
	shared->interfaces = (void *)((char *)shared + interfaces_at);
	for (size_t i = 0; i < events->n_events; i++) {
		uint32_t lane = events->lane[i];
		const char *name;

		if (seen[lane])
			continue;
		seen[lane] = true;
		nst_reader_event(reader, i, &shared->lanes[lane]);
		name = interface_name(dumping, &shared->lanes[lane]);
		snprintf(shared->interfaces[lane], sizeof(*shared->interfaces), "%s",
			 name ? name : "");
	}
	free(seen);
	*ret_attached = shared;
	return 0;
}

static void flush_output(void *context)
{
	fflush(((struct dumping *)context)->out);
}

/* A lane's first event stands for all of them, with the columns of this one. */
static void fill_event(const struct dumping *dumping, const struct stream_event *from,
		       struct dump_event *to)
{
	const struct shared *shared = from->attached;
	const uint32_t columns =
		NST_HAS_TID | NST_HAS_HEADER_BYTES | NST_HAS_TCP_FLAGS | NST_HAS_SEGMENTS;

	to->event = shared->lanes[from->lane];
	to->event.timestamp = from->timestamp;
	to->event.bytes = from->bytes;
	to->event.segments = from->segments;
	to->event.tid = from->tid;
	to->event.header_bytes = from->header_bytes;
	to->event.tcp_flags = from->tcp_flags;
	to->event.flags = (uint16_t)((to->event.flags & NST_LANE_FLAGS) | from->flags);
	to->event.has = (to->event.has & ~columns) | (from->has & columns);
	to->interface = shared->interfaces[from->lane];
	if (!*to->interface)
		to->interface = NULL;
	to->realtime_ns = timeline_realtime(&dumping->timeline, from->timestamp);
}

static void print_event(const struct dumping *dumping, const struct stream_event *stream_event)
{
	const struct shared *shared = stream_event->attached;
	struct dump_event event;

	if (stream_event->timestamp < shared->bounds.from_ns ||
	    stream_event->timestamp >= shared->bounds.to_ns)
		return;
	fill_event(dumping, stream_event, &event);
	switch (dumping->settings->format) {
	case FORMAT_JSON:
		print_event_json(dumping->out, &event);
		break;
	case FORMAT_CSV:
		print_event_csv(dumping->out, &event);
		break;
	default:
		print_event_text(dumping->out, &event, dumping->settings->utc);
	}
}

static int print_all(struct dumping *dumping)
{
	struct nst_reader *reader = stream_reader(dumping->stream);
	struct stream_event event;
	size_t n_traces;
	int more = 1;

	if (dumping->settings->format == FORMAT_CSV)
		print_event_csv_header(dumping->out);
	while (!out_failed() && (more = stream_next(dumping->stream, &event)) > 0) {
		input_say_problems(dumping->input, reader, &dumping->n_said, 0);
		print_event(dumping, &event);
	}
	input_say_problems(dumping->input, reader, &dumping->n_said, more < 0 ? more : 0);
	input_say_more_problems(dumping->input, reader);
	nst_reader_traces(reader, &n_traces);
	if (more < 0 && !n_traces)
		return STATUS_FAILED;
	return more < 0 || nst_reader_damaged(reader) ? STATUS_DAMAGED : STATUS_DONE;
}

/*
 * The window hangs on the start or end of all traces in the file: read it
 * through once. A pipe goes on being printed as it comes where only its start
 * is asked for, which is then that of the first trace.
 */
static int resolve_window(struct dumping *dumping)
{
	int64_t start_ns = INT64_MAX, end_ns = INT64_MIN;
	int err;

	if (!window_is_relative(&dumping->window) ||
	    (!dumping->input->can_seek && !window_needs_end(&dumping->window)))
		return 0;
	err = input_spool(dumping->input);
	if (!err)
		err = input_survey(dumping->input, &start_ns, &end_ns);
	if (err || start_ns > end_ns)
		return err; /* no trace: reading it will say so */
	dumping->bounds = window_bounds(&dumping->window, start_ns, end_ns);
	dumping->has_bounds = true;
	return 0;
}

int dump(FILE *out, struct input *input, const struct settings *settings, struct window window)
{
	struct dumping dumping = {
		.out = out, .input = input, .settings = settings, .window = window
	};
	struct stream_ops ops = { .chunk = look_at_chunk, .attach = attach_lanes };
	int status = STATUS_FAILED;
	int err = resolve_window(&dumping);

	if (!input->can_seek)
		ops.stalled = flush_output;
	if (!err)
		err = stream_open(input->fd, &ops, &dumping, &dumping.stream);
	if (!err)
		status = print_all(&dumping);
	stream_close(dumping.stream);
	forget_trace(&dumping);
	free(dumping.interfaces);
	return status;
}
