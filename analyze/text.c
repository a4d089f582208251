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

/* A byte as a decimal number and what follows it. Returns the end. */
static char *put_byte(char *to, unsigned int byte, char behind)
{
	if (byte >= 100)
		*to++ = (char)('0' + byte / 100);
	if (byte >= 10)
		*to++ = (char)('0' + byte / 10 % 10);
	*to++ = (char)('0' + byte % 10);
	*to++ = behind;
	return to;
}

/* inet_ntop() takes several times as long, and there are two addresses to each flow. */
static void text_ipv4(const uint8_t address[4], char *to)
{
	to = put_byte(to, address[0], '.');
	to = put_byte(to, address[1], '.');
	to = put_byte(to, address[2], '.');
	put_byte(to, address[3], '\0');
}

char *text_address(const void *address, size_t len, char text[TEXT_ADDRESS_MAX])
{
	text[0] = '\0';
	if (len == 4)
		text_ipv4(address, text);
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
