/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A needle is a string in one encoding, found by its first six bytes: at each byte of the
 * haystack these are looked up, first in a set of bits that nearly always says no.
 */
#include "analyze/needles.h"

#include "analyze/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENCODED_MOST (3 * NEEDLE_BYTES_MOST)
#define WINDOW (1 << 16)
#define KEY_MASK ((UINT64_C(1) << 48) - 1)
#define BITS_A_NEEDLE 16

struct needle {		   /* there are many */
	uint64_t key : 48; /* its first six bytes */
	uint64_t encoding : 8;
	uint64_t is_excused : 1, is_used : 1;
	uint32_t string;
};

struct needles {
	struct nst_bytes *strings;
	size_t n_strings, n_allocated;
	struct needle *slots; /* open addressing */
	size_t n_slots;
	uint64_t *bits;
	size_t n_bits;
	uint8_t window[WINDOW + ENCODED_MOST + 8];
	size_t n_window;
	uint64_t offset; /* of the window */
	bool excuses;
};

static const char *const names[NEEDLE_ENCODINGS] = {
	"as it is",	   "in hexadecimal",  "in hexadecimal",	 "in UTF-16", "in UTF-16",
	"percent-encoded", "percent-encoded", "percent-encoded", "in base64", "in base64",
	"in base64",	   "in base64",	      "in base64",	 "in base64",
};

const char *needle_encoding_name(unsigned int encoding)
{
	return names[encoding];
}

/* ---- Encodings --------------------------------------------------------- */

static size_t put_hex(const uint8_t *from, size_t len, const char *digits, uint8_t *to)
{
	for (size_t i = 0; i < len; i++) {
		to[2 * i] = (uint8_t)digits[from[i] >> 4];
		to[2 * i + 1] = (uint8_t)digits[from[i] & 15];
	}
	return 2 * len;
}

static size_t put_utf16(const uint8_t *from, size_t len, bool is_big, uint8_t *to)
{
	for (size_t i = 0; i < len; i++) {
		to[2 * i] = is_big ? 0 : from[i];
		to[2 * i + 1] = is_big ? from[i] : 0;
	}
	return 2 * len;
}

static bool is_unreserved(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || (byte && strchr("-._~/", byte));
}

static size_t put_percent(const uint8_t *from, size_t len, const char *digits, bool all,
			  uint8_t *to)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (!all && is_unreserved(from[i])) {
			to[n++] = from[i];
			continue;
		}
		to[n++] = '%';
		to[n++] = (uint8_t)digits[from[i] >> 4];
		to[n++] = (uint8_t)digits[from[i] & 15];
	}
	return n;
}

/* The characters that depend on nothing else, where shift bytes stand in front. */
static size_t put_base64(const uint8_t *from, size_t len, unsigned int shift, const char *last,
			 uint8_t *to)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t first_bit = 8 * shift, end_bit = 8 * (shift + len), n = 0;

	for (size_t bit = (first_bit + 5) / 6 * 6; bit + 6 <= end_bit; bit += 6) {
		unsigned int value = 0;

		for (size_t i = bit - first_bit; i < bit - first_bit + 6; i++)
			value = value << 1 | (from[i / 8] >> (7 - i % 8) & 1u);
		to[n++] = (uint8_t)(value < 62 ? digits[value] : last[value - 62]);
	}
	return n;
}

static size_t encode(struct nst_bytes string, unsigned int encoding, uint8_t to[ENCODED_MOST])
{
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
	const uint8_t *from = string.data;
	size_t len = string.len_bytes < NEEDLE_BYTES_MOST ? string.len_bytes : NEEDLE_BYTES_MOST;

	switch (encoding) {
	case NEEDLE_RAW:
		memcpy(to, from, len);
		return len;
	case NEEDLE_HEX:
		return put_hex(from, len, lower, to);
	case NEEDLE_HEX_UPPER:
		return put_hex(from, len, upper, to);
	case NEEDLE_UTF16_LE:
		return put_utf16(from, len, false, to);
	case NEEDLE_UTF16_BE:
		return put_utf16(from, len, true, to);
	case NEEDLE_PERCENT:
		return put_percent(from, len, upper, false, to);
	case NEEDLE_PERCENT_ALL:
		return put_percent(from, len, upper, true, to);
	case NEEDLE_PERCENT_ALL_LOWER:
		return put_percent(from, len, lower, true, to);
	default:
		return encoding < NEEDLE_BASE64_URL
			       ? put_base64(from, len, encoding - NEEDLE_BASE64, "+/", to)
			       : put_base64(from, len, encoding - NEEDLE_BASE64_URL, "-_", to);
	}
}

/* ---- The set ----------------------------------------------------------- */

static uint64_t key_at(const uint8_t *at)
{
	uint64_t key = 0;

	memcpy(&key, at, NEEDLE_BYTES_LEAST);
	return key;
}

static size_t hash_of(uint64_t key)
{
	return (size_t)((key & KEY_MASK) * UINT64_C(0x9e3779b97f4a7c15) >> 20);
}

int needles_new(struct needles **ret_needles)
{
	struct needles *needles = calloc(1, sizeof(*needles));

	if (!needles)
		return -ENOMEM;
	*ret_needles = needles;
	return 0;
}

