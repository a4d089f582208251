/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "header.h"

#include "crc32c.h"

#include <stdbool.h>

/* The frame around content that the caller has filled but for its checksum. */
static void raw_frame_close(uint8_t *frame, size_t content_len)
{
	uint8_t *content = frame + NST_RAW_OVERHEAD;
	uint32_t block = (uint32_t)content_len << 3 | 1; /* last block, type raw */

	nst_put32(frame, NST_ZSTD_MAGIC);
	frame[4] = NST_RAW_DESCRIPTOR;
	frame[5] = (uint8_t)content_len;
	nst_put16(frame + 6, (uint16_t)block);
	frame[8] = (uint8_t)(block >> 16);
	nst_put32(content + content_len - 4, nst_crc32c(content, content_len - 4));
}

void nst_file_header_put(uint8_t frame[NST_FILE_FRAME_LEN], const struct nst_header *header)
{
	uint8_t *at = frame + NST_RAW_OVERHEAD;

	memset(at, 0, NST_FILE_HEADER_LEN);
	memcpy(at + NST_FH_MAGIC, NST_FILE_MAGIC, 8);
	nst_put16(at + NST_FH_LENGTH, NST_FILE_HEADER_LEN);
	nst_put16(at + NST_FH_MAJOR, NST_MAJOR);
	nst_put16(at + NST_FH_MINOR, NST_MINOR);
	nst_put32(at + NST_FH_INCOMPAT, header->incompat);
	nst_put32(at + NST_FH_COMPAT, header->compat);
	memcpy(at + NST_FH_UUID, header->uuid, 16);
	memcpy(at + NST_FH_BOOT_ID, header->boot_id, 16);
	nst_put32(at + NST_FH_CLOCK, header->clock);
	memcpy(at + NST_FH_WRITER, header->writer, strnlen(header->writer, 32));
	nst_put64(at + NST_FH_START, header->start_ns);
	nst_put64(at + NST_FH_START_REALTIME, header->start_realtime_ns);
	raw_frame_close(frame, NST_FILE_HEADER_LEN);
}

void nst_chunk_header_put(uint8_t frame[NST_CHUNK_FRAME_LEN], const struct nst_chunk_header *header)
{
	uint8_t *at = frame + NST_RAW_OVERHEAD;

	memset(at, 0, NST_CHUNK_HEADER_LEN);
	memcpy(at + NST_CH_MAGIC, NST_CHUNK_MAGIC, 4);
	nst_put16(at + NST_CH_LENGTH, NST_CHUNK_HEADER_LEN);
	nst_put16(at + NST_CH_TYPE, header->type);
	memcpy(at + NST_CH_UUID, header->uuid, 16);
	nst_put64(at + NST_CH_SEQUENCE, header->sequence);
	nst_put32(at + NST_CH_INCOMPAT, header->incompat);
	at[NST_CH_CLOCK] = header->clock;
	nst_put32(at + NST_CH_DICT_LEN, header->dict_len);
	nst_put32(at + NST_CH_DICT_RAW, header->dict_raw_len);
	nst_put32(at + NST_CH_DICT_CRC, header->dict_crc);
	nst_put32(at + NST_CH_COL_LEN, header->col_len);
	nst_put32(at + NST_CH_COL_RAW, header->col_raw_len);
	nst_put32(at + NST_CH_COL_CRC, header->col_crc);
	nst_put32(at + NST_CH_COUNT, header->n_events);
	nst_put64(at + NST_CH_ORDINAL, header->first_ordinal);
	nst_put64(at + NST_CH_FIRST, header->first_ns);
	nst_put64(at + NST_CH_LAST, header->last_ns);
	nst_put64(at + NST_CH_SAMPLE_CLOCK, header->sample_clock_ns);
	nst_put64(at + NST_CH_SAMPLE_REALTIME, header->sample_realtime_ns);
	for (int i = 0; i < NST_LOSS_SLOTS; i++)
		nst_put64(at + NST_CH_LOST + 8 * i, header->lost[i]);
	raw_frame_close(frame, NST_CHUNK_HEADER_LEN);
}

