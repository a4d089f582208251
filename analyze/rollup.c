/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/rollup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void rollup_init(struct rollup *rollup, struct rollup_settings settings)
{
	*rollup = (struct rollup){ .settings = settings, .interval_ns = settings.interval_ns };
	if (!settings.groupings)
		rollup->settings.groupings = GROUPINGS_ALL;
}

void rollup_free(struct rollup *rollup)
{
	intern_free(&rollup->usage_keys);
	intern_free(&rollup->peak_keys);
	free(rollup->usage);
	free(rollup->peaks);
	free(rollup->lanes);
	free(rollup->member_places);
	slices_free(&rollup->slices);
	*rollup = (struct rollup){ 0 };
}

/* What events count. */
static inline void merge_events(struct sums *into, const struct sums *from)
{
	bool is_empty = !into->events && !into->packets && !into->bytes;

	if (is_empty || from->first_ns < into->first_ns)
		into->first_ns = from->first_ns;
	if (from->last_ns > into->last_ns)
		into->last_ns = from->last_ns;
	into->events += from->events;
	into->packets += from->packets;
	into->bytes += from->bytes;
	into->payload_bytes += from->payload_bytes;
	into->payload_events += from->payload_events;
	into->wire_bytes += from->wire_bytes;
	into->wire_packets += from->wire_packets;
}

void sums_merge(struct sums *into, const struct sums *from)
{
	merge_events(into, from);
	into->total_events += from->total_events;
	into->total_bytes += from->total_bytes;
}

static int get_usage(struct rollup *rollup, int64_t period, uint32_t lane, struct sums **ret_sums)
{
	struct rollup_key key = { .period = period, .id = lane };
	uint32_t index;
	bool is_new;

	if (intern_get(&rollup->usage_keys, &key, sizeof(key), &index, &is_new) ||
	    array_reserve(&rollup->usage, &rollup->n_usage_allocated, (size_t)index + 1,
			  sizeof(*rollup->usage)))
		return -ENOMEM;
	*ret_sums = &rollup->usage[index];
	return 0;
}

static int get_peak(struct rollup *rollup, int64_t period, uint32_t grouping, uint32_t id,
		    struct peak **ret_peak)
{
	struct rollup_key key = { .period = period, .id = id, .grouping = grouping };
	uint32_t index;
	bool is_new;

	if (intern_get(&rollup->peak_keys, &key, sizeof(key), &index, &is_new) ||
	    array_reserve(&rollup->peaks, &rollup->n_peaks_allocated, (size_t)index + 1,
			  sizeof(*rollup->peaks)))
		return -ENOMEM;
	*ret_peak = &rollup->peaks[index];
	return 0;
}

static int64_t halve(int64_t period)
{
	return period >= 0 ? period / 2 : -((1 - period) / 2);
}

/* Twice the interval: rows of two neighbouring periods become one. */
static int double_interval(struct rollup *rollup)
{
	struct rollup old = *rollup;
	int err = 0;

	*rollup = (struct rollup){ .settings = old.settings,
				   .interval_ns = old.interval_ns * 2,
				   .n_pieces = old.n_pieces };
	for (uint32_t i = 0; i < old.usage_keys.n && !err; i++) {
		const struct rollup_key *key = rollup_usage_key(&old, i);
		struct sums *sums;

		err = get_usage(rollup, halve(key->period), key->id, &sums);
		if (!err)
			sums_merge(sums, &old.usage[i]);
	}
	for (uint32_t i = 0; i < old.peak_keys.n && !err; i++) {
		const struct rollup_key *key = rollup_peak_key(&old, i);
		struct peak *peak;

		err = get_peak(rollup, halve(key->period), key->grouping, key->id, &peak);
		if (!err)
			peak_merge(peak, &old.peaks[i]);
	}
	rollup->slices = old.slices;
	old.slices = (struct slices){ 0 };
	rollup_free(&old);
	return err;
}

