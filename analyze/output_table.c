/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An aligned table. All of it is kept until the widths are known; what is over
 * the limit is only summed. On a narrow terminal the columns of least weight
 * are left out, then the widest texts are shortened, then the last keys go.
 */
#include "analyze/output.h"

#include "analyze/database.h"
#include "analyze/heap.h"
#include "analyze/intern.h"
#include "analyze/say.h"
#include "analyze/timeline.h"
#include "analyze/width.h"
#include "common/escape.h"
#include "common/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SHORTEST 4	/* what a shortened text keeps */
#define COMBINING_MAX 2 /* on one character: more of them reach into the lines beside */

struct column {
	const char *name;
	char *title; /* inert */
	enum column_kind kind;
	int source; /* statement's column */
	unsigned int width;
	bool is_right; /* numbers */
	bool is_hidden;
};

struct table {
	const struct table_style *style;
	sqlite3_stmt *row;
	struct column *columns;
	size_t n_columns;
	char **cells; /* rows of n_columns */
	size_t n_cells, n_allocated;
	int64_t *others; /* sums of what is over the limit, by column */
	bool *has_others;
	uint64_t n_others;
	uint64_t n_of_period;
	size_t taken_bytes; /* of the cells */
	unsigned int gap;   /* blanks between two columns */
};

/* May it stand on top of the character before, of which several may already do so? */
static bool is_in_place(const char *at, size_t len, unsigned int *n_combining)
{
	uint32_t code = 0;

	utf8_decode(at, len, &code);
	if (character_width(code))
		*n_combining = 0;
	else if ((*n_combining)++ >= COMBINING_MAX)
		return false;
	return true;
}

char *table_text(const char *text, size_t len)
{
	char *escaped = malloc(ESCAPED_MAX(len));
	char *to = escaped;
	unsigned int n_combining = COMBINING_MAX; /* there is none before the first */

	if (!escaped)
		return NULL;
	for (size_t i = 0; i < len;) {
		size_t n = printable_character(text + i, len - i);

		if (n && is_in_place(text + i, len - i, &n_combining)) {
			memcpy(to, text + i, n);
			to += n;
			i += n;
		} else {
			to += snprintf(to, 5, "\\x%02x", (unsigned char)text[i++]);
		}
	}
	*to = '\0';
	return escaped;
}

unsigned int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (columns && !parse_number(columns, 1, 10000, &width))
		return (unsigned int)width;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return 80;
}

/* The next character of a text that is inert: its bytes, and its columns. */
static size_t next_character(const char *text, unsigned int *ret_width)
{
	uint32_t code = 0;
	size_t n = *text & 0x80 ? utf8_decode(text, strlen(text), &code) : 1;

	*ret_width = *text & 0x80 ? character_width(code) : 1;
	return n ?: 1;
}

/* Columns, not bytes. */
static unsigned int text_width(const char *text)
{
	unsigned int width = 0, one;

	while (*text) {
		text += next_character(text, &one);
		width += one;
	}
	return width;
}

/* Where the text has to end so that it takes so many columns at most. */
static const char *cut_at(const char *text, unsigned int width, unsigned int *ret_width)
{
	unsigned int taken = 0, one;

	while (*text) {
		size_t n = next_character(text, &one);

		if (taken + one > width)
			break;
		text += n;
		taken += one;
	}
	*ret_width = taken;
	return text;
}

static char *number_text(int64_t value, enum column_kind kind, const struct table_style *style)
{
	char text[TIME_TEXT_MAX];

	if (kind == COLUMN_TIME)
		time_format(value, style->utc, 3, text);
	else if (kind == COLUMN_BYTES && !style->exact)
		format_bytes((uint64_t)value, text);
	else if (kind == COLUMN_RATE && !style->exact)
		format_rate((uint64_t)value, text);
	else
		snprintf(text, sizeof(text), "%" PRId64, value);
	return strdup(text);
}

/* "socket 98%, flow 2%", the greatest first; the columns are sources_*. */
static char *sources_text(sqlite3_stmt *row, int column, const int64_t *sums)
{
	char text[256] = "";
	int64_t total = 0, before = INT64_MAX;
	int n = sqlite3_column_count(row), before_column = -1;
	size_t used = 0;

	for (int i = column; i < n; i++)
		if (column_kind(sqlite3_column_name(row, i)) == COLUMN_SOURCE)
			total += sums[i];
	for (;;) {
		int best = -1;

		for (int i = column; i < n; i++)
			if (column_kind(sqlite3_column_name(row, i)) == COLUMN_SOURCE &&
			    sums[i] > 0 &&
			    (sums[i] < before || (sums[i] == before && i > before_column)) &&
			    (best < 0 || sums[i] > sums[best]))
				best = i;
		if (best < 0 || used >= sizeof(text))
			break;
		before = sums[best];
		before_column = best;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %.0f%%",
					 used ? ", " : "",
					 sqlite3_column_name(row, best) + strlen(SOURCE_PREFIX),
					 100.0 * (double)sums[best] / (double)total);
	}
	return strdup(text);
}

