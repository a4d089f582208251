/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sections of the event table to arrays. Internal. */
#ifndef NETSNOOP_FORMAT_EVENTS_DECODE_H
#define NETSNOOP_FORMAT_EVENTS_DECODE_H

#include "codes.h"
#include "order.h"
#include "section.h"

/* Where each column goes: room for the chunk's events, and what decoding them takes. */
struct nst_event_room {
	uint64_t *timestamp;
	uint32_t *lane, *bytes, *segments;
	uint16_t *has, *header_bytes;
	uint32_t *tid; /* these may be NULL: then they are only checked */
	uint8_t *flags, *tcp_flags;
	bool keeps_runs; /* leave the events as they are stored */
	struct nst_order_room by_time;
	uint32_t *order, *ends; /* by event, by flow */

	/* what became of them, as in struct nst_events; the runs' ends are in ends */
	size_t n_runs;
	uint64_t first_ns, last_ns;
};

/*
 * Fill all columns of chunk->n_events events. scratch holds NST_EVENTS_SCRATCH
 * values. -EBADMSG with *ret_problem filled.
 */
#define NST_EVENTS_SCRATCH (NST_ROWS_CAP / 2 + NST_CODES_ROOM(NST_ROWS_CAP) / 2 + 1)
int nst_event_columns_decode(const struct nst_sections *sections, const struct nst_chunk *chunk,
			     const struct nst_dictionaries *rows, uint64_t *scratch,
			     struct nst_event_room *room, struct nst_problem *ret_problem);

#endif
