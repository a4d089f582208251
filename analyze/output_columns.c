/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void set_columns(struct columns *columns, FILE *labels, bool typed)
{
	for (int i = 0; i < columns->n; i++) {
		struct shown_column *column = &columns->list[i];
		const char *name = sqlite3_column_name(columns->row, i);

		column->kind = typed ? column_kind(name) : COLUMN_PLAIN;
		if (column->kind == COLUMN_SOURCE)
			name += strlen(SOURCE_PREFIX);
		column->label_from = (size_t)ftell(labels);
		fputc(',', labels);
		json_text(labels, name, strlen(name));
		fputc(':', labels);
		column->label_len = (size_t)ftell(labels) - column->label_from;
	}
}

int columns_open(struct columns *columns, sqlite3_stmt *row, int first, bool typed)
{
	size_t labels_len;
	FILE *labels;

	*columns = (struct columns){ .row = row, .first = first, .n = sqlite3_column_count(row) };
	columns->list = calloc((size_t)columns->n, sizeof(*columns->list));
	labels = columns->list ? open_memstream(&columns->labels, &labels_len) : NULL;
	if (labels) {
		set_columns(columns, labels, typed);
		if (!fclose(labels))
			return 0;
	}
	columns_close(columns);
	return -ENOMEM;
}

void columns_close(struct columns *columns)
{
	free(columns->list);
	free(columns->labels);
	*columns = (struct columns){ 0 };
}
