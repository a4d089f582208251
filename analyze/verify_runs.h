/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which chunks of an input's traces are whole, in little memory, and so which are not. */
#ifndef NETSNOOP_ANALYZE_VERIFY_RUNS_H
#define NETSNOOP_ANALYZE_VERIFY_RUNS_H

#include "format/trace.h"

struct run { /* chunks of a trace that follow each other, in sequence and, with none of another
	      * trace and no damage between them, in the file: so all runs are read by reading
	      * the file once, and each in the same way from its first chunk on */
	size_t trace;
	uint64_t offset; /* of the first */
	uint64_t first_sequence, last_sequence;
	uint64_t first_ordinal, end_ordinal;
	uint64_t begins_ns; /* of its first events or its END; TIME_UNKNOWN: it has neither */
	uint64_t life_ns;   /* the latest moment that it tells of */
	uint64_t first_lost[NST_LOSS_SLOTS], last_lost[NST_LOSS_SLOTS];
	bool lost_falls;
};
#define TIME_UNKNOWN UINT64_MAX

struct runs { /* zeros are none */
	struct run *list;
	size_t n, n_allocated;
};

/*
 * Add a chunk that was found whole; is_next: nothing was wrong between the one before and
 * this one. 0, -ENOMEM, or -EOVERFLOW: too many pieces.
 */
int runs_add(struct runs *runs, const struct nst_chunk *chunk, bool is_next);

/* Sort by trace and sequence; nothing is added behind this. */
void runs_sort(struct runs *runs);

/* The runs of a trace, after runs_sort(). Returns how many. */
size_t runs_of(const struct runs *runs, size_t trace, const struct run **ret_first);

void runs_free(struct runs *runs);

struct gap { /* chunks that are not there or not whole */
	uint64_t first_sequence, last_sequence;
	uint64_t events;
	uint64_t from_ns, to_ns; /* between its neighbours; to_ns TIME_UNKNOWN: it has one only */
	bool has_metadata;	 /* some of it may not be events */
};

/*
 * The gaps of a trace, in order, for the caller to free; the last one stands behind all
 * that is whole if its to_ns is not known. 0 or -ENOMEM.
 */
int runs_gaps(const struct runs *runs, size_t trace, const struct nst_trace *summary,
	      struct gap **ret_gaps, size_t *ret_n_gaps);

/* The time that gaps with events take; of the last one it may not be known. */
uint64_t gap_ns(const struct gap *gap);
uint64_t gaps_ns(const struct gap *gaps, size_t n);

/* The latest moment that a trace tells of. */
uint64_t runs_life(const struct runs *runs, size_t trace, const struct nst_trace *summary);

/* Is the cumulative loss in the headers never less than in a chunk before? */
bool runs_lost_rises(const struct runs *runs, size_t trace);

#endif
