/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/output.h"

#include "analyze/text.h"
#include "analyze/timeline.h"
#include "common/escape.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* A character that is not printable, valid UTF-8 or not. Returns its length. */
static size_t json_escape(FILE *out, const char *text, size_t len)
{
	uint32_t code;
	size_t n = utf8_decode(text, len, &code);

	if (!n) {
		fprintf(out, "\\\\x%02x", (unsigned char)*text);
		return 1;
	}
	if (code > 0xffff) {
		code -= 0x10000;
		fprintf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (code >> 10),
			0xdc00 + (code & 0x3ff));
	} else {
		fprintf(out, "\\u%04" PRIx32, code);
	}
	return n;
}

/* How many characters from here on stand for themselves: nearly always all of them. */
static size_t plain_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= ' ' && text[n] <= '~' && text[n] != '"' && text[n] != '\\')
		n++;
	return n;
}

void json_text(FILE *out, const char *text, size_t len)
{
	fputc_unlocked('"', out);
	for (size_t i = 0; i < len;) {
		size_t n = plain_len(text + i, len - i);

		if (n) {
			fwrite_unlocked(text + i, 1, n, out);
			i += n;
			continue;
		}
		n = printable_character(text + i, len - i);

		if (!n) {
			i += json_escape(out, text + i, len - i);
			continue;
		}
		if (text[i] == '"' || text[i] == '\\')
			fputc('\\', out);
		fwrite_unlocked(text + i, 1, n, out);
		i += n;
	}
	fputc_unlocked('"', out);
}

/* Two digits at a time, since each division waits for the one before. */
void plain_integer(FILE *out, int64_t value)
{
	static const char pairs[] =
		"0001020304050607080910111213141516171819202122232425262728293031"
		"3233343536373839404142434445464748495051525354555657585960616263"
		"6465666768697071727374757677787980818283848586878889909192939495"
		"96979899";
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char text[24], *end = text + sizeof(text), *at = end;

	for (; left > 9; left /= 100) {
		at -= 2;
		memcpy(at, pairs + 2 * (left % 100), 2);
	}
	if (left || at == end)
		*--at = (char)('0' + left);
	if (value < 0)
		*--at = '-';
	fwrite_unlocked(at, 1, (size_t)(end - at), out);
}

static void json_integer(FILE *out, int64_t value, enum column_kind kind)
{
	char text[TIME_TEXT_MAX];

	if (kind == COLUMN_TIME) {
		fputc_unlocked('"', out);
		fputs_unlocked(time_format_rfc3339(value, text), out);
		fputc_unlocked('"', out);
	} else if (kind == COLUMN_BOOL) {
		fputs_unlocked(value ? "true" : "false", out);
	} else {
		plain_integer(out, value);
	}
}

/* One look at the column in place of two or three; only one thread uses SQLite. */
static void json_value(FILE *out, sqlite3_value *value, enum column_kind kind)
{
	double real;

	switch (sqlite3_value_type(value)) {
	case SQLITE_INTEGER:
		json_integer(out, sqlite3_value_int64(value), kind);
		break;
	case SQLITE_FLOAT:
		real = sqlite3_value_double(value);
		if (isfinite(real))
			fprintf(out, "%.17g", real);
		else
			fputs_unlocked("null", out);
		break;
	case SQLITE_TEXT:
	case SQLITE_BLOB: {
		const void *text = sqlite3_value_blob(value);

		json_text(out, text, (size_t)sqlite3_value_bytes(value));
		break;
	}
	default:
		fputs_unlocked("null", out);
	}
}

/* The comma of its label stands behind another member. */
static void json_label(FILE *out, const struct columns *columns, int column, bool is_first)
{
	const struct shown_column *shown = &columns->list[column];

	fwrite_unlocked(columns->labels + shown->label_from + is_first, 1,
			shown->label_len - is_first, out);
}

/* Consecutive columns sources_NAME as one object. Returns the column behind them. */
static int json_sources(FILE *out, const struct columns *columns, int column)
{
	bool is_first = true;

	fputc_unlocked('{', out);
	for (; column < columns->n && columns->list[column].kind == COLUMN_SOURCE; column++) {
		int64_t bytes = sqlite3_column_int64(columns->row, column);

		if (!bytes)
			continue;
		json_label(out, columns, column, is_first);
		plain_integer(out, bytes);
		is_first = false;
	}
	fputc_unlocked('}', out);
	return column;
}

void json_row(FILE *out, const struct columns *columns)
{
	for (int column = columns->first; column < columns->n;) {
		bool is_first = column == columns->first;

		if (columns->list[column].kind == COLUMN_SOURCE) {
			fputs_unlocked(is_first ? "\"sources\":" : ",\"sources\":", out);
			column = json_sources(out, columns, column);
			continue;
		}
		json_label(out, columns, column, is_first);
		json_value(out, sqlite3_column_value(columns->row, column),
			   columns->list[column].kind);
		column++;
	}
}

int json_members(FILE *out, sqlite3_stmt *row, int first)
{
	struct columns columns;
	int err = columns_open(&columns, row, first, true);

	if (err)
		return err;
	json_row(out, &columns);
	columns_close(&columns);
	return 0;
}
