/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/slices.h"

#include "analyze/intern.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)

void slices_free(struct slices *slices)
{
	free(slices->list);
	free(slices->rows);
	free(slices->before);
	free(slices->seconds);
	free(slices->bytes);
	free(slices->row_of);
	*slices = (struct slices){ 0 };
}

size_t events_find(const struct nst_events *events, size_t from, size_t to, uint64_t time_ns)
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

static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void axis_locate(const struct rollup_axis *axis, uint64_t interval_ns, uint64_t time_ns,
		 uint64_t *ret_second, int64_t *ret_period, uint64_t *ret_border_ns)
{
	uint64_t second = time_ns < axis->start_ns ? 0 : (time_ns - axis->start_ns) / SECOND_NS;
	uint64_t border_ns = axis->start_ns + (second + 1) * SECOND_NS;
	int64_t period = 0;

	if (interval_ns) {
		int64_t next_ns;

		period = floor_divide((int64_t)time_ns - axis->origin_ns, (int64_t)interval_ns);
		next_ns = axis->origin_ns + (period + 1) * (int64_t)interval_ns;
		if ((uint64_t)next_ns < border_ns)
			border_ns = (uint64_t)next_ns;
	}
	*ret_second = second;
	*ret_period = period;
	*ret_border_ns = border_ns;
}

/* Room for what events of one second and period can need at most. */
static int reserve(struct slices *slices, size_t n_events, size_t n_lanes)
{
	size_t most = n_events < n_lanes ? n_events : n_lanes;
	int err = array_reserve(&slices->list, &slices->n_allocated, slices->n + 1,
				sizeof(*slices->list));

	if (!err)
		err = array_reserve(&slices->rows, &slices->n_rows_allocated, slices->n_rows + most,
				    sizeof(*slices->rows));
	if (!err)
		err = array_reserve(&slices->before, &slices->n_before_allocated,
				    slices->n_rows + most, sizeof(*slices->before));
	if (!err)
		err = array_reserve(&slices->seconds, &slices->n_seconds_allocated,
				    slices->n_seconds + 1, sizeof(*slices->seconds));
	if (!err)
		err = array_reserve(&slices->bytes, &slices->n_bytes_allocated,
				    slices->n_bytes + most, sizeof(*slices->bytes));
	return err;
}

/* The last slice is over: no lane has a row of it any more. */
static void close_slice(struct slices *slices)
{
	const struct slice *slice = slices->n ? &slices->list[slices->n - 1] : NULL;

	for (size_t i = 0; slice && i < slice->n_rows; i++)
		slices->row_of[slices->rows[slice->first_row + i].lane] = 0;
}

/* The slice of a period, which the last one may be. */
static struct slice *open_slice(struct slices *slices, int64_t period)
{
	struct slice *slice = slices->n ? &slices->list[slices->n - 1] : NULL;

	if (slice && slice->period == period)
		return slice;
	close_slice(slices);
	slice = &slices->list[slices->n++];
	*slice = (struct slice){ .period = period,
				 .first_row = slices->n_rows,
				 .first_second = slices->n_seconds };
	return slice;
}

static uint32_t add_row(struct slices *slices, struct slice *slice, uint32_t lane, size_t event)
{
	struct slice_row *row = &slices->rows[slices->n_rows];

	slices->before[slices->n_rows++] = (struct slice_before){ 0 };
	*row = (struct slice_row){ .lane = lane, .first = (uint32_t)event };
	return slices->row_of[lane] = (uint32_t)++slice->n_rows;
}

/* All bits for a condition, so that there is no branch that nobody can foretell. */
static inline uint64_t mask(bool condition)
{
	return -(uint64_t)condition;
}

static void sum_events(struct slices *slices, struct slice *slice, const struct nst_events *events,
		       size_t from, size_t to)
{
	const uint32_t *lanes = events->lane, *all_bytes = events->bytes;
	const uint32_t *all_segments = events->segments;
	const uint16_t *has = events->has, *all_header_bytes = events->header_bytes;
	const uint32_t *row_of = slices->row_of;
	struct slice_row *rows = &slices->rows[slice->first_row];

	for (size_t i = from; i < to; i++) {
		uint32_t number = row_of[lanes[i]];
		uint64_t bytes = all_bytes[i];
		uint64_t segments = all_segments[i] & mask(has[i] & NST_HAS_SEGMENTS);
		uint64_t has_headers = mask(has[i] & NST_HAS_HEADER_BYTES);
		uint64_t header_bytes = all_header_bytes[i] & has_headers, has_wire;
		struct slice_row *row;

		if (!number)
			number = add_row(slices, slice, lanes[i], i);
		row = &rows[number - 1];
		segments += !segments;
		has_wire = has_headers | mask(segments == 1);
		row->events++;
		row->last = (uint32_t)i;
		row->packets += segments;
		row->bytes += bytes;
		row->payload_events += has_headers & 1;
		row->payload_bytes +=
			(bytes - header_bytes) & has_headers & mask(bytes > header_bytes);
		row->wire_packets += segments & has_wire;
		row->wire_bytes += (bytes + (segments - 1) * header_bytes) & has_wire;
	}
}

/* What a row came to in the second that just ended, if it had events in it. */
static void take_second(struct slices *slices, struct slice *slice, uint32_t number)
{
	const struct slice_row *row = &slices->rows[slice->first_row + number];
	struct slice_before *before = &slices->before[slice->first_row + number];

	if (row->events == before->events)
		return;
	slices->bytes[slices->n_bytes++] =
		(struct slice_bytes){ .bytes = row->bytes - before->bytes, .row = number };
	*before = (struct slice_before){ .bytes = row->bytes, .events = row->events };
}

/* By its events or by all rows, whichever are fewer. */
static void close_second(struct slices *slices, struct slice *slice,
			 const struct nst_events *events, size_t from, size_t to, uint64_t second)
{
	struct slice_second *entry = &slices->seconds[slices->n_seconds++];

	*entry = (struct slice_second){ .second = second, .first = slices->n_bytes };
	slice->n_seconds++;
	if (to - from < slice->n_rows)
		for (size_t i = from; i < to; i++)
			take_second(slices, slice, slices->row_of[events->lane[i]] - 1);
	else
		for (uint32_t i = 0; i < slice->n_rows; i++)
			take_second(slices, slice, i);
	entry->n = slices->n_bytes - entry->first;
}

int slices_sum(struct slices *slices, const struct rollup_axis *axis, uint64_t interval_ns,
	       const struct nst_events *events, size_t from, size_t to, size_t n_lanes)
{
	int err = array_reserve(&slices->row_of, &slices->n_row_of_allocated, n_lanes,
				sizeof(*slices->row_of));

	slices->n = slices->n_rows = slices->n_seconds = slices->n_bytes = 0;
	slices->interval_ns = interval_ns;
	while (from < to && !err) {
		uint64_t second, border_ns;
		struct slice *slice;
		int64_t period;
		size_t end;

		axis_locate(axis, interval_ns, events->timestamp[from], &second, &period,
			    &border_ns);
		end = events_find(events, from + 1, to, border_ns);
		err = reserve(slices, end - from, n_lanes);
		if (err)
			break;
		slice = open_slice(slices, period);
		sum_events(slices, slice, events, from, end);
		close_second(slices, slice, events, from, end, second);
		from = end;
	}
	close_slice(slices);
	return err;
}
