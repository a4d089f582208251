/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/rollup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)

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
	free(rollup->lane_places);
	free(rollup->member_places);
	free(rollup->slice);
	free(rollup->touched);
	*rollup = (struct rollup){ 0 };
}

size_t rollup_find(const struct nst_events *events, size_t from, size_t to, uint64_t time_ns)
{
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (events->timestamp[middle] < time_ns)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void merge_sums(struct sums *into, const struct sums *from)
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
			merge_sums(sums, &old.usage[i]);
	}
	for (uint32_t i = 0; i < old.peak_keys.n && !err; i++) {
		const struct rollup_key *key = rollup_peak_key(&old, i);
		struct peak *peak;

		err = get_peak(rollup, halve(key->period), key->grouping, key->id, &peak);
		if (!err)
			peak_merge(peak, &old.peaks[i]);
	}
	rollup->slice = old.slice;
	rollup->touched = old.touched;
	rollup->n_slice = old.n_slice;
	rollup->n_touched_allocated = old.n_touched_allocated;
	old.slice = NULL;
	old.touched = NULL;
	rollup_free(&old);
	return err;
}

/* Sums of events[from..to) by lane of the chunk. Returns how many lanes were touched. */
static size_t sum_slice(struct rollup *rollup, const struct nst_events *events, size_t from,
			size_t to)
{
	size_t n_touched = 0;

	for (size_t i = from; i < to; i++) {
		struct sums *sums = &rollup->slice[events->lane[i]];
		uint64_t bytes = events->bytes[i];
		bool has_segments = events->has[i] & NST_HAS_SEGMENTS && events->segments[i];
		uint64_t segments = has_segments ? events->segments[i] : 1;
		uint64_t has_headers = !!(events->has[i] & NST_HAS_HEADER_BYTES);
		uint64_t header_bytes = has_headers ? events->header_bytes[i] : 0;
		uint64_t has_wire = has_headers | (segments == 1);

		if (!sums->events++) {
			rollup->touched[n_touched++] = events->lane[i];
			sums->first_ns = events->timestamp[i];
		}
		sums->last_ns = events->timestamp[i];
		sums->packets += segments;
		sums->bytes += bytes;
		sums->payload_events += has_headers;
		sums->payload_bytes +=
			has_headers && bytes > header_bytes ? bytes - header_bytes : 0;
		sums->wire_packets += has_wire ? segments : 0;
		sums->wire_bytes += has_wire ? bytes + (segments - 1) * header_bytes : 0;
	}
	return n_touched;
}

/* The row of usage of a lane: mostly the one that it had before. */
static int find_usage(struct rollup *rollup, int64_t period, uint32_t lane, struct sums **ret_sums)
{
	struct rollup_place *place;
	int err = array_reserve(&rollup->lane_places, &rollup->n_lane_places, (size_t)lane + 1,
				sizeof(*rollup->lane_places));

	if (err)
		return err;
	place = &rollup->lane_places[lane];
	if (place->row && place->period == period) {
		*ret_sums = &rollup->usage[place->row - 1];
		return 0;
	}
	err = get_usage(rollup, period, lane, ret_sums);
	if (!err)
		*place = (struct rollup_place){ period, (uint32_t)(*ret_sums - rollup->usage) + 1 };
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

int rollup_fold(struct rollup *rollup, struct dimensions *dims, uint32_t lane,
		const struct sums *sums, int64_t period, uint64_t second, uint64_t peak_bytes)
{
	const struct lane_key *key = dims_lane(dims, lane);
	const struct member *members;
	struct sums *usage;
	size_t n_members;
	int err = find_usage(rollup, period, lane, &usage);

	if (err)
		return err;
	merge_sums(usage, sums);
	err = members_get(dims, lane, rollup->settings.groupings, &members, &n_members);
	for (size_t i = 0; i < n_members && !err; i++) {
		struct peak *peak;

		err = find_peak(rollup, period, &members[i], (size_t)(members - dims->members) + i,
				&peak);
		if (!err)
			peak_add(peak, key->trace, second, key->is_send, peak_bytes);
	}
	return err;
}

static int reserve_slice(struct rollup *rollup, size_t n_lanes)
{
	int err = array_reserve(&rollup->slice, &rollup->n_slice, n_lanes, sizeof(*rollup->slice));

	if (err)
		return err;
	return array_reserve(&rollup->touched, &rollup->n_touched_allocated, n_lanes,
			     sizeof(*rollup->touched));
}

static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void rollup_locate(const struct rollup *rollup, const struct rollup_axis *axis, uint64_t time_ns,
		   uint64_t *ret_second, int64_t *ret_period, uint64_t *ret_border_ns)
{
	uint64_t second = time_ns < axis->start_ns ? 0 : (time_ns - axis->start_ns) / SECOND_NS;
	uint64_t border_ns = axis->start_ns + (second + 1) * SECOND_NS;
	int64_t interval_ns = (int64_t)rollup->interval_ns, period = 0;

	if (interval_ns) {
		int64_t next_ns;

		period = floor_divide((int64_t)time_ns - axis->origin_ns, interval_ns);
		next_ns = axis->origin_ns + (period + 1) * interval_ns;
		if ((uint64_t)next_ns < border_ns)
			border_ns = (uint64_t)next_ns;
	}
	*ret_second = second;
	*ret_period = period;
	*ret_border_ns = border_ns;
}

int rollup_widen(struct rollup *rollup)
{
	int err = 0;

	while (!err && rollup->interval_ns && rollup->usage_keys.n > rollup->settings.max_rows &&
	       rollup->interval_ns <= INT64_MAX / 4)
		err = double_interval(rollup);
	return err;
}

int rollup_add(struct rollup *rollup, struct dimensions *dims, const struct rollup_axis *axis,
	       const struct nst_events *events, size_t from, size_t to, const uint32_t *lanes,
	       size_t n_lanes)
{
	int err = reserve_slice(rollup, n_lanes);

	while (from < to && !err) {
		uint64_t second, border_ns;
		int64_t period;
		size_t end, n_touched;

		rollup_locate(rollup, axis, events->timestamp[from], &second, &period, &border_ns);
		end = rollup_find(events, from + 1, to, border_ns);
		n_touched = sum_slice(rollup, events, from, end);
		for (size_t i = 0; i < n_touched; i++) {
			struct sums *sums = &rollup->slice[rollup->touched[i]];

			if (!err)
				err = rollup_fold(rollup, dims, lanes[rollup->touched[i]], sums,
						  period, second, sums->bytes);
			*sums = (struct sums){ 0 };
		}
		if (!err)
			err = rollup_widen(rollup);
		from = end;
	}
	return err;
}
