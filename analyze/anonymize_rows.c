/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/anonymize_rows.h"

#include <errno.h>

#define FILTERS "filters" /* the setting */

/* One half of each table; TUPLE whole, since whoever reads a half wants to know its flows. */
static bool take_half(const struct nst_rows tables[N_TABLES], bool second,
		      struct nst_rows half[N_TABLES])
{
	bool is_less = false;

	for (size_t i = 0; i < N_TABLES; i++) {
		size_t first = tables[i].n_rows / 2;

		half[i] = tables[i];
		if (tables[i].table == NST_TABLE_TUPLE)
			continue;
		is_less |= tables[i].n_rows > 1;
		half[i].n_rows = second ? tables[i].n_rows - first : first;
		if (second && first)
			half[i].rows = (const char *)tables[i].rows +
				       first * table_row_bytes(tables[i].table);
	}
	return is_less;
}

int anonymize_write_rows(struct nst_writer *writer, enum nst_chunk_type type,
			 const struct nst_rows tables[N_TABLES], bool *has_repeats)
{
	struct nst_rows half[N_TABLES];
	int err = nst_writer_rows(writer, type, tables, N_TABLES);

	if (err != -E2BIG || !take_half(tables, false, half))
		return err;
	*has_repeats = true;
	err = anonymize_write_rows(writer, type, half, has_repeats);
	take_half(tables, true, half);
	return err ?: anonymize_write_rows(writer, type, half, has_repeats);
}

bool setting_is_filters(const struct nst_setting *setting)
{
	return bytes_equal(setting->key, bytes_of(FILTERS));
}

int anonymize_write_filters(struct anonymized *to, struct nst_writer *writer, bool *ret_is_output)
{
	struct nst_setting setting = { .key = bytes_of(FILTERS) };
	const struct nst_rows table = { NST_TABLE_SETTING, &setting, 1 };
	bool keep;
	int err = fields_apply(&to->anonymizer, to->counts, NST_TABLE_SETTING, &setting, 1, &keep);

	if (err)
		return err;
	to->rows[NST_TABLE_SETTING]++;
	err = nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, &table, 1);
	*ret_is_output = err;
	return err;
}
