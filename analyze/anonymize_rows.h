/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes rows: those that may have become longer than a chunk takes, and one that was not there. */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_ROWS_H
#define NETSNOOP_ANALYZE_ANONYMIZE_ROWS_H

#include "analyze/anonymize.h"

#define N_TABLES (NST_TABLE_LAST - NST_TABLE_SETTING + 1)

/*
 * As one chunk, or, where names became so long that they do not fit, as several; then
 * *has_repeats: rows of TUPLE are in each of them. 0 or what writing gives.
 */
int anonymize_write_rows(struct nst_writer *writer, enum nst_chunk_type type,
			 const struct nst_rows tables[N_TABLES], bool *has_repeats);

bool setting_is_filters(const struct nst_setting *setting);

/*
 * That flows were chosen is said by traces as well that have no such setting. 0, -ENOMEM, or what
 * writing gives, with *ret_is_output.
 */
int anonymize_write_filters(struct anonymized *to, struct nst_writer *writer, bool *ret_is_output);

#endif
