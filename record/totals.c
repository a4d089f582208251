// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/totals.h"

#include "record/clock.h"
#include "record/counts.h"
#include "record/detail.h"
#include "record/drain.h"
#include "record/event_total.h"
#include "record/kernel.h"
#include "record/kernel_totals.h"
#include "record/options.h"
#include "record/total_rows.h"
#include "record/translate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A turn is set that much before it is due, so that no program can see it too late. If the
 * recorder is held up for longer in between, it says so, and no part ends there.
 */
#define LEAD_NS (5 * NS_PER_MS)
#define AHEAD_NS (30 * NS_PER_MS) /* longer than it takes to be called again */
#define SHORTEST_NS (100 * NS_PER_MS)

struct totals {
	struct drain *drain;
	struct kernel_totals *of_kernel;
	struct total_rows *rows;
	totals_sink sink; /* NULL: nobody asks */
	void *context;
	size_t n_cpus;
	struct interval_counts *read; /* by CPU: of all intervals that were read */
	struct interval_counts sum;   /* of all CPUs and intervals so far */
	struct detail detail;
	bool is_auto;
	bool has_sums;
	uint64_t interval_ns;
	uint64_t start_ns; /* of the part */
	uint64_t began_ns; /* of the oldest interval that has not been read */
	uint64_t turn_ns;  /* when it ends; 0: that is not known */
	uint64_t to_ns;	   /* of the interval that is being read */
	bool is_in_time;   /* the turn was set before it was due */
	bool is_still;	   /* the interval, at the last tick */
	bool holds;
	uint64_t limit_ns;    /* of the part; 0: none yet */
	uint64_t drained_ns;  /* until when there are no events in the rings */
	uint64_t read_lost;   /* ring_full of all intervals that were read */
	uint64_t lost_before; /* the same, when the part began */
	uint64_t lost[NST_LOSS_SLOTS];
};

static enum nst_detail detail_of(const struct totals *totals)
{
	return totals->detail.is_flows ? NST_DETAIL_FLOWS : NST_DETAIL_PACKETS;
}

int totals_open(struct kernel *kernel, const struct settings *settings, uint64_t start_ns,
		struct totals **ret_totals)
{
	struct totals *totals = calloc(1, sizeof(*totals));
	size_t n_cpus = kernel_cpus(kernel);
	struct kernel_totals_maps maps;
	int err;

	if (!totals)
		return -ENOMEM;
	totals->drain = kernel_drain(kernel);
	totals->start_ns = totals->began_ns = start_ns;
	totals->interval_ns = settings->interval_ns;
	totals->is_auto = settings->detail == DETAIL_AUTO;
	detail_begin(&totals->detail, settings->detail == DETAIL_FLOWS, start_ns);
	/* a file of a flight begins somewhere in the middle, of which there is no sum */
	totals->has_sums = !settings->max_events && !settings->flight_ns && !settings->flight_bytes;
	totals->n_cpus = n_cpus;
	totals->read = calloc(n_cpus, sizeof(*totals->read));
	kernel_totals_maps(kernel, &maps);
	err = totals->read ? total_rows_open(n_cpus, &totals->rows) : -ENOMEM;
	if (!err)
		err = kernel_totals_open(&maps, n_cpus, settings->max_flows, &totals->of_kernel);
	if (err) {
		totals_close(totals);
		return err;
	}
	total_rows_detail(totals->rows, start_ns, detail_of(totals));
	*ret_totals = totals;
	return 0;
}

void totals_close(struct totals *totals)
{
	if (!totals)
		return;
	kernel_totals_close(totals->of_kernel);
	total_rows_close(totals->rows);
	free(totals->read);
	free(totals);
}

/* A total_sink. */
static int take(void *context, const struct total_key *key, const struct total *value)
{
	struct totals *totals = context;
	struct nst_total all, untold;
	struct nst_flow tuple;
	int err = 0;

	translate_total(key, value, &all, &untold, &tuple);
	all.from_ns = untold.from_ns = totals->began_ns;
	all.to_ns = untold.to_ns = totals->to_ns;
	if (untold.events && totals->sink)
		err = totals->sink(totals->context, &untold);
	return err ?: total_rows_add(totals->rows, &all, &untold, &tuple);
}

