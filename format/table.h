/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows of a table against sections of a frame, driven by one descriptor a
 * table. The dictionaries and every table of metadata use it. Internal.
 */
#ifndef NETSNOOP_FORMAT_TABLE_H
#define NETSNOOP_FORMAT_TABLE_H

#include "section.h"

enum nst_kind { /* of a struct's member */
	NST_U8,
	NST_U16,
	NST_U32,
	NST_U64,
	NST_STRING, /* struct nst_bytes */
};

struct nst_column {
	uint8_t id;	 /* the file's number */
	uint8_t kind;	 /* enum nst_kind */
	uint16_t offset; /* of the member in the struct */
	uint32_t has;	 /* the bits of has that tell of it; 0: never null */
	uint32_t max;	 /* highest value or length allowed; 0: the kind's own */
	uint8_t variant; /* NST_DELTA, NST_PLANES of strings: how it is written; 0: as any other */
};

struct nst_table_desc {
	uint8_t table;	   /* enum nst_table */
	bool has_has;	   /* column 1 is has ... */
	uint32_t has_mask; /* ... and these are its bits */
	size_t row_size;
	size_t n_columns;
	const struct nst_column *columns;
};

/* NULL for a number that is no table of rows (EVENT among them). */
const struct nst_table_desc *nst_table_find(unsigned int table);
const struct nst_column *nst_table_column(const struct nst_table_desc *desc, unsigned int id);

/*
 * Append the sections of n_rows rows (at least 1) to out. scratch holds
 * n_rows values. -E2BIG: the frame would pass its cap; -EINVAL: a value, a
 * string or a has bit is out of range.
 */
int nst_table_encode(const struct nst_table_desc *desc, const void *rows, size_t n_rows,
		     uint64_t *scratch, struct nst_buffer *out);

/* Rows of one table, in memory that is kept for the next chunk. */
struct nst_row_array {
	void *rows;
	size_t n_rows;
	size_t cap_bytes;
	uint8_t *strings; /* those that do not stand in the frame as they are */
	size_t strings_len, strings_cap;
};

void nst_row_array_free(struct nst_row_array *array);

/*
 * Decode the rows of one table; none where there are no sections of it.
 * Strings point into the frame or the array. scratch holds NST_ROWS_CAP values.
 * -EBADMSG with *ret_problem filled, or -ENOMEM.
 */
int nst_table_decode(const struct nst_table_desc *desc, const struct nst_sections *sections,
		     uint64_t *scratch, struct nst_row_array *array,
		     struct nst_problem *ret_problem);

/*
 * Is some row there twice? slots is scratch memory of at least 2 * n_rows
 * entries, a power of two of them; hashes holds n_rows values.
 */
bool nst_table_has_twins(const struct nst_table_desc *desc, const struct nst_row_array *array,
			 uint64_t *hashes, uint32_t *slots, size_t n_slots);

#endif
