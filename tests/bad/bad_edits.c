/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One change each, behind checksums that are right: only what is checked beneath them can find
 * it. Offsets and numbers are FORMAT.md's.
 */
#include "tests/bad/make_bad.h"

#include "format/crc32c.h"
#include "format/layout.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define FILE_FRAME (NST_RAW_OVERHEAD + NST_FILE_HEADER_LEN)
#define CHUNK_FRAME (NST_RAW_OVERHEAD + NST_CHUNK_HEADER_LEN)
#define EVENTS 2 /* chunks of the trace */
#define OWNERS 4
#define PROCESSES 1

enum place {
	FILE_HEADER,
	CHUNK_HEADER,
	SECTION,      /* its header */
	SECTION_DATA, /* what is behind that */
	FRAME,	      /* compressed */
};

static const struct edit {
	const char *name;
	enum place place;
	unsigned int chunk, section;
	size_t offset;
	unsigned int bytes;
	uint64_t value;
} edits[] = {
	{ "file-incompat", FILE_HEADER, 0, 0, NST_FH_INCOMPAT, 4, 1u << 31 },
	{ "file-clock", FILE_HEADER, 0, 0, NST_FH_CLOCK, 4, 77 },
	{ "file-reserved", FILE_HEADER, 0, 0, NST_FH_RESERVED3, 1, 1 },
	{ "file-writer", FILE_HEADER, 0, 0, NST_FH_WRITER + 30, 2, 0x1b1b },
	{ "file-start", FILE_HEADER, 0, 0, NST_FH_START, 8, UINT64_MAX },
	{ "file-realtime", FILE_HEADER, 0, 0, NST_FH_START_REALTIME, 8, UINT64_MAX },
	{ "chunk-dictionaries-4g", CHUNK_HEADER, EVENTS, 0, NST_CH_DICT_LEN, 4, UINT32_MAX },
	{ "chunk-raw-4g", CHUNK_HEADER, EVENTS, 0, NST_CH_COL_RAW, 4, UINT32_MAX },
	{ "chunk-raw-over-cap", CHUNK_HEADER, EVENTS, 0, NST_CH_DICT_RAW, 4, (4 << 20) + 1 },
	{ "chunk-raw-cap", CHUNK_HEADER, EVENTS, 0, NST_CH_DICT_RAW, 4, 4 << 20 },
	{ "chunk-columns-cut", CHUNK_HEADER, EVENTS, 0, NST_CH_COL_LEN, 4, 4 << 20 },
	{ "chunk-no-columns", CHUNK_HEADER, EVENTS, 0, NST_CH_COL_LEN, 4, 0 },
	{ "chunk-checksum", CHUNK_HEADER, EVENTS, 0, NST_CH_COL_CRC, 4, 0xdeadbeef },
	{ "chunk-no-events", CHUNK_HEADER, EVENTS, 0, NST_CH_COUNT, 4, 0 },
	{ "chunk-events-over-cap", CHUNK_HEADER, EVENTS, 0, NST_CH_COUNT, 4, 65537 },
	{ "chunk-events-other", CHUNK_HEADER, EVENTS, 0, NST_CH_COUNT, 4, 65536 },
	{ "chunk-ordinal", CHUNK_HEADER, EVENTS, 0, NST_CH_ORDINAL, 8, UINT64_MAX },
	{ "chunk-sequence", CHUNK_HEADER, EVENTS, 0, NST_CH_SEQUENCE, 8, UINT64_MAX },
	{ "chunk-sequence-back", CHUNK_HEADER, EVENTS + 1, 0, NST_CH_SEQUENCE, 8, 0 },
	{ "chunk-first-late", CHUNK_HEADER, EVENTS, 0, NST_CH_FIRST, 8, UINT64_MAX },
	{ "chunk-last-late", CHUNK_HEADER, EVENTS, 0, NST_CH_LAST, 8, UINT64_MAX },
	{ "chunk-sample", CHUNK_HEADER, EVENTS, 0, NST_CH_SAMPLE_REALTIME, 8, UINT64_MAX },
	{ "chunk-lost", CHUNK_HEADER, EVENTS, 0, NST_CH_LOST, 8, UINT64_MAX },
	{ "chunk-clock", CHUNK_HEADER, EVENTS, 0, NST_CH_CLOCK, 1, 2 },
	{ "chunk-type", CHUNK_HEADER, EVENTS, 0, NST_CH_TYPE, 2, 0x00ff },
	{ "chunk-type-critical", CHUNK_HEADER, OWNERS, 0, NST_CH_TYPE, 2, 0x80ff },
	{ "chunk-incompat", CHUNK_HEADER, EVENTS, 0, NST_CH_INCOMPAT, 4, 2 },
	{ "chunk-uuid", CHUNK_HEADER, EVENTS, 0, NST_CH_UUID, 8, UINT64_MAX },
	{ "chunk-metadata-as-events", CHUNK_HEADER, PROCESSES, 0, NST_CH_TYPE, 2, 0x8001 },
	{ "chunk-events-as-end", CHUNK_HEADER, EVENTS, 0, NST_CH_TYPE, 2, 8 },
	{ "section-length", SECTION, EVENTS, 0x0402, NST_SH_LENGTH, 4, UINT32_MAX },
	{ "section-count-none", SECTION, EVENTS, 0x0402, NST_SH_COUNT, 4, 0 },
	{ "section-count-over-cap", SECTION, EVENTS, 0x0101, NST_SH_COUNT, 4, 65537 },
	{ "section-count-other", SECTION, EVENTS, 0x0101, NST_SH_COUNT, 4, 65536 },
	{ "section-width", SECTION, EVENTS, 0x0402, NST_SH_WIDTH, 1, 3 },
	{ "section-encoding", SECTION, EVENTS, 0x0402, NST_SH_ENCODING, 1, 0x0f },
	{ "section-runs-untold", SECTION, EVENTS, 0x0402, NST_SH_ENCODING, 1, 5 },
	{ "section-reserved", SECTION, EVENTS, 0x0402, NST_SH_RESERVED, 4, 1 },
	{ "section-twice", SECTION, EVENTS, 0x0403, NST_SH_ID, 2, 0x0402 },
	{ "section-unknown", SECTION, EVENTS, 0x0402, NST_SH_ID, 2, 0x04ee },
	{ "string-length", SECTION_DATA, EVENTS, 0x0103, 0, 1, 0xff },
	{ "address-length", SECTION_DATA, EVENTS, 0x0206, 0, 1, 5 },
	{ "lane-row", SECTION_DATA, EVENTS, 0x0403, 0, 1, 0xff },
	{ "flow-row", SECTION_DATA, EVENTS, 0x0302, 0, 1, 0xff },
	{ "process-row", SECTION_DATA, EVENTS, 0x0303, 0, 1, 0xff },
	{ "has-unknown", SECTION_DATA, EVENTS, 0x0301, 4, 4, UINT32_MAX },
	{ "time-far", SECTION_DATA, EVENTS, 0x0402, 0, 8, UINT64_MAX },
	{ "owner-what", SECTION_DATA, OWNERS, 0x1504, 0, 8, UINT64_MAX },
	{ "process-time", SECTION_DATA, PROCESSES, 0x1402, 0, 8, UINT64_MAX },
	{ "frame-dictionary", FRAME, EVENTS, 0, 4, 1, 0x27 },
	{ "frame-window", FRAME, EVENTS, 0, 4, 2, 0xa800 },
	{ "frame-content", FRAME, EVENTS, 0, 5, 1, 0xff },
	{ "frame-magic", FRAME, EVENTS, 0, 0, 4, 0x184d2a50 },
	{ "frame-block", FRAME, EVENTS, 0, 7, 3, 0xffffff },
};