/* What each CPU has lost since it was last asked. */
static void count_losses(struct totals *totals)
{
	for (size_t cpu = 0; cpu < totals->n_cpus; cpu++) {
		struct interval_counts now = kernel_totals_read_counts(totals->of_kernel, cpu);
		const struct interval_counts *before = &totals->read[cpu];
		const struct nst_loss_interval loss = {
			.from_ns = totals->began_ns,
			.to_ns = totals->to_ns,
			.events = now.ring_full_events - before->ring_full_events,
			.bytes = now.ring_full_bytes - before->ring_full_bytes,
			.cpu = (uint32_t)cpu,
			.cause = NST_LOST_RING_FULL,
		};

		total_rows_lose(totals->rows, &loss);
		totals->read_lost += loss.events;
		totals->read[cpu] = now;
	}
}

static int read_interval(struct totals *totals, uint64_t to_ns,
			 int (*read)(struct kernel_totals *, total_sink, void *))
{
	int err;

	totals->to_ns = to_ns;
	err = read(totals->of_kernel, take, totals);
	if (err)
		return err;
	count_losses(totals);
	totals->began_ns = to_ns;
	return 0;
}

/*
 * Once the interval is still, its records are in the rings; that it is read no sooner than
 * in the next tick means that they have been drained before.
 */
static int end_turn(struct totals *totals)
{
	int err;

	if (!totals->is_still) {
		totals->is_still = kernel_totals_is_still(totals->of_kernel);
		return 0;
	}
	err = read_interval(totals, totals->turn_ns, kernel_totals_read);
	totals->turn_ns = 0;
	totals->is_still = false;
	return err;
}

/* When the next interval is to begin, or 0: that is not to be said yet. */
static uint64_t next_turn(const struct totals *totals, uint64_t now, bool is_filling)
{
	uint64_t next_ns = totals->began_ns + totals->interval_ns, soonest_ns = now + LEAD_NS;

	if (totals->limit_ns)
		return 0;
	if ((totals->holds || is_filling) && now >= totals->began_ns + SHORTEST_NS)
		return soonest_ns;
	if (now + AHEAD_NS < next_ns)
		return 0;
	return next_ns > soonest_ns ? next_ns : soonest_ns;
}

static void begin_turn(struct totals *totals, uint64_t at_ns)
{
	totals->turn_ns = at_ns & ~UINT64_C(1);
	totals->is_in_time = kernel_totals_turn(totals->of_kernel, totals->turn_ns);
	if (totals->holds && totals->is_in_time)
		totals->limit_ns = totals->turn_ns;
}

/* With the time on that side of the change on which it is true of all events. */
static void change_detail(struct totals *totals)
{
	uint64_t at_ns = now_ns();

	kernel_totals_set_detail(totals->of_kernel, totals->detail.is_flows);
	if (totals->detail.is_flows)
		at_ns = now_ns();
	total_rows_detail(totals->rows, at_ns, detail_of(totals));
}

/* Between two parts nothing changes, so that each change is of one of them. */
static void look_at_detail(struct totals *totals, uint64_t now)
{
	const struct pressure pressure = {
		.at_ns = now,
		.events = totals->sum.events,
		.lost_events = totals->sum.ring_full_events,
		.ring_percent = drain_percent(totals->drain),
	};

	if (totals->is_auto && !totals->limit_ns && detail_look(&totals->detail, &pressure))
		change_detail(totals);
}

static bool is_read(const struct totals *totals)
{
	return totals->limit_ns && totals->began_ns >= totals->limit_ns;
}

/*
 * Before the part's last interval was read, what is lost now may be the next one's; what
 * was said before that is not.
 */
static void count_lost(struct totals *totals)
{
	if (is_read(totals))
		totals->lost[NST_LOST_RING_FULL] = totals->read_lost - totals->lost_before;
	else if (!totals->limit_ns)
		totals->lost[NST_LOST_RING_FULL] =
			totals->sum.ring_full_events - totals->lost_before;
}

static int write_rows(struct totals *totals, struct nst_writer *writer)
{
	int err = total_rows_write(totals->rows, writer);

	return err == -EAGAIN ? 0 : err;
}

int totals_tick(struct totals *totals, struct nst_writer *writer, uint64_t at_ns)
{
	uint64_t now = now_ns(), next_ns;
	bool is_filling = false;
	int err = kernel_totals_look(totals->of_kernel, &totals->sum, &is_filling);

	totals->drained_ns = at_ns;
	if (err)
		return err;
	if (totals->turn_ns) {
		err = end_turn(totals);
	} else {
		next_ns = next_turn(totals, now, is_filling);
		if (next_ns)
			begin_turn(totals, next_ns);
	}
	count_lost(totals);
	look_at_detail(totals, now);
	return err ?: write_rows(totals, writer);
}

