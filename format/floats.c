/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "floats.h"

#include <errno.h>

/*
 * With m bits in the byte, a value v is stored as its low r bits, r being as many as
 * leave m + 1 of v's own, and the byte (r << m) + (v >> r).
 */

static unsigned int low_bits(uint64_t value, unsigned int m)
{
	/* the bit that is or-ed in makes small values have m + 1 bits too */
	return 63 - (unsigned int)__builtin_clzll(value | 1ull << m) - m;
}

/* ---- Encoding ---------------------------------------------------------- */

/* log2 of a count, times 65536; right to a hundredth. */
static uint64_t log2_of(uint32_t count)
{
	unsigned int whole = 31 - (unsigned int)__builtin_clz(count);
	uint64_t part = ((uint64_t)count << 16 >> whole) - 65536;

	return ((uint64_t)whole << 16) + part + (part * (65536 - part) >> 16) * 11 / 32;
}

/* What n bytes of this distribution take, in bits times 65536, with what tells the distribution. */
static uint64_t bytes_cost(const uint32_t histogram[256], size_t n)
{
	uint64_t cost = n * log2_of((uint32_t)n);

	for (unsigned int i = 0; i < 256; i++) {
		if (histogram[i])
			cost += (5 << 16) - histogram[i] * log2_of(histogram[i]);
	}
	return cost;
}

/* The low bits of a value whose byte is given. */
static unsigned int low_bits_of(unsigned int byte, unsigned int m)
{
	return byte >> m > 1 ? (byte >> m) - 1 : 0;
}

/* The bytes that the same values have with one bit less in them. */
static void bit_less(uint32_t histogram[256], unsigned int m)
{
	uint32_t fewer[256] = { 0 };

	for (unsigned int byte = 0; byte < 256; byte++) {
		unsigned int r = low_bits_of(byte, m), top = byte - (r << m);

		if (top >> m) { /* m + 1 bits are now one too many */
			r++;
			top >>= 1;
		}
		if (histogram[byte])
			fewer[(r << (m - 1)) + top] += histogram[byte];
	}
	memcpy(histogram, fewer, sizeof(fewer));
}

/*
 * How many bits go into the byte: all where values are much alike, as in a flood, none
 * where they are spread so evenly that zstd could make nothing of them.
 */
static unsigned int choose_bits(const uint64_t *values, size_t n, uint64_t all, uint64_t *ret_bits)
{
	unsigned int begin = low_bits(all, 3) > 30 ? 0 : 3; /* more would not fit into the byte */
	uint32_t histogram[256] = { 0 };
	uint64_t best = UINT64_MAX;
	unsigned int choice = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned int r = low_bits(values[i], begin);

		histogram[(r << begin) + (values[i] >> r)]++;
	}
	for (unsigned int m = begin;; m--) {
		uint64_t bits = 0, cost;

		for (unsigned int byte = 0; byte < 256; byte++)
			bits += (uint64_t)histogram[byte] * low_bits_of(byte, m);
		cost = bytes_cost(histogram, n) + (bits << 16);
		if (!m) /* repetitions, which this does not see, zstd finds where bytes are few */
			cost -= cost / 16;
		if (cost <= best) {
			best = cost;
			choice = m;
			*ret_bits = bits;
		}
		if (!m)
			return choice;
		bit_less(histogram, m);
	}
}

/* The bytes of all values, and their low bits behind each other; as much as 8 bytes behind these. */
static void values_put(uint8_t *bytes, uint8_t *at, const uint64_t *values, size_t n,
		       unsigned int m)
{
	uint64_t waiting = 0;
	unsigned int n_waiting = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned int r = low_bits(values[i], m);
		uint64_t low = values[i] & ((1ull << r) - 1);

		bytes[i] = (uint8_t)((r << m) + (values[i] >> r));
		if (r > 56) { /* more than fit beside up to 7 that wait */
			waiting |= (low & 0xffffffff) << n_waiting;
			nst_put64(at, waiting);
			at += 4;
			waiting >>= 32;
			low >>= 32;
			r -= 32;
		}
		waiting |= low << n_waiting;
		n_waiting += r;
		nst_put64(at, waiting);
		at += n_waiting >> 3;
		waiting >>= n_waiting & ~7u;
		n_waiting &= 7;
	}
}

