/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Clocks, times on the command line, periods that widen, and peaks. */
#include "tests/unit/test.h"

#include "analyze/collect.h"

#include <stdlib.h>
#include <time.h>

#define S UINT64_C(1000000000)

static int64_t parse(const char *text)
{
	struct moment moment = { MOMENT_NONE, 0 };

	return time_parse(text, true, &moment) ? -1 : moment.ns;
}

static void times_are_parsed(void)
{
	struct moment moment;
	char text[TIME_TEXT_MAX];

	CHECK_INT(parse("2026-01-02T03:04:05Z"), 1767323045 * S);
	CHECK_INT(parse("2026-01-02T03:04:05.000000001z"), 1767323045 * S + 1);
	CHECK_INT(parse("2026-01-02 04:04:05+01:00"), 1767323045 * S);
	CHECK_INT(parse("2026-01-01T22:04:05.5-05:00"), 1767323045 * S + S / 2);
	CHECK_INT(parse("2026-01-02T03:04:05"), 1767323045 * S); /* UTC with --utc */
	CHECK_INT(time_parse("+1.5", true, &moment), 0);
	CHECK(moment.kind == MOMENT_SINCE_START && moment.ns == 1500000000);
	CHECK_INT(time_parse("-2m", true, &moment), 0);
	CHECK(moment.kind == MOMENT_BEFORE_END && moment.ns == 120 * (int64_t)S);
	CHECK_INT(parse("2026-02-30T00:00:00Z"), -1);
	CHECK_INT(parse("2026-01-02T03:04"), -1);
	CHECK_INT(parse("2026-01-02T03:04:05+1"), -1);
	CHECK_INT(parse("2026-01-02T03:04:05Zx"), -1);
	CHECK_INT(parse("+"), -1);
	CHECK_INT(parse("--5"), -1);
	CHECK_INT(parse(""), -1);
	CHECK_INT(parse("9999-01-01T00:00:00Z"), -1); /* over 64 bits of ns */
	CHECK_STR(time_format_rfc3339(1767323045 * (int64_t)S + 7, text),
		  "2026-01-02T03:04:05.000000007Z");
	CHECK_STR(time_format_rfc3339(-1, text), "1969-12-31T23:59:59.999999999Z");
}

static void local_time_is_the_zone_of_the_machine(void)
{
	struct moment moment;
	char text[TIME_TEXT_MAX];

	setenv("TZ", "XYZ-2", 1); /* two hours east */
	tzset();
	CHECK_INT(time_parse("2026-01-02T05:04:05", false, &moment), 0);
	CHECK_INT(moment.ns, 1767323045 * S);
	CHECK_STR(time_format(1767323045 * (int64_t)S, false, 3, text), "2026-01-02 05:04:05.000");
	CHECK_STR(time_format(1767323045 * (int64_t)S, true, 0, text), "2026-01-02 03:04:05");
	unsetenv("TZ");
	tzset();
}

static void clocks_follow_their_samples(void)
{
	struct timeline timeline = { 0 };
	size_t hint = 0;

	CHECK_INT(timeline_add(&timeline, 100, 1000), 0);
	CHECK_INT(timeline_add(&timeline, 200, 1105), 0); /* 5 ahead from here on */
	CHECK_INT(timeline_add(&timeline, 200, 9999), 0); /* not later: passed over */
	CHECK_INT(timeline_add(&timeline, 300, 1190), 0); /* stepped back by 15 */
	CHECK_INT(timeline_realtime(&timeline, 50), 950);
	CHECK_INT(timeline_realtime(&timeline, 199), 1099);
	CHECK_INT(timeline_realtime(&timeline, 200), 1105);
	CHECK_INT(timeline_realtime(&timeline, 400), 1290);
	CHECK_INT(timeline_clock(&timeline, 1050, &hint), 150);
	CHECK_INT(timeline_clock(&timeline, 1050, &hint), 150);
	hint = 0;
	CHECK_INT(timeline_clock(&timeline, 1102, &hint), 200); /* in the step forward */
	hint = 0;
	CHECK_INT(timeline_clock(&timeline, 1290, &hint), 400);
	hint = 0;
	CHECK_INT(timeline_clock(&timeline, 0, &hint), 0);
	timeline_free(&timeline);
}

