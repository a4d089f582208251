// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/kernel_totals.h"

#include "bpf/events.h"
#include "record/clock.h"
#include "record/grace.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 1024 /* elements; the kernel wants room for the longest chain of its table */

/* Elements that were made, ever. */
struct entries {
	uint64_t sums, totals;
};

struct kernel_totals {
	struct kernel_totals_maps maps;
	size_t n_cpus;
	uint32_t max_flows;
	struct grace *grace;
	uint32_t generation;	/* since the last turn */
	struct total_key *keys; /* of a batch */
	struct total *values;
	struct interval *intervals;	 /* of all CPUs */
	struct interval_counts *read[2]; /* by generation and CPU: at its last reading */
	struct entries entries[2];	 /* the same, of all CPUs */
};

int kernel_totals_open(const struct kernel_totals_maps *maps, size_t n_cpus, uint32_t max_flows,
		       struct kernel_totals **ret_totals)
{
	struct kernel_totals *totals = calloc(1, sizeof(*totals));
	int err;

	if (!totals)
		return -ENOMEM;
	totals->maps = *maps;
	totals->n_cpus = n_cpus;
	totals->max_flows = max_flows;
	totals->keys = calloc(BATCH, sizeof(*totals->keys));
	totals->values = calloc(BATCH, sizeof(*totals->values));
	totals->intervals = calloc(n_cpus, sizeof(*totals->intervals));
	for (int i = 0; i < 2; i++)
		totals->read[i] = calloc(n_cpus, sizeof(*totals->read[i]));
	err = totals->keys && totals->values && totals->intervals && totals->read[0] &&
			      totals->read[1]
		      ? 0
		      : -ENOMEM;
	if (!err)
		err = grace_open(maps->net_events, maps->ring, &totals->grace);
	if (err) {
		kernel_totals_close(totals);
		return err;
	}
	*ret_totals = totals;
	return 0;
}

void kernel_totals_close(struct kernel_totals *totals)
{
	if (!totals)
		return;
	grace_close(totals->grace);
	free(totals->keys);
	free(totals->values);
	free(totals->intervals);
	free(totals->read[0]);
	free(totals->read[1]);
	free(totals);
}

bool kernel_totals_turn(struct kernel_totals *totals, uint64_t at_ns)
{
	totals->generation = !totals->generation;
	__atomic_store_n(totals->maps.turn, (at_ns & ~UINT64_C(1)) | totals->generation,
			 __ATOMIC_SEQ_CST);
	grace_begin(totals->grace, at_ns);
	return now_ns() < at_ns;
}

bool kernel_totals_is_still(struct kernel_totals *totals)
{
	return grace_is_over(totals->grace);
}

/* Take everything out of a map that nobody adds to. */
static int empty_map(struct kernel_totals *totals, int map, total_sink sink, void *context)
{
	bool is_first = true;
	uint32_t at, next;
	int err = 0;

	while (!err) {
		uint32_t n = BATCH;
		int taken = 0;

		err = bpf_map_lookup_and_delete_batch(map, is_first ? NULL : &at, &next,
						      totals->keys, totals->values, &n, NULL);
		if (err && err != -ENOENT)
			return err;
		for (uint32_t i = 0; !taken && i < n; i++)
			taken = sink(context, &totals->keys[i], &totals->values[i]);
		if (taken)
			return taken;
		at = next;
		is_first = false;
	}
	return 0;
}

static struct interval_counts counts_of(const struct interval *interval)
{
	return (struct interval_counts){
		.events = interval->count[INTERVAL_EVENTS],
		.ring_full_events = interval->count[INTERVAL_RING_FULL_EVENTS],
		.ring_full_bytes = interval->count[INTERVAL_RING_FULL_BYTES],
		.summed_events = interval->count[INTERVAL_SUMMED_EVENTS],
		.summed_bytes = interval->count[INTERVAL_SUMMED_BYTES],
	};
}

static void add_entries(struct entries *to, const struct interval *interval)
{
	to->sums += interval->count[INTERVAL_SUMS];
	to->totals += interval->count[INTERVAL_TOTALS];
}

