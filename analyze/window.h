/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of time that a report or a dump is about: [from, to). */
#ifndef NETSNOOP_ANALYZE_WINDOW_H
#define NETSNOOP_ANALYZE_WINDOW_H

#include "analyze/timeline.h"

#include <stdbool.h>
#include <stdint.h>

struct window { /* as given: zeros are no window */
	struct moment from, to;
};

/* One bound against the time of day, or against a trace's start while unknown. */
struct bounds {
	bool has_from, has_to;
	int64_t from_realtime_ns, to_realtime_ns;
};

/* A window's bounds on the clock of one trace. */
struct clock_bounds {
	uint64_t from_ns, to_ns; /* 0 and UINT64_MAX: no bound */
	size_t from_hint, to_hint;
};

static inline bool window_is_given(const struct window *window)
{
	return window->from.kind || window->to.kind;
}

/* The end of the recording has to be known to resolve it. */
static inline bool window_needs_end(const struct window *window)
{
	return window->from.kind == MOMENT_BEFORE_END || window->to.kind == MOMENT_BEFORE_END;
}

static inline bool window_is_relative(const struct window *window)
{
	return window_needs_end(window) || window->from.kind == MOMENT_SINCE_START ||
	       window->to.kind == MOMENT_SINCE_START;
}

/* Bounds in the time of day, of recordings from start to end (end: only if needed). */
struct bounds window_bounds(const struct window *window, int64_t start_realtime_ns,
			    int64_t end_realtime_ns);

/* Bounds on a trace's clock, as far as its samples are known by now. */
void window_clock_bounds(const struct bounds *bounds, const struct timeline *timeline,
			 struct clock_bounds *clock_bounds);

/* Take --from or --to; says what is wrong. 0 or -EINVAL. */
int window_parse(const char *option, const char *text, bool utc, struct moment *ret_moment);

#endif