static int find_peak(struct rollup *rollup, int64_t period, const struct member *member,
		     size_t number, struct peak **ret_peak)
{
	struct rollup_place *place;
	int err = array_reserve(&rollup->member_places, &rollup->n_member_places, number + 1,
				sizeof(*rollup->member_places));

	if (err)
		return err;
	place = &rollup->member_places[number];
	if (place->row && place->period == period) {
		*ret_peak = &rollup->peaks[place->row - 1];
		return 0;
	}
	err = get_peak(rollup, period, member->grouping, member->id, ret_peak);
	if (!err)
		*place = (struct rollup_place){ period, (uint32_t)(*ret_peak - rollup->peaks) + 1 };
	return err;
}

int rollup_widen(struct rollup *rollup)
{
	int err = 0;

	while (!err && rollup->interval_ns && rollup->usage_keys.n > rollup->settings.max_rows &&
	       rollup->interval_ns <= INT64_MAX / 4)
		err = double_interval(rollup);
	return err;
}

/* The rows of a lane in another period than before. */
static int find_rows(struct rollup *rollup, struct dimensions *dims, uint32_t lane, int64_t period)
{
	const struct lane_key *key = dims_lane(dims, lane);
	const struct member *members;
	struct rollup_lane *rows;
	struct peak *peak;
	struct sums *usage;
	size_t n_members;
	int err = array_reserve(&rollup->lanes, &rollup->n_lanes, (size_t)lane + 1,
				sizeof(*rollup->lanes));

	if (!err)
		err = get_usage(rollup, period, lane, &usage);
	if (!err)
		err = members_get(dims, lane, rollup->settings.groupings, &members, &n_members);
	if (err)
		return err;
	rows = &rollup->lanes[lane];
	*rows = (struct rollup_lane){ .period = period,
				      .trace = key->trace,
				      .n_peaks = n_members <= LANE_PEAKS ? (uint8_t)n_members
									 : LANE_PEAKS + 1,
				      .is_send = key->is_send };
	for (size_t i = 0; i < n_members && !err; i++) {
		err = find_peak(rollup, period, &members[i], (size_t)(members - dims->members) + i,
				&peak);
		if (!err && i < LANE_PEAKS)
			rows->peaks[i] = (uint32_t)(peak - rollup->peaks);
	}
	if (!err)
		rows->usage = (uint32_t)(usage - rollup->usage) + 1;
	return err;
}

/* The rows of a lane, mostly those that it had before. */
static inline int get_rows(struct rollup *rollup, struct dimensions *dims, uint32_t lane,
			   int64_t period, const struct rollup_lane **ret_rows)
{
	int err = 0;

	if (lane >= rollup->n_lanes || !rollup->lanes[lane].usage ||
	    rollup->lanes[lane].period != period)
		err = find_rows(rollup, dims, lane, period);
	if (!err)
		*ret_rows = &rollup->lanes[lane];
	return err;
}

/* A lane with many consumers. */
static int add_many_peaks(struct rollup *rollup, struct dimensions *dims, uint32_t lane,
			  int64_t period, uint64_t second, uint64_t bytes)
{
	const struct lane_key *key = dims_lane(dims, lane);
	const struct member *members;
	size_t n_members;
	int err = members_get(dims, lane, rollup->settings.groupings, &members, &n_members);

	for (size_t i = 0; i < n_members && !err; i++) {
		struct peak *peak;

		err = find_peak(rollup, period, &members[i], (size_t)(members - dims->members) + i,
				&peak);
		if (!err)
			peak_add(peak, key->trace, second, key->is_send, bytes);
	}
	return err;
}

/* Add to the peaks of the rows that a lane counts in. */
static inline int add_peaks(struct rollup *rollup, struct dimensions *dims, uint32_t lane,
			    const struct rollup_lane *rows, uint64_t second, uint64_t bytes)
{
	if (rows->n_peaks > LANE_PEAKS)
		return add_many_peaks(rollup, dims, lane, rows->period, second, bytes);
	for (size_t i = 0; i < rows->n_peaks; i++)
		peak_add(&rollup->peaks[rows->peaks[i]], rows->trace, second, rows->is_send, bytes);
	return 0;
}

