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

/* Controls, line and paragraph separators, and what reorders or hides text. */
static bool is_inert(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return false;
	if (code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	    (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f))
		return false;
	return code != 0xfeff && !(code >= 0xfff9 && code <= 0xfffb) &&
	       !(code >= 0xe0000 && code <= 0xe0fff);
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