static bool crc_is_right(const uint8_t *content, size_t len)
{
	return nst_get32(content + len - 4) == nst_crc32c(content, len - 4);
}

enum nst_frame_kind nst_header_find(const uint8_t *at, size_t len_bytes, size_t *ret_frame_len)
{
	const uint8_t *content = at + NST_RAW_OVERHEAD;
	enum nst_frame_kind kind;
	size_t len, told;

	if (len_bytes < NST_FILE_FRAME_LEN || nst_get32(at) != NST_ZSTD_MAGIC ||
	    at[4] != NST_RAW_DESCRIPTOR)
		return NST_FRAME_NONE;
	len = at[5];
	if ((nst_get16(at + 6) | (uint32_t)at[8] << 16) != (len << 3 | 1) ||
	    len_bytes < NST_RAW_OVERHEAD + len)
		return NST_FRAME_NONE;
	if (len >= NST_FILE_HEADER_LEN && !memcmp(content, NST_FILE_MAGIC, 8)) {
		kind = NST_FRAME_FILE;
		told = nst_get16(content + NST_FH_LENGTH);
	} else if (len >= NST_CHUNK_HEADER_LEN && !memcmp(content, NST_CHUNK_MAGIC, 4)) {
		kind = NST_FRAME_CHUNK;
		told = nst_get16(content + NST_CH_LENGTH);
	} else {
		return NST_FRAME_NONE;
	}
	if (told != len || !crc_is_right(content, len))
		return NST_FRAME_NONE;
	*ret_frame_len = NST_RAW_OVERHEAD + len;
	return kind;
}

static bool is_zero(const uint8_t *at, size_t len)
{
	while (len--) {
		if (*at++)
			return false;
	}
	return true;
}

static bool clock_is_known(uint32_t clock)
{
	return clock == NST_CLOCK_BOOTTIME || clock == NST_CLOCK_MONOTONIC;
}

const char *nst_file_header_get(const uint8_t *frame, struct nst_header *ret_header)
{
	const uint8_t *at = frame + NST_RAW_OVERHEAD;
	const uint8_t *writer = at + NST_FH_WRITER;
	size_t writer_len = strnlen((const char *)writer, 32);

	memset(ret_header, 0, sizeof(*ret_header));
	ret_header->major = nst_get16(at + NST_FH_MAJOR);
	ret_header->minor = nst_get16(at + NST_FH_MINOR);
	ret_header->incompat = nst_get32(at + NST_FH_INCOMPAT);
	ret_header->compat = nst_get32(at + NST_FH_COMPAT);
	memcpy(ret_header->uuid, at + NST_FH_UUID, 16);
	memcpy(ret_header->boot_id, at + NST_FH_BOOT_ID, 16);
	ret_header->clock = nst_get32(at + NST_FH_CLOCK);
	memcpy(ret_header->writer, writer, writer_len);
	ret_header->start_ns = nst_get64(at + NST_FH_START);
	ret_header->start_realtime_ns = nst_get64(at + NST_FH_START_REALTIME);

	if (!clock_is_known(ret_header->clock))
		return "file header: the clock is neither 1 (boottime) nor 2 (monotonic)";
	if (!is_zero(at + NST_FH_RESERVED1, 2) || !is_zero(at + NST_FH_RESERVED2, 4) ||
	    !is_zero(at + NST_FH_RESERVED3, NST_FH_END - NST_FH_RESERVED3))
		return "file header: reserved bytes are not zero";
	if (!is_zero(writer + writer_len, 32 - writer_len))
		return "file header: bytes behind the NUL of the writer's name";
	return NULL;
}