void totals_hold(struct totals *totals, bool hold)
{
	totals->holds = hold;
	if (!hold)
		totals->limit_ns = 0;
}

uint64_t totals_limit(const struct totals *totals)
{
	return totals->limit_ns ?: UINT64_MAX;
}

bool totals_is_held(const struct totals *totals, uint64_t *ret_boundary_ns)
{
	if (!is_read(totals) || totals->drained_ns + 1 < totals->limit_ns)
		return false;
	*ret_boundary_ns = totals->limit_ns;
	return true;
}

bool totals_wait(const struct totals *totals)
{
	return total_rows_wait(totals->rows);
}

enum nst_detail totals_detail(const struct totals *totals)
{
	return detail_of(totals);
}

bool totals_are_written(const struct totals *totals)
{
	return total_rows_are_written(totals->rows);
}

uint64_t totals_merged(const struct totals *totals)
{
	return total_rows_merged(totals->rows);
}

void totals_tell(struct totals *totals, totals_sink sink, void *context)
{
	totals->sink = sink;
	totals->context = context;
}

uint64_t totals_taken_ns(const struct totals *totals)
{
	return totals->began_ns;
}

static void lose(struct totals *totals, uint64_t from_ns, uint64_t to_ns, uint64_t events,
		 uint64_t bytes)
{
	const struct nst_loss_interval loss = {
		.from_ns = from_ns,
		.to_ns = to_ns,
		.events = events,
		.bytes = bytes,
		.cpu = NST_ALL_CPUS,
		.cause = NST_LOST_RECORDER,
	};

	total_rows_lose(totals->rows, &loss);
}

int totals_lose_event(struct totals *totals, const struct net_event *event, bool is_full)
{
	struct nst_total total;
	struct nst_flow tuple;

	event_total(event, &total, &tuple);
	lose(totals, total.from_ns, total.to_ns, 1, total.bytes);
	return total_rows_add_lost(totals->rows, &total, &tuple, is_full);
}

void totals_lose(struct totals *totals, uint64_t from_ns, uint64_t to_ns, uint64_t events,
		 uint64_t bytes)
{
	lose(totals, from_ns, to_ns, events, bytes);
}

void totals_correct(const struct totals *totals, struct counts *by_cpu)
{
	for (size_t cpu = 0; is_read(totals) && cpu < totals->n_cpus; cpu++) {
		const struct interval_counts *read = &totals->read[cpu];

		by_cpu[cpu].events = read->events;
		by_cpu[cpu].ring_full_events = read->ring_full_events;
		by_cpu[cpu].ring_full_bytes = read->ring_full_bytes;
		by_cpu[cpu].summed_events = read->summed_events;
		by_cpu[cpu].summed_bytes = read->summed_bytes;
	}
}

void totals_lost(const struct totals *totals, uint64_t lost[NST_LOSS_SLOTS])
{
	memcpy(lost, totals->lost, sizeof(totals->lost));
}

static int write_end(struct totals *totals, struct nst_writer *writer, uint64_t end_ns)
{
	if (!totals->has_sums)
		total_rows_forget_sums(totals->rows);
	return total_rows_end(totals->rows, writer, totals->start_ns, end_ns);
}

int totals_end_part(struct totals *totals, struct nst_writer *writer, uint64_t end_ns)
{
	int err = write_end(totals, writer, end_ns);

	if (err)
		return err;
	totals->start_ns = end_ns;
	totals->lost_before = totals->read_lost;
	memset(totals->lost, 0, sizeof(totals->lost));
	total_rows_detail(totals->rows, end_ns, detail_of(totals));
	return 0;
}

/* No program runs any more, so that nothing has to be waited for. */
int totals_read_rest(struct totals *totals, uint64_t end_ns)
{
	uint64_t turn_ns = totals->turn_ns < end_ns ? totals->turn_ns : end_ns;
	int err = 0;

	if (totals->turn_ns)
		err = read_interval(totals, turn_ns, kernel_totals_read);
	totals->turn_ns = 0;
	if (!err)
		err = read_interval(totals, end_ns, kernel_totals_read_last);
	totals->lost[NST_LOST_RING_FULL] = totals->read_lost - totals->lost_before;
	return err;
}

int totals_finish(struct totals *totals, struct nst_writer *writer, uint64_t end_ns)
{
	return write_end(totals, writer, end_ns);
}
