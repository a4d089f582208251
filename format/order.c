/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "order.h"

#include <string.h>

#define POSITION_BITS 16 /* of a key: below its value */
#define DIGIT_BITS 8
#define DIGITS (1u << DIGIT_BITS)
#define PASSES ((64 - POSITION_BITS) / DIGIT_BITS)

static unsigned int bits_of(uint64_t value)
{
	return value ? 64 - (unsigned int)__builtin_clzll(value) : 0;
}

/* By one digit of the values after the other, from the lowest one on. */
static void order_digits(uint64_t *values, size_t n, unsigned int passes,
			 const struct nst_order_room *room, uint32_t *order)
{
	uint32_t counts[PASSES][DIGITS];
	uint64_t *from = room->keys, *to = room->spare, *swap;

	memset(counts, 0, passes * sizeof(counts[0]));
	for (size_t i = 0; i < n; i++) {
		from[i] = values[i] << POSITION_BITS | i;
		for (unsigned int pass = 0; pass < passes; pass++)
			counts[pass][values[i] >> pass * DIGIT_BITS & (DIGITS - 1)]++;
	}
	for (unsigned int pass = 0; pass < passes; pass++) {
		unsigned int shift = POSITION_BITS + pass * DIGIT_BITS;
		uint32_t *next = counts[pass], sum = 0;

		for (unsigned int digit = 0; digit < DIGITS; digit++) {
			uint32_t count = next[digit];

			next[digit] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++)
			to[next[from[i] >> shift & (DIGITS - 1)]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	for (size_t i = 0; i < n; i++) {
		values[i] = from[i] >> POSITION_BITS;
		order[i] = (uint32_t)from[i] & ((1u << POSITION_BITS) - 1);
	}
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

/* Values that leave no room for their positions: over three days, in nanoseconds. */
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

	if (bits + POSITION_BITS <= 64)
		order_digits(values, n, (bits + DIGIT_BITS - 1) / DIGIT_BITS, room, order);
	else
		order_merge(values, n, room, order);
}
