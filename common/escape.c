// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static size_t length_by_first_byte(uint8_t byte)
{
	if (byte < 0x80)
		return 1;
	if (byte >> 5 == 6)
		return 2;
	if (byte >> 4 == 14)
		return 3;
	return byte >> 3 == 30 ? 4 : 0;
}

size_t utf8_decode(const void *data, size_t len, uint32_t *ret_code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *bytes = data;
	size_t n = len ? length_by_first_byte(bytes[0]) : 0;
	uint32_t code;

	if (!n || n > len)
		return 0;
	code = n == 1 ? bytes[0] : bytes[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if (bytes[i] >> 6 != 2)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return n;
}

/*
 * Controls, line and paragraph separators, what reorders or hides text, and what is not seen:
 * Unicode 15's Default_Ignorable_Code_Point, its other characters of format, and blanks that
 * look like none.
 */
static const struct {
	uint32_t first, last;
} active[] = {
	{ 0x0, 0x1f },	      { 0x7f, 0x9f },	    { 0xad, 0xad },	  { 0x34f, 0x34f },
	{ 0x600, 0x605 },     { 0x61c, 0x61c },	    { 0x6dd, 0x6dd },	  { 0x70f, 0x70f },
	{ 0x890, 0x891 },     { 0x8e2, 0x8e2 },	    { 0x115f, 0x1160 },	  { 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2028, 0x202e },	  { 0x2060, 0x206f },
	{ 0x2800, 0x2800 },   { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },	  { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
	{ 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static bool is_inert(uint32_t code)
{
	if (code >= 0x20 && code < 0x7f) /* nearly all */
		return true;
	for (size_t i = 0; i < sizeof(active) / sizeof(active[0]); i++)
		if (code >= active[i].first && code <= active[i].last)
			return false;
	return true;
}

size_t printable_character(const void *data, size_t len)
{
	uint32_t code;
	size_t n = utf8_decode(data, len, &code);

	return n && is_inert(code) ? n : 0;
}

size_t escape_bytes(const void *data, size_t len, char *text)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;
	char *to = text;

	for (size_t i = 0; i < len;) {
		size_t n = printable_character(bytes + i, len - i);

		if (n == 1 && bytes[i] == '\\') {
			*to++ = '\\';
			*to++ = '\\';
		} else if (n) {
			memcpy(to, bytes + i, n);
			to += n;
		} else {
			*to++ = '\\';
			*to++ = 'x';
			*to++ = digits[bytes[i] >> 4];
			*to++ = digits[bytes[i] & 15];
			n = 1;
		}
		i += n;
	}
	*to = '\0';
	return (size_t)(to - text);
}
