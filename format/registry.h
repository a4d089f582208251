/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The traces of an input, and which chunks of each have been seen. Internal.
 *
 * Invariants, for each trace:
 * 1. chunks + missing_chunks + damaged_chunks is the highest sequence + 1.
 * 2. events + missing_events is the ordinal behind the highest chunk.
 * 3. A chunk is counted once: in chunks, or in one gap.
 */
#ifndef NETSNOOP_FORMAT_REGISTRY_H
#define NETSNOOP_FORMAT_REGISTRY_H

#include "header.h"

/* A run of chunks that are not there, or one that is there and damaged. */
struct nst_gap {
	uint64_t first_sequence, last_sequence;
	uint64_t first_ordinal, end_ordinal;
	uint64_t offset; /* where it was noticed */
	bool is_damage;
};

struct nst_trace_state {
	uint64_t next_sequence, next_ordinal;
	struct nst_gap *gaps;
	size_t n_gaps, cap_gaps;
	bool is_sure; /* some chunk of events was decoded: its times stand */
};

struct nst_registry {
	struct nst_trace *traces;
	struct nst_trace_state *states; /* as many */
	uint32_t *slots; /* trace + 1 by the uuid's hash: 2 * cap of them, open addressing */
	size_t n, cap;	 /* cap is a power of two */
};

void nst_registry_free(struct nst_registry *registry);

/* The trace of a uuid, made if it is new. -ENOMEM, -EOVERFLOW: too many traces. */
int nst_registry_trace(struct nst_registry *registry, const uint8_t uuid[16], size_t *ret_trace);

enum nst_verdict {
	NST_CHUNK_NEW,	      /* behind all others, or it fills a gap */
	NST_CHUNK_SEEN,	      /* it was counted before */
	NST_CHUNK_IMPOSSIBLE, /* its sequence and ordinals contradict the others' */
};

enum nst_verdict nst_registry_judge(const struct nst_registry *registry, size_t trace,
				    const struct nst_chunk_header *chunk);

/*
 * Is a chunk counted in the same way whether those before turn out to be damaged or not?
 * It comes just behind the last one, and is not the first whose times stand.
 */
bool nst_registry_is_independent(const struct nst_registry *registry, size_t trace,
				 const struct nst_chunk_header *chunk);

/*
 * Count a NEW chunk, as read or as damaged; offset is that of its header.
 * -ENOMEM: counted nowhere.
 */
int nst_registry_add(struct nst_registry *registry, size_t trace,
		     const struct nst_chunk_header *chunk, uint64_t offset, bool is_damaged);

/* A chunk that was counted as read turned out to be damaged. */
int nst_registry_revoke(struct nst_registry *registry, size_t trace,
			const struct nst_chunk_header *chunk, uint64_t offset);

#endif
