/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "table.h"

#include "problem.h"

#include <errno.h>
#include <stdlib.h>

static uint64_t member_get(const struct nst_column *column, const uint8_t *row)
{
	const void *at = row + column->offset;

	switch (column->kind) {
	case NST_U8:
		return *(const uint8_t *)at;
	case NST_U16:
		return *(const uint16_t *)at;
	case NST_U32:
		return *(const uint32_t *)at;
	case NST_U64:
		return *(const uint64_t *)at;
	}
	return 0;
}

static uint64_t value_max(const struct nst_column *column)
{
	if (column->max)
		return column->max;
	switch (column->kind) {
	case NST_U8:
		return UINT8_MAX;
	case NST_U16:
		return UINT16_MAX;
	case NST_U32:
		return UINT32_MAX;
	case NST_STRING:
		return NST_STRING_CAP;
	default:
		return UINT64_MAX;
	}
}

/* has is the first column and the first member checked, so its bits are good. */
static uint32_t row_has(const struct nst_table_desc *desc, const uint8_t *row)
{
	return desc->has_has ? (uint32_t)member_get(&desc->columns[0], row) : 0;
}

/* ---- Encoding ---------------------------------------------------------- */

/* Zigzag of the difference to the row before. */
static void values_to_deltas(uint64_t *values, size_t n)
{
	uint64_t before = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t value = values[i], step = value - before;

		values[i] = step << 1 ^ -(step >> 63);
		before = value;
	}
}

static void deltas_to_values(uint64_t *values, size_t n)
{
	uint64_t before = 0;

	for (size_t i = 0; i < n; i++)
		before = values[i] = before + (values[i] >> 1 ^ -(values[i] & 1));
}

static int integers_encode(uint16_t id, unsigned int encoding, const uint64_t *values, size_t n,
			   struct nst_buffer *out)
{
	uint64_t all = 0, differ = 0;
	unsigned int width;
	uint8_t *at;

	for (size_t i = 0; i < n; i++) {
		all |= values[i];
		differ |= values[i] ^ values[0];
	}
	width = nst_width(all);
	if (!differ && encoding == NST_PLAIN) {
		at = nst_section_add(out, id, NST_CONST, width, n, width);
		n = 1;
	} else {
		at = nst_section_add(out, id, width > 1 ? encoding | NST_PLANES : encoding, width,
				     n, n * width);
	}
	if (!at)
		return -E2BIG;
	nst_values_put(at, values, n, width, true);
	return 0;
}

static int integer_column_encode(const struct nst_table_desc *desc, const struct nst_column *column,
				 const uint8_t *rows, size_t n, uint64_t *scratch,
				 struct nst_buffer *out)
{
	bool is_has = desc->has_has && column == &desc->columns[0];
	bool any = !column->has;

	for (size_t i = 0; i < n; i++, rows += desc->row_size) {
		uint64_t value = member_get(column, rows);

		if (value > value_max(column) || (is_has && value & ~(uint64_t)desc->has_mask))
			return -EINVAL;
		if (column->has && !(row_has(desc, rows) & column->has))
			value = 0;
		else
			any = true;
		scratch[i] = value;
	}
	if (!any)
		return 0;
	if (column->variant == NST_DELTA)
		values_to_deltas(scratch, n);
	return integers_encode(NST_SECTION_ID(desc->table, column->id),
			       column->variant == NST_DELTA ? NST_DELTA : NST_PLAIN, scratch, n,
			       out);
}

/* The first bytes of all strings, then their second bytes, and so on. */
static void strings_put_planes(uint8_t *at, const struct nst_column *column, const uint8_t *rows,
			       size_t row_size, const uint64_t *lengths, size_t n)
{
	size_t begin = 0;

	for (uint32_t k = 0; k < column->max; k++) {
		for (; begin < n && lengths[begin] <= k; begin++)
			;
		for (size_t i = begin; i < n; i++) {
			const struct nst_bytes *bytes =
				(const void *)(rows + i * row_size + column->offset);

			if (k < lengths[i])
				*at++ = ((const uint8_t *)bytes->data)[k];
		}
	}
}

