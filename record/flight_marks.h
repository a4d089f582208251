/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where traces of what a flight recorder keeps can begin and end. There is a bounded number
 * of them: over a long time they are further apart.
 */
#ifndef NETSNOOP_RECORD_FLIGHT_MARKS_H
#define NETSNOOP_RECORD_FLIGHT_MARKS_H

#include "format/trace.h"

#include <stdbool.h>

#define FLIGHT_MARKS_MAX 128

struct flight_mark {
	uint64_t sequence; /* of the first chunk behind it */
	uint64_t time_ns, realtime_ns;
	uint64_t lost[NST_LOSS_SLOTS];
	bool has_detail;
	uint8_t detail; /* enum nst_detail */
};

struct flight_marks {
	struct flight_mark all[FLIGHT_MARKS_MAX]; /* the oldest first */
	size_t n;
	uint64_t apart_ns; /* how far the next one should be from the last */
};

/* Without any. window_ns is how far back one is wanted; 0: not known. */
void flight_marks_open(struct flight_marks *marks, uint64_t window_ns);

void flight_marks_add(struct flight_marks *marks, const struct flight_mark *mark);

/* The chunks before this one are gone, and so are the marks there. */
void flight_marks_forget(struct flight_marks *marks, uint64_t sequence);

/* The last one that is not later, or the first one of all; NULL: there is none. */
const struct flight_mark *flight_marks_find(const struct flight_marks *marks, uint64_t time_ns);

/* NULL: there is none. */
const struct flight_mark *flight_marks_last(const struct flight_marks *marks);

#endif
