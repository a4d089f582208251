/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the clock of a trace to the time of day and back. */
#ifndef NETSNOOP_ANALYZE_TIMELINE_H
#define NETSNOOP_ANALYZE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_S INT64_C(1000000000)
#define TIME_TEXT_MAX 48

/* A trace may claim any times; what would be beyond all of them is the first, or the last. */
static inline int64_t time_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return a < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

struct clock_sample {
	uint64_t clock_ns;
	uint64_t realtime_ns;
};

struct timeline { /* zeros are an empty one */
	struct clock_sample *samples;
	size_t n, n_allocated;
};

/*
 * Add a pair of readings. One that is not later than the last, or says
 * nothing (a zero), is passed over. 0 or -ENOMEM.
 */
int timeline_add(struct timeline *timeline, uint64_t clock_ns, uint64_t realtime_ns);

/*
 * Time of day at clock_ns, ns since 1970 UTC, by the nearest sample at or
 * before it, else by the first. Without samples: clock_ns itself.
 */
int64_t timeline_realtime(const struct timeline *timeline, uint64_t clock_ns);

/*
 * The first moment of the clock at which the time of day was realtime_ns or
 * later, as far as the samples go. Clamped to 0 and UINT64_MAX. *hint is 0 at
 * first, and then saves the search when samples were added since the last call
 * for the same realtime_ns.
 */
uint64_t timeline_clock(const struct timeline *timeline, int64_t realtime_ns, size_t *hint);

void timeline_free(struct timeline *timeline);

/* "2026-01-02T03:04:05.000000006Z" */
char *time_format_rfc3339(int64_t realtime_ns, char text[TIME_TEXT_MAX]);

/*
 * "2026-01-02 03:04:05.000" for tables, in local time or UTC, with so many
 * digits of the second's fraction (0 to 9).
 */
char *time_format(int64_t realtime_ns, bool utc, int digits, char text[TIME_TEXT_MAX]);

/* What --from and --to take. */
enum moment_kind {
	MOMENT_NONE,	    /* not given */
	MOMENT_REALTIME,    /* ns since 1970 UTC */
	MOMENT_SINCE_START, /* ns after the recording's start */
	MOMENT_BEFORE_END,  /* ns before its end */
};
struct moment {
	enum moment_kind kind;
	int64_t ns;
};

/*
 * RFC 3339 (without an offset: local time, or UTC with utc), "+2.5" seconds
 * after the start, "-10" seconds before the end; units as in "+2m".
 * 0 or -EINVAL.
 */
int time_parse(const char *text, bool utc, struct moment *ret_moment);

#endif
