/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The encoding CODES: a byte for each value, which stands for one of up to 255 values that
 * are frequent, or tells that the value is written out behind. Internal.
 */
#ifndef NETSNOOP_FORMAT_CODES_H
#define NETSNOOP_FORMAT_CODES_H

#include "section.h"

#define NST_CODE_LITERAL 255 /* the value is written out */

#define NST_CODER_SLOTS 4096
#define NST_CODER_VALUES 2048 /* that are different; more are not worth it */

/* What encoding takes; all zero at first. */
struct nst_coder {
	uint32_t values[NST_CODER_SLOTS], counts[NST_CODER_SLOTS]; /* count 0: no value */
	uint8_t codes[NST_CODER_SLOTS];
	uint16_t slot_of[NST_CHUNK_EVENTS_MAX]; /* by value */
	uint16_t used[NST_CODER_VALUES];
	size_t n_used;
};

/*
 * Append a section of at most NST_CHUNK_EVENTS_MAX values of a width of 2 or 4. 1: done.
 * 0: no value is frequent, or too many are different; nothing was appended. -E2BIG: no room.
 */
int nst_codes_encode(struct nst_coder *coder, uint16_t id, const uint32_t *values, size_t n,
		     unsigned int width, struct nst_buffer *out);

/*
 * All values of a section of this encoding. room is for NST_CODES_ROOM of as many. NULL, or
 * what is wrong.
 */
#define NST_CODES_ROOM(n) ((n) + NST_CODE_LITERAL)
const char *nst_codes_decode(const struct nst_section *section, uint32_t *room, uint32_t *values);

#endif