static char *row_sources_text(sqlite3_stmt *row, int column)
{
	int n = sqlite3_column_count(row);
	int64_t *sums = calloc((size_t)n, sizeof(*sums));
	char *text = NULL;

	if (!sums)
		return NULL;
	for (int i = column; i < n; i++)
		sums[i] = sqlite3_column_int64(row, i);
	text = sources_text(row, column, sums);
	free(sums);
	return text;
}

/* Of somebody who is there, known or not. */
static bool is_name(const char *column)
{
	return !strcmp(column, "comm") || !strcmp(column, "program");
}

static char *cell_text(const struct table *table, const struct column *column)
{
	sqlite3_stmt *row = table->row;
	const char *text;

	if (column->kind == COLUMN_SOURCE)
		return row_sources_text(row, column->source);
	switch (sqlite3_column_type(row, column->source)) {
	case SQLITE_NULL:
		return strdup(is_name(column->name) ? table->style->unknown : "-");
	case SQLITE_INTEGER:
		return number_text(sqlite3_column_int64(row, column->source), column->kind,
				   table->style);
	default:
		text = (const char *)sqlite3_column_text(row, column->source);
		return text ? table_text(text, (size_t)sqlite3_column_bytes(row, column->source))
			    : NULL;
	}
}

/* With the pointer to it, which may have moved from an array of half the size, and malloc's part. */
#define CELL_BYTES (3 * sizeof(char *) + 16)

static int add_cell(struct table *table, char *text)
{
	struct column *column = &table->columns[table->n_cells % table->n_columns];
	size_t bytes = text ? strlen(text) + CELL_BYTES : 0;
	unsigned int width;

	if (heap_take(bytes)) {
		free(text);
		return db_memory_error(sqlite3_db_handle(table->row));
	}
	table->taken_bytes += bytes;
	if (!text || array_reserve(&table->cells, &table->n_allocated, table->n_cells + 1,
				   sizeof(*table->cells))) {
		free(text);
		return -ENOMEM;
	}
	width = text_width(text);
	column->width = width > column->width ? width : column->width;
	table->cells[table->n_cells++] = text;
	return 0;
}

static int add_row(struct table *table)
{
	int err = 0;

	for (size_t i = 0; i < table->n_columns && !err; i++) {
		const struct column *column = &table->columns[i];

		if (sqlite3_column_type(table->row, column->source) == SQLITE_TEXT)
			table->columns[i].is_right = false;
		err = add_cell(table, cell_text(table, column));
	}
	return err;
}

static void sum_row(struct table *table)
{
	int n = sqlite3_column_count(table->row);

	table->n_others++;
	for (int i = 0; i < n; i++) {
		const char *name = sqlite3_column_name(table->row, i);

		if (column_kind(name) != COLUMN_SOURCE && !column_adds_up(name))
			continue;
		if (sqlite3_column_type(table->row, i) != SQLITE_INTEGER)
			continue;
		table->has_others[i] = true;
		table->others[i] = (int64_t)((uint64_t)table->others[i] +
					     (uint64_t)sqlite3_column_int64(table->row, i));
	}
}

static char *others_text(const struct table *table, size_t i)
{
	const struct column *column = &table->columns[i];
	char text[64];

	if (table->style->has_time && i == 0)
		return strdup("");
	if (i == (table->style->has_time ? 1 : 0)) {
		snprintf(text, sizeof(text), "others (%" PRIu64 ")", table->n_others);
		return strdup(text);
	}
	if (column->kind == COLUMN_SOURCE)
		return sources_text(table->row, column->source, table->others);
	if (!column_adds_up(column->name) || !table->has_others[column->source])
		return strdup("");
	return number_text(table->others[column->source], column->kind, table->style);
}

/* The rest of a period, or of everything, in one row. */
static int close_period(struct table *table)
{
	int n = sqlite3_column_count(table->row), err = 0;

	if (table->n_others)
		for (size_t i = 0; i < table->n_columns && !err; i++)
			err = add_cell(table, others_text(table, i));
	memset(table->others, 0, (size_t)n * sizeof(*table->others));
	memset(table->has_others, 0, (size_t)n * sizeof(*table->has_others));
	table->n_others = 0;
	table->n_of_period = 0;
	return err;
}

static int read_rows(struct table *table, int first)
{
	int64_t period = 0;
	bool is_first = true;
	int code, err = 0;

	while (!err && (code = sqlite3_step(table->row)) == SQLITE_ROW) {
		int64_t time = table->style->has_time ? sqlite3_column_int64(table->row, first) : 0;

		if (!is_first && time != period)
			err = close_period(table);
		is_first = false;
		period = time;
		if (err)
			break;
		if (table->style->limit && table->n_of_period >= table->style->limit)
			sum_row(table);
		else
			err = add_row(table);
		table->n_of_period++;
	}
	if (!err && code != SQLITE_DONE)
		return db_error(sqlite3_db_handle(table->row), "reading rows");
	return err ? err : close_period(table);
}

