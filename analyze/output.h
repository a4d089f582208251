/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of SQL statements as JSON, CSV or a table. */
#ifndef NETSNOOP_ANALYZE_OUTPUT_H
#define NETSNOOP_ANALYZE_OUTPUT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum format {
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_CSV,
};

/* "table", "json" or "csv"; first is the word for FORMAT_TABLE. 0 or -EINVAL, said. */
int format_parse(const char *text, const char *first, enum format *ret_format);

/* How a column's integers are to be read; by its name, in column.c. */
enum column_kind {
	COLUMN_PLAIN,
	COLUMN_BYTES,
	COLUMN_RATE,
	COLUMN_TIME, /* ns since 1970 UTC */
	COLUMN_BOOL,
	COLUMN_SOURCE, /* bytes by owner_source: sources_NAME */
};

#define SOURCE_PREFIX "sources_"

/* With report columns by their names; without, every column is plain. */
enum column_kind column_kind(const char *name);

/* What stays on a narrow terminal: 100 always, else the higher the longer. */
int column_weight(const char *name);

/* What stands above a report's column in a table: ports stand behind their addresses. */
const char *column_title(const char *name);

/* Sorted from A to Z, and not from the greatest down. */
bool column_is_text(const char *name);

/* Sums add up in the row of others; rates do, peaks do not. */
bool column_adds_up(const char *name);

/* ---- output_columns.c ---- */

struct shown_column {
	enum column_kind kind;
	size_t label_from, label_len; /* in labels */
};

/* The columns of a statement, those from first on shown: what is the same for all its rows. */
struct columns {
	sqlite3_stmt *row;
	int first, n;
	struct shown_column *list;
	char *labels; /* of JSON: ,"name": */
};

/* typed: kinds by the columns' names. 0 or -ENOMEM. */
int columns_open(struct columns *columns, sqlite3_stmt *row, int first, bool typed);
void columns_close(struct columns *columns);

/* ---- output_json.c ---- */

/* "text" with its quotes: valid UTF-8 always, an invalid byte is \xNN. */
void json_text(FILE *out, const char *text, size_t len);

/* What printf() has %lld for, several times as fast. */
void plain_integer(FILE *out, int64_t value);

/* The members of the current row, between the braces; sources_* become one object of those not 0. */
void json_row(FILE *out, const struct columns *columns);

/* The same of a single row: from column first on, typed. 0 or -ENOMEM. */
int json_members(FILE *out, sqlite3_stmt *row, int first);

/* ---- output_csv.c ---- */

/*
 * One field as RFC 4180 has it. Controls and what reorders text are \xNN, and a quote stands before
 * what a spreadsheet would take for a formula.
 */
void csv_text(FILE *out, const char *text, size_t len);
void csv_header(FILE *out, const struct columns *columns);
void csv_row(FILE *out, const struct columns *columns);

/* ---- output_table.c ---- */

struct table_style {
	unsigned int width; /* of the terminal; 0: as wide as it gets */
	uint64_t limit;	    /* rows (of a period); 0: all */
	bool exact;	    /* numbers without units */
	bool utc;
	bool typed;	     /* columns by their names: a report */
	bool has_time;	     /* the first column is the period */
	const char *unknown; /* what stands for NULL in text and process columns */
};

/* Step through the statement and print all of it. 0, -ENOMEM, or -EIO, said. */
int table_print(FILE *out, sqlite3_stmt *row, int first, const struct table_style *style);

/* Text made inert for a terminal; the result is the caller's to free, or NULL. */
char *table_text(const char *text, size_t len);

/* The terminal's width, or 0 where standard output is none. */
unsigned int terminal_width(void);

#endif