void needles_free(struct needles *needles)
{
	if (!needles)
		return;
	free(needles->strings);
	free(needles->slots);
	free(needles->bits);
	free(needles);
}

int needles_add(struct needles *needles, struct nst_bytes string)
{
	int err = array_reserve(&needles->strings, &needles->n_allocated, needles->n_strings + 1,
				sizeof(*needles->strings));

	if (!err)
		needles->strings[needles->n_strings++] = string;
	return err;
}

static void insert(struct needles *needles, uint64_t key, uint32_t string, unsigned int encoding)
{
	size_t slot = hash_of(key) & (needles->n_slots - 1);
	size_t bit = hash_of(key) & (needles->n_bits - 1);

	while (needles->slots[slot].is_used)
		slot = (slot + 1) & (needles->n_slots - 1);
	needles->slots[slot] = (struct needle){ .key = key & KEY_MASK,
						.string = string,
						.encoding = (uint8_t)encoding,
						.is_used = true };
	needles->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Many strings are the same in two encodings, one of which is enough. */
static bool is_another(struct nst_bytes string, unsigned int encoding, uint8_t text[ENCODED_MOST])
{
	uint8_t other[ENCODED_MOST];
	unsigned int first = encoding >= NEEDLE_BASE64_URL ? encoding - 3 : NEEDLE_RAW;
	size_t len = encode(string, encoding, text), other_len;

	if (encoding != NEEDLE_PERCENT && encoding < NEEDLE_BASE64_URL)
		return true;
	other_len = encode(string, first, other);
	return len != other_len || memcmp(text, other, len);
}

int needles_close(struct needles *needles)
{
	uint8_t text[ENCODED_MOST];
	size_t n = 0;

	for (uint32_t i = 0; i < needles->n_strings; i++)
		for (unsigned int e = 0; e < NEEDLE_ENCODINGS; e++)
			n += is_another(needles->strings[i], e, text);
	needles->n_slots = 1024;
	while (needles->n_slots < n + n / 2)
		needles->n_slots *= 2;
	needles->n_bits = BITS_A_NEEDLE * needles->n_slots / 2;
	needles->slots = calloc(needles->n_slots, sizeof(*needles->slots));
	needles->bits = calloc(needles->n_bits / 64, sizeof(*needles->bits));
	if (!needles->slots || !needles->bits)
		return -ENOMEM;
	for (uint32_t i = 0; i < needles->n_strings; i++)
		for (unsigned int e = 0; e < NEEDLE_ENCODINGS; e++)
			if (is_another(needles->strings[i], e, text))
				insert(needles, key_at(text), i, e);
	return 0;
}

/* ---- The haystack ------------------------------------------------------ */

void needles_begin(struct needles *needles, bool excuses)
{
	needles->n_window = 0;
	needles->offset = 0;
	needles->excuses = excuses;
}

/* All needles that begin with the key at a place with len bytes. */
static bool look_up(struct needles *needles, size_t at, struct needle_hit *ret_hit)
{
	const uint8_t *place = needles->window + at;
	uint64_t key = key_at(place);
	size_t slot = hash_of(key) & (needles->n_slots - 1);
	uint8_t text[ENCODED_MOST];

	for (; needles->slots[slot].is_used; slot = (slot + 1) & (needles->n_slots - 1)) {
		struct needle *needle = &needles->slots[slot];
		size_t len;

		if (needle->key != key || needle->is_excused)
			continue;
		len = encode(needles->strings[needle->string], needle->encoding, text);
		if (at + len > needles->n_window || memcmp(place, text, len))
			continue;
		needle->is_excused = needles->excuses;
		if (needles->excuses)
			continue;
		*ret_hit = (struct needle_hit){ .string = needle->string,
						.encoding = needle->encoding,
						.offset = needles->offset + at };
		return true;
	}
	return false;
}

/* All places before end; then what is behind it moves to the window's begin. */
static int scan_window(struct needles *needles, size_t end, struct needle_hit *ret_hit)
{
	for (size_t at = 0; at < end && at + NEEDLE_BYTES_LEAST <= needles->n_window; at++) {
		size_t bit = hash_of(key_at(needles->window + at)) & (needles->n_bits - 1);

		if (needles->bits[bit / 64] >> bit % 64 & 1 && look_up(needles, at, ret_hit))
			return 1;
	}
	memmove(needles->window, needles->window + end, needles->n_window - end);
	needles->n_window -= end;
	needles->offset += end;
	return 0;
}

int needles_scan(struct needles *needles, const void *data, size_t len, struct needle_hit *ret_hit)
{
	const uint8_t *from = data;

	while (len) {
		size_t room = WINDOW + ENCODED_MOST - needles->n_window;
		size_t n = len < room ? len : room;

		memcpy(needles->window + needles->n_window, from, n);
		needles->n_window += n;
		from += n;
		len -= n;
		if (needles->n_window == WINDOW + ENCODED_MOST &&
		    scan_window(needles, WINDOW, ret_hit))
			return 1;
	}
	return 0;
}

int needles_end(struct needles *needles, struct needle_hit *ret_hit)
{
	return scan_window(needles, needles->n_window, ret_hit);
}