static void spans_that_overlap_count_once(void)
{
	struct range ranges[] = { { 50, 60 }, { 0, 10 }, { 5, 20 }, { 20, 30 } };
	size_t n = ranges_unite(ranges, 4);

	CHECK_INT(n, 2);
	CHECK_INT(ranges_cover(ranges, n, INT64_MIN, INT64_MAX), 40);
	CHECK_INT(ranges_cover(ranges, n, 25, 55), 10);
	CHECK_INT(ranges_cover(ranges, n, 30, 50), 0);
}

static void peaks_keep_two_seconds(void)
{
	struct peak peak = { 0 }, next = { 0 };

	peak_add(&peak, 0, 5, true, 10);
	peak_add(&peak, 0, 6, true, 30);
	peak_add(&peak, 0, 5, true, 25); /* late, from a chunk that overlaps */
	CHECK_INT(peak.highest[true], 35);
	peak_add(&peak, 0, 6, false, 7);
	peak_add(&peak, 0, 9, true, 1);
	peak_add(&peak, 1, 0, true, 36); /* another trace's second 0 */
	CHECK_INT(peak.highest[true], 36);
	CHECK_INT(peak.highest[false], 7);
	/* halves of one second, in periods shorter than it */
	peak = (struct peak){ 0 };
	peak_add(&peak, 0, 5, true, 10);
	peak_add(&next, 0, 5, true, 11);
	peak_add(&next, 0, 6, true, 20);
	peak_merge(&peak, &next);
	CHECK_INT(peak.highest[true], 21);
}

/* One lane, an event of 1 byte each second: 100 seconds into at most 10 rows. */
static void intervals_widen_at_the_cap(void)
{
	uint64_t timestamp[100];
	uint32_t lane[100] = { 0 }, bytes[100], segments[100] = { 0 }, number = 0;
	uint16_t has[100] = { 0 }, header_bytes[100] = { 0 };
	struct nst_events events = { .n_events = 100,
				     .timestamp = timestamp,
				     .lane = lane,
				     .bytes = bytes,
				     .segments = segments,
				     .has = has,
				     .header_bytes = header_bytes };
	struct lane_key key;
	struct dimensions dims;
	struct rollup rollup;
	struct rollup_axis axis = { .trace = 0, .start_ns = 0, .origin_ns = 0 };
	uint64_t sum = 0;
	bool is_new;

	for (uint64_t i = 0; i < 100; i++) {
		timestamp[i] = i * S;
		bytes[i] = 1;
	}
	memset(&key, 0, sizeof(key));
	CHECK_INT(dims_init(&dims), 0);
	CHECK_INT(intern_get(&dims.lanes, &key, sizeof(key), &number, &is_new), 0);
	rollup_init(&rollup, (struct rollup_settings){ S, 10, GROUPINGS_USUAL });
	CHECK_INT(rollup_add(&rollup, &dims, &axis, &events, 0, 100, &number, 1), 0);
	CHECK_INT(rollup.interval_ns, 16 * S);
	CHECK_INT(rollup.usage_keys.n, 7);
	for (uint32_t i = 0; i < rollup.usage_keys.n; i++) {
		sum += rollup.usage[i].bytes;
		CHECK_INT(rollup.usage[i].first_ns,
			  16 * S * (uint64_t)rollup_usage_key(&rollup, i)->period);
	}
	CHECK_INT(sum, 100);
	CHECK_INT(rollup.peaks[0].highest[0], 1);
	rollup_free(&rollup);
	dims_free(&dims);
}

int main(void)
{
	RUN(times_are_parsed);
	RUN(local_time_is_the_zone_of_the_machine);
	RUN(clocks_follow_their_samples);
	RUN(spans_that_overlap_count_once);
	RUN(peaks_keep_two_seconds);
	RUN(intervals_widen_at_the_cap);
	return test_result();
}
