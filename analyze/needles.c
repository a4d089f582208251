/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A haystack is decoded in each way in which it could be read, and what that gives is
 * looked up in a set of strings: at each byte the six from there on in bits that nearly
 * always say no, then more and more of them, as long as some string begins like that.
 */
#include "analyze/needles.h"

#include "analyze/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW (1 << 16)
#define ENCODED_MOST (4 * NEEDLE_BYTES_MOST) /* the longest encoding has three for one */
#define BITS_A_NEEDLE 16

struct needle {
	uint32_t string;
	uint8_t len_bytes;
	uint8_t encodings; /* bits: in which it is looked for */
};

struct needles {
	struct intern set; /* of all strings, cut to NEEDLE_BYTES_MOST */
	struct needle *needles;
	size_t n_allocated;
	uint32_t n_added;
	bool lengths[NEEDLE_BYTES_MOST + 1]; /* that there are */
	uint64_t *bits;
	size_t n_bits;
	int8_t hex[256], base64[256]; /* what a digit stands for; -1: it is none */
	uint8_t window[WINDOW + ENCODED_MOST];
	size_t n_window;
	uint64_t offset; /* of the window */
	size_t end;	 /* what begins there is for the next window */
	/* decoded, and where in the window each byte of it begins, and the last one ends */
	uint8_t decoded[WINDOW + ENCODED_MOST];
	uint32_t places[WINDOW + ENCODED_MOST + 1];
	size_t n_decoded;
	uint64_t lookups;
	bool excuses;
};

const char *needle_encoding_name(unsigned int encoding)
{
	static const char *const names[NEEDLE_ENCODINGS] = {
		[NEEDLE_RAW] = "as it is",
		[NEEDLE_UTF16] = "in UTF-16",
		[NEEDLE_PERCENT] = "percent-encoded",
		[NEEDLE_HEX] = "in hexadecimal",
		[NEEDLE_BASE64] = "in base64",
	};

	return names[encoding];
}

/* ---- The set ----------------------------------------------------------- */

/* Beginnings of so many bytes are known; each needle is at least as long as the first. */
static const size_t levels[] = { NEEDLE_BYTES_LEAST, 12, 24, 48, NEEDLE_BYTES_MOST + 1 };
#define N_LEVELS (sizeof(levels) / sizeof(levels[0]) - 1)

/* That of a text's first six bytes, which is asked for everywhere, or of as many as a level has. */
static inline size_t first_bit(const struct needles *needles, const uint8_t *text)
{
	uint32_t four;
	uint16_t two;

	memcpy(&four, text, sizeof(four));
	memcpy(&two, text + sizeof(four), sizeof(two));
	return (size_t)(((uint64_t)two << 32 | four) * UINT64_C(0x9e3779b97f4a7c15) >> 24) &
	       (needles->n_bits - 1);
}

static size_t bit_of(const struct needles *needles, const uint8_t *text, size_t level)
{
	return level ? intern_hash(text, levels[level]) & (needles->n_bits - 1)
		     : first_bit(needles, text);
}

static inline bool has_bit(const struct needles *needles, size_t bit)
{
	return needles->bits[bit / 64] >> bit % 64 & 1;
}

static void learn_digits(struct needles *needles)
{
	static const char hex[] = "0123456789abcdef";
	static const char base64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	memset(needles->hex, -1, sizeof(needles->hex));
	memset(needles->base64, -1, sizeof(needles->base64));
	for (int i = 0; i < 16; i++)
		needles->hex[(uint8_t)hex[i]] = (int8_t)i;
	for (int i = 10; i < 16; i++)
		needles->hex['A' + i - 10] = (int8_t)i;
	for (int i = 0; i < 62; i++)
		needles->base64[(uint8_t)base64[i]] = (int8_t)i;
	needles->base64['+'] = needles->base64['-'] = 62; /* both alphabets at once */
	needles->base64['/'] = needles->base64['_'] = 63;
}

int needles_new(struct needles **ret_needles)
{
	struct needles *needles = calloc(1, sizeof(*needles));

	if (!needles)
		return -ENOMEM;
	learn_digits(needles);
	*ret_needles = needles;
	return 0;
}

void needles_free(struct needles *needles)
{
	if (!needles)
		return;
	intern_free(&needles->set);
	free(needles->needles);
	free(needles->bits);
	free(needles);
}

