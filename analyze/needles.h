/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looks for many strings at once, in the encodings in which one may find them elsewhere. */
#ifndef NETSNOOP_ANALYZE_NEEDLES_H
#define NETSNOOP_ANALYZE_NEEDLES_H

#include "format/trace.h"

#include <stdbool.h>

#define NEEDLE_BYTES_LEAST 6
#define NEEDLE_BYTES_MOST 64 /* of a longer one its beginning is looked for */
/* So many bytes of a number, a MAC address or an id are found where it is by no chance. */
#define NEEDLE_NUMBER_BYTES 16

enum needle_encoding {
	NEEDLE_RAW,
	NEEDLE_UTF16,
	NEEDLE_PERCENT,
	NEEDLE_HEX, /* as AA:BB:CC and with dashes, too */
	NEEDLE_BASE64,
	NEEDLE_ENCODINGS,
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

/*
 * At least NEEDLE_BYTES_LEAST bytes, which are copied. Bytes that are no text are looked for
 * as they are only if there are NEEDLE_NUMBER_BYTES: columns of numbers look like fewer. 0 or
 * -ENOMEM.
 */
int needles_add(struct needles *needles, struct nst_bytes string, bool is_text);

/* No more are added. 0 or -ENOMEM. */
int needles_close(struct needles *needles);

/* Begin another haystack. Those that are met in one that excuses them are looked for no more. */
void needles_begin(struct needles *needles, bool excuses);

/* The next bytes of it. 1: *ret_hit was found, else 0. */
int needles_scan(struct needles *needles, const void *data, size_t len, struct needle_hit *ret_hit);
/* There are no more. As above. */
int needles_end(struct needles *needles, struct needle_hit *ret_hit);

/*
 * How often something of a haystack was looked up so far: for each of its bytes, in each way
 * to read it, at most as often as there are lengths, however many strings there are.
 */
uint64_t needles_lookups(const struct needles *needles);

#endif
