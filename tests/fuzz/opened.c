/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tests/fuzz/opened.h"

#include "format/crc32c.h"
#include "format/layout.h"
#include "tests/fuzz/fuzz.h"

#include <zstd.h>

#define MARK 'O'
/* What stands between payloads that cannot be compressed takes no more than this. */
#define TRACE_MAX (2 * FUZZ_INPUT_MAX + (1 << 20))

static uint8_t *trace; /* of TRACE_MAX */
static size_t trace_len;

static void add(const void *data, size_t len)
{
	MUST(len <= TRACE_MAX - trace_len);
	memcpy(trace + trace_len, data, len);
	trace_len += len;
}

static bool is_file_header(const uint8_t *at, size_t len)
{
	return len >= NST_FILE_HEADER_LEN && !memcmp(at, NST_FILE_MAGIC, 8);
}

static bool is_chunk_header(const uint8_t *at, size_t len)
{
	return len >= NST_CHUNK_HEADER_LEN && !memcmp(at, NST_CHUNK_MAGIC, 4);
}

/* How many bytes there are until the next header. */
static size_t until_header(const uint8_t *data, size_t len)
{
	size_t n = 0;

	while (n < len && !is_file_header(data + n, len - n) && !is_chunk_header(data + n, len - n))
		n++;
	return n;
}

/* A header's content as a frame, in front of what belongs to it. */
static void add_header(uint8_t *content, uint8_t len)
{
	uint8_t overhead[NST_RAW_OVERHEAD];
	uint32_t block = (uint32_t)len << 3 | 1;

	nst_put32(overhead, NST_ZSTD_MAGIC);
	overhead[4] = NST_RAW_DESCRIPTOR;
	overhead[5] = len;
	for (int i = 0; i < 3; i++)
		overhead[6 + i] = (uint8_t)(block >> 8 * i);
	nst_put32(content + len - 4, nst_crc32c(content, len - 4u));
	add(overhead, sizeof(overhead));
	add(content, len);
}

static size_t compress(const uint8_t *data, size_t len, uint8_t *to, size_t room)
{
	static ZSTD_CCtx *cctx;
	size_t n;

	if (!len)
		return 0;
	if (!cctx) {
		cctx = ZSTD_createCCtx();
		MUST(cctx);
		ZSTD_CCtx_setParameter(cctx, ZSTD_c_compressionLevel, 1);
		ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, 1);
	}
	n = ZSTD_compress2(cctx, to, room, data, len);
	MUST(!ZSTD_isError(n));
	return n;
}

/* One payload of a chunk, whose lengths and checksum are at this place of its header. */
static size_t add_payload(uint8_t *content, size_t place, const uint8_t *data, size_t len,
			  uint8_t *to, size_t room)
{
	size_t n = compress(data, len, to, room);

	nst_put32(content + place, (uint32_t)n);
	nst_put32(content + place + 4, (uint32_t)len);
	nst_put32(content + place + 8, n ? nst_crc32c(to, n) : 0);
	return n;
}

static void add_chunk(uint8_t *content, uint8_t len, const uint8_t *data, size_t data_bytes)
{
	static uint8_t frames[2 * FUZZ_INPUT_MAX];
	size_t dictionaries = nst_get32(content + NST_CH_DICT_RAW);
	size_t n;

	if (dictionaries > data_bytes)
		dictionaries = data_bytes;
	n = add_payload(content, NST_CH_DICT_LEN, data, dictionaries, frames, sizeof(frames));
	n += add_payload(content, NST_CH_COL_LEN, data + dictionaries, data_bytes - dictionaries,
			 frames + n, sizeof(frames) - n);
	add_header(content, len);
	add(frames, n);
}

/* Returns how much of the data it took. */
static size_t add_part(const uint8_t *data, size_t size)
{
	bool is_chunk = is_chunk_header(data, size);
	uint16_t len = nst_get16(data + (is_chunk ? NST_CH_LENGTH : NST_FH_LENGTH));
	uint8_t content[NST_RAW_CONTENT_MAX];
	uint16_t least = is_chunk ? NST_CHUNK_HEADER_LEN : NST_FILE_HEADER_LEN;
	size_t payload;

	if (len < least || len > sizeof(content) || len > size)
		len = least;
	memcpy(content, data, len);
	if (!is_chunk) {
		add_header(content, (uint8_t)len);
		return len;
	}
	payload = until_header(data + len, size - len);
	add_chunk(content, (uint8_t)len, data + len, payload);
	return len + payload;
}

struct nst_bytes fuzz_trace(const uint8_t *data, size_t size)
{
	size_t at = 1;

	if (!size || *data != MARK || size > FUZZ_INPUT_MAX)
		return (struct nst_bytes){ data, (uint32_t)size };
	trace = trace ?: malloc(TRACE_MAX);
	MUST(trace);
	trace_len = 0;
	while (at < size) {
		size_t n = until_header(data + at, size - at);

		add(data + at, n);
		at += n;
		if (at < size)
			at += add_part(data + at, size - at);
	}
	return (struct nst_bytes){ trace, (uint32_t)trace_len };
}