static int string_column_encode(const struct nst_table_desc *desc, const struct nst_column *column,
				const uint8_t *rows, size_t n, uint64_t *scratch,
				struct nst_buffer *out)
{
	bool any = !column->has && column->id == 1;
	uint64_t sum = 0, longest = 0;
	unsigned int width;
	uint8_t *at;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *row = rows + i * desc->row_size;
		const struct nst_bytes *bytes = (const void *)(row + column->offset);
		bool is_null = column->has && !(row_has(desc, row) & column->has);

		scratch[i] = is_null ? 0 : bytes->len_bytes;
		if (scratch[i] > value_max(column))
			return -EINVAL;
		any |= column->has ? !is_null : scratch[i] > 0;
		sum += scratch[i];
		if (scratch[i] > longest)
			longest = scratch[i];
	}
	if (!any)
		return 0;
	if (sum > NST_FRAME_CAP)
		return -E2BIG;
	width = nst_width(longest);
	at = nst_section_add(out, NST_SECTION_ID(desc->table, column->id),
			     NST_BYTES | column->variant, width, n, n * width + sum);
	if (!at)
		return -E2BIG;
	nst_values_put(at, scratch, n, width, false);
	at += n * width;
	if (column->variant == NST_PLANES) {
		strings_put_planes(at, column, rows, desc->row_size, scratch, n);
		return 0;
	}
	for (size_t i = 0; i < n; i++, rows += desc->row_size) {
		const struct nst_bytes *bytes = (const void *)(rows + column->offset);

		if (scratch[i])
			memcpy(at, bytes->data, scratch[i]);
		at += scratch[i];
	}
	return 0;
}

int nst_table_encode(const struct nst_table_desc *desc, const void *rows, size_t n_rows,
		     uint64_t *scratch, struct nst_buffer *out)
{
	if (n_rows > NST_ROWS_CAP)
		return -E2BIG;
	for (size_t c = 0; c < desc->n_columns; c++) {
		const struct nst_column *column = &desc->columns[c];
		int r;

		if (column->kind == NST_STRING)
			r = string_column_encode(desc, column, rows, n_rows, scratch, out);
		else
			r = integer_column_encode(desc, column, rows, n_rows, scratch, out);
		if (r)
			return r;
	}
	return 0;
}

/* ---- Decoding ---------------------------------------------------------- */

#define PUT(type)                                                          \
	do {                                                               \
		for (size_t i = 0; i < array->n_rows; i++, at += row_size) \
			*(type *)(void *)at = (type)values[i * step];      \
	} while (0)

/* One member of all rows; step 0: they all have the first value. */
static void members_put(const struct nst_column *column, const struct nst_row_array *array,
			size_t row_size, const uint64_t *values, size_t step)
{
	uint8_t *at = (uint8_t *)array->rows + column->offset;

	switch (column->kind) {
	case NST_U8:
		PUT(uint8_t);
		break;
	case NST_U16:
		PUT(uint16_t);
		break;
	case NST_U32:
		PUT(uint32_t);
		break;
	case NST_U64:
		PUT(uint64_t);
		break;
	}
}

#define PUT_NARROW(type)                                                              \
	do {                                                                          \
		for (size_t i = 0; i < n; i++, at += row_size)                        \
			*(type *)(void *)at =                                         \
				(type)(low[i] | (high ? (uint32_t)high[i] << 8 : 0)); \
	} while (0)

/*
 * The same of values of a byte, or of two that stand apart, as most are: without the way over
 * wide ones. False: they are others, or some may be too large.
 */
static bool narrow_members_put(const struct nst_column *column, const struct nst_section *section,
			       const struct nst_row_array *array, size_t row_size)
{
	bool is_byte = section->width == 1 && !(section->encoding & ~NST_PLANES);
	const uint8_t *low = section->data, *high = is_byte ? NULL : low + array->n_rows;
	uint8_t *at = (uint8_t *)array->rows + column->offset;
	uint8_t all_low = 0, all_high = 0;
	size_t n = array->n_rows;

	if (!is_byte && (section->width != 2 || section->encoding != NST_PLANES))
		return false;
	for (size_t i = 0; i < n; i++)
		all_low |= low[i];
	for (size_t i = 0; high && i < n; i++)
		all_high |= high[i];
	if ((uint64_t)(all_low | (uint32_t)all_high << 8) > value_max(column))
		return false;
	switch (column->kind) {
	case NST_U8:
		PUT_NARROW(uint8_t);
		break;
	case NST_U16:
		PUT_NARROW(uint16_t);
		break;
	case NST_U32:
		PUT_NARROW(uint32_t);
		break;
	case NST_U64:
		PUT_NARROW(uint64_t);
		break;
	}
	return true;
}

