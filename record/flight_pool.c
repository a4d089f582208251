// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/flight_pool.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

struct block {
	uint32_t next;
	char content[FLIGHT_POOL_PIECE] __attribute__((aligned(16)));
};

_Static_assert(sizeof(struct block) == 1024, "blocks fill pages");

#define BLOCKS_MIN 2

int flight_pool_open(struct flight_pool *pool, size_t max_bytes)
{
	size_t n = max_bytes / sizeof(struct block);
	void *blocks;

	if (n < BLOCKS_MIN || n > UINT32_MAX)
		return -EINVAL;
	/* pages come when they are first written to */
	blocks = mmap(NULL, n * sizeof(struct block), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (blocks == MAP_FAILED)
		return -errno;
	*pool = (struct flight_pool){
		.blocks = blocks,
		.bytes = n * sizeof(struct block),
		.n_all = (uint32_t)n,
		.n_fresh = 1,
		.n_free = (uint32_t)n - 1,
	};
	return 0;
}

static struct block *block_of(const struct flight_pool *pool, uint32_t number)
{
	return (struct block *)pool->blocks + number;
}

uint32_t flight_pool_need(size_t bytes)
{
	return (uint32_t)((bytes + FLIGHT_POOL_PIECE - 1) / FLIGHT_POOL_PIECE);
}

/* Used ones first, so that no more memory is touched than has to be. */
static uint32_t take_block(struct flight_pool *pool)
{
	uint32_t number = pool->first_free;

	if (number)
		pool->first_free = block_of(pool, number)->next;
	else
		number = pool->n_fresh++;
	pool->n_free--;
	block_of(pool, number)->next = 0;
	return number;
}

uint32_t flight_pool_put(struct flight_pool *pool, const struct iovec *parts, int n_parts)
{
	uint32_t first = take_block(pool), last = first;
	size_t filled = 0;

	for (int i = 0; i < n_parts; i++) {
		const char *from = parts[i].iov_base;
		size_t left = parts[i].iov_len;

		while (left) {
			size_t room = FLIGHT_POOL_PIECE - filled, n = left < room ? left : room;

			if (!room) {
				uint32_t next = take_block(pool);

				block_of(pool, last)->next = next;
				last = next;
				filled = 0;
				continue;
			}
			memcpy(block_of(pool, last)->content + filled, from, n);
			filled += n;
			from += n;
			left -= n;
		}
	}
	return first;
}

void *flight_pool_piece(const struct flight_pool *pool, uint32_t chain)
{
	return block_of(pool, chain)->content;
}

void flight_pool_get(const struct flight_pool *pool, uint32_t chain, size_t offset, void *to,
		     size_t bytes)
{
	char *out = to;

	for (; offset >= FLIGHT_POOL_PIECE; offset -= FLIGHT_POOL_PIECE)
		chain = block_of(pool, chain)->next;
	while (bytes) {
		size_t room = FLIGHT_POOL_PIECE - offset, n = bytes < room ? bytes : room;

		memcpy(out, block_of(pool, chain)->content + offset, n);
		out += n;
		bytes -= n;
		offset = 0;
		chain = block_of(pool, chain)->next;
	}
}

void flight_pool_drop(struct flight_pool *pool, uint32_t chain)
{
	while (chain) {
		uint32_t next = block_of(pool, chain)->next;

		block_of(pool, chain)->next = pool->first_free;
		pool->first_free = chain;
		pool->n_free++;
		chain = next;
	}
}

void flight_pool_close(struct flight_pool *pool)
{
	if (pool->blocks)
		munmap(pool->blocks, pool->bytes);
	*pool = (struct flight_pool){ 0 };
}
