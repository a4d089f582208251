/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/collect.h"

#include <errno.h>
#include <stdlib.h>

static int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	return (a->from_ns > b->from_ns) - (a->from_ns < b->from_ns);
}

size_t ranges_unite(struct range *ranges, size_t n)
{
	size_t n_united = 0;

	qsort(ranges, n, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < n; i++) {
		struct range *last = n_united ? &ranges[n_united - 1] : NULL;

		if (last && ranges[i].from_ns <= last->to_ns)
			last->to_ns = ranges[i].to_ns > last->to_ns ? ranges[i].to_ns : last->to_ns;
		else
			ranges[n_united++] = ranges[i];
	}
	return n_united;
}

uint64_t ranges_cover(const struct range *ranges, size_t n, int64_t from_ns, int64_t to_ns)
{
	uint64_t covered = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t from = ranges[i].from_ns > from_ns ? ranges[i].from_ns : from_ns;
		int64_t to = ranges[i].to_ns < to_ns ? ranges[i].to_ns : to_ns;

		if (to > from)
			covered += (uint64_t)to - (uint64_t)from;
	}
	return covered;
}

/* All spans of the database, united; they are the caller's to free. */
static int read_spans(sqlite3 *db, struct range **ret_ranges, size_t *ret_n)
{
	sqlite3_stmt *statement = NULL;
	struct range *ranges = NULL;
	size_t n = 0, n_allocated = 0;
	int err = db_prepare(db, "SELECT from_realtime_ns, to_realtime_ns FROM span", &statement);

	while (!err && sqlite3_step(statement) == SQLITE_ROW) {
		err = db_keep(statement)
			      ?: array_reserve(&ranges, &n_allocated, n + 1, sizeof(*ranges));
		if (!err)
			ranges[n++] = (struct range){ sqlite3_column_int64(statement, 0),
						      sqlite3_column_int64(statement, 1) };
	}
	if (sqlite3_finalize(statement) != SQLITE_OK && !err)
		err = db_error(db, "reading spans");
	if (err) {
		free(ranges);
		return err;
	}
	*ret_n = n ? ranges_unite(ranges, n) : 0;
	*ret_ranges = ranges;
	return 0;
}

int periods_store_whole(sqlite3 *db)
{
	struct range *ranges = NULL;
	size_t n = 0;
	int err = read_spans(db, &ranges, &n);

	if (!err)
		err = db_insert_once(db, "INSERT OR REPLACE INTO period VALUES (0, ?, ?)", "?i",
				     n != 0, n ? ranges[0].from_ns : (int64_t)0,
				     (int64_t)ranges_cover(ranges, n, INT64_MIN, INT64_MAX));
	free(ranges);
	return err;
}

int periods_store(sqlite3 *db, const struct rollup *rollup, int64_t origin_realtime_ns)
{
	struct range *ranges = NULL;
	sqlite3_stmt *statement = NULL;
	size_t n = 0;
	int err = read_spans(db, &ranges, &n);

	if (!err)
		err = db_prepare(db, "INSERT OR IGNORE INTO period VALUES (?, ?, ?)", &statement);
	for (uint32_t i = 0; i < rollup->usage_keys.n && !err; i++) {
		int64_t period = rollup_usage_key(rollup, i)->period;
		int64_t from_ns = origin_realtime_ns + period * (int64_t)rollup->interval_ns;

		err = db_insert(statement, "iii", period, from_ns,
				(int64_t)ranges_cover(ranges, n, from_ns,
						      from_ns + (int64_t)rollup->interval_ns));
	}
	sqlite3_finalize(statement);
	free(ranges);
	return err;
}
