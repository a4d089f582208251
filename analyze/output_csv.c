/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/output.h"

#include "analyze/text.h"
#include "analyze/timeline.h"
#include "common/escape.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* A line may be part of a text, and a terminal does nothing with these. */
static bool is_layout(char byte)
{
	return byte == '\n' || byte == '\t';
}

/* Spreadsheets take what begins so for a formula, and carry it out. */
static bool begins_formula(const char *text, size_t len)
{
	uint32_t code = 0;

	if (!len)
		return false;
	if (strchr("=+-@\t\n", text[0]))
		return true;
	/* the same signs in full width */
	return utf8_decode(text, len, &code) &&
	       (code == 0xff1d || code == 0xff0b || code == 0xff0d || code == 0xff20);
}

void csv_text(FILE *out, const char *text, size_t len)
{
	bool quoted = false;

	for (size_t i = 0; i < len && !quoted; i++)
		quoted = strchr("\",;\t\r\n", text[i]); /* some programs part fields by ; or tab */
	if (quoted)
		fputc('"', out);
	if (begins_formula(text, len))
		fputc('\'', out);
	for (size_t i = 0; i < len;) {
		size_t n = is_layout(text[i]) ? 1 : printable_character(text + i, len - i);

		if (!n) {
			fprintf(out, "\\x%02x", (unsigned char)text[i]);
			i++;
			continue;
		}
		if (text[i] == '"')
			fputc('"', out);
		fwrite(text + i, 1, n, out);
		i += n;
	}
	if (quoted)
		fputc('"', out);
}

void csv_header(FILE *out, const struct columns *columns)
{
	for (int column = columns->first; column < columns->n; column++) {
		const char *name = sqlite3_column_name(columns->row, column);

		if (column > columns->first)
			fputc(',', out);
		csv_text(out, name, strlen(name));
	}
	fputs("\r\n", out);
}

static void csv_integer(FILE *out, int64_t value, enum column_kind kind)
{
	char time[TIME_TEXT_MAX];

	if (kind == COLUMN_TIME)
		fputs(time_format_rfc3339(value, time), out);
	else
		plain_integer(out, value);
}

void csv_row(FILE *out, const struct columns *columns)
{
	sqlite3_stmt *row = columns->row;

	for (int column = columns->first; column < columns->n; column++) {
		const char *text;

		if (column > columns->first)
			fputc(',', out);
		if (sqlite3_column_type(row, column) == SQLITE_INTEGER) {
			csv_integer(out, sqlite3_column_int64(row, column),
				    columns->list[column].kind);
			continue;
		}
		text = (const char *)sqlite3_column_text(row, column);
		if (text && sqlite3_column_type(row, column) == SQLITE_FLOAT)
			fputs(text, out); /* which may begin with a minus */
		else if (text)
			csv_text(out, text, (size_t)sqlite3_column_bytes(row, column));
	}
	fputs("\r\n", out);
}
