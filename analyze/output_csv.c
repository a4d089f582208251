/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/output.h"

#include "analyze/text.h"
#include "analyze/timeline.h"
#include "common/escape.h"

#include <inttypes.h>
#include <string.h>

void csv_text(FILE *out, const char *text, size_t len)
{
	bool quoted = false;

	for (size_t i = 0; i < len && !quoted; i++)
		quoted = strchr("\",\r\n", text[i]);
	if (quoted)
		fputc('"', out);
	for (size_t i = 0; i < len;) {
		uint32_t code;
		size_t n = utf8_decode(text + i, len - i, &code);

		if (!n || !code) {
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

void csv_header(FILE *out, sqlite3_stmt *row, int first)
{
	int n = sqlite3_column_count(row);

	for (int column = first; column < n; column++) {
		const char *name = sqlite3_column_name(row, column);

		if (column > first)
			fputc(',', out);
		csv_text(out, name, strlen(name));
	}
	fputs("\r\n", out);
}

void csv_row(FILE *out, sqlite3_stmt *row, int first, bool typed)
{
	int n = sqlite3_column_count(row);

	for (int column = first; column < n; column++) {
		const char *text;
		char time[TIME_TEXT_MAX];

		if (column > first)
			fputc(',', out);
		if (typed && column_kind(sqlite3_column_name(row, column)) == COLUMN_TIME &&
		    sqlite3_column_type(row, column) == SQLITE_INTEGER) {
			fputs(time_format_rfc3339(sqlite3_column_int64(row, column), time), out);
			continue;
		}
		if (sqlite3_column_type(row, column) == SQLITE_INTEGER) {
			plain_integer(out, sqlite3_column_int64(row, column));
			continue;
		}
		text = (const char *)sqlite3_column_text(row, column);
		if (text)
			csv_text(out, text, (size_t)sqlite3_column_bytes(row, column));
	}
	fputs("\r\n", out);
}
