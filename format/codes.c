/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "codes.h"

#include <errno.h>

#define FREQUENT 16 /* as many times a value has to be there to be worth a code */

/* Count the values. false: there are too many different ones. */
static bool values_count(struct nst_coder *coder, const uint32_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t value = values[i], slot = value * 0x9e3779b1u >> 20;

		while (coder->counts[slot] && coder->values[slot] != value)
			slot = (slot + 1) & (NST_CODER_SLOTS - 1);
		if (!coder->counts[slot]++) {
			if (coder->n_used == NST_CODER_VALUES) {
				coder->counts[slot] = 0;
				return false;
			}
			coder->values[slot] = value;
			coder->used[coder->n_used++] = (uint16_t)slot;
		}
		coder->slot_of[i] = (uint16_t)slot;
	}
	return true;
}

/* Give codes to the frequent values, in the order in which they first came. */
static unsigned int codes_give(struct nst_coder *coder, size_t *ret_n_literals)
{
	uint32_t frequent = FREQUENT;
	unsigned int n_codes;

	do {
		n_codes = 0;
		*ret_n_literals = 0;
		for (size_t i = 0; i < coder->n_used; i++) {
			uint16_t slot = coder->used[i];

			coder->codes[slot] = NST_CODE_LITERAL;
			if (coder->counts[slot] < frequent)
				*ret_n_literals += coder->counts[slot];
			else if (n_codes++ < NST_CODE_LITERAL)
				coder->codes[slot] = (uint8_t)(n_codes - 1);
		}
		frequent *= 2;
	} while (n_codes > NST_CODE_LITERAL);
	return n_codes;
}

static int codes_put(const struct nst_coder *coder, uint16_t id, const uint32_t *values, size_t n,
		     unsigned int width, unsigned int n_codes, size_t n_literals,
		     struct nst_buffer *out)
{
	uint8_t *at, *literal;

	at = nst_section_add(out, id, NST_CODES, width, n, 1 + (n_codes + n_literals) * width + n);
	if (!at || out->cap - out->len < sizeof(uint32_t)) /* as much may be written behind it */
		return -E2BIG;
	*at++ = (uint8_t)n_codes;
	for (size_t i = 0; i < coder->n_used; i++) {
		uint16_t slot = coder->used[i];

		nst_put32(at, coder->values[slot]);
		at += coder->codes[slot] == NST_CODE_LITERAL ? 0 : width;
	}
	literal = at + n;
	for (size_t i = 0; i < n; i++) {
		at[i] = coder->codes[coder->slot_of[i]];
		nst_put32(literal, values[i]);
		literal += at[i] == NST_CODE_LITERAL ? width : 0;
	}
	return 1;
}

static void coder_clear(struct nst_coder *coder)
{
	for (size_t i = 0; i < coder->n_used; i++)
		coder->counts[coder->used[i]] = 0;
	coder->n_used = 0;
}

int nst_codes_encode(struct nst_coder *coder, uint16_t id, const uint32_t *values, size_t n,
		     unsigned int width, struct nst_buffer *out)
{
	unsigned int n_codes = 0;
	size_t n_literals = 0;
	int r = 0;

	if (values_count(coder, values, n))
		n_codes = codes_give(coder, &n_literals);
	if (n_codes)
		r = codes_put(coder, id, values, n, width, n_codes, n_literals, out);
	coder_clear(coder);
	return r;
}

/* ---- Decoding ---------------------------------------------------------- */

static void values_get(const uint8_t *at, uint32_t *values, size_t n, unsigned int width)
{
	if (width == 1) {
		for (size_t i = 0; i < n; i++)
			values[i] = at[i];
	} else if (width == 2) {
		for (size_t i = 0; i < n; i++)
			values[i] = nst_get16(at + 2 * i);
	} else {
		for (size_t i = 0; i < n; i++)
			values[i] = nst_get32(at + 4 * i);
	}
}

/* 1 more than the highest code, without that of values that are written out. */
static unsigned int codes_end(const uint8_t *codes, size_t n)
{
	uint8_t highest = 0;

	/* 1 more each, so that what is written out counts as the lowest */
	for (size_t i = 0; i < n; i++) {
		uint8_t next = (uint8_t)(codes[i] + 1);

		highest = next > highest ? next : highest;
	}
	return highest;
}

/*
 * A value for each code. Those that are written out stand behind the others, so that there is
 * no branch: which they are is anybody's guess. How many they are.
 */
static size_t values_put(const uint8_t *restrict codes, size_t n, const uint32_t *restrict known,
			 uint32_t *restrict values)
{
	size_t n_literals = 0;

	for (size_t i = 0; i < n; i++) {
		size_t is_literal = codes[i] == NST_CODE_LITERAL;

		values[i] = known[codes[i] + (-is_literal & n_literals)];
		n_literals += is_literal;
	}
	return n_literals;
}

const char *nst_codes_decode(const struct nst_section *section, uint32_t *room, uint32_t *values)
{
	size_t n = section->count, width = section->width, n_codes, n_literals;
	static const char *const lengths = "its values do not add up to its length";
	const uint8_t *codes;

	if (width > sizeof(uint32_t))
		return "a width of 8";
	n_codes = section->len ? section->data[0] : 0;
	if (section->len < 1 + n_codes * width + n)
		return "it has no code for each value";
	codes = section->data + 1 + n_codes * width;
	if (codes_end(codes, n) > n_codes)
		return "a code without a value";
	n_literals = (section->len - 1 - n_codes * width - n) / width;
	if (n_literals > n || section->len != 1 + (n_codes + n_literals) * width + n)
		return lengths;
	values_get(section->data + 1, room, n_codes, (unsigned int)width);
	values_get(codes + n, room + NST_CODE_LITERAL, n_literals, (unsigned int)width);
	/* where there are more codes for them than literals, there is room to read on */
	return values_put(codes, n, room, values) == n_literals ? NULL : lengths;
}
