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
	free(slices->row_of);
	free(slices->next);
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

uint64_t slices_count(uint64_t interval_ns, uint64_t first_ns, uint64_t last_ns)
{
	uint64_t span_ns = last_ns - first_ns, n = span_ns / SECOND_NS + 2;

	return interval_ns ? n + span_ns / interval_ns + 1 : n;
}

/* Where what is left of each run begins. */
static int begin_runs(struct slices *slices, size_t from, const uint32_t *ends, size_t n_runs)
{
	int err = array_reserve(&slices->next, &slices->n_next_allocated, n_runs,
				sizeof(*slices->next));

	if (err)
		return err;
	slices->ends = ends;
	slices->n_runs = n_runs;
	for (size_t i = 0; i < n_runs; i++)
		slices->next[i] = i ? ends[i - 1] : (uint32_t)from;
	return 0;
}

/* When the earliest event is that was not summed, UINT64_MAX: there is none. How many there are. */
static uint64_t find_earliest(const struct slices *slices, const struct nst_events *events,
			      size_t *ret_n_left)
{
	uint64_t earliest_ns = UINT64_MAX;

	*ret_n_left = 0;
	for (size_t i = 0; i < slices->n_runs; i++) {
		uint32_t next = slices->next[i];

		*ret_n_left += slices->ends[i] - next;
		if (next < slices->ends[i] && events->timestamp[next] < earliest_ns)
			earliest_ns = events->timestamp[next];
	}
	return earliest_ns;
}

/* Another slice, with room for the rows of as many events and lanes. */
static int add_slice(struct slices *slices, size_t n_events, size_t n_lanes,
		     struct slice **ret_slice)
{
	size_t most = n_events < n_lanes ? n_events : n_lanes;
	int err = array_reserve(&slices->list, &slices->n_allocated, slices->n + 1,
				sizeof(*slices->list));

	if (!err)
		err = array_reserve(&slices->rows, &slices->n_rows_allocated, slices->n_rows + most,
				    sizeof(*slices->rows));
	if (err)
		return err;
	*ret_slice = &slices->list[slices->n++];
	**ret_slice = (struct slice){ .first_row = slices->n_rows };
	return 0;
}

static uint32_t add_row(struct slices *slices, struct slice *slice, uint32_t lane, size_t event)
{
	struct slice_row *row = &slices->rows[slices->n_rows++];

	*row = (struct slice_row){ .lane = lane, .first = (uint32_t)event };
	return slices->row_of[lane] = (uint32_t)++slice->n_rows;
}

/* One whose headers are not known, or are said to be more than there is. */
static __attribute__((noinline)) void add_odd(struct slice_row *row,
					      const struct nst_events *events, size_t i)
{
	bool has_segments = events->has[i] & NST_HAS_SEGMENTS && events->segments[i];
	bool has_headers = events->has[i] & NST_HAS_HEADER_BYTES;
	uint64_t segments = has_segments ? events->segments[i] : 1;
	uint64_t bytes = events->bytes[i], header_bytes = has_headers ? events->header_bytes[i] : 0;

	row->packets += segments;
	if (!has_headers)
		row->unknown_events++;
	else if (bytes > header_bytes)
		row->payload_bytes += bytes - header_bytes;
	if (has_headers || segments == 1)
		row->wire_bytes += bytes + (segments - 1) * header_bytes;
	else
		row->unknown_packets += segments;
}

static void sum_events(struct slices *slices, struct slice *slice, const struct nst_events *events,
		       size_t from, size_t to)
{
	const uint16_t known = NST_HAS_SEGMENTS | NST_HAS_HEADER_BYTES;
	const uint32_t *lanes = events->lane, *row_of = slices->row_of;
	struct slice_row *rows = &slices->rows[slice->first_row];

	for (size_t i = from; i < to; i++) {
		uint64_t bytes = events->bytes[i], header_bytes = events->header_bytes[i];
		uint64_t segments = events->segments[i];
		uint32_t number = row_of[lanes[i]];
		struct slice_row *row;

		if (!number)
			number = add_row(slices, slice, lanes[i], i);
		row = &rows[number - 1];
		row->events++;
		row->last = (uint32_t)i;
		row->bytes += bytes;
		if ((events->has[i] & known) != known || !segments || bytes < header_bytes) {
			add_odd(row, events, i);
			continue;
		}
		row->packets += segments;
		row->payload_bytes += bytes - header_bytes;
		row->wire_bytes += bytes + (segments - 1) * header_bytes;
	}
}

/* Sum what is before border_ns. */
static void sum_runs(struct slices *slices, struct slice *slice, const struct nst_events *events,
		     uint64_t border_ns)
{
	for (size_t i = 0; i < slices->n_runs; i++) {
		size_t from = slices->next[i], end = slices->ends[i];

		if (from == end)
			continue;
		if (events->timestamp[end - 1] >= border_ns)
			end = events_find(events, from, end, border_ns);
		sum_events(slices, slice, events, from, end);
		slices->next[i] = (uint32_t)end;
	}
	for (size_t i = 0; i < slice->n_rows; i++)
		slices->row_of[slices->rows[slice->first_row + i].lane] = 0;
}

int slices_sum(struct slices *slices, const struct rollup_axis *axis, uint64_t interval_ns,
	       const struct nst_events *events, size_t from, const uint32_t *ends, size_t n_runs,
	       size_t n_lanes)
{
	uint64_t time_ns, border_ns;
	size_t n_left;
	int err = array_reserve(&slices->row_of, &slices->n_row_of_allocated, n_lanes,
				sizeof(*slices->row_of));

	slices->n = slices->n_rows = 0;
	slices->interval_ns = interval_ns;
	if (!err)
		err = begin_runs(slices, from, ends, n_runs);
	while (!err && (time_ns = find_earliest(slices, events, &n_left)) != UINT64_MAX) {
		struct slice *slice;

		err = add_slice(slices, n_left, n_lanes, &slice);
		if (err)
			break;
		axis_locate(axis, interval_ns, time_ns, &slice->second, &slice->period, &border_ns);
		if (border_ns <= time_ns) /* beyond 64 bits, as no trace's times are */
			border_ns = UINT64_MAX;
		sum_runs(slices, slice, events, border_ns);
	}
	return err;
}
