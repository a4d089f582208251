/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * open_trace TRACE OPENED: a whole trace as fuzz targets can be given it too (opened.h). What it
 * has as an index is left out.
 * open_trace -c OPENED TRACE: the other way round, to look at what was found.
 */
#include "format/layout.h"
#include "tests/fuzz/opened.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

static void die(const char *what)
{
	fprintf(stderr, "open_trace: %s\n", what);
	exit(1);
}

static uint8_t *read_all(const char *path, size_t *ret_len)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = malloc(NST_FRAME_CAP);

	if (!in || !data)
		die(path);
	*ret_len = fread(data, 1, NST_FRAME_CAP, in);
	if (ferror(in) || !feof(in) || fclose(in))
		die("not a trace of less than 4 MiB");
	return data;
}

static size_t write_payload(FILE *out, const uint8_t *frame, uint32_t len, uint32_t raw_len)
{
	uint8_t *raw = malloc(raw_len + 1u);

	if (!raw || ZSTD_decompress(raw, raw_len, frame, len) != raw_len)
		die("a payload that cannot be decompressed");
	fwrite(raw, 1, raw_len, out);
	free(raw);
	return len;
}

/* A header, and what belongs to it. Returns its length in the trace. */
static size_t write_part(FILE *out, const uint8_t *at, size_t left)
{
	const uint8_t *content = at + NST_RAW_OVERHEAD;
	size_t len;
	uint32_t dictionaries, columns;

	if (left < NST_RAW_OVERHEAD || left - NST_RAW_OVERHEAD < at[5])
		die("cut within a header");
	len = NST_RAW_OVERHEAD + at[5];
	fwrite(content, 1, at[5], out);
	if (memcmp(content, NST_CHUNK_MAGIC, 4) != 0)
		return len;
	dictionaries = nst_get32(content + NST_CH_DICT_LEN);
	columns = nst_get32(content + NST_CH_COL_LEN);
	if ((uint64_t)dictionaries + columns > left - len)
		die("cut within a chunk");
	if (dictionaries)
		len += write_payload(out, at + len, dictionaries,
				     nst_get32(content + NST_CH_DICT_RAW));
	if (columns)
		len += write_payload(out, at + len, columns, nst_get32(content + NST_CH_COL_RAW));
	return len;
}

static void open_all(FILE *out, const uint8_t *trace, size_t len)
{
	size_t at = 0;

	fputc('O', out);
	while (len - at >= NST_RAW_OVERHEAD && nst_get32(trace + at) == NST_ZSTD_MAGIC)
		at += write_part(out, trace + at, len - at);
}

int main(int argc, char **argv)
{
	bool is_closing = argc == 4 && !strcmp(argv[1], "-c");
	struct nst_bytes closed;
	uint8_t *data;
	size_t len;
	FILE *out;

	if (argc != 3 + is_closing)
		die("usage: open_trace TRACE OPENED, or -c OPENED TRACE");
	data = read_all(argv[1 + is_closing], &len);
	out = fopen(argv[2 + is_closing], "wb");
	if (!out)
		die(argv[2 + is_closing]);
	if (is_closing) {
		closed = fuzz_trace(data, len);
		fwrite(closed.data, 1, closed.len_bytes, out);
	} else {
		open_all(out, data, len);
	}
	if (ferror(out) || fclose(out))
		die(argv[2 + is_closing]);
	free(data);
	return 0;
}