int needles_add(struct needles *needles, struct nst_bytes string, bool is_text)
{
	size_t len = string.len_bytes < NEEDLE_BYTES_MOST ? string.len_bytes : NEEDLE_BYTES_MOST;
	bool everywhere = is_text || len >= NEEDLE_NUMBER_BYTES, is_new;
	struct needle *needle;
	uint32_t i;
	int err = array_reserve(&needles->needles, &needles->n_allocated,
				(size_t)needles->set.n + 1, sizeof(*needles->needles))
			  ?: intern_get(&needles->set, string.data, len, &i, &is_new);

	if (err)
		return err;
	needle = &needles->needles[i];
	if (is_new)
		*needle = (struct needle){ needles->n_added, (uint8_t)len, 0 };
	needle->encodings |= 1 << NEEDLE_PERCENT | 1 << NEEDLE_HEX | 1 << NEEDLE_BASE64;
	if (everywhere)
		needle->encodings |= 1 << NEEDLE_RAW | 1 << NEEDLE_UTF16;
	needles->lengths[len] = true;
	needles->n_added++;
	return 0;
}

int needles_close(struct needles *needles)
{
	needles->n_bits = 1024;
	while (needles->n_bits < (size_t)BITS_A_NEEDLE * needles->set.n)
		needles->n_bits *= 2;
	needles->bits = calloc(needles->n_bits / 64, sizeof(*needles->bits));
	if (!needles->bits)
		return -ENOMEM;
	for (uint32_t i = 0; i < needles->set.n; i++)
		for (size_t level = 0;
		     level < N_LEVELS && needles->needles[i].len_bytes >= levels[level]; level++) {
			size_t bit = bit_of(needles, intern_key(&needles->set, i), level);

			needles->bits[bit / 64] |= UINT64_C(1) << bit % 64;
		}
	return 0;
}

uint64_t needles_lookups(const struct needles *needles)
{
	return needles->lookups;
}

/* ---- One place --------------------------------------------------------- */

struct reading { /* of the window, in one way */
	const uint8_t *text;
	const uint32_t *places; /* NULL: each byte is where it is */
	size_t len;
	unsigned int encoding;
};

static size_t place_of(const struct reading *reading, size_t at)
{
	return reading->places ? reading->places[at] : at;
}

/* Is it what is looked for, in this encoding and no other? */
static bool is_hit(struct needles *needles, const struct reading *reading, size_t at, size_t len,
		   struct needle_hit *ret_hit)
{
	struct needle *needle;
	uint32_t i;

	needles->lookups++;
	if (!intern_find(&needles->set, reading->text + at, len, &i))
		return false;
	needle = &needles->needles[i];
	if (!(needle->encodings >> reading->encoding & 1))
		return false;
	/* without a byte that is encoded it is what it is */
	if (reading->encoding == NEEDLE_PERCENT &&
	    place_of(reading, at + len) - place_of(reading, at) == len)
		return false;
	if (needles->excuses) {
		needle->encodings &= (uint8_t) ~(1u << reading->encoding);
		return false;
	}
	*ret_hit = (struct needle_hit){ .string = needle->string,
					.encoding = reading->encoding,
					.offset = needles->offset + place_of(reading, at) };
	return true;
}

/* Whatever begins at a place of the text. */
static bool look_up(struct needles *needles, const struct reading *reading, size_t at,
		    struct needle_hit *ret_hit)
{
	size_t left = reading->len - at;

	for (size_t level = 0; level < N_LEVELS && left >= levels[level]; level++) {
		if (!has_bit(needles, bit_of(needles, reading->text + at, level)))
			return false;
		for (size_t len = levels[level]; len < levels[level + 1] && len <= left; len++)
			if (needles->lengths[len] && is_hit(needles, reading, at, len, ret_hit))
				return true;
	}
	return false;
}

static bool look_through(struct needles *needles, const struct reading *reading,
			 struct needle_hit *ret_hit)
{
	for (size_t at = 0; at + NEEDLE_BYTES_LEAST <= reading->len; at++) {
		if (place_of(reading, at) >= needles->end)
			break;
		if (has_bit(needles, first_bit(needles, reading->text + at)) &&
		    look_up(needles, reading, at, ret_hit))
			return true;
	}
	return false;
}

/* ---- Decoding ---------------------------------------------------------- */

static void put(struct needles *needles, int byte, size_t place)
{
	needles->places[needles->n_decoded] = (uint32_t)place;
	needles->decoded[needles->n_decoded++] = (uint8_t)byte;
}

/* Here ends what was decoded. */
static bool end_text(struct needles *needles, unsigned int encoding, size_t place,
		     struct needle_hit *ret_hit)
{
	const struct reading reading = { needles->decoded, needles->places, needles->n_decoded,
					 encoding };

	needles->places[needles->n_decoded] = (uint32_t)place;
	needles->n_decoded = 0;
	return look_through(needles, &reading, ret_hit);
}

static bool scan_raw(struct needles *needles, struct needle_hit *ret_hit)
{
	const struct reading reading = { needles->window, NULL, needles->n_window, NEEDLE_RAW };

	return look_through(needles, &reading, ret_hit);
}

