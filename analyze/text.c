/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/text.h"

#include "common/escape.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t text_from_bytes(const void *data, size_t len, char *text)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;
	char *to = text;
	uint32_t code;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_decode(bytes + i, len - i, &code);

		if (n && code) {
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

char *text_of_bytes(struct nst_bytes bytes)
{
	char *text = malloc(TEXT_MAX((size_t)bytes.len_bytes));

	if (text)
		text_from_bytes(bytes.data, bytes.len_bytes, text);
	return text;
}

char *text_hex(struct nst_bytes bytes)
{
	const uint8_t *byte = bytes.data;
	char *text = malloc(2 * (size_t)bytes.len_bytes + 1);

	if (!text)
		return NULL;
	*text = '\0';
	for (size_t i = 0; i < bytes.len_bytes; i++)
		sprintf(text + 2 * i, "%02x", byte[i]);
	return text;
}

char *text_address(const void *address, size_t len, char text[TEXT_ADDRESS_MAX])
{
	text[0] = '\0';
	if (len == 4)
		inet_ntop(AF_INET, address, text, TEXT_ADDRESS_MAX);
	else if (len == 16)
		inet_ntop(AF_INET6, address, text, TEXT_ADDRESS_MAX);
	return text;
}

char *text_uuid(const uint8_t uuid[16], char text[TEXT_UUID_MAX])
{
	char *to = text;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		to += snprintf(to, 3, "%02x", uuid[i]);
	}
	return text;
}

char *text_mac(const void *mac, size_t len, char text[TEXT_MAC_MAX])
{
	const uint8_t *bytes = mac;
	char *to = text;

	text[0] = '\0';
	if (len > TEXT_MAC_MAX / 3)
		len = TEXT_MAC_MAX / 3;
	for (size_t i = 0; i < len; i++)
		to += snprintf(to, 4, "%s%02x", i ? ":" : "", bytes[i]);
	return text;
}
