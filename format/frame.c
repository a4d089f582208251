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