static void add_counts(struct interval_counts *to, const struct interval_counts *from)
{
	to->events += from->events;
	to->ring_full_events += from->ring_full_events;
	to->ring_full_bytes += from->ring_full_bytes;
	to->summed_events += from->summed_events;
	to->summed_bytes += from->summed_bytes;
}

struct interval_counts kernel_totals_read_counts(const struct kernel_totals *totals, size_t cpu)
{
	struct interval_counts counts = totals->read[0][cpu];

	add_counts(&counts, &totals->read[1][cpu]);
	return counts;
}

/* What no CPU has brought into a map: its last run, and what found room nowhere. */
static int take_rest(const struct interval *interval, total_sink sink, void *context)
{
	int err = 0;

	for (int is_send = 0; !err && is_send < 2; is_send++) {
		const struct run *sum = &interval->runs[RUN_OF_ALL][is_send];
		const struct run *total = &interval->runs[RUN_OF_UNTOLD][is_send];
		const struct total *rest = &interval->rest[is_send];
		const struct total_key none = { .is_send = (__u8)is_send };

		if (sum->total.all.events)
			err = sink(context, &sum->key, &sum->total);
		if (!err && total->total.untold.events)
			err = sink(context, &total->key, &total->total);
		if (!err && (rest->all.events || rest->untold.events))
			err = sink(context, &none, rest);
	}
	return err;
}

static int empty_cpus(struct kernel_totals *totals, uint32_t generation, total_sink sink,
		      void *context)
{
	int err = bpf_map_lookup_elem(totals->maps.intervals, &generation, totals->intervals);

	totals->entries[generation] = (struct entries){ 0 };
	for (size_t i = 0; !err && i < totals->n_cpus; i++) {
		struct interval *interval = &totals->intervals[i];

		err = take_rest(interval, sink, context);
		memset(interval->runs, 0, sizeof(interval->runs));
		memset(interval->rest, 0, sizeof(interval->rest));
		add_entries(&totals->entries[generation], interval);
		totals->read[generation][i] = counts_of(interval);
	}
	return err
		       ?: bpf_map_update_elem(totals->maps.intervals, &generation,
					      totals->intervals, BPF_ANY);
}

static int empty(struct kernel_totals *totals, uint32_t generation, total_sink sink, void *context)
{
	int err = empty_map(totals, totals->maps.sums[generation], sink, context);

	if (!err)
		err = empty_map(totals, totals->maps.totals[generation], sink, context);
	if (!err)
		err = empty_map(totals, totals->maps.spills[generation], sink, context);
	return err ?: empty_cpus(totals, generation, sink, context);
}

int kernel_totals_read(struct kernel_totals *totals, total_sink sink, void *context)
{
	return empty(totals, !totals->generation, sink, context);
}

int kernel_totals_read_last(struct kernel_totals *totals, total_sink sink, void *context)
{
	return empty(totals, totals->generation, sink, context);
}

int kernel_totals_look(struct kernel_totals *totals, struct interval_counts *ret_sum,
		       bool *ret_is_filling)
{
	struct interval_counts sum = { 0 };
	struct entries before, entries = { 0 };
	int err = 0;

	for (uint32_t generation = 0; !err && generation < 2; generation++) {
		err = bpf_map_lookup_elem(totals->maps.intervals, &generation, totals->intervals);
		for (size_t i = 0; !err && i < totals->n_cpus; i++) {
			const struct interval *interval = &totals->intervals[i];
			struct interval_counts counts = counts_of(interval);

			add_counts(&sum, &counts);
			if (generation == totals->generation)
				add_entries(&entries, interval);
		}
	}
	if (err)
		return err;
	*ret_sum = sum;
	before = totals->entries[totals->generation];
	*ret_is_filling = entries.totals - before.totals > totals->max_flows / 4 * 3 ||
			  entries.sums - before.sums > totals->maps.n_sums / 4 * 3;
	return 0;
}

void kernel_totals_set_detail(struct kernel_totals *totals, bool totals_alone)
{
	__atomic_store_n(totals->maps.detail, totals_alone ? DETAIL_OF_FLOWS : DETAIL_OF_PACKETS,
			 __ATOMIC_SEQ_CST);
}

size_t kernel_totals_cpus(const struct kernel_totals *totals)
{
	return totals->n_cpus;
}
