/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "order.h"

#include <stdbool.h>
#include <string.h>

#define POSITION_BITS 16 /* of a key: below its value */
#define SHIFTS_A_VALUE 8 /* that putting buckets in order is worth */

static unsigned int bits_of(uint64_t value)
{
	return value ? 64 - (unsigned int)__builtin_clzll(value) : 0;
}

/* Into as many buckets as there are values or somewhat more, by their highest bits. */
static void buckets_fill(const uint64_t *values, size_t n, unsigned int bits,
			 const struct nst_order_room *room)
{
	unsigned int bucket_bits = bits_of(n - 1),
		     shift = bits > bucket_bits ? bits - bucket_bits : 0;
	uint32_t *next = (uint32_t *)(void *)room->spare, sum = 0;
	size_t n_buckets = (size_t)1 << bucket_bits;

	memset(next, 0, n_buckets * sizeof(*next));
	for (size_t i = 0; i < n; i++)
		next[values[i] >> shift]++;
	for (size_t i = 0; i < n_buckets; i++) {
		uint32_t count = next[i];

		next[i] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		room->keys[next[values[i] >> shift]++] = values[i] << POSITION_BITS | i;
}

/*
 * What is left to do is little where values are spread as times are. false: they are not,
 * and nothing is done.
 */
static bool order_buckets(uint64_t *values, size_t n, unsigned int bits,
			  const struct nst_order_room *room, uint32_t *order)
{
	uint64_t *keys = room->keys;
	size_t shifts = 0;

	buckets_fill(values, n, bits, room);
	for (size_t i = 1; i < n && shifts <= SHIFTS_A_VALUE * n; i++) {
		uint64_t key = keys[i];
		size_t at = i;

		for (; at && keys[at - 1] > key; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
		shifts += i - at;
	}
	if (shifts > SHIFTS_A_VALUE * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		values[i] = keys[i] >> POSITION_BITS;
		order[i] = (uint32_t)keys[i] & ((1u << POSITION_BITS) - 1);
	}
	return true;
}

static void merge(const uint64_t *values, const uint64_t *from, uint64_t *to, size_t begin,
		  size_t middle, size_t end)
{
	size_t left = begin, right = middle;

	for (size_t i = begin; i < end; i++) {
		if (left < middle && (right >= end || values[from[left]] <= values[from[right]]))
			to[i] = from[left++];
		else
			to[i] = from[right++];
	}
}

static void order_merge(uint64_t *values, size_t n, const struct nst_order_room *room,
			uint32_t *order)
{
	uint64_t *from = room->keys, *to = room->spare, *swap;

	for (size_t i = 0; i < n; i++)
		from[i] = i;
	for (size_t run = 1; run < n; run *= 2) {
		for (size_t begin = 0; begin < n; begin += 2 * run) {
			size_t middle = begin + run < n ? begin + run : n;
			size_t end = begin + 2 * run < n ? begin + 2 * run : n;

			merge(values, from, to, begin, middle, end);
		}
		swap = from;
		from = to;
		to = swap;
	}
	for (size_t i = 0; i < n; i++) {
		order[i] = (uint32_t)from[i];
		to[i] = values[from[i]];
	}
	memcpy(values, to, n * sizeof(*values));
}

void nst_order(uint64_t *values, size_t n, uint64_t max, const struct nst_order_room *room,
	       uint32_t *order)
{
	unsigned int bits = bits_of(max);

	/* values over three days, in nanoseconds, leave no room for their positions */
	if (bits + POSITION_BITS > 64 || !order_buckets(values, n, bits, room, order))
		order_merge(values, n, room, order);
}
