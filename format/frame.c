/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "frame.h"

#include "problem.h"

#include <errno.h>
#include <stdlib.h>

/* Bits of the frame header descriptor, RFC 8878, 3.1.1.1.1. */
#define FHD_DICTIONARY_ID 0x03
#define FHD_SINGLE_SEGMENT 0x20

int nst_buffer_reserve(struct nst_buffer *buffer, size_t need)
{
	if (need > buffer->cap) {
		free(buffer->data);
		buffer->cap = 0;
		buffer->data = malloc(need);
		if (!buffer->data)
			return -ENOMEM;
		buffer->cap = need;
	}
	return 0;
}

/* The window that a frame without a single segment asks for. */
static uint64_t window_bytes(uint8_t descriptor)
{
	uint64_t base = 1ull << (10 + (descriptor >> 3));

	return base + base / 8 * (descriptor & 7);
}

static const char *frame_fault(const uint8_t *frame, size_t len, size_t raw_len)
{
	if (len < 9 || nst_get32(frame) != NST_ZSTD_MAGIC)
		return "it is no zstd frame";
	if (frame[4] & FHD_DICTIONARY_ID)
		return "it asks for a zstd dictionary";
	if (!(frame[4] & FHD_SINGLE_SEGMENT) && window_bytes(frame[5]) > NST_FRAME_CAP)
		return "its window is over 4 MiB";
	if (ZSTD_getFrameContentSize(frame, len) != raw_len)
		return "its content size is not that of the chunk's header";
	if (ZSTD_findFrameCompressedSize(frame, len) != len)
		return "it ends before or behind its length in the chunk's header";
	return NULL;
}

int nst_frame_decompress(ZSTD_DCtx *dctx, const uint8_t *frame, size_t len, size_t raw_len,
			 struct nst_buffer *buffer, struct nst_problem *ret_problem)
{
	const char *fault = frame_fault(frame, len, raw_len);
	size_t got;
	int r;

	if (fault)
		return nst_problem_set(ret_problem, NST_PROBLEM_BAD_FRAME, "payload frame: %s",
				       fault);
	r = nst_buffer_reserve(buffer, raw_len);
	if (r)
		return r;
	got = ZSTD_decompressDCtx(dctx, buffer->data, raw_len, frame, len);
	if (ZSTD_isError(got))
		return nst_problem_set(ret_problem, NST_PROBLEM_BAD_FRAME,
				       "payload frame: zstd: %s", ZSTD_getErrorName(got));
	if (got != raw_len)
		return nst_problem_set(ret_problem, NST_PROBLEM_BAD_FRAME,
				       "payload frame: %zu bytes instead of %zu", got, raw_len);
	buffer->len = got;
	return 0;
}

/* ---- Compression ------------------------------------------------------- */

/* Sections from this size on are blocks of their own: a block costs some tens of bytes. */
#define BLOCK_BYTES 1024

/* Where the block that begins with the section at from ends. */
static size_t block_end(const struct nst_buffer *sections, size_t from)
{
	size_t end = from;

	while (end < sections->len) {
		size_t len = nst_get32(sections->data + end + NST_SH_LENGTH);

		if (len >= BLOCK_BYTES && end > from)
			break;
		end += NST_SECTION_HEADER_LEN + len;
		if (len >= BLOCK_BYTES)
			break;
	}
	return end;
}

/*
 * Where in a large section something of another kind begins, or 0: the low bits of FLOAT,
 * with which zstd cannot do anything, and what CODES writes out.
 */
static size_t block_middle(const uint8_t *section, size_t len)
{
	size_t bytes = NST_SECTION_HEADER_LEN + 1 + nst_get32(section + NST_SH_COUNT);

	if (len < BLOCK_BYTES)
		return 0;
	if (section[NST_SH_ENCODING] == NST_FLOAT)
		return bytes;
	if (section[NST_SH_ENCODING] == NST_CODES)
		return bytes + section[NST_SECTION_HEADER_LEN] * (size_t)section[NST_SH_WIDTH];
	return 0;
}

static int compress(ZSTD_CCtx *cctx, const uint8_t *data, size_t len, ZSTD_EndDirective how,
		    ZSTD_outBuffer *out)
{
	ZSTD_inBuffer in = { data, len, 0 };
	size_t left = ZSTD_compressStream2(cctx, out, &in, how);

	if (ZSTD_isError(left))
		return -ENOMEM; /* the parameters are good */
	return left ? -E2BIG : 0;
}

int nst_frame_compress(ZSTD_CCtx *cctx, const struct nst_buffer *sections, struct nst_buffer *to)
{
	ZSTD_outBuffer out = { to->data, to->cap, 0 };
	int r = 0;

	if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(cctx, sections->len)))
		return -ENOMEM;
	for (size_t at = 0, end; !r && at < sections->len; at = end) {
		const uint8_t *data = sections->data + at;
		size_t len, middle;

		end = block_end(sections, at);
		len = end - at;
		middle = block_middle(data, len);
		if (middle)
			r = compress(cctx, data, middle, ZSTD_e_flush, &out);
		if (!r)
			r = compress(cctx, data + middle, len - middle,
				     end < sections->len ? ZSTD_e_flush : ZSTD_e_end, &out);
	}
	if (!r && out.pos > NST_FRAME_CAP)
		r = -E2BIG;
	if (r) {
		ZSTD_CCtx_reset(cctx, ZSTD_reset_session_only);
		return r;
	}
	to->len = out.pos;
	return 0;
}
