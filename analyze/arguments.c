/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/arguments.h"

#include "analyze/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A shell takes these, and what is not ASCII, for what they are. */
static bool is_plain(unsigned char byte)
{
	return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || (byte && strchr("%+,-./:=@_", byte));
}

static bool needs_quotes(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_plain((unsigned char)text[i]))
			return true;
	return !len;
}

static char *quote(char *to, const char *text, size_t len)
{
	*to++ = '\'';
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'') {
			memcpy(to, "'\\''", 4);
			to += 4;
		} else {
			*to++ = text[i];
		}
	}
	*to++ = '\'';
	return to;
}

char *arguments_text(struct nst_bytes arguments)
{
	const char *bytes = arguments.data;
	/* of one argument; and a byte is at most \xNN or '\'', an empty one '' and a blank */
	char *one = malloc(TEXT_MAX((size_t)arguments.len_bytes));
	char *text = malloc(TEXT_MAX((size_t)arguments.len_bytes) + 2);
	char *to = text;

	for (size_t i = 0, len; one && text && i < arguments.len_bytes; i += len + 1) {
		size_t one_len;

		len = strnlen(bytes + i, arguments.len_bytes - i);
		one_len = text_from_bytes(bytes + i, len, one);
		if (to > text)
			*to++ = ' ';
		if (needs_quotes(one, one_len)) {
			to = quote(to, one, one_len);
		} else {
			memcpy(to, one, one_len);
			to += one_len;
		}
	}
	free(one);
	if (!one || !text) {
		free(text);
		return NULL;
	}
	*to = '\0';
	return text;
}
