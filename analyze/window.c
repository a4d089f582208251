/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/window.h"

#include "analyze/say.h"

static int64_t resolve(const struct moment *moment, int64_t start_ns, int64_t end_ns)
{
	switch (moment->kind) {
	case MOMENT_SINCE_START:
		return time_add(start_ns, moment->ns);
	case MOMENT_BEFORE_END:
		return time_add(end_ns, -moment->ns);
	default:
		return moment->ns;
	}
}

struct bounds window_bounds(const struct window *window, int64_t start_realtime_ns,
			    int64_t end_realtime_ns)
{
	return (struct bounds){
		.has_from = window->from.kind != MOMENT_NONE,
		.has_to = window->to.kind != MOMENT_NONE,
		.from_realtime_ns = resolve(&window->from, start_realtime_ns, end_realtime_ns),
		.to_realtime_ns = resolve(&window->to, start_realtime_ns, end_realtime_ns),
	};
}

void window_clock_bounds(const struct bounds *bounds, const struct timeline *timeline,
			 struct clock_bounds *clock_bounds)
{
	clock_bounds->from_ns = 0;
	clock_bounds->to_ns = UINT64_MAX;
	if (bounds->has_from)
		clock_bounds->from_ns = timeline_clock(timeline, bounds->from_realtime_ns,
						       &clock_bounds->from_hint);
	if (bounds->has_to)
		clock_bounds->to_ns =
			timeline_clock(timeline, bounds->to_realtime_ns, &clock_bounds->to_hint);
}

int window_parse(const char *option, const char *text, bool utc, struct moment *ret_moment)
{
	int err = time_parse(text, utc, ret_moment);

	if (err)
		say("--%s %s: not a time: 2026-01-02T03:04:05Z, +SECONDS from the start or "
		    "-SECONDS from the end",
		    option, text);
	return err;
}
