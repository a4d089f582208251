/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/dump.h"

#include "analyze/intern.h"
#include "analyze/out.h"
#include "analyze/rebind.h"
#include "analyze/say.h"
#include "analyze/survey.h"
#include "analyze/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct interface {
	uint32_t netns, ifindex;
	char *name;
};

struct charged {		       /* how the events of a lane are */
	const struct nst_owner *owner; /* NULL: as recorded */
	size_t first_pid, n_pids;      /* all who get them, where several do */
	bool keeps_cgroup, counts_elsewhere;
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
	enum owner_view view;
	struct foretelling foretelling;
	bool has_foretold;
	struct rebind rebind;
	struct charged *charged; /* by lane of the chunk */
	size_t n_charged_allocated;
	uint32_t *pids; /* of the chunk's lanes that several processes get */
	size_t n_pids, n_pids_allocated;
	struct tally tally;
	uint64_t total_rows; /* which are no events */
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

/* Owners were taken over before; damage in them is found here. */
static int check_rows(struct dumping *dumping, struct nst_reader *reader)
{
	const void *rows;
	size_t n;
	int err = nst_reader_rows(reader, NST_TABLE_OWNER, &rows, &n);

	if (!err)
		err = nst_reader_rows(reader, NST_TABLE_TOTAL, &rows, &n);
	if (!err)
		dumping->total_rows += n;
	return err == -EBADMSG || err == -EINVAL ? 0 : err;
}

static int look_at_chunk(void *context, struct nst_reader *reader, const struct nst_chunk *chunk)
{
	struct dumping *dumping = context;
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(reader, &n);
	int err = tally_chunk(&dumping->tally, reader, chunk);

	if (!err)
		err = enter_trace(dumping, chunk->trace, &traces[chunk->trace].header);
	if (!err)
		err = timeline_add(&dumping->timeline, chunk->sample_clock_ns,
				   chunk->sample_realtime_ns);
	if (!err && chunk->type == NST_CHUNK_ENVIRONMENT)
		err = read_interfaces(dumping, reader);
	if (!err)
		err = check_rows(dumping, reader);
	if (err || chunk->type != NST_CHUNK_EVENTS)
		return err;
	window_clock_bounds(&dumping->bounds, &dumping->timeline, &dumping->clock_bounds);
	return chunk->last_ns >= dumping->clock_bounds.from_ns &&
	       chunk->first_ns < dumping->clock_bounds.to_ns;
}

/* What a chunk's events share, beside what only its clock and window know. */
struct shared {
	struct clock_bounds bounds;
	struct lane { /* by lane */
		struct net_event event;
		char interface[TEXT_MAX(64)];
		size_t first_pid, n_pids;
		bool counts_elsewhere;
	} * lanes;
	uint32_t pids[];
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

static int take_pids(struct dumping *dumping, const struct lane_change *change)
{
	size_t n = change->n_consumers + 1;
	int err = array_reserve(&dumping->pids, &dumping->n_pids_allocated, dumping->n_pids + n,
				sizeof(*dumping->pids));

	if (err)
		return err;
	dumping->pids[dumping->n_pids++] = change->owner->pid;
	for (size_t i = 0; i + 1 < n; i++)
		dumping->pids[dumping->n_pids++] = change->consumers[i]->pid;
	return 0;
}

static int take_lane(void *context, uint32_t lane, const struct nst_lane *from,
		     const struct lane_change *change)
{
	struct dumping *dumping = context;
	struct charged charged = { .owner = change->owner,
				   .first_pid = dumping->n_pids,
				   .keeps_cgroup = change->keeps_cgroup,
				   .counts_elsewhere = change->counts_elsewhere };
	int err = array_reserve(&dumping->charged, &dumping->n_charged_allocated, (size_t)lane + 1,
				sizeof(*dumping->charged));

	(void)from;
	if (!err && change->owner && change->owner->owner_source == NST_OWNER_SHARED)
		err = take_pids(dumping, change);
	charged.n_pids = dumping->n_pids - charged.first_pid;
	if (!err)
		dumping->charged[lane] = charged;
	return err;
}

static void charge_cgroup(struct net_event *event, const struct nst_owner *owner)
{
	event->has &= ~(uint32_t)NST_HAS_CGROUP;
	event->has |= owner->has & NST_OWNER_HAS_CGROUP ? NST_HAS_CGROUP : 0;
	event->cgroup_id = owner->cgroup_id;
}

static void charge(struct net_event *event, const struct nst_owner *owner)
{
	event->owner_source = owner->owner_source;
	if (!owner_is_process(owner)) {
		event->has &= ~(uint32_t)NST_HAS_OWNER;
		return;
	}
	event->has |= NST_HAS_OWNER;
	event->pid = owner->pid;
	event->start_ns = owner->start_ns;
	event->comm_len = (uint8_t)owner->comm.len_bytes;
	memset(event->comm, 0, sizeof(event->comm));
	if (event->comm_len)
		memcpy(event->comm, owner->comm.data, event->comm_len);
}

/* Fill in what the events of a lane share, from the first of them. */
static void fill_lane(struct dumping *dumping, struct nst_reader *reader, size_t i,
		      const struct charged *charged, struct lane *lane)
{
	struct net_event *event = &lane->event;
	const char *name;

	nst_reader_event(reader, i, event);
	if (charged->owner)
		charge(event, charged->owner);
	if (charged->owner && !charged->keeps_cgroup)
		charge_cgroup(event, charged->owner);
	name = interface_name(dumping, event);
	snprintf(lane->interface, sizeof(lane->interface), "%s", name ? name : "");
	lane->first_pid = charged->first_pid;
	lane->n_pids = charged->n_pids;
	lane->counts_elsewhere = charged->counts_elsewhere;
}

/* In one piece, because whoever frees it knows of no more. */
static struct shared *new_shared(size_t n_lanes, const uint32_t *pids, size_t n_pids)
{
	const size_t align = _Alignof(struct lane);
	size_t lanes_at = (sizeof(struct shared) + n_pids * sizeof(*pids) + align - 1) & -align;
	struct shared *shared = calloc(1, lanes_at + n_lanes * sizeof(*shared->lanes));

