/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * File and chunk headers, and the raw zstd frames that carry them. Internal.
 */
#ifndef NETSNOOP_FORMAT_HEADER_H
#define NETSNOOP_FORMAT_HEADER_H

#include "layout.h"
#include "trace.h"

/* A chunk header as it stands in the file. */
struct nst_chunk_header {
	uint8_t uuid[16];
	uint64_t sequence, first_ordinal;
	uint64_t first_ns, last_ns;
	uint64_t sample_clock_ns, sample_realtime_ns;
	uint64_t lost[NST_LOSS_SLOTS];
	uint32_t incompat;
	uint32_t dict_len, dict_raw_len, dict_crc;
	uint32_t col_len, col_raw_len, col_crc;
	uint32_t n_events;
	uint16_t type;
	uint8_t clock;
};

#define NST_FILE_FRAME_LEN (NST_RAW_OVERHEAD + NST_FILE_HEADER_LEN)
#define NST_CHUNK_FRAME_LEN (NST_RAW_OVERHEAD + NST_CHUNK_HEADER_LEN)

/* Fill a whole raw frame with a header, checksum included. */
void nst_file_header_put(uint8_t frame[NST_FILE_FRAME_LEN], const struct nst_header *header);
void nst_chunk_header_put(uint8_t frame[NST_CHUNK_FRAME_LEN],
			  const struct nst_chunk_header *header);

enum nst_frame_kind {
	NST_FRAME_NONE,	 /* none of the others, or the checksum is wrong */
	NST_FRAME_FILE,	 /* a file header with a good checksum */
	NST_FRAME_CHUNK, /* a chunk header with a good checksum */
};

/*
 * What stands at the beginning of these len_bytes bytes. For FILE and CHUNK
 * *ret_frame_len is the raw frame's length, which is all there.
 */
enum nst_frame_kind nst_header_find(const uint8_t *at, size_t len_bytes, size_t *ret_frame_len);

/*
 * Read the header of a frame that nst_header_find() found. NULL, or why it
 * cannot be so (a static text); incompat and writer or uuid are filled even
 * then, and checked by the caller first.
 */
const char *nst_file_header_get(const uint8_t *frame, struct nst_header *ret_header);
const char *nst_chunk_header_get(const uint8_t *frame, struct nst_chunk_header *ret_header);

bool nst_chunk_type_is_known(uint16_t type);

/* Lengths, counts and times as a chunk's type must have them. NULL, or what is wrong. */
const char *nst_chunk_fault(const struct nst_chunk_header *header);

/* A frame over its cap. */
bool nst_chunk_too_large(const struct nst_chunk_header *header);

#endif
