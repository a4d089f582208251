/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looks for many strings at once, in the encodings in which one may find them elsewhere. */
#ifndef NETSNOOP_ANALYZE_NEEDLES_H
#define NETSNOOP_ANALYZE_NEEDLES_H

#include "format/trace.h"

#include <stdbool.h>

#define NEEDLE_BYTES_LEAST 6
#define NEEDLE_BYTES_MOST 64 /* of a longer one its beginning is looked for */

enum needle_encoding {
	NEEDLE_RAW,
	NEEDLE_HEX,
	NEEDLE_HEX_UPPER,
	NEEDLE_UTF16_LE,
	NEEDLE_UTF16_BE,
	NEEDLE_PERCENT, /* what an address of the web cannot have */
	NEEDLE_PERCENT_ALL,
	NEEDLE_PERCENT_ALL_LOWER,
	NEEDLE_BASE64, /* and two, in which it stands one or two bytes further on */
	NEEDLE_BASE64_URL = NEEDLE_BASE64 + 3,
	NEEDLE_ENCODINGS = NEEDLE_BASE64_URL + 3,
};
const char *needle_encoding_name(unsigned int encoding);

struct needle_hit {
	uint32_t string; /* as added: 0, 1, ... */
	unsigned int encoding;
	uint64_t offset; /* from where the scan began */
};

struct needles;
int needles_new(struct needles **ret_needles);
void needles_free(struct needles *needles);

/* At least NEEDLE_BYTES_LEAST bytes, which stay where they are. 0 or -ENOMEM. */
int needles_add(struct needles *needles, struct nst_bytes string);

/* No more are added. 0 or -ENOMEM. */
int needles_close(struct needles *needles);

/* Begin another haystack. Those that are met in one that excuses them are looked for no more. */
void needles_begin(struct needles *needles, bool excuses);

/* The next bytes of it. 1: *ret_hit was found, 0, -ENOMEM. */
int needles_scan(struct needles *needles, const void *data, size_t len, struct needle_hit *ret_hit);
/* There are no more. As above. */
int needles_end(struct needles *needles, struct needle_hit *ret_hit);

#endif