/* Of a query, a column may be called anything. */
static int make_title(struct column *column, bool typed)
{
	const char *title = typed ? column_title(column->name) : column->name;

	column->title = table_text(title, strlen(title));
	if (!column->title)
		return -ENOMEM;
	column->width = text_width(column->title);
	return 0;
}

static int make_columns(struct table *table, int first)
{
	int n = sqlite3_column_count(table->row);
	bool has_sources = false;

	table->columns = calloc((size_t)n, sizeof(*table->columns));
	table->others = calloc((size_t)n, sizeof(*table->others));
	table->has_others = calloc((size_t)n, sizeof(*table->has_others));
	if (!table->columns || !table->others || !table->has_others)
		return -ENOMEM;
	for (int i = first; i < n; i++) {
		struct column *column = &table->columns[table->n_columns];

		column->name = sqlite3_column_name(table->row, i);
		column->source = i;
		column->kind = table->style->typed ? column_kind(column->name) : COLUMN_PLAIN;
		column->is_right = column->kind != COLUMN_SOURCE;
		if (column->kind == COLUMN_SOURCE) {
			column->name = "sources";
			if (has_sources)
				continue;
			has_sources = true;
		}
		if (make_title(column, table->style->typed))
			return -ENOMEM;
		table->n_columns++;
	}
	return 0;
}

static unsigned int full_width(const struct table *table)
{
	unsigned int width = 0;

	for (size_t i = 0; i < table->n_columns; i++)
		if (!table->columns[i].is_hidden)
			width += table->columns[i].width + (width ? table->gap : 0);
	return width;
}

/* The last column of least weight under 95 that is still shown, or NULL. */
static struct column *least_column(struct table *table)
{
	struct column *least = NULL;

	for (size_t i = 0; i < table->n_columns; i++) {
		struct column *column = &table->columns[i];
		int weight = column_weight(column->name);

		if (!column->is_hidden && weight < 95 &&
		    (!least || weight <= column_weight(least->name)))
			least = column;
	}
	return least;
}

static struct column *widest_text(struct table *table)
{
	struct column *widest = NULL;

	for (size_t i = 0; i < table->n_columns; i++) {
		struct column *column = &table->columns[i];

		if (!column->is_hidden && !column->is_right && column->width > SHORTEST &&
		    (!widest || column->width > widest->width))
			widest = column;
	}
	return widest;
}

/* The last column of such a weight or more that is still shown, but never the first. */
static struct column *last_column(struct table *table, int weight)
{
	for (size_t i = table->n_columns; i-- > 1;)
		if (!table->columns[i].is_hidden && column_weight(table->columns[i].name) >= weight)
			return &table->columns[i];
	return NULL;
}

static void fit(struct table *table)
{
	struct column *column;

	while (table->style->typed && full_width(table) > table->style->width &&
	       (column = least_column(table)))
		column->is_hidden = true;
	/* rather close together than an address cut short */
	if (full_width(table) > table->style->width)
		table->gap = 1;
	while (full_width(table) > table->style->width && (column = widest_text(table)))
		column->width--;
	while (full_width(table) > table->style->width &&
	       ((column = last_column(table, 100)) || (column = last_column(table, 0))))
		column->is_hidden = true;
}

/* Text cut to the column's width, a ~ for what is missing; gap 0: the last of its line. */
static void print_cell(FILE *out, const struct column *column, const char *text, unsigned int gap)
{
	unsigned int width = text_width(text);

	if (width > column->width) {
		const char *end = cut_at(text, column->width - 1, &width);

		fwrite(text, 1, (size_t)(end - text), out);
		fputc('~', out);
		width++;
	} else if (column->is_right) {
		fprintf(out, "%*s%s", (int)(column->width - width), "", text);
		width = column->width;
	} else {
		fputs(text, out);
	}
	if (gap)
		fprintf(out, "%*s", (int)(column->width - width + gap), "");
}

static void print_line(FILE *out, const struct table *table, char *const *cells)
{
	size_t last = table->n_columns;

	for (size_t i = 0; i < table->n_columns; i++)
		last = table->columns[i].is_hidden ? last : i;
	for (size_t i = 0; i < table->n_columns; i++)
		if (!table->columns[i].is_hidden)
			print_cell(out, &table->columns[i],
				   cells ? cells[i] : table->columns[i].title,
				   i == last ? 0 : table->gap);
	fputc('\n', out);
}

static void table_free(struct table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i]);
	heap_give(table->taken_bytes);
	free(table->cells);
	for (size_t i = 0; i < table->n_columns; i++)
		free(table->columns[i].title);
	free(table->columns);
	free(table->others);
	free(table->has_others);
}

int table_print(FILE *out, sqlite3_stmt *row, int first, const struct table_style *style)
{
	struct table table = { .style = style, .row = row, .gap = 2 };
	int err = make_columns(&table, first);

	if (!err)
		err = read_rows(&table, first);
	if (!err) {
		if (style->width)
			fit(&table);
		print_line(out, &table, NULL);
		for (size_t i = 0; i < table.n_cells; i += table.n_columns)
			print_line(out, &table, &table.cells[i]);
	}
	table_free(&table);
	return err;
}
