/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory of a fixed size, handed out as chains of small blocks: whatever is put in
 * and taken out in whatever order, it never grows and never breaks into pieces.
 */
#ifndef NETSNOOP_RECORD_FLIGHT_POOL_H
#define NETSNOOP_RECORD_FLIGHT_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct flight_pool {
	char *blocks;
	size_t bytes;	/* of all blocks */
	uint32_t n_all; /* number 0 is none */
	uint32_t
		n_fresh; /* this and all later ones were never used: no memory stands behind them */
	uint32_t first_free;
	uint32_t n_free; /* fresh ones included */
};

/* Of at most max_bytes. 0, -EINVAL if that is too little or too much, or -ENOMEM. */
int flight_pool_open(struct flight_pool *pool, size_t max_bytes);

/* How many blocks so many bytes take. */
uint32_t flight_pool_need(size_t bytes);

/* A chain that holds a copy of these parts; there must be as many free blocks as it needs. */
uint32_t flight_pool_put(struct flight_pool *pool, const struct iovec *parts, int n_parts);

/* What a chain begins with, in one piece: the first FLIGHT_POOL_PIECE bytes, aligned for anything. */
#define FLIGHT_POOL_PIECE 1008
void *flight_pool_piece(const struct flight_pool *pool, uint32_t chain);

/* Copy bytes of a chain from offset on. */
void flight_pool_get(const struct flight_pool *pool, uint32_t chain, size_t offset, void *to,
		     size_t bytes);

/* The chain's blocks are free. */
void flight_pool_drop(struct flight_pool *pool, uint32_t chain);

/* Not open is fine. */
void flight_pool_close(struct flight_pool *pool);

#endif