int nst_floats_encode(uint16_t id, const uint64_t *values, size_t n, struct nst_buffer *out)
{
	uint64_t all = 0, bits = 0;
	unsigned int m;
	size_t len;
	uint8_t *at;

	for (size_t i = 0; i < n; i++)
		all |= values[i];
	m = choose_bits(values, n, all, &bits);
	len = 1 + n + (bits + 7) / 8;
	if (out->len + len + NST_SECTION_HEADER_LEN + sizeof(uint64_t) > out->cap)
		return -E2BIG;
	at = nst_section_add(out, id, NST_FLOAT, 1, n, len);
	if (!at)
		return -E2BIG;
	*at++ = (uint8_t)m;
	values_put(at, at + n, values, n, m);
	return 0;
}

/* ---- Decoding ---------------------------------------------------------- */

#define QUICK_BITS 57 /* as many are in the 8 bytes that begin where they do, at any bit of it */

/* n bits (at most 63) at a place; 9 bytes are read. */
static uint64_t bits_get(const uint8_t *at, uint64_t place, unsigned int n)
{
	const uint8_t *byte = at + (place >> 3);
	unsigned int shift = place & 7;
	uint64_t value = nst_get64(byte) >> shift | (uint64_t)byte[8] << 1 << (63 - shift);

	return value & ((1ull << n) - 1);
}

/* Values of at most QUICK_BITS low bits, as nearly all are. */
static void values_get(const uint8_t *bytes, const uint8_t *low, uint64_t *values, size_t n,
		       unsigned int m)
{
	uint64_t tops[256], place = 0;
	uint8_t bits[256];

	for (unsigned int byte = 0; byte < 256; byte++) {
		unsigned int r = low_bits_of(byte, m);

		bits[byte] = (uint8_t)r;
		tops[byte] = r <= QUICK_BITS ? (uint64_t)(byte - (r << m)) << r : 0;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t window = nst_get64(low + (place >> 3)) >> (place & 7);
		unsigned int r = bits[bytes[i]];

		values[i] = tops[bytes[i]] | (window & ((1ull << r) - 1));
		place += r;
	}
}

const char *nst_floats_decode(const struct nst_section *section, uint64_t *scratch,
			      uint64_t *values)
{
	size_t n = section->count, left;
	const uint8_t *at = section->data + 1;
	unsigned int m, highest = 0;
	uint64_t bits = 0, place = 0;
	uint8_t *low = (uint8_t *)scratch;

	if (section->len < 1 + n)
		return "it has no byte for each value";
	m = section->data[0];
	if (m > NST_FLOAT_BITS_MAX)
		return "more than 3 bits in a byte";
	left = section->len - 1 - n;
	for (size_t i = 0; i < n; i++) {
		unsigned int r = low_bits_of(at[i], m);

		bits += r;
		highest = r > highest ? r : highest;
	}
	if (highest + m > 63)
		return "a value of more than 64 bits";
	if (left != (bits + 7) / 8)
		return "its low bits do not add up to its length";
	if (bits & 7 && at[n + left - 1] >> (bits & 7))
		return "bits behind the last value are not zero";
	/* at most 63 bits a value, so that there is room to read on behind them */
	memcpy(low, at + n, left);
	memset(low + left, 0, 9);
	if (highest <= QUICK_BITS) {
		values_get(at, low, values, n, m);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned int r = low_bits_of(at[i], m);

		values[i] = (uint64_t)(at[i] - (r << m)) << r | bits_get(low, place, r);
		place += r;
	}
	return NULL;
}
