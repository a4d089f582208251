// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From one file of the recording to the next. */
#include "record/drain.h"
#include "record/kernel.h"
#include "record/options.h"
#include "record/owners.h"
#include "record/part.h"
#include "record/readings.h"
#include "record/recording.h"
#include "record/recording_state.h"
#include "record/rotation.h"
#include "record/totals.h"

#include <errno.h>
#include <string.h>

/* An event in a chunk, uncompressed, that shares neither lane nor flow nor owner. */
#define EVENT_BYTES_MAX 192
#define EVENT_BYTES_FIRST 16 /* compressed, until it is known */
#define FEW_EVENTS 64	     /* of a chunk that is worth its header */
#define LOOK_EVENTS 1024
#define RESERVE_PART \
	16 /* of --max-size: kept free for the end of the file, and what no event brings */

void begin_part(struct recording *recording, struct part *part, uint64_t start_ns)
{
	struct nst_writer_stats stats;

	recording->part = part;
	recording->part_count++;
	recording->outlet = part->outlet;
	recording->writer = part->writer;
	nst_writer_set_level(part->writer, recording->level.now); /* which is one */
	recording->id.number = rotation_number(recording->rotation);
	recording->is_full = false;
	recording->unchecked_events = 0;
	nst_writer_stats(part->writer, &stats);
	limits_begin(&recording->limits, start_ns, stats.file_bytes);
}

uint64_t part_end_ns(const struct recording *recording)
{
	return recording->held_since_ns ? totals_limit(recording->totals) - 1 : UINT64_MAX;
}

/* ---- Size -------------------------------------------------------------- */

/* At most, with the end of the file. */
static uint64_t bytes_at_most(const struct recording *recording)
{
	struct nst_writer_stats stats;

	nst_writer_stats(recording->writer, &stats);
	return stats.file_bytes + stats.pending_events * EVENT_BYTES_MAX +
	       limits_index_bytes(stats.chunks) + recording->limits.end_bytes +
	       recording->settings->max_bytes / RESERVE_PART;
}

bool part_is_full(struct recording *recording)
{
	uint64_t max = recording->settings->max_bytes, bytes;

	if (!max || recording->unchecked_events) {
		recording->unchecked_events -= !!max;
		return recording->is_full;
	}
	bytes = bytes_at_most(recording);
	/* what is pending takes a small part of that: then there is more room again */
	if (bytes + FEW_EVENTS * EVENT_BYTES_MAX > max && !nst_writer_flush(recording->writer))
		bytes = bytes_at_most(recording);
	recording->is_full = bytes + FEW_EVENTS * EVENT_BYTES_MAX > max;
	if (!recording->is_full)
		recording->unchecked_events = (max - bytes) / EVENT_BYTES_MAX;
	if (recording->unchecked_events > LOOK_EVENTS)
		recording->unchecked_events = LOOK_EVENTS;
	return recording->is_full;
}

/* As it will be with what is pending. */
static uint64_t bytes_by_now(struct recording *recording)
{
	struct nst_writer_stats stats;

	nst_writer_stats(recording->writer, &stats);
	if (stats.events >= LOOK_EVENTS)
		recording->event_bytes = stats.file_bytes / stats.events + 1;
	else if (!recording->event_bytes)
		recording->event_bytes = EVENT_BYTES_FIRST;
	return stats.file_bytes + stats.pending_events * recording->event_bytes +
	       limits_index_bytes(stats.chunks);
}

/* That it has become too large is believed once nothing is pending any more. */
static bool is_due(struct recording *recording, uint64_t at_ns)
{
	if (!limits_reached(&recording->limits, at_ns, bytes_by_now(recording)))
		return recording->is_full;
	if (nst_writer_flush(recording->writer))
		return true;
	return limits_reached(&recording->limits, at_ns, bytes_by_now(recording));
}

/* ---- The end of one, and the beginning of the next --------------------- */

/* The last of what is known of this part, all events of which have been taken. */
static int write_rest(struct recording *recording, uint64_t end_ns, uint64_t at_ns)
{
	int err = settle_owners(recording, end_ns - 1);

	if (!err)
		err = owners_write(recording->owners);
	if (!err)
		err = drain_processes(recording, end_ns - 1, at_ns);
	if (!err)
		err = processes_write(recording->processes, recording->writer, UINT64_MAX);
	if (!err)
		err = nst_writer_flush(recording->writer);
	return err ?: devices_refresh(&recording->devices, recording->writer, UINT64_MAX);
}

static int end_part(struct recording *recording, uint64_t end_ns, uint64_t at_ns)
{
	struct nst_writer_stats before, after;
	uint64_t end_bytes, index_bytes;
	uint64_t waited_ns =
		end_ns > recording->held_since_ns ? end_ns - recording->held_since_ns : 0;
	int err = write_rest(recording, end_ns, at_ns);

	nst_writer_stats(recording->writer, &before);
	if (!err)
		err = totals_end_part(recording->totals, recording->writer, end_ns);
	if (!err)
		err = readings_write(recording->readings, recording->writer);
	if (!err)
		err = write_counters(recording);
	if (!err)
		err = nst_writer_end(recording->writer, end_ns);
	nst_writer_stats(recording->writer, &after);
	end_bytes = after.file_bytes - before.file_bytes;
	index_bytes = limits_index_bytes(after.chunks);
	limits_ended(&recording->limits, waited_ns,
		     end_bytes > index_bytes ? end_bytes - index_bytes : 0);
	return err;
}

