// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * damage TRACE cut N          its first N bytes
 * damage TRACE flip N         with every bit of byte N flipped
 * damage TRACE put N BYTES V  with V in the BYTES at N of a header's content,
 *                             where N is counted from the file's first byte,
 *                             and the checksum of that header made right again
 *
 * The changed trace goes to standard output. What a header is stands in
 * FORMAT.md; nothing here comes from the library.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_OVERHEAD 9

static uint8_t data[1 << 20];
static size_t length;

static void die(const char *what)
{
	fprintf(stderr, "damage: %s\n", what);
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		die("not a number");
	return value;
}

/* Castagnoli's polynomial, bit by bit. */
static uint32_t crc32c(const uint8_t *bytes, size_t n)
{
	uint32_t crc = ~UINT32_C(0);

	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
	}
	return ~crc;
}

/* The content of the header that holds byte `at`. */
static uint8_t *header_around(size_t at)
{
	for (size_t begin = at + 1; begin-- > 0;) {
		uint8_t *frame = data + begin;

		if (begin + FRAME_OVERHEAD > length || memcmp(frame, "\x28\xb5\x2f\xfd\x20", 5))
			continue;
		if (!memcmp(frame + FRAME_OVERHEAD, "NETSNOOP", 8) ||
		    !memcmp(frame + FRAME_OVERHEAD, "NSCH", 4))
			return frame + FRAME_OVERHEAD;
	}
	die("no header there");
	return NULL;
}

static void put(size_t at, size_t bytes, uint64_t value)
{
	uint8_t *content = header_around(at);
	size_t content_bytes = content[-4];
	uint32_t crc;

	if (bytes > 8 || at + bytes > (size_t)(content - data) + content_bytes - 4)
		die("not inside the header");
	for (size_t i = 0; i < bytes; i++)
		data[at + i] = (uint8_t)(value >> 8 * i);
	crc = crc32c(content, content_bytes - 4);
	for (size_t i = 0; i < 4; i++)
		content[content_bytes - 4 + i] = (uint8_t)(crc >> 8 * i);
}

int main(int argc, char **argv)
{
	FILE *in = argc >= 4 ? fopen(argv[1], "rb") : NULL;
	size_t at;

	if (!in)
		die("damage TRACE cut|flip|put N [BYTES VALUE]");
	length = fread(data, 1, sizeof(data), in);
	fclose(in);
	at = number(argv[3]);
	if (at >= length)
		die("beyond the end");
	if (!strcmp(argv[2], "cut"))
		length = at;
	else if (!strcmp(argv[2], "flip"))
		data[at] = (uint8_t)~data[at];
	else if (!strcmp(argv[2], "put") && argc == 6)
		put(at, number(argv[4]), number(argv[5]));
	else
		die("damage TRACE cut|flip|put N [BYTES VALUE]");
	return fwrite(data, 1, length, stdout) == length && !fflush(stdout) ? 0 : 1;
}