static void put(uint8_t *at, unsigned int bytes, uint64_t value)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void seal(uint8_t *frame)
{
	uint8_t *content = frame + NST_RAW_OVERHEAD;
	size_t len = frame[5];

	nst_put32(content + len - 4, nst_crc32c(content, len - 4));
}

static uint8_t *header_of(uint8_t *chunk)
{
	return chunk + NST_RAW_OVERHEAD;
}

static uint8_t *chunk_at(uint8_t *trace, unsigned int n)
{
	uint8_t *at = trace + FILE_FRAME;

	while (n--)
		at += CHUNK_FRAME + nst_get32(header_of(at) + NST_CH_DICT_LEN) +
		      nst_get32(header_of(at) + NST_CH_COL_LEN);
	bad_must(!memcmp(header_of(at), NST_CHUNK_MAGIC, 4), "no such chunk");
	return at;
}

static uint8_t *section_at(uint8_t *raw, size_t len, unsigned int id)
{
	for (size_t at = 0; at < len;
	     at += NST_SECTION_HEADER_LEN + nst_get32(raw + at + NST_SH_LENGTH))
		if (nst_get16(raw + at) == id)
			return raw + at;
	return NULL;
}

/* Put another frame, columns or dictionaries, in a chunk. Returns the trace's new length. */
static size_t replace_frame(uint8_t *trace, size_t len, uint8_t *chunk, bool columns,
			    const uint8_t *frame, size_t frame_len)
{
	uint8_t *header = header_of(chunk);
	uint32_t dict_len = nst_get32(header + NST_CH_DICT_LEN);
	size_t at = columns ? NST_CH_COL_LEN : NST_CH_DICT_LEN;
	size_t crc_at = columns ? NST_CH_COL_CRC : NST_CH_DICT_CRC;
	uint8_t *old = chunk + CHUNK_FRAME + (columns ? dict_len : 0);
	size_t old_len = nst_get32(header + at);

	memmove(old + frame_len, old + old_len, (size_t)(trace + len - (old + old_len)));
	memcpy(old, frame, frame_len);
	nst_put32(header + at, (uint32_t)frame_len);
	nst_put32(header + crc_at, nst_crc32c(frame, frame_len));
	seal(chunk);
	return len - old_len + frame_len;
}

