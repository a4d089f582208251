/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The encoding FLOAT: of each value a byte that has its magnitude and its highest bits,
 * which zstd makes short, and the bits below as they are, which nothing makes shorter.
 * Internal.
 */
#ifndef NETSNOOP_FORMAT_FLOATS_H
#define NETSNOOP_FORMAT_FLOATS_H

#include "section.h"

#define NST_FLOAT_BITS_MAX 3 /* of a value, in its byte, below the highest one */

/* Append a section of n values. -E2BIG: no room. */
int nst_floats_encode(uint16_t id, const uint64_t *values, size_t n, struct nst_buffer *out);

/*
 * All values of a section of this encoding. scratch holds NST_ROWS_CAP values.
 * NULL, or what is wrong.
 */
const char *nst_floats_decode(const struct nst_section *section, uint64_t *scratch,
			      uint64_t *values);

#endif
