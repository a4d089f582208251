/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events of a chunk in runs, as they are stored, or in the order of time: the same sums. */
#include "tests/unit/test.h"

#include "analyze/slices.h"

#include <stdlib.h>
#include <string.h>

#define S UINT64_C(1000000000)
#define MS (S / 1000)
#define EVENTS 3000
#define RUNS 40
#define LANES_A_RUN 2
#define LANES (RUNS * LANES_A_RUN)
#define SECONDS 4
#define PERIODS 9 /* of half a second, that they last here */

struct columns {
	uint64_t timestamp[EVENTS];
	uint32_t lane[EVENTS], bytes[EVENTS], segments[EVENTS];
	uint16_t has[EVENTS], header_bytes[EVENTS];
	uint32_t ends[RUNS];
	struct nst_events events;
};

struct expected { /* of a lane, in a second of a period */
	uint64_t events, packets, bytes, payload_bytes, wire_bytes, first_ns, last_ns;
};

static const struct rollup_axis axis = { .start_ns = 10 * S, .origin_ns = (int64_t)(9 * S) };

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static int compare_times(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Runs of all lengths, one of them empty, over three seconds and a bit. */
static void make_runs(struct columns *columns)
{
	size_t from = 0;

	for (uint32_t run = 0; run < RUNS; run++) {
		size_t end = run == RUNS - 1 ? EVENTS : from + (run == 3 ? 0 : next_random() % 140);

		end = end > EVENTS ? EVENTS : end;
		columns->ends[run] = (uint32_t)end;
		for (size_t i = from; i < end; i++) {
			columns->timestamp[i] = 10 * S + 900 * MS + next_random() % (2200 * MS);
			columns->lane[i] = run * LANES_A_RUN + (uint32_t)(next_random() % 2);
			columns->bytes[i] = (uint32_t)(next_random() % 3000);
			columns->segments[i] = (uint32_t)(next_random() % 3);
			columns->has[i] =
				(uint16_t)next_random() & (NST_HAS_SEGMENTS | NST_HAS_HEADER_BYTES);
			columns->header_bytes[i] = (uint16_t)(20 + next_random() % 60);
		}
		qsort(columns->timestamp + from, end - from, sizeof(uint64_t), compare_times);
		from = end;
	}
}

static void set_events(struct columns *columns)
{
	columns->events = (struct nst_events){ .n_events = EVENTS,
					       .timestamp = columns->timestamp,
					       .lane = columns->lane,
					       .bytes = columns->bytes,
					       .segments = columns->segments,
					       .has = columns->has,
					       .header_bytes = columns->header_bytes };
}

/* The same in the order of time; equal times in the order of runs. */
static void sort_by_time(const struct columns *from, struct columns *to)
{
	static uint32_t order[EVENTS];

	for (uint32_t i = 0; i < EVENTS; i++) {
		size_t at = i;

		for (; at && from->timestamp[order[at - 1]] > from->timestamp[i]; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	for (size_t i = 0; i < EVENTS; i++) {
		to->timestamp[i] = from->timestamp[order[i]];
		to->lane[i] = from->lane[order[i]];
		to->bytes[i] = from->bytes[order[i]];
		to->segments[i] = from->segments[order[i]];
		to->has[i] = from->has[order[i]];
		to->header_bytes[i] = from->header_bytes[order[i]];
	}
	set_events(to);
}

/* What each event counts, as FORMAT.md has it. */
static void add_event(struct expected *row, const struct nst_events *events, size_t i)
{
	bool has_segments = events->has[i] & NST_HAS_SEGMENTS && events->segments[i];
	uint64_t packets = has_segments ? events->segments[i] : 1, bytes = events->bytes[i];
	uint64_t headers = events->header_bytes[i], time_ns = events->timestamp[i];

	row->packets += packets;
	row->bytes += bytes;
	if (events->has[i] & NST_HAS_HEADER_BYTES) {
		row->payload_bytes += bytes > headers ? bytes - headers : 0;
		row->wire_bytes += bytes + (packets - 1) * headers;
	} else if (packets == 1) {
		row->wire_bytes += bytes;
	}
	if (!row->events++ || time_ns < row->first_ns)
		row->first_ns = time_ns;
	if (time_ns > row->last_ns)
		row->last_ns = time_ns;
}

static void check(const struct columns *columns, const struct slices *slices, uint64_t interval_ns)
{
	static struct expected expected[PERIODS][SECONDS][LANES];
	const struct nst_events *events = &columns->events;
	size_t n_rows = 0, n_expected = 0;

	memset(expected, 0, sizeof(expected));
	for (size_t i = 0; i < EVENTS; i++) {
		uint64_t second = (events->timestamp[i] - axis.start_ns) / S;
		uint64_t period = interval_ns ? (events->timestamp[i] - 9 * S) / interval_ns : 0;
		struct expected *row = &expected[period][second][events->lane[i]];

		n_expected += !row->events;
		add_event(row, events, i);
	}
	for (size_t s = 0; s < slices->n; s++) {
		const struct slice *slice = &slices->list[s];

		for (size_t i = 0; i < slice->n_rows; i++, n_rows++) {
			const struct slice_row *row = &slices->rows[slice->first_row + i];
			const struct expected *wanted =
				&expected[slice->period][slice->second][row->lane];

			CHECK_INT(row->events, wanted->events);
			CHECK_INT(row->packets, wanted->packets);
			CHECK_INT(row->bytes, wanted->bytes);
			CHECK_INT(row->payload_bytes, wanted->payload_bytes);
			CHECK_INT(row->wire_bytes, wanted->wire_bytes);
			CHECK_INT(events->timestamp[row->first], wanted->first_ns);
			CHECK_INT(events->timestamp[row->last], wanted->last_ns);
		}
	}
	CHECK_INT(n_rows, n_expected);
}

static void runs_and_time_give_the_same(void)
{
	static struct columns runs, by_time;
	static const uint64_t intervals[] = { 0, S / 2, 2 * S };
	const uint32_t all = EVENTS;
	struct slices slices = { 0 };

	make_runs(&runs);
	set_events(&runs);
	sort_by_time(&runs, &by_time);
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		CHECK_INT(slices_sum(&slices, &axis, intervals[i], &runs.events, 0, runs.ends, RUNS,
				     LANES),
			  0);
		check(&runs, &slices, intervals[i]);
		CHECK(slices.n <= slices_count(intervals[i], by_time.timestamp[0],
					       by_time.timestamp[EVENTS - 1]));
		CHECK_INT(slices_sum(&slices, &axis, intervals[i], &by_time.events, 0, &all, 1,
				     LANES),
			  0);
		check(&by_time, &slices, intervals[i]);
	}
	slices_free(&slices);
}

/* A database may claim any time: what ends behind the last one is a slice, too. */
static void times_without_a_border(void)
{
	static const uint64_t timestamp[] = { 1, UINT64_MAX - 1000, UINT64_MAX - 1000 };
	static const uint32_t lane[3], bytes[] = { 1, 2, 4 }, segments[3], end = 3;
	static const uint16_t has[3], header_bytes[3];
	const struct nst_events events = { .n_events = 3,
					   .timestamp = timestamp,
					   .lane = lane,
					   .bytes = bytes,
					   .segments = segments,
					   .has = has,
					   .header_bytes = header_bytes };
	const struct rollup_axis zero = { 0 };
	struct slices slices = { 0 };

	for (uint64_t interval_ns = 0; interval_ns <= 2 * S; interval_ns += S) {
		CHECK_INT(slices_sum(&slices, &zero, interval_ns, &events, 0, &end, 1, 1), 0);
		CHECK_INT(slices.n, 2);
		CHECK_INT(slices.rows[1].bytes, 6);
	}
	slices_free(&slices);
}

int main(void)
{
	RUN(runs_and_time_give_the_same);
	RUN(times_without_a_border);
	return test_result();
}
