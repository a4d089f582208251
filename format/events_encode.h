/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The columns of the open chunk's events. Internal. */
#ifndef NETSNOOP_FORMAT_EVENTS_ENCODE_H
#define NETSNOOP_FORMAT_EVENTS_ENCODE_H

#include "arrange.h"
#include "codes.h"
#include "section.h"

struct nst_event_columns {
	uint32_t n_events;
	uint64_t timestamp[NST_CHUNK_EVENTS_MAX];
	uint32_t lane[NST_CHUNK_EVENTS_MAX];
	uint32_t bytes[NST_CHUNK_EVENTS_MAX];
	uint32_t segments[NST_CHUNK_EVENTS_MAX];
	uint32_t tid[NST_CHUNK_EVENTS_MAX];
	uint16_t has[NST_CHUNK_EVENTS_MAX];
	uint16_t header_bytes[NST_CHUNK_EVENTS_MAX];
	uint8_t flags[NST_CHUNK_EVENTS_MAX];
	uint8_t tcp_flags[NST_CHUNK_EVENTS_MAX];
	/* Room to sort and to encode, no part of the events. */
	uint32_t stored_lane[NST_CHUNK_EVENTS_MAX], index[NST_CHUNK_EVENTS_MAX];
	uint32_t any[NST_CHUNK_EVENTS_MAX]; /* by lane: one of its events */
	uint32_t order[NST_CHUNK_EVENTS_MAX], order_spare[NST_CHUNK_EVENTS_MAX];
	uint64_t scratch[NST_CHUNK_EVENTS_MAX];
	struct nst_coder coder;
};

/* Put the events into order of time; those of one time stay in order of arrival. */
void nst_events_sort(struct nst_event_columns *events);

/*
 * Append the sections of sorted events to out; their lanes become what nst_arrange() has
 * placed them at, and the events themselves stay as they are. -E2BIG: no room.
 */
int nst_events_encode(struct nst_event_columns *events, const struct nst_dictionaries *rows,
		      const struct nst_placed_lane *placed, struct nst_buffer *out);

#endif