const char *nst_chunk_header_get(const uint8_t *frame, struct nst_chunk_header *ret_header)
{
	const uint8_t *at = frame + NST_RAW_OVERHEAD;

	memset(ret_header, 0, sizeof(*ret_header));
	memcpy(ret_header->uuid, at + NST_CH_UUID, 16);
	ret_header->type = nst_get16(at + NST_CH_TYPE);
	ret_header->sequence = nst_get64(at + NST_CH_SEQUENCE);
	ret_header->incompat = nst_get32(at + NST_CH_INCOMPAT);
	ret_header->clock = at[NST_CH_CLOCK];
	ret_header->dict_len = nst_get32(at + NST_CH_DICT_LEN);
	ret_header->dict_raw_len = nst_get32(at + NST_CH_DICT_RAW);
	ret_header->dict_crc = nst_get32(at + NST_CH_DICT_CRC);
	ret_header->col_len = nst_get32(at + NST_CH_COL_LEN);
	ret_header->col_raw_len = nst_get32(at + NST_CH_COL_RAW);
	ret_header->col_crc = nst_get32(at + NST_CH_COL_CRC);
	ret_header->n_events = nst_get32(at + NST_CH_COUNT);
	ret_header->first_ordinal = nst_get64(at + NST_CH_ORDINAL);
	ret_header->first_ns = nst_get64(at + NST_CH_FIRST);
	ret_header->last_ns = nst_get64(at + NST_CH_LAST);
	ret_header->sample_clock_ns = nst_get64(at + NST_CH_SAMPLE_CLOCK);
	ret_header->sample_realtime_ns = nst_get64(at + NST_CH_SAMPLE_REALTIME);
	for (int i = 0; i < NST_LOSS_SLOTS; i++)
		ret_header->lost[i] = nst_get64(at + NST_CH_LOST + 8 * i);

	if (!clock_is_known(ret_header->clock))
		return "chunk header: the clock is neither 1 (boottime) nor 2 (monotonic)";
	if (!is_zero(at + NST_CH_RESERVED1, 3) || !is_zero(at + NST_CH_RESERVED2, 4) ||
	    !is_zero(at + NST_CH_RESERVED3, NST_CH_END - NST_CH_RESERVED3))
		return "chunk header: reserved bytes are not zero";
	return NULL;
}

/* ---- What a chunk of a type must have ----------------------------------- */

bool nst_chunk_type_is_known(uint16_t type)
{
	return type == NST_CHUNK_EVENTS || type == NST_CHUNK_OWNERS ||
	       (type >= NST_CHUNK_ENVIRONMENT && type <= NST_CHUNK_END &&
		type != (NST_CHUNK_OWNERS & ~NST_CHUNK_CRITICAL));
}

const char *nst_chunk_fault(const struct nst_chunk_header *header)
{
	bool no_dict = !header->dict_len && !header->dict_raw_len && !header->dict_crc;
	bool no_col = !header->col_len && !header->col_raw_len && !header->col_crc;

	if (header->type == NST_CHUNK_EVENTS) {
		if (!header->n_events || header->n_events > NST_ROWS_CAP)
			return "a chunk of events with none, or more than 65536";
		if (!header->dict_len || !header->col_len)
			return "a chunk of events without dictionaries or columns";
		return header->first_ns > header->last_ns ? "the last time is before the first"
							  : NULL;
	}
	if (header->n_events)
		return "events in a chunk of another type";
	if (!nst_chunk_type_is_known(header->type))
		return NULL;
	if (!no_dict)
		return "dictionaries in a chunk without events";
	if (header->type == NST_CHUNK_END)
		return no_col && header->first_ns == header->last_ns
			       ? NULL
			       : "an END chunk with columns or two times";
	if (!header->col_len)
		return "a chunk of metadata without columns";
	return header->first_ns || header->last_ns ? "times in a chunk without events" : NULL;
}

bool nst_chunk_too_large(const struct nst_chunk_header *header)
{
	return header->dict_len > NST_FRAME_CAP || header->dict_raw_len > NST_FRAME_CAP ||
	       header->col_len > NST_FRAME_CAP || header->col_raw_len > NST_FRAME_CAP;
}