static int integer_column_decode(const struct nst_table_desc *desc, const struct nst_column *column,
				 const struct nst_section *section, uint64_t *scratch,
				 struct nst_row_array *array, struct nst_problem *ret_problem)
{
	unsigned int kind = section->encoding & 0x0f;
	uint64_t max = value_max(column), worst = 0, all = 0;
	bool is_has = desc->has_has && column == &desc->columns[0];
	size_t n = array->n_rows;

	if (kind != NST_PLAIN && kind != NST_CONST && kind != column->variant)
		return nst_problem_set(
			ret_problem, NST_PROBLEM_BAD_SECTION,
			"section 0x%04x: encoding 0x%02x is not for a column of rows", section->id,
			section->encoding);
	if (!is_has && narrow_members_put(column, section, array, desc->row_size))
		return 0;
	if (kind == NST_CONST)
		n = 1;
	nst_values_get(section->data, scratch, n, section->width, section->encoding & NST_PLANES);
	if (kind == NST_DELTA)
		deltas_to_values(scratch, n);
	for (size_t i = 0; i < n; i++)
		all |= scratch[i];
	/* none is larger than all their bits together */
	for (size_t i = 0; i < n && all > max; i++)
		worst = scratch[i] > worst ? scratch[i] : worst;
	if (all) /* rows are zeroed */
		members_put(column, array, desc->row_size, scratch, kind == NST_CONST ? 0 : 1);
	if (worst > max)
		return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
				       "section 0x%04x: value %llu, at most %llu is allowed",
				       section->id, (unsigned long long)worst,
				       (unsigned long long)max);
	if (is_has && all & ~(uint64_t)desc->has_mask)
		return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
				       "section 0x%04x: unknown bits of has, 0x%llx", section->id,
				       (unsigned long long)(all & ~(uint64_t)desc->has_mask));
	return 0;
}

/*
 * n strings, which stand behind each other in to, from planes. What is left of lengths is
 * for this alone.
 */
static void strings_get_planes(const uint8_t *from, uint64_t *lengths, size_t n, uint8_t *to)
{
	uint64_t place = 0;
	uint32_t k = 0;

	for (size_t i = 0; i < n; i++) { /* each beside its place */
		uint64_t length = lengths[i];

		lengths[i] |= place << 32;
		place += length;
	}
	while (n) {
		uint32_t shortest = UINT32_MAX;
		size_t n_longer = 0;

		for (size_t i = 0; i < n; i++) {
			uint32_t length = (uint32_t)lengths[i];

			lengths[n_longer] = lengths[i];
			if (length > k) {
				n_longer++;
				shortest = length < shortest ? length : shortest;
			}
		}
		n = n_longer;
		for (; n && k < shortest; k++)
			for (size_t i = 0; i < n; i++)
				to[(lengths[i] >> 32) + k] = *from++;
	}
}

static int string_column_decode(const struct nst_table_desc *desc, const struct nst_column *column,
				const struct nst_section *section, uint64_t *scratch,
				struct nst_row_array *array, struct nst_problem *ret_problem)
{
	const uint8_t *at = section->data + (size_t)section->count * section->width;
	uint64_t left = section->len - (uint64_t)section->count * section->width;
	bool in_planes = section->encoding & NST_PLANES;
	uint8_t *row = array->rows, *strings = NULL;
	const uint8_t *planes = at;