int rollup_fold(struct rollup *rollup, struct dimensions *dims, uint32_t lane,
		const struct sums *sums, int64_t period, uint64_t second, uint64_t peak_bytes)
{
	const struct rollup_lane *rows;
	int err = get_rows(rollup, dims, lane, period, &rows);

	if (err)
		return err;
	sums_merge(&rollup->usage[rows->usage - 1], sums);
	return add_peaks(rollup, dims, lane, rows, second, peak_bytes);
}

static inline int add_row(struct rollup *rollup, struct dimensions *dims, uint32_t lane,
			  const struct rollup_lane *of_lane, const struct slice *slice,
			  const struct slice_row *row, const struct nst_events *events)
{
	const struct sums sums = { .events = row->events,
				   .packets = row->packets,
				   .bytes = row->bytes,
				   .payload_bytes = row->payload_bytes,
				   .payload_events = row->events - row->unknown_events,
				   .wire_bytes = row->wire_bytes,
				   .wire_packets = row->packets - row->unknown_packets,
				   .first_ns = events->timestamp[row->first],
				   .last_ns = events->timestamp[row->last] };

	merge_events(&rollup->usage[of_lane->usage - 1], &sums);
	return add_peaks(rollup, dims, lane, of_lane, slice->second, row->bytes);
}

/* What adding to a row some steps on will want from memory by then. */
static void fetch_ahead(const struct rollup *rollup, const struct slice_row *rows, size_t n,
			const uint32_t *lanes, size_t i)
{
	if (i + 16 < n && lanes[rows[i + 16].lane] < rollup->n_lanes)
		__builtin_prefetch(&rollup->lanes[lanes[rows[i + 16].lane]]);
	if (i + 8 < n && lanes[rows[i + 8].lane] < rollup->n_lanes) {
		const struct rollup_lane *lane = &rollup->lanes[lanes[rows[i + 8].lane]];

		if (lane->usage) {
			__builtin_prefetch(&rollup->usage[lane->usage - 1]);
			__builtin_prefetch((const char *)&rollup->usage[lane->usage - 1] + 64);
		}
	}
}

static int add_slice(struct rollup *rollup, struct dimensions *dims, const struct slices *slices,
		     const struct slice *slice, const struct nst_events *events,
		     const uint32_t *lanes)
{
	const struct slice_row *rows = &slices->rows[slice->first_row];
	const struct rollup_lane *of_lane;
	int64_t period = slice->period;
	int err = 0;

	/* the interval was doubled since */
	for (uint64_t ns = slices->interval_ns; ns < rollup->interval_ns; ns *= 2)
		period = halve(period);
	for (size_t i = 0; i < slice->n_rows && !err; i++) {
		fetch_ahead(rollup, rows, slice->n_rows, lanes, i);
		err = get_rows(rollup, dims, lanes[rows[i].lane], period, &of_lane);
		if (!err)
			err = add_row(rollup, dims, lanes[rows[i].lane], of_lane, slice, &rows[i],
				      events);
	}
	return err;
}

int rollup_add_slices(struct rollup *rollup, struct dimensions *dims, const struct slices *slices,
		      const struct nst_events *events, const uint32_t *lanes)
{
	int err = 0;

	for (size_t i = 0; i < slices->n && !err; i++) {
		err = add_slice(rollup, dims, slices, &slices->list[i], events, lanes);
		if (!err)
			err = rollup_widen(rollup);
	}
	return err;
}

int rollup_add(struct rollup *rollup, struct dimensions *dims, const struct rollup_axis *axis,
	       const struct nst_events *events, size_t from, size_t to, const uint32_t *lanes,
	       size_t n_lanes)
{
	const uint32_t end = (uint32_t)to;
	int err = slices_sum(&rollup->slices, axis, rollup->interval_ns, events, from, &end, 1,
			     n_lanes);

	return err ? err : rollup_add_slices(rollup, dims, &rollup->slices, events, lanes);
}
