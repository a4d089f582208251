/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Many strings looked for at once: what is found, and that their number is no matter. */
#include "analyze/needles.h"
#include "tests/unit/test.h"

#include <stdlib.h>

#define N_MANY 300000
#define LENGTHS (NEEDLE_BYTES_MOST - NEEDLE_BYTES_LEAST + 1)
#define WAYS 10 /* as it is, UTF-16, percent, digits from two places, base64 from four */

static struct nst_bytes bytes(const char *text)
{
	return (struct nst_bytes){ text, (uint32_t)strlen(text) };
}

static struct needles *begin(void)
{
	struct needles *needles;

	if (needles_new(&needles))
		abort();
	return needles;
}

static int scan(struct needles *needles, bool excuses, const void *data, size_t len,
		struct needle_hit *ret_hit)
{
	needles_begin(needles, excuses);
	return needles_scan(needles, data, len, ret_hit) ?: needles_end(needles, ret_hit);
}

static void address(char to[16], unsigned int i)
{
	snprintf(to, 16, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
}

/*
 * All of them begin alike, in each encoding, and so does what they are looked for in; of one
 * address it is the beginning alone.
 */
static void their_number_is_no_matter(void)
{
	static char text[4000000];
	struct needles *needles = begin();
	struct needle_hit hit;
	char one[16];
	size_t len = 0;

	for (unsigned int i = 0; i < N_MANY; i++) {
		address(one, i);
		CHECK_INT(needles_add(needles, bytes(one), true), 0);
	}
	CHECK_INT(needles_close(needles), 0);
	for (unsigned int i = 0; len + 100 < sizeof(text); i++) {
		len += (size_t)sprintf(text + len, "10.%u.x 31302e%02x2e %%310.%u.x MTAuMS4w ",
				       i % 256, '0' + i % 10, i % 256);
		memcpy(text + len, "1\0000\0.\0009\0.\0x", 12);
		len += 12;
	}
	CHECK_INT(scan(needles, false, text, len, &hit), 0);
	CHECK(needles_lookups(needles) <= (uint64_t)len * 9 * 3); /* lengths from 8 to 13 */
	memcpy(text + len / 2, "10.3.255.9", 10);
	CHECK_INT(scan(needles, false, text, len, &hit), 1);
	CHECK_INT(hit.string, (3 << 16) + (255 << 8) + 9);
	CHECK_INT(hit.offset, len / 2);
	needles_free(needles);
}

/* At each length, behind whatever else begins like that; what is longer by what it begins with. */
static void every_length_is_found(void)
{
	struct needles *needles = begin();
	struct needle_hit hit;
	char text[200];
	uint32_t n = 0;

	for (int i = 0; i < 200; i++)
		text[i] = (char)('!' + i % 90);
	for (uint32_t len = NEEDLE_BYTES_LEAST; len <= 100; len++, n++) {
		/* each differs from the others, but begins as they do */
		struct nst_bytes needle = { text, len };

		text[len - 1] ^= 0x40;
		CHECK_INT(needles_add(needles, needle, true), 0);
		text[len - 1] ^= 0x40;
	}
	CHECK_INT(needles_close(needles), 0);
	CHECK_INT(scan(needles, false, text, sizeof(text), &hit), 1); /* one cut to 64 */
	CHECK_INT(hit.string, NEEDLE_BYTES_MOST - NEEDLE_BYTES_LEAST + 1);
	CHECK(needles_lookups(needles) <= LENGTHS * WAYS * sizeof(text));
	for (uint32_t len = NEEDLE_BYTES_LEAST; len <= NEEDLE_BYTES_MOST; len++) {
		text[len - 1] ^= 0x40;
		CHECK_INT(scan(needles, false, text, len, &hit), 1);
		CHECK_INT(hit.string, len - NEEDLE_BYTES_LEAST);
		text[len - 1] ^= 0x40;
	}
	needles_free(needles);
}

/* Wherever it stands in what comes in pieces, and whatever stands around it. */
static void borders_hide_nothing(void)
{
	static const struct {
		const char *text;
		size_t len;
		unsigned int encoding;
	} forms[] = {
		{ "secret-one", 10, NEEDLE_RAW },
		{ "s\0e\0c\0r\0e\0t\0-\0o\0n\0e\0", 20, NEEDLE_UTF16 },
		{ "secret%2done", 12, NEEDLE_PERCENT },
		{ "%73%65%63%72%65%74%2D%6F%6E%65", 30, NEEDLE_PERCENT },
		{ "7365637265742D6f6e65", 20, NEEDLE_HEX },
		{ "73:65:63:72:65:74:2d:6f:6e:65", 29, NEEDLE_HEX },
		{ "c2VjcmV0LW9uZQ", 14, NEEDLE_BASE64 },
		{ "NlY3JldC1vbmV", 13, NEEDLE_BASE64 }, /* of "xxsecret-onex" */
	};
	struct needles *needles = begin();
	static char text[70000];
	struct needle_hit hit;

	CHECK_INT(needles_add(needles, bytes("secret-one"), true), 0);
	CHECK_INT(needles_close(needles), 0);
	for (size_t i = 0; i < 7; i++)
		for (size_t at = 65480; at < 65560; at++) {
			/* digits of all kinds, so that it is in the midst of a text */
			memset(text, i == 4 ? 'a' : i == 6 ? '+' : '~', sizeof(text));
			memcpy(text + at, forms[i].text, forms[i].len);
			CHECK_INT(scan(needles, false, text, sizeof(text), &hit), 1);
			CHECK_INT(hit.encoding, forms[i].encoding);
			if (i < 4)
				CHECK_INT(hit.offset, at);
		}
	memset(text, '~', sizeof(text));
	CHECK_INT(scan(needles, false, text, sizeof(text), &hit), 0);
	CHECK_INT(scan(needles, false, "eHhzZWNyZXQtb25leA==", 20, &hit), 1);
	CHECK_INT(hit.encoding, NEEDLE_BASE64);
	needles_begin(needles, false);
	CHECK_INT(needles_scan(needles, "secret", 6, &hit), 0);
	CHECK_INT(needles_scan(needles, "-one", 4, &hit) ?: needles_end(needles, &hit), 1);
	needles_free(needles);
}

/* A few bytes of a number are anywhere by chance; not so in digits. */
static void numbers_are_looked_for_in_digits(void)
{
	const uint8_t mac[] = { 2, 0, 0, 0, 0, 1 }, small[] = { 2, 1, 3, 1, 1, 2 };
	const uint8_t address[16] = { 0x20, 1, 0xd, 0xb8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	static const char small_utf16[] = "\2\0\1\0\3\0\1\0\1\0\2";
	struct needles *needles = begin();
	struct needle_hit hit;

	CHECK_INT(needles_add(needles, (struct nst_bytes){ mac, 6 }, false), 0);
	CHECK_INT(needles_add(needles, (struct nst_bytes){ small, 6 }, false), 0);
	CHECK_INT(needles_add(needles, (struct nst_bytes){ address, 16 }, false), 0);
	CHECK_INT(needles_close(needles), 0);
	CHECK_INT(scan(needles, false, mac, 6, &hit), 0);
	CHECK_INT(scan(needles, false, small, 6, &hit), 0);
	CHECK_INT(scan(needles, false, small_utf16, 12, &hit), 0);
	CHECK_INT(scan(needles, false, address, 16, &hit), 1);
	CHECK_INT(hit.string, 2);
	CHECK_INT(scan(needles, false, "at 02:00:00:00:00:01", 20, &hit), 1);
	CHECK_INT(hit.string, 0);
	CHECK_INT(scan(needles, false, "020000000001", 12, &hit), 1);
	CHECK_INT(scan(needles, false, "0200.0000.0001", 14, &hit), 1);
	CHECK_INT(scan(needles, false, "x02-01-03-01-01-02", 18, &hit), 1);
	CHECK_INT(hit.string, 1);
	needles_free(needles);
}

/* What is part of something that may stay is looked for no more, but in other encodings. */
static void excused(void)
{
	struct needles *needles = begin();
	struct needle_hit hit;

	CHECK_INT(needles_add(needles, bytes("system"), true), 0);
	CHECK_INT(needles_add(needles, bytes("systemd-x"), true), 0);
	CHECK_INT(needles_close(needles), 0);
	CHECK_INT(scan(needles, true, "systemd", 7, &hit), 0);
	CHECK_INT(scan(needles, false, "systemd", 7, &hit), 0);
	CHECK_INT(scan(needles, false, "73797374656d", 12, &hit), 1);
	CHECK_INT(hit.string, 0);
	CHECK_INT(scan(needles, false, "a systemd-x", 11, &hit), 1);
	CHECK_INT(hit.string, 1);
	needles_free(needles);
}

int main(void)
{
	RUN(their_number_is_no_matter);
	RUN(every_length_is_found);
	RUN(borders_hide_nothing);
	RUN(numbers_are_looked_for_in_digits);
	RUN(excused);
	return test_result();
}