	if ((section->encoding & ~NST_PLANES) != NST_BYTES ||
	    (in_planes && column->variant != NST_PLANES))
		return nst_problem_set(ret_problem, NST_PROBLEM_BAD_SECTION,
				       "section 0x%04x: encoding 0x%02x is not for strings",
				       section->id, section->encoding);
	nst_values_get(section->data, scratch, section->count, section->width, false);
	if (in_planes) {
		at = strings = array->strings + array->strings_len;
		array->strings_len += left;
	}
	for (size_t i = 0; i < array->n_rows; i++, row += desc->row_size) {
		struct nst_bytes *bytes = (void *)(row + column->offset);

		if (scratch[i] > value_max(column))
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
					       "section 0x%04x: a string of %llu bytes, at most "
					       "%llu are allowed",
					       section->id, (unsigned long long)scratch[i],
					       (unsigned long long)value_max(column));
		if (scratch[i] > left)
			break;
		bytes->data = at;
		bytes->len_bytes = (uint32_t)scratch[i];
		at += scratch[i];
		left -= scratch[i];
	}
	if (left || row != (uint8_t *)array->rows + array->n_rows * desc->row_size)
		return nst_problem_set(ret_problem, NST_PROBLEM_BAD_SECTION,
				       "section 0x%04x: the strings' lengths do not add up to the "
				       "section's",
				       section->id);
	if (in_planes)
		strings_get_planes(planes, scratch, array->n_rows, strings);
	return 0;
}

void nst_row_array_free(struct nst_row_array *array)
{
	free(array->rows);
	free(array->strings);
}

/* Room for n zeroed rows. */
static int array_reset(struct nst_row_array *array, size_t n_rows, size_t row_size)
{
	size_t need = n_rows * row_size;

	if (need > array->cap_bytes) {
		free(array->rows);
		array->cap_bytes = 0;
		array->n_rows = 0;
		array->rows = malloc(need);
		if (!array->rows)
			return -ENOMEM;
		array->cap_bytes = need;
	}
	if (need)
		memset(array->rows, 0, need);
	array->n_rows = n_rows;
	return 0;
}

/* Room for the strings of all sections of the table that have them in planes. */
static int strings_reserve(const struct nst_table_desc *desc, const struct nst_sections *sections,
			   struct nst_row_array *array)
{
	size_t need = 0;

	for (size_t i = 0; i < sections->n; i++) {
		const struct nst_section *section = &sections->list[i];

		if (section->id >> 8 == desc->table &&
		    section->encoding == (NST_BYTES | NST_PLANES))
			need += section->len - (size_t)section->count * section->width + 1;
	}
	array->strings_len = 0;
	if (need > array->strings_cap) {
		free(array->strings);
		array->strings_cap = 0;
		array->strings = malloc(need);
		if (!array->strings)
			return -ENOMEM;
		array->strings_cap = need;
	}
	return 0;
}

/* A column that is not there is null in every row. */
static void column_clear(const struct nst_table_desc *desc, const struct nst_column *column,
			 struct nst_row_array *array)
{
	uint8_t *row = array->rows;

	if (!column->has)
		return;
	for (size_t i = 0; i < array->n_rows; i++, row += desc->row_size)
		*(uint32_t *)(void *)(row + desc->columns[0].offset) &= ~column->has;
}

/* The rows that all sections of the table agree on. */
static int rows_count(const struct nst_table_desc *desc, const struct nst_sections *sections,
		      size_t *ret_n_rows, struct nst_problem *ret_problem)
{
	size_t n_rows = 0;

	for (size_t i = 0; i < sections->n; i++) {
		const struct nst_section *section = &sections->list[i];

		if (section->id >> 8 != desc->table)
			continue;
		if (n_rows && n_rows != section->count)
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_SECTION,
					       "section 0x%04x: count %u, but %zu in the table's "
					       "other sections",
					       section->id, section->count, n_rows);
		n_rows = section->count;
	}
	*ret_n_rows = n_rows;
	return 0;
}

int nst_table_decode(const struct nst_table_desc *desc, const struct nst_sections *sections,
		     uint64_t *scratch, struct nst_row_array *array,
		     struct nst_problem *ret_problem)
{
	size_t n_rows = 0;
	int r;

	r = rows_count(desc, sections, &n_rows, ret_problem);
	if (!r)
		r = array_reset(array, n_rows, desc->row_size);
	if (!r)
		r = strings_reserve(desc, sections, array);
	if (r || !n_rows)
		return r;
	for (size_t c = 0; c < desc->n_columns; c++) {
		const struct nst_column *column = &desc->columns[c];
		const struct nst_section *section;

		section = nst_section_find(sections, desc->table, column->id);
		if (!section)
			column_clear(desc, column, array);
		else if (column->kind == NST_STRING)
			r = string_column_decode(desc, column, section, scratch, array,
						 ret_problem);
		else
			r = integer_column_decode(desc, column, section, scratch, array,
						  ret_problem);
		if (r)
			return r;
	}
	return 0;
}
