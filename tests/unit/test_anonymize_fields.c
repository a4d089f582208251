/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every field of the format has a rule: a column that is added to a table, or a member that
 * is added to a header, fails here until it has one.
 */
#include "analyze/anonymize_fields.h"
#include "analyze/anonymize_words.h"
#include "format/layout.h"
#include "format/table.h"
#include "tests/unit/test.h"

static const struct field *find(unsigned int table, unsigned int column)
{
	size_t n;
	const struct field *first = fields_of(table, &n);

	return column && column <= n && first[column - 1].column == column ? &first[column - 1]
									   : NULL;
}

static uint8_t type_of(uint8_t kind)
{
	switch (kind) {
	case NST_U8:
		return FIELD_U8;
	case NST_U16:
		return FIELD_U16;
	case NST_U32:
		return FIELD_U32;
	case NST_U64:
		return FIELD_U64;
	default:
		return FIELD_BYTES;
	}
}

static void check_column(const struct nst_table_desc *desc, const struct nst_column *column)
{
	const struct field *field = find(desc->table, column->id);
	uint32_t has = column->has;

	if (!field) {
		fprintf(stderr, "table %u has no rule for column %u\n", desc->table, column->id);
		CHECK(field);
		return;
	}
	/* SUM has the columns of TOTAL, but one bit less: what cannot be there needs no other rule */
	CHECK_INT(field->has, has);
	CHECK_INT(field->offset, column->offset);
	CHECK_INT(field->type, type_of(column->kind));
	CHECK(field->rule < FIELD_RULES);
}

/* The registry of the format's tables, whatever numbers there are. */
static void every_column_has_a_rule(void)
{
	size_t n_tables = 0, n;

	for (unsigned int table = 1; table < FIELDS_CHUNK_HEADER; table++) {
		const struct nst_table_desc *desc = nst_table_find(table);

		fields_of(table, &n);
		if (!desc) {
			CHECK(!n || table == NST_TABLE_EVENT || table == NST_TABLE_RUN);
			continue;
		}
		n_tables++;
		CHECK_INT(n, desc->n_columns);
		for (size_t i = 0; i < desc->n_columns; i++)
			check_column(desc, &desc->columns[i]);
		if (table >= NST_TABLE_SETTING)
			CHECK_INT(table_row_bytes((enum nst_table)table), desc->row_size);
		CHECK(field_table_name(table));
	}
	CHECK(n_tables >= 18);
}

static void events_too(void)
{
	size_t n;

	for (unsigned int column = 1; column < NST_EV_COLUMNS; column++)
		CHECK(find(NST_TABLE_EVENT, column));
	fields_of(NST_TABLE_EVENT, &n);
	CHECK_INT(n, NST_EV_COLUMNS - 1);
	CHECK(find(NST_TABLE_RUN, NST_RUN_EVENTS));
}

/* No byte of a header's struct is without a rule, but what the compiler put between two. */
static void check_header(unsigned int table, size_t struct_bytes, size_t align)
{
	size_t n, end = 0;
	const struct field *first = fields_of(table, &n);

	for (size_t i = 0; i < n; i++) {
		size_t best = struct_bytes;

		/* the next one in the struct, wherever in the table it is */
		for (size_t k = 0; k < n; k++)
			if (first[k].offset >= end && first[k].offset < best)
				best = first[k].offset;
		CHECK(best - end < 8);
		for (size_t k = 0; k < n; k++)
			if (first[k].offset == best)
				end = best + first[k].size_bytes;
	}
	CHECK((end + align - 1) / align * align == struct_bytes);
}

static void headers_too(void)
{
	check_header(FIELDS_FILE_HEADER, sizeof(struct nst_header), _Alignof(struct nst_header));
	check_header(FIELDS_CHUNK_HEADER, sizeof(struct nst_chunk), _Alignof(struct nst_chunk));
	/* and what is in the file beside them is reserved, or of the structure */
	CHECK_INT(NST_FH_END, 124);
	CHECK_INT(NST_CH_END, 220);
}

/* A rule without a word for the account would be none. */
static void every_rule_is_worded(void)
{
	for (int rule = 0; rule < FIELD_RULES; rule++)
		CHECK(field_rule_text((enum field_rule)rule));
	for (int kind = 0; kind < IMAGE_KINDS; kind++)
		CHECK(image_kind_name((enum image_kind)kind));
	for (int list = 0; list < WORD_LISTS; list++)
		CHECK(word_get((enum word_list)list, 0));
}

int main(void)
{
	RUN(every_column_has_a_rule);
	RUN(events_too);
	RUN(headers_too);
	RUN(every_rule_is_worded);
	return test_result();
}
