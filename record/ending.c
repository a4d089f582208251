// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The end of a file, of the recording, and of one that nobody takes. */
#include "record/counters.h"
#include "record/drain.h"
#include "record/kernel.h"
#include "record/options.h"
#include "record/outlet.h"
#include "record/owners.h"
#include "record/part.h"
#include "record/readings.h"
#include "record/recording.h"
#include "record/recording_state.h"
#include "record/rotation.h"
#include "record/totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LAST_DRAINS 20 /* a millisecond apart */

/* Before something that has to be written now: all that came before it. */
static int make_room(struct recording *recording)
{
	if (!recording->outlet)
		return 0;
	return outlet_finish(recording->outlet, PATIENCE_NS, recording->cancel_fd);
}

/* The last drain, for as long as somebody takes what it gives. A flight takes everything. */
static int drain_rest(struct recording *recording)
{
	int err;

	while ((err = drain(recording, UINT64_MAX)) == STALLED) {
		err = make_room(recording);
		if (err)
			return err;
	}
	return err;
}

/*
 * Every event that the programs counted is in a ring or lost: keep looking for
 * as long as a record is not there yet, and count it as lost if it never comes.
 */
static int drain_all(struct recording *recording)
{
	const struct timespec moment = { .tv_nsec = (long)NS_PER_MS };
	uint64_t in_rings;
	int err;

	for (int i = 0; i < LAST_DRAINS; i++) {
		err = read_counts(recording);
		if (!err)
			err = drain_rest(recording);
		if (err)
			return err == LIMIT_REACHED ? 0 : err;
		in_rings = counts_in_rings(&recording->counts);
		if (recording->events + recording->lost_recorder >= in_rings)
			return 0;
		nanosleep(&moment, NULL);
	}
	totals_lose(recording->totals, recording->taken_ns, now_ns(),
		    in_rings - recording->events - recording->lost_recorder, 0);
	recording->lost_recorder = in_rings - recording->events;
	return read_counts(recording);
}

/* What was counted since the part began. */
static struct counts counts_since(const struct counts *now, const struct counts *then)
{
	struct counts since = *now;

	for (size_t i = 0; i < n_count_names; i++)
		*(uint64_t *)((char *)&since + count_names[i].offset) -=
			count_value(then, &count_names[i]);
	return since;
}

static bool has_reached_limit(const struct recording *recording)
{
	return recording->max_events && recording->events == recording->max_events;
}

/*
 * What was counted of this part. Events that came behind the last one that was asked for
 * are neither recorded nor lost, and so are not counted.
 */
static struct counts counts_of_part(const struct recording *recording)
{
	struct counts counts = counts_since(&recording->counts, &recording->base.counts);
	uint64_t recorded = recording->events + recording->lost_recorder;

	if (has_reached_limit(recording))
		counts.events -= counts_in_rings(&recording->counts) - recorded;
	return counts;
}

int write_counters(struct recording *recording)
{
	const struct part_base *base = &recording->base;
	size_t n_cpus = kernel_cpus(recording->kernel);
	struct counts *by_cpu = calloc(n_cpus, sizeof(*by_cpu));
	const struct counters_source source = {
		.kernel = recording->kernel,
		.by_cpu = by_cpu,
		.counts = counts_of_part(recording),
		.owners_lost = owners_lost(recording->owners) - base->owners_forgotten,
		.totals_merged = totals_merged(recording->totals) - base->totals_merged,
		.level_lowered = recording->level_lowered - base->level_lowered,
		.processes = recording->processes,
		.throughput = !rotation_is_on(recording->rotation) && !has_reached_limit(recording),
	};
	int err = by_cpu ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < n_cpus; i++)
		by_cpu[i] = counts_since(&recording->by_cpu[i], &base->by_cpu[i]);
	if (!err)
		err = counters_write(&source, recording->writer);
	free(by_cpu);
	return err;
}

/* What there is of a flight is written out. */
static void mark_end(struct recording *recording, uint64_t end_ns)
{
	uint64_t lost[NST_LOSS_SLOTS];

	get_lost(recording, lost);
	flight_mark(recording->flight, end_ns, lost, totals_detail(recording->totals));
}

void recording_stop(struct recording *recording, uint64_t end_ns)
{
	/* the last drain may take its time, and the two belong to one moment */
	sample_clock(recording, end_ns);
}

int recording_finish(struct recording *recording, uint64_t end_ns)
{
	int err;

	totals_hold(recording->totals, false);
	recording->held_since_ns = 0;
	err = drain_all(recording) ?: make_room(recording);
	if (!err)
		err = settle_owners(recording, UINT64_MAX);
	if (!err) /* of which processes, owners and devices there are rows, too */
		err = totals_read_rest(recording->totals, end_ns);
	if (!err)
		err = settle_owners(recording, UINT64_MAX);
	if (!err)
		err = drain_processes(recording, UINT64_MAX, UINT64_MAX);
	if (!err)
		err = nst_writer_flush(recording->writer);
	if (!err)
		err = make_room(recording);
	if (!err)
		err = devices_refresh(&recording->devices, recording->writer, UINT64_MAX);
	if (!err)
		err = totals_finish(recording->totals, recording->writer, end_ns);
	if (!err)
		err = read_counts(recording);
	if (!err)
		err = make_room(recording);
	if (!err)
		err = readings_write(recording->readings, recording->writer);
	/* they count from the start on, and of a flight only the end is left */
	if (!err && !recording->flight)
		err = write_counters(recording);
	if (!err)
		err = nst_writer_end(recording->writer, end_ns);
	if (!err && recording->flight)
		mark_end(recording, end_ns);
	if (!err && recording->ended)
		err = outlet_finish(recording->ended->outlet, PATIENCE_NS, recording->cancel_fd);
	return err ?: make_room(recording);
}

/* Something else than writing went wrong: what is at hand shall not be lost for that. */
static void save_rest(struct recording *recording, int err)
{
	bool is_given_up = err == -ETIME || err == -ECANCELED;
	struct outlet *ended = recording->ended ? recording->ended->outlet : NULL;

	if (recording->flight) {
		nst_writer_flush(recording->writer); /* what fails here is counted as lost */
		mark_end(recording, now_ns());
	}
	if (ended && !is_given_up)
		outlet_finish(ended, PATIENCE_NS, recording->cancel_fd);
	if (ended)
		outlet_stop(ended);
	if (!recording->outlet)
		return;
	if (!is_given_up && !outlet_error(recording->outlet) &&
	    !or_later(nst_writer_flush(recording->writer)))
		make_room(recording);
	outlet_stop(recording->outlet);
}

void recording_abandon(struct recording *recording, int err)
{
	uint64_t written, taken = recording->events;

	save_rest(recording, err);
	written = recording_written(recording);
	if (!read_counts(recording))
		taken = counts_in_rings(&recording->counts);
	recording->lost_recorder = taken - written;
	recording->events = written;
	recording->bytes = 0; /* not known of what is in the file */
}
