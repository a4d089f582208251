/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps of a scan, shared by scan.c (the stretches) and scan_chunk.c (the chunks). Internal. */
#ifndef NETSNOOP_FORMAT_SCAN_H
#define NETSNOOP_FORMAT_SCAN_H

#include "reader.h"

enum {
	NST_SCAN_AGAIN = 2
}; /* of a step: neither a chunk, nor the end, nor an error */

/* A good header ends the stretch that was being passed over, which is noted. */
void nst_scan_lost_end(struct nst_reader *reader);

/* A header that is whole and cannot be right, or whose payload is not: search behind it. */
int nst_scan_refuse(struct nst_reader *reader, const struct nst_problem *why, size_t frame_len);

/* Note why nothing more can be read; returns error. */
int nst_scan_fail(struct nst_reader *reader, int error, struct nst_problem *problem);

/* The same for an incompat bit that is not known. */
int nst_scan_incompatible(struct nst_reader *reader, uint32_t incompat, const char *writer);

/* The trace of a uuid, made if it is new. */
int nst_scan_trace(struct nst_reader *reader, const uint8_t uuid[16], size_t *ret_trace);

/* Does a header or a skippable frame stand ahead bytes from here? */
int nst_scan_lands_well(struct nst_reader *reader, size_t ahead, bool *ret_well);

/* The next bytes are a chunk header: 1 to deliver it, NST_SCAN_AGAIN, or an error. */
int nst_scan_chunk(struct nst_reader *reader, size_t frame_len);

#endif
