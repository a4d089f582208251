/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sections: the parts of a decompressed frame, one a column. Internal.
 */
#ifndef NETSNOOP_FORMAT_SECTION_H
#define NETSNOOP_FORMAT_SECTION_H

#include "layout.h"
#include "trace.h"

/* A frame being built; data has room for cap bytes. */
struct nst_buffer {
	uint8_t *data;
	size_t len, cap;
};

/* The bytes that a value up to max needs: 1, 2, 4 or 8. */
unsigned int nst_width(uint64_t max);

/* Begin a section and return where its len data bytes go; NULL: over the cap. */
uint8_t *nst_section_add(struct nst_buffer *out, uint16_t id, unsigned int encoding,
			 unsigned int width, size_t count, size_t len);

/* Store values (all of which fit) at a width; planes: lowest bytes first. */
void nst_values_put(uint8_t *at, const uint64_t *values, size_t n, unsigned int width, bool planes);

/* The same backwards, widened. */
void nst_values_get(const uint8_t *at, uint64_t *values, size_t n, unsigned int width, bool planes);

struct nst_section {
	const uint8_t *data;
	uint32_t count, len;
	uint16_t id;
	uint8_t encoding, width;
};

#define NST_SECTIONS_MAX 192 /* more than there are known columns in any frame */
#define NST_UNKNOWN_MAX 16

struct nst_sections {
	size_t n, n_unknown;
	struct nst_section list[NST_SECTIONS_MAX];
	uint16_t unknown[NST_UNKNOWN_MAX]; /* ids that were passed over, the first ones */
	uint8_t seen[65536 / 8];
};

/* Which tables belong into a frame. */
enum nst_frame_role {
	NST_ROLE_DICTIONARIES,
	NST_ROLE_EVENTS,
	NST_ROLE_METADATA,
};

/*
 * Split a frame of a chunk with such incompat bits into sections, each checked against
 * its own header. -EBADMSG with *ret_problem filled.
 */
int nst_sections_parse(struct nst_bytes frame, enum nst_frame_role role, uint32_t incompat,
		       struct nst_sections *ret_sections, struct nst_problem *ret_problem);

/* NULL: there is no such section. */
const struct nst_section *nst_section_find(const struct nst_sections *sections, unsigned int table,
					   unsigned int column);

#endif
