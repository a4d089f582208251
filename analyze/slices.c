/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/slices.h"

#include "analyze/intern.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)
#define AN_EVENT (UINT64_C(1) << 32)

struct lane_sum { /* a lane in the slice that is being summed */
	uint64_t bytes;
	uint64_t counted; /* AN_EVENT and header_bytes of each */
	uint64_t last;	  /* number of its last event */
};

void slices_free(struct slices *slices)
{
	free(slices->list);
	free(slices->rows);
	free(slices->next);
	free(slices->sums);
	free(slices->row_of);
	free(slices->is_odd);
	free(slices->firsts);
	free(slices->odd);
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

/* Which events are not of one segment, or of unknown or impossible headers. */
static void mark_odd(const struct nst_events *events, uint8_t *restrict is_odd)
{
	const uint16_t known = NST_HAS_SEGMENTS | NST_HAS_HEADER_BYTES;
	const uint16_t *has = events->has, *header_bytes = events->header_bytes;
	const uint32_t *bytes = events->bytes, *segments = events->segments;

	for (size_t i = 0; i < events->n_events; i++)
		is_odd[i] = ((has[i] & known) != known) | (segments[i] != 1) |
			    (bytes[i] < header_bytes[i]);
}

/* What an odd one counts in place of what it was counted as. */
static void add_odd(struct slice_row *row, const struct nst_events *events, size_t i)
{
	bool has_segments = events->has[i] & NST_HAS_SEGMENTS && events->segments[i];
	bool has_headers = events->has[i] & NST_HAS_HEADER_BYTES;
	uint64_t segments = has_segments ? events->segments[i] : 1;
	uint64_t bytes = events->bytes[i], header_bytes = events->header_bytes[i];

	row->payload_bytes -= bytes - header_bytes;
	row->wire_bytes -= bytes;
	if (!has_headers)
		row->unknown_events++;
	else if (bytes > header_bytes)
		row->payload_bytes += bytes - header_bytes;
	header_bytes = has_headers ? header_bytes : 0;
	row->packets += segments - 1;
	if (has_headers || segments == 1)
		row->wire_bytes += bytes + (segments - 1) * header_bytes;
	else
		row->unknown_packets += segments;
}

/*
 * Each event as if it were of one segment, as nearly all are. No branch hangs on it, which
 * lane it is of, whether it is the lane's first, and whether it is odd.
 */
static void sum_events(struct slices *slices, const struct nst_events *events, size_t from,
		       size_t to)
{
	const uint32_t *lanes = events->lane, *bytes = events->bytes;
	const uint16_t *header_bytes = events->header_bytes;
	const uint8_t *is_odd = slices->is_odd;
	uint32_t *odd = slices->odd, *firsts = slices->firsts;
	uint32_t n_odd = slices->n_odd, n_firsts = slices->n_firsts;
	struct lane_sum *sums = slices->sums;

	for (size_t i = from; i < to; i++) {
		struct lane_sum *sum = &sums[lanes[i]];

		odd[n_odd] = firsts[n_firsts] = (uint32_t)i;
		n_odd += is_odd[i];
		n_firsts += !sum->counted;
		sum->bytes += bytes[i];
		sum->counted += AN_EVENT + header_bytes[i];
		sum->last = i;
	}
	slices->n_odd = n_odd;
	slices->n_firsts = n_firsts;
}

/* Rows of all lanes that have events in the slice, in the order in which they came. */
static void make_rows(struct slices *slices, struct slice *slice, const struct nst_events *events)
{
	struct slice_row *rows = &slices->rows[slice->first_row];

	for (uint32_t i = 0; i < slices->n_firsts; i++) {
		uint32_t first = slices->firsts[i], lane = events->lane[first];
		struct lane_sum *sum = &slices->sums[lane];

		rows[i] = (struct slice_row){ .events = (uint32_t)(sum->counted / AN_EVENT),
					      .packets = sum->counted / AN_EVENT,
					      .bytes = sum->bytes,
					      .payload_bytes = sum->bytes - sum->counted % AN_EVENT,
					      .wire_bytes = sum->bytes,
					      .lane = lane,
					      .first = first,
					      .last = (uint32_t)sum->last };
		slices->row_of[lane] = i;
		*sum = (struct lane_sum){ 0 };
	}
	for (uint32_t i = 0; i < slices->n_odd; i++)
		add_odd(&rows[slices->row_of[events->lane[slices->odd[i]]]], events,
			slices->odd[i]);
	slice->n_rows = slices->n_firsts;
	slices->n_rows += slice->n_rows;
}

/* Sum what is before border_ns. */
static void sum_runs(struct slices *slices, struct slice *slice, const struct nst_events *events,
		     uint64_t border_ns)
{
	slices->n_firsts = slices->n_odd = 0;
	for (size_t i = 0; i < slices->n_runs; i++) {
		size_t from = slices->next[i], end = slices->ends[i];

		if (from == end)
			continue;
		if (events->timestamp[end - 1] >= border_ns)
			end = events_find(events, from, end, border_ns);
		sum_events(slices, events, from, end);
		slices->next[i] = (uint32_t)end;
	}
	make_rows(slices, slice, events);
}

/* Room for what does not depend on how many slices there will be. */
static int begin(struct slices *slices, const struct nst_events *events, size_t n_lanes)
{
	size_t n = events->n_events;
	int err = array_reserve(&slices->sums, &slices->n_sums_allocated, n_lanes,
				sizeof(*slices->sums));

	if (!err)
		err = array_reserve(&slices->row_of, &slices->n_row_of_allocated, n_lanes,
				    sizeof(*slices->row_of));
	if (!err)
		err = array_reserve(&slices->is_odd, &slices->n_is_odd_allocated, n,
				    sizeof(*slices->is_odd));
	/* one more each, for the place that is written before it is known whether it counts */
	if (!err)
		err = array_reserve(&slices->firsts, &slices->n_firsts_allocated, n_lanes + 1,
				    sizeof(*slices->firsts));
	if (!err)
		err = array_reserve(&slices->odd, &slices->n_odd_allocated, n + 1,
				    sizeof(*slices->odd));
	if (err)
		return err;
	slices->n = slices->n_rows = 0;
	mark_odd(events, slices->is_odd);
	return 0;
}

int slices_sum(struct slices *slices, const struct rollup_axis *axis, uint64_t interval_ns,
	       const struct nst_events *events, size_t from, const uint32_t *ends, size_t n_runs,
	       size_t n_lanes)
{
	uint64_t time_ns, border_ns;
	size_t n_left;
	int err = begin(slices, events, n_lanes);

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
