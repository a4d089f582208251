/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes rows that may have become longer than a chunk takes. */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_ROWS_H
#define NETSNOOP_ANALYZE_ANONYMIZE_ROWS_H

#include "format/trace.h"

#include <stdbool.h>

#define N_TABLES (NST_TABLE_LAST - NST_TABLE_SETTING + 1)

/*
 * As one chunk, or, where names became so long that they do not fit, as several; then
 * *has_repeats: rows of TUPLE are in each of them. 0 or what writing gives.
 */
int anonymize_write_rows(struct nst_writer *writer, enum nst_chunk_type type,
			 const struct nst_rows tables[N_TABLES], bool *has_repeats);

#endif