static size_t compress(uint8_t *to, size_t room, const uint8_t *raw, size_t len)
{
	ZSTD_CCtx *cctx = ZSTD_createCCtx();
	size_t n;

	ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(cctx, to, room, raw, len);
	ZSTD_freeCCtx(cctx);
	bad_must(!ZSTD_isError(n), "compressing");
	return n;
}

/* Of a section, in whichever of the two frames it is. */
static size_t edit_section(uint8_t *trace, size_t len, const struct edit *edit)
{
	static uint8_t raw[1 << 16], frame[1 << 16];
	uint8_t *chunk = chunk_at(trace, edit->chunk), *section = NULL;
	uint8_t *payload = chunk + CHUNK_FRAME;
	bool columns = false;
	size_t raw_len = 0;

	for (int i = 0; i < 2 && !section; i++) {
		size_t frame_len =
			nst_get32(header_of(chunk) + (i ? NST_CH_COL_LEN : NST_CH_DICT_LEN));

		columns = i;
		if (!frame_len)
			continue;
		raw_len = ZSTD_decompress(raw, sizeof(raw), payload, frame_len);
		bad_must(!ZSTD_isError(raw_len), "decompressing");
		section = section_at(raw, raw_len, edit->section);
		payload += frame_len;
	}
	bad_must(section != NULL, edit->name);
	put(section + (edit->place == SECTION_DATA ? NST_SECTION_HEADER_LEN : 0) + edit->offset,
	    edit->bytes, edit->value);
	return replace_frame(trace, len, chunk, columns, frame,
			     compress(frame, sizeof(frame), raw, raw_len));
}

static size_t edit_frame(uint8_t *trace, size_t len, const struct edit *edit)
{
	uint8_t *chunk = chunk_at(trace, edit->chunk), *frame = chunk + CHUNK_FRAME;
	size_t frame_len = nst_get32(header_of(chunk) + NST_CH_DICT_LEN);

	put(frame + edit->offset, edit->bytes, edit->value);
	nst_put32(header_of(chunk) + NST_CH_DICT_CRC, nst_crc32c(frame, frame_len));
	seal(chunk);
	return len;
}

static void make(const uint8_t *original, size_t len, const struct edit *edit)
{
	uint8_t *trace = malloc(len + (1 << 16));
	uint8_t *frame = trace;

	bad_must(trace != NULL, "memory");
	memcpy(trace, original, len);
	switch (edit->place) {
	case CHUNK_HEADER:
		frame = chunk_at(trace, edit->chunk);
		/* fall through */
	case FILE_HEADER:
		put(header_of(frame) + edit->offset, edit->bytes, edit->value);
		seal(frame);
		break;
	case SECTION:
	case SECTION_DATA:
		len = edit_section(trace, len, edit);
		break;
	case FRAME:
		len = edit_frame(trace, len, edit);
		break;
	}
	bad_write(edit->name, trace, len);
	free(trace);
}

void bad_edits(const uint8_t *trace, size_t len)
{
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
		make(trace, len, &edits[i]);
}
