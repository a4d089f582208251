/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Payload frames: zstd, with everything checked that a hostile one could claim. Internal. */
#ifndef NETSNOOP_FORMAT_FRAME_H
#define NETSNOOP_FORMAT_FRAME_H

#include "section.h"

#include <zstd.h>

/* Room for need bytes; the old content is not kept. 0 or -ENOMEM. */
int nst_buffer_reserve(struct nst_buffer *buffer, size_t need);

/*
 * Compress sections to one frame; to has room for what ZSTD_compressBound() says, and
 * some. The large ones are blocks of their own, so that each has a code of its own.
 * -E2BIG: over the cap.
 */
int nst_frame_compress(ZSTD_CCtx *cctx, const struct nst_buffer *sections, struct nst_buffer *to);

/*
 * Compress sections to one frame; to has room for what ZSTD_compressBound() says, and
 * some. The large ones are blocks of their own, so that each has a code of its own.
 * -E2BIG: over the cap.
 */
int nst_frame_compress(ZSTD_CCtx *cctx, const struct nst_buffer *sections, struct nst_buffer *to);

/*
 * Decompress one frame of len bytes that must give exactly raw_len bytes.
 * buffer grows as needed and is used again. -EBADMSG with *ret_problem
 * filled, or -ENOMEM.
 */
int nst_frame_decompress(ZSTD_DCtx *dctx, const uint8_t *frame, size_t len, size_t raw_len,
			 struct nst_buffer *buffer, struct nst_problem *ret_problem);

#endif
