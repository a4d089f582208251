/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flight recorder: a trace that is kept in memory, of which only the end is
 * left. Chunks come as a writer makes them, compressed, into memory of a fixed
 * size. When it is full, or when they are older than was asked for, the oldest
 * chunks of events and totals go; what tells of processes, owners and devices
 * outlives them, because it tells of what was there before and still is, within a
 * quarter of the memory.
 */
#ifndef NETSNOOP_RECORD_FLIGHT_H
#define NETSNOOP_RECORD_FLIGHT_H

#include "format/trace.h"

struct flight;

/*
 * Everything in it takes at most max_bytes; window_ns is what is wanted of the past, 0: as
 * much as there is room for. 0, -EINVAL (max_bytes is too little) or -ENOMEM.
 */
int flight_open(size_t max_bytes, uint64_t window_ns, uint64_t start_ns,
		struct flight **ret_flight);

/* For nst_writer_open_sink(). It gives -EAGAIN while what would have to go is held. */
const struct nst_sink *flight_sink(const struct flight *flight);

/*
 * Can it take another chunk of events? There is always room while nothing is held; else
 * the oldest of what was passed goes for it.
 */
bool flight_has_room(struct flight *flight);

/* It is at_ns: let go what is too old. */
void flight_tick(struct flight *flight, uint64_t at_ns);

/*
 * A mark is where a trace of what is kept can begin and end: everything that happened
 * before time_ns has come, and nothing of what happened later. lost is what the headers
 * would say by then, detail what is recorded from there on.
 */
void flight_mark(struct flight *flight, uint64_t time_ns, const uint64_t lost[NST_LOSS_SLOTS],
		 enum nst_detail detail);

/* Is it time for another one? flight_want_mark(): it is, until there is one of at_ns or later. */
bool flight_wants_mark(const struct flight *flight, uint64_t at_ns);
void flight_want_mark(struct flight *flight, uint64_t at_ns);
bool flight_is_marked(const struct flight *flight); /* since it was wanted */

struct flight_stats {
	uint64_t events;
	uint64_t bytes;	      /* of the memory, in use */
	uint64_t since_ns;    /* from here on it lacks nothing */
	uint64_t lost;	      /* events of chunks too large for the memory */
	bool was_cut_by_room; /* younger chunks than those of the window had to go */
};
void flight_stats(const struct flight *flight, struct flight_stats *ret_stats);

/* From one mark to the last one. */
struct flight_window {
	uint64_t since_ns, since_realtime_ns;
	uint64_t end_ns, end_realtime_ns;
	uint64_t lost[NST_LOSS_SLOTS];	   /* before it, in the headers of its chunks */
	uint64_t end_lost[NST_LOSS_SLOTS]; /* the same at its end */
	bool has_detail;		   /* if not, a chunk says what is recorded at first */
	enum nst_detail detail;
};

/*
 * Hold what was asked for, as far as it is kept, until the last mark, so that it stays
 * until it has been passed or released. What comes meanwhile is kept as well.
 */
void flight_hold(struct flight *flight, struct flight_window *ret_window);

/*
 * The oldest chunk that is held and was not passed, in the order in which they came; it
 * is valid until the next call. 1, 0 (none is left), or -ENOMEM.
 */
int flight_next(struct flight *flight, const struct nst_chunk **ret_chunk,
		struct nst_bytes *ret_dictionaries, struct nst_bytes *ret_columns);

/* Go to the next one. */
void flight_pass(struct flight *flight);

void flight_release(struct flight *flight);

/* NULL is fine. */
void flight_close(struct flight *flight);

#endif
