/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --detail auto: when to do without events, and when to have them again. Without them while
 * they are more than can be read or written; with them once that has not been so for a while.
 */
#ifndef NETSNOOP_RECORD_DETAIL_H
#define NETSNOOP_RECORD_DETAIL_H

#include <stdbool.h>
#include <stdint.h>

struct detail {
	bool is_flows;
	uint64_t window_ns;	/* when the second began that is being measured */
	uint64_t window_events; /* counted by then */
	uint64_t lost_events;	/* the same, at the last look */
	uint64_t rate, limit; /* events a second: of the last window; up to which they are wanted */
	uint64_t since_ns;    /* when the limit was last set, without events */
	unsigned int calm;    /* windows within the limit, in a row */
};

struct pressure {
	uint64_t at_ns;
	uint64_t events, lost_events; /* counted by the kernel so far */
	unsigned int ring_percent;    /* of the fullest ring, before it was emptied */
};

void detail_begin(struct detail *detail, bool is_flows, uint64_t start_ns);

/* Look at how it stands, many times a second. True: is_flows has changed. */
bool detail_look(struct detail *detail, const struct pressure *pressure);

#endif
