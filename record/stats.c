// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/stats.h"

#include "common/escape.h"
#include "common/units.h"
#include "record/clock.h"
#include "record/say.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS_SHOWN 20

static uint64_t total(const struct throughput *row)
{
	return row->send_bytes + row->recv_bytes;
}

static int by_bytes(const void *a, const void *b)
{
	uint64_t x = total(a), y = total(b);

	if (x != y)
		return x < y ? 1 : -1;
	return throughput_compare(a, b);
}

/* What was being added while it was read may be missing, and comes with the next one. */
static uint64_t more(uint64_t bytes, uint64_t before)
{
	return bytes > before ? bytes - before : 0;
}

size_t stats_difference(struct throughput *rows, size_t n_rows, const struct throughput *before,
			size_t n_before)
{
	size_t kept = 0, j = 0;

	for (size_t i = 0; i < n_rows; i++) {
		struct throughput row = rows[i];

		while (j < n_before && throughput_compare(&before[j], &row) < 0)
			j++;
		if (j < n_before && !throughput_compare(&before[j], &row)) {
			row.send_bytes = more(row.send_bytes, before[j].send_bytes);
			row.recv_bytes = more(row.recv_bytes, before[j].recv_bytes);
		}
		if (total(&row))
			rows[kept++] = row;
	}
	if (kept)
		qsort(rows, kept, sizeof(*rows), by_bytes);
	return kept;
}

static char *rate(uint64_t bytes, uint64_t interval_ns, char text[UNITS_MAX])
{
	double bits = (double)bytes * 8 * NS_PER_S / (double)interval_ns;

	return format_rate((uint64_t)bits, text);
}

static void print_row(const struct throughput *row, uint64_t interval_ns)
{
	char name[ESCAPED_MAX(THROUGHPUT_NAME_BYTES)], send[UNITS_MAX], recv[UNITS_MAX];

	escape_bytes(row->name, strnlen(row->name, sizeof(row->name)), name);
	if (row->pid)
		say_plain("%8u  ", row->pid);
	else
		say_plain("%8s  ", "-");
	say_plain("%-16s %16s %16s\n", row->pid ? name : "(unknown)",
		  rate(row->send_bytes, interval_ns, send),
		  rate(row->recv_bytes, interval_ns, recv));
}

static void print_heading(size_t n_rows)
{
	char time_text[16] = "";
	time_t now = time(NULL);
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(time_text, sizeof(time_text), "%H:%M:%S", &local);
	say_plain("%8s  %-16s %16s %16s\n", time_text, n_rows ? "process" : "(no traffic)",
		  n_rows ? "send" : "", n_rows ? "receive" : "");
}

void stats_print(struct stats *stats, struct throughput *rows, size_t n_rows, uint64_t interval_ns)
{
	struct throughput *changed = n_rows ? malloc(n_rows * sizeof(*rows)) : NULL;
	size_t n_changed = 0;

	if (changed) {
		memcpy(changed, rows, n_rows * sizeof(*rows));
		n_changed = stats_difference(changed, n_rows, stats->before, stats->n_before);
	}
	print_heading(n_changed);
	for (size_t i = 0; i < n_changed && i < ROWS_SHOWN; i++)
		print_row(&changed[i], interval_ns);
	if (n_changed > ROWS_SHOWN)
		say_plain("%8s  %zu more\n", "", n_changed - ROWS_SHOWN);
	free(changed);
	stats_free(stats);
	stats->before = rows;
	stats->n_before = n_rows;
}

void stats_free(struct stats *stats)
{
	free(stats->before);
	*stats = (struct stats){ 0 };
}