static void set_base(struct recording *recording)
{
	struct part_base *base = &recording->base;

	memcpy(base->by_cpu, recording->by_cpu,
	       kernel_cpus(recording->kernel) * sizeof(*base->by_cpu));
	base->counts = recording->counts;
	base->lost_recorder = recording->lost_recorder;
	base->lost_owners = lost_owners(recording);
	base->owners_forgotten = owners_lost(recording->owners);
	base->totals_merged = totals_merged(recording->totals);
	base->level_lowered = recording->level_lowered;
}

static int next_header(uint64_t start_ns, struct nst_header *ret_header)
{
	struct nst_header header;
	int err = environment_header(&header);

	if (err)
		return err;
	header.start_realtime_ns -= header.start_ns - start_ns;
	header.start_ns = start_ns;
	*ret_header = header;
	return 0;
}

static int begin_next(struct recording *recording, struct output *output, uint64_t start_ns)
{
	struct nst_header header;
	struct part *part;
	int err = next_header(start_ns, &header);

	if (!err)
		err = part_open(output, &header, recording->settings, recording->rotation, &part);
	if (err)
		return err;
	recording->ended = recording->part;
	set_base(recording);
	begin_part(recording, part, start_ns);
	sample_clock(recording, now_ns());
	owners_move(recording->owners, part->writer);
	processes_move(recording->processes);
	err = recording_describe(recording, part->writer);
	if (!err)
		err = readings_write(recording->readings, part->writer);
	limits_begin(&recording->limits, start_ns, bytes_by_now(recording));
	return err ?: read_counts(recording);
}

/* It goes on in the current file until the recording ends, which is now. */
static int fail(struct recording *recording, int err)
{
	recording->failure = err;
	totals_hold(recording->totals, false);
	recording->held_since_ns = 0;
	return LIMIT_REACHED;
}

static int change_part(struct recording *recording, uint64_t end_ns, uint64_t at_ns)
{
	struct output output = { .fd = -1 };
	/* what was in flight has arrived since: the interval is still */
	int err = drain(recording, end_ns - 1), failure;

	if (err)
		return err == STALLED ? 0 : err;
	err = rotation_next(recording->rotation, &output);
	if (err)
		return fail(recording, err);
	err = read_counts(recording);
	if (!err)
		err = end_part(recording, end_ns, at_ns);
	failure = err ? 0 : rotation_ended(recording->rotation, recording->part->bytes);
	if (!err)
		err = begin_next(recording, &output, end_ns);
	if (output.fd >= 0) {
		output_discard(&output);
		output_close(&output);
	}
	if (err)
		return err == -EAGAIN ? -ENOBUFS : err;
	totals_hold(recording->totals, false);
	recording->held_since_ns = 0;
	return failure ? fail(recording, failure) : 0;
}

int end_part_if_due(struct recording *recording, uint64_t at_ns)
{
	uint64_t end_ns;

	if (!rotation_is_on(recording->rotation)) /* totals and metadata fill it, too */
		return is_due(recording, at_ns) || part_is_full(recording) ? LIMIT_REACHED : 0;
	/* two files at once are enough: where the disk does not follow, this one becomes larger */
	if (!recording->held_since_ns && !recording->ended && is_due(recording, at_ns)) {
		totals_hold(recording->totals, true);
		recording->held_since_ns = at_ns;
	}
	if (!recording->held_since_ns || !has_room(recording) ||
	    !totals_is_held(recording->totals, &end_ns))
		return 0;
	return change_part(recording, end_ns, at_ns);
}

int close_ended(struct recording *recording)
{
	struct part *part = recording->ended;
	struct outlet_written written;
	int err = part ? part_is_written(part) : -ETIME;

	if (err)
		return err == -ETIME ? 0 : err;
	outlet_written(part->outlet, &written);
	recording->closed.bytes += written.bytes;
	recording->closed.events += written.events;
	recording->ended = NULL;
	return part_close(part, false);
}

/* ---- A flight, which goes on in the same part -------------------------- */

static int mark_flight(struct recording *recording, uint64_t end_ns, uint64_t at_ns)
{
	uint64_t lost[NST_LOSS_SLOTS];
	int err = drain(recording, end_ns - 1);

	if (err)
		return err == STALLED ? 0 : err;
	err = read_counts(recording);
	if (!err)
		err = write_rest(recording, end_ns, at_ns);
	if (err || totals_wait(recording->totals))
		return or_later(err);
	get_lost(recording, lost);
	flight_mark(recording->flight, end_ns, lost, totals_detail(recording->totals));
	totals_hold(recording->totals, false);
	recording->held_since_ns = 0;
	return 0;
}

int mark_flight_if_due(struct recording *recording, uint64_t at_ns)
{
	uint64_t end_ns;

	if (!recording->held_since_ns && flight_wants_mark(recording->flight, at_ns)) {
		totals_hold(recording->totals, true);
		recording->held_since_ns = at_ns;
	}
	if (!recording->held_since_ns || !has_room(recording) ||
	    !totals_is_held(recording->totals, &end_ns))
		return 0;
	return mark_flight(recording, end_ns, at_ns);
}
