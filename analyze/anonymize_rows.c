/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/anonymize_rows.h"

#include "analyze/anonymize_fields.h"

#include <errno.h>

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