/* Between two bytes of it is one that is 0. */
static bool scan_utf16(struct needles *needles, size_t first, struct needle_hit *ret_hit)
{
	const uint8_t *window = needles->window;

	for (size_t at = first; at < needles->n_window; at += 2) {
		if (window[at])
			put(needles, window[at], at);
		if (window[at] && at + 1 < needles->n_window && !window[at + 1])
			continue;
		if (needles->n_decoded < NEEDLE_BYTES_LEAST)
			needles->n_decoded = 0;
		else if (end_text(needles, NEEDLE_UTF16, at, ret_hit))
			return true;
	}
	return end_text(needles, NEEDLE_UTF16, needles->n_window, ret_hit);
}

/* The byte that two digits make, or -1. */
static int hex_byte(const struct needles *needles, size_t at)
{
	int high, low;

	if (at + 1 >= needles->n_window)
		return -1;
	high = needles->hex[needles->window[at]];
	low = needles->hex[needles->window[at + 1]];
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool scan_percent(struct needles *needles, struct needle_hit *ret_hit)
{
	const uint8_t *window = needles->window;
	size_t at = 0;

	if (!memchr(window, '%', needles->n_window))
		return false;
	while (at < needles->n_window) {
		int byte = window[at] == '%' ? hex_byte(needles, at + 1) : -1;

		put(needles, byte < 0 ? window[at] : byte, at);
		at += byte < 0 ? 1 : 3;
	}
	return end_text(needles, NEEDLE_PERCENT, at, ret_hit);
}

static bool is_between(uint8_t byte)
{
	return byte == ':' || byte == '-' || byte == '.';
}

/* Pairs of digits; the first skip of those that stand together may be of something else. */
static bool scan_hex(struct needles *needles, size_t skip, struct needle_hit *ret_hit)
{
	const uint8_t *window = needles->window;
	size_t at = 0;

	while (at < needles->n_window) {
		if (needles->hex[window[at]] < 0) {
			at++;
			continue;
		}
		for (at += skip; at < needles->n_window; at += 2) {
			if (needles->n_decoded && is_between(window[at]))
				at++;
			if (hex_byte(needles, at) < 0)
				break;
			put(needles, hex_byte(needles, at), at);
		}
		if (end_text(needles, NEEDLE_HEX, at, ret_hit))
			return true;
		while (at < needles->n_window && needles->hex[window[at]] >= 0)
			at++;
	}
	return false;
}

/* Digits from begin to end: each byte is of two that follow each other. */
static bool scan_digits(struct needles *needles, size_t begin, size_t end,
			struct needle_hit *ret_hit)
{
	int bits = 0;

	for (size_t at = begin; at < end; at++) {
		size_t n = (at - begin) % 4;

		bits = (bits & 63) << 6 | needles->base64[needles->window[at]];
		if (n)
			put(needles, bits >> (6 - 2 * n), at - 1);
	}
	return end_text(needles, NEEDLE_BASE64, end, ret_hit);
}

static bool scan_base64(struct needles *needles, struct needle_hit *ret_hit)
{
	size_t begin = 0;

	for (size_t at = 0; at <= needles->n_window; at++) {
		if (at < needles->n_window && needles->base64[needles->window[at]] >= 0)
			continue;
		for (size_t i = begin; i < begin + 4 && i + 8 <= at; i++)
			if (scan_digits(needles, i, at, ret_hit))
				return true;
		begin = at + 1;
	}
	return false;
}

/* ---- The haystack ------------------------------------------------------ */

void needles_begin(struct needles *needles, bool excuses)
{
	needles->n_window = 0;
	needles->offset = 0;
	needles->excuses = excuses;
}

/* All places before end; then what is behind it moves to the window's begin. */
static int scan_window(struct needles *needles, size_t end, struct needle_hit *ret_hit)
{
	needles->end = end;
	if (scan_raw(needles, ret_hit) || scan_utf16(needles, 0, ret_hit) ||
	    scan_utf16(needles, 1, ret_hit) || scan_percent(needles, ret_hit) ||
	    scan_hex(needles, 0, ret_hit) || scan_hex(needles, 1, ret_hit) ||
	    scan_base64(needles, ret_hit))
		return 1;
	memmove(needles->window, needles->window + end, needles->n_window - end);
	needles->n_window -= end;
	needles->offset += end;
	return 0;
}

int needles_scan(struct needles *needles, const void *data, size_t len, struct needle_hit *ret_hit)
{
	const uint8_t *from = data;

	while (len) {
		size_t room = sizeof(needles->window) - needles->n_window;
		size_t n = len < room ? len : room;

		memcpy(needles->window + needles->n_window, from, n);
		needles->n_window += n;
		from += n;
		len -= n;
		if (needles->n_window == sizeof(needles->window) &&
		    scan_window(needles, WINDOW, ret_hit))
			return 1;
	}
	return 0;
}

int needles_end(struct needles *needles, struct needle_hit *ret_hit)
{
	return scan_window(needles, needles->n_window, ret_hit);
}
