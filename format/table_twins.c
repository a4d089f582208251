/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of a dictionary that are there twice. */
#include "hash.h"
#include "table.h"

/*
 * Rows are compared as memory, which is zero between their members, up to the first string;
 * behind it there are strings alone, in all three dictionaries.
 */
static size_t plain_bytes(const struct nst_table_desc *desc)
{
	size_t n = desc->row_size;

	for (size_t c = 0; c < desc->n_columns; c++)
		if (desc->columns[c].kind == NST_STRING && desc->columns[c].offset < n)
			n = desc->columns[c].offset;
	return n;
}

static uint64_t row_hash(const struct nst_table_desc *desc, size_t n_plain, const uint8_t *row,
			 uint64_t seed)
{
	uint64_t hash = nst_hash_bytes(row, n_plain, seed);

	for (size_t c = 0; n_plain < desc->row_size && c < desc->n_columns; c++) {
		const struct nst_bytes *bytes = (const void *)(row + desc->columns[c].offset);

		if (desc->columns[c].kind == NST_STRING)
			hash = nst_hash_bytes(bytes->data, bytes->len_bytes, hash);
	}
	return nst_hash_mix(hash, 0);
}

static bool rows_equal(const struct nst_table_desc *desc, size_t n_plain, const uint8_t *a,
		       const uint8_t *b)
{
	if (memcmp(a, b, n_plain))
		return false;
	for (size_t c = 0; c < desc->n_columns; c++) {
		const struct nst_column *column = &desc->columns[c];
		const struct nst_bytes *in_a = (const void *)(a + column->offset);
		const struct nst_bytes *in_b = (const void *)(b + column->offset);

		if (column->kind == NST_STRING &&
		    (in_a->len_bytes != in_b->len_bytes ||
		     (in_a->len_bytes && memcmp(in_a->data, in_b->data, in_a->len_bytes))))
			return false;
	}
	return true;
}

bool nst_table_has_twins(const struct nst_table_desc *desc, const struct nst_row_array *array,
			 uint64_t *hashes, uint32_t *slots, size_t n_slots)
{
	uint64_t seed = nst_hash_seed();
	size_t n_plain = plain_bytes(desc);
	const uint8_t *rows = array->rows;

	memset(slots, 0, n_slots * sizeof(*slots));
	for (size_t i = 0; i < array->n_rows; i++) {
		const uint8_t *row = rows + i * desc->row_size;
		size_t slot;

		hashes[i] = row_hash(desc, n_plain, row, seed);
		for (slot = hashes[i] & (n_slots - 1); slots[slot];
		     slot = (slot + 1) & (n_slots - 1)) {
			size_t other = slots[slot] - 1;

			if (hashes[other] == hashes[i] &&
			    rows_equal(desc, n_plain, row, rows + other * desc->row_size))
				return true;
		}
		slots[slot] = (uint32_t)i + 1;
	}
	return false;
}