	if (!shared)
		return NULL;
	shared->lanes = (void *)((char *)shared + lanes_at);
	if (n_pids)
		memcpy(shared->pids, pids, n_pids * sizeof(*pids));
	return shared;
}

static int attach_lanes(void *context, struct nst_reader *reader, const struct nst_chunk *chunk,
			const struct nst_dictionaries *dictionaries, struct nst_events *events,
			void **ret_attached)
{
	struct dumping *dumping = context;
	size_t n_traces, n;
	const struct nst_trace *traces = nst_reader_traces(reader, &n_traces);
	struct charging charging =
		charging_of(&dumping->foretelling, traces[chunk->trace].header.uuid, dumping->view);
	struct shared *shared;
	bool *seen;
	int err;

	dumping->n_pids = 0;
	err = rebind_chunk(&dumping->rebind, &charging, dictionaries, events, take_lane, dumping,
			   &n);
	if (err)
		return err;
	shared = new_shared(n, dumping->pids, dumping->n_pids);
	seen = calloc(n + 1, sizeof(*seen));
	if (!shared || !seen) {
		free(shared);
		free(seen);
		return -ENOMEM;
	}
	shared->bounds = dumping->clock_bounds;
	for (size_t i = 0; i < events->n_events; i++) {
		uint32_t lane = events->lane[i];

		if (!seen[lane])
			fill_lane(dumping, reader, i, &dumping->charged[lane],
				  &shared->lanes[lane]);
		seen[lane] = true;
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
	const struct lane *lane = &shared->lanes[from->lane];
	const uint32_t columns =
		NST_HAS_TID | NST_HAS_HEADER_BYTES | NST_HAS_TCP_FLAGS | NST_HAS_SEGMENTS;

	to->event = lane->event;
	to->event.timestamp = from->timestamp;
	to->event.bytes = from->bytes;
	to->event.segments = from->segments;
	to->event.tid = from->tid;
	to->event.header_bytes = from->header_bytes;
	to->event.tcp_flags = from->tcp_flags;
	to->event.flags = (uint16_t)((to->event.flags & NST_LANE_FLAGS) | from->flags);
	to->event.has = (to->event.has & ~columns) | (from->has & columns);
	to->interface = *lane->interface ? lane->interface : NULL;
	to->consumers = shared->pids + lane->first_pid;
	to->n_consumers = lane->n_pids;
	to->knows_devices = dumping->has_foretold;
	to->counts_elsewhere = lane->counts_elsewhere;
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
	const struct nst_trace *traces;
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
	traces = nst_reader_traces(reader, &n_traces);
	if (dumping->total_rows && n_traces == 1 && !traces[0].events)
		say("%s: it has no events: for its totals use sql with \"SELECT * FROM "
		    "net_total\"",
		    dumping->input->name);
	if (more == -E2BIG || (more < 0 && !n_traces))
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
	struct survey survey;
	int err;

	if (!window_is_relative(&dumping->window) ||
	    (!dumping->input->can_seek && !window_needs_end(&dumping->window)))
		return 0;
	survey_open(&survey);
	err = input_spool(dumping->input);
	if (!err)
		err = survey_input(&survey, dumping->input);
	if (err || survey.start_ns > survey.end_ns)
		return err; /* no trace: reading it will say so */
	dumping->bounds = window_bounds(&dumping->window, survey.start_ns, survey.end_ns);
	dumping->has_bounds = true;
	return 0;
}

/*
 * Events of a pipe go out as they come, when nobody can know yet whose they
 * turn out to be, unless that was asked for.
 */
static int find_owners(struct dumping *dumping, bool was_pipe)
{
	const struct settings *settings = dumping->settings;
	int err = 0;

	dumping->view = settings->owner_view;
	if (was_pipe && !settings->has_owner_view)
		dumping->view = OWNER_RECORDED;
	if (dumping->view == OWNER_RECORDED && !dumping->input->can_seek)
		return 0;
	dumping->has_foretold = true;
	err = input_spool(dumping->input);
	if (!err)
		err = foretell(&dumping->foretelling, dumping->input, 1, NULL, NULL);
	if (err == -ENOMEM)
		say("%s: out of memory", dumping->input->name);
	return err;
}

int dump(FILE *out, struct input *input, const struct settings *settings, struct window window)
{
	struct dumping dumping = {
		.out = out, .input = input, .settings = settings, .window = window
	};
	struct stream_ops ops = { .chunk = look_at_chunk, .attach = attach_lanes };
	bool was_pipe = !input->can_seek;
	int status = STATUS_FAILED;
	int err = resolve_window(&dumping);

	if (!err)
		err = find_owners(&dumping, was_pipe);
	if (!input->can_seek)
		ops.stalled = flush_output;
	tally_begin(&dumping.tally, input);
	if (!err)
		err = stream_open(input->fd, &ops, &dumping, &dumping.stream);
	if (!err)
		status = print_all(&dumping);
	stream_close(dumping.stream);
	forget_trace(&dumping);
	foretelling_free(&dumping.foretelling);
	rebind_free(&dumping.rebind);
	free(dumping.charged);
	free(dumping.pids);
	free(dumping.interfaces);
	return status;
}
