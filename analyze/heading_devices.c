/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the devices counted against what the trace tells, in a few lines. */
#include "analyze/report.h"

#include "analyze/database.h"
#include "common/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 3 /* devices; info has all */

/* Columns of devices_sql, for each direction from its first on. */
enum {
	NAME,
	SENT,
	RECEIVED = SENT + 3
};
enum {
	BYTES,
	UNEXPLAINED,
	REASON
};

static const char devices_sql[] =
	"SELECT coalesce(max(interface), 'if' || ifindex) || CASE (SELECT count(DISTINCT netns) "
	"FROM reconciliation WHERE trace_id = ?1) WHEN 1 THEN '' ELSE ' (' || coalesce((SELECT max(name) "
	"FROM netns n WHERE n.trace_id = ?1 AND n.netns = of.netns), of.netns) || ')' END, "
	"max(bytes) FILTER (WHERE is_send), max(unexplained_bytes) FILTER (WHERE is_send), "
	"max(reason) FILTER (WHERE is_send), "
	"max(bytes) FILTER (WHERE NOT is_send), max(unexplained_bytes) FILTER (WHERE NOT is_send), "
	"max(reason) FILTER (WHERE NOT is_send) "
	"FROM (SELECT *, coalesce(interface_bytes, attributed_bytes + kernel_bytes + "
	"forwarded_bytes + unknown_bytes) AS bytes FROM reconciliation WHERE trace_id = ?1) of "
	"GROUP BY netns, ifindex "
	"ORDER BY sum(abs(unexplained_bytes)) > 0 DESC, sum(bytes) DESC, netns, ifindex";

/* Where one thing keeps all devices from being compared, it is said once; NULL: it does not. */
static int find_reason(sqlite3 *db, int64_t trace_id, bool *ret_any, char **ret_reason)
{
	sqlite3_stmt *row = NULL;
	int err =
		db_prepare(db,
			   "SELECT count(*), max(reconciled), count(DISTINCT reason), min(reason), "
			   "(SELECT count(*) FROM interface_counter i WHERE i.trace_id = ?1) + "
			   "(SELECT count(*) FROM environment e WHERE e.trace_id = ?1 "
			   " AND key = 'interval_ns') "
			   "FROM reconciliation WHERE trace_id = ?1",
			   &row);

	if (err)
		return err;
	sqlite3_bind_int64(row, 1, trace_id);
	if (sqlite3_step(row) == SQLITE_ROW) {
		/* a recorder that reads no counters has nothing to say of it */
		*ret_any = sqlite3_column_int(row, 0) && sqlite3_column_int(row, 4);
		if (!sqlite3_column_int(row, 1) && sqlite3_column_int(row, 2) == 1)
			*ret_reason = strdup((const char *)sqlite3_column_text(row, 3));
	}
	if (sqlite3_finalize(row) != SQLITE_OK)
		return db_error(db, "reading the head of the report");
	return 0;
}

static void print_number(FILE *out, int64_t bytes, bool exact)
{
	char text[UNITS_MAX];

	if (exact)
		fprintf(out, "%" PRId64, bytes);
	else
		fprintf(out, "%s%s", bytes < 0 ? "-" : "",
			format_bytes((uint64_t)llabs(bytes), text));
}

/* It may be of a database. */
static void print_reason(FILE *out, const char *separator, const char *reason)
{
	char *text = table_text(reason, strlen(reason));

	fprintf(out, "%snot reconciled: %s", separator, text ?: "?");
	free(text);
}

/* "sent 1.2 MB, 0 B unexplained" */
static void print_direction(FILE *out, sqlite3_stmt *row, int first, const char *what, bool exact,
			    const char **separator)
{
	const char *reason = (const char *)sqlite3_column_text(row, first + REASON);

	if (sqlite3_column_type(row, first + BYTES) == SQLITE_NULL)
		return;
	fprintf(out, "%s%s ", *separator, what);
	*separator = "; ";
	print_number(out, sqlite3_column_int64(row, first + BYTES), exact);
	if (reason) {
		print_reason(out, ", ", reason);
		return;
	}
	fputs(", ", out);
	print_number(out, sqlite3_column_int64(row, first + UNEXPLAINED), exact);
	fputs(" unexplained", out);
}

static void print_device(FILE *out, sqlite3_stmt *row, bool exact)
{
	const char *separator = " ";
	char *name = table_text((const char *)sqlite3_column_text(row, NAME),
				(size_t)sqlite3_column_bytes(row, NAME));

	fprintf(out, "%s", name ? name : "");
	free(name);
	print_direction(out, row, SENT, "sent", exact, &separator);
	print_direction(out, row, RECEIVED, "received", exact, &separator);
	fputc('\n', out);
}

/* A line a device, those first that do not add up, then those with the most traffic. */
int heading_print_devices(FILE *out, sqlite3 *db, int64_t trace_id, const struct settings *settings)
{
	sqlite3_stmt *row = NULL;
	char *reason = NULL;
	bool any = false;
	int n = 0, err = find_reason(db, trace_id, &any, &reason);

	if (!err && any && reason)
		print_reason(out, "devices   ", reason);
	if (!err && any && reason)
		fputc('\n', out);
	if (err || !any || reason) {
		free(reason);
		return err;
	}
	err = db_prepare(db, devices_sql, &row);
	if (err)
		return err;
	sqlite3_bind_int64(row, 1, trace_id);
	while (sqlite3_step(row) == SQLITE_ROW) {
		if (n++ >= SHOWN)
			continue;
		fputs(n == 1 ? "devices   " : "          ", out);
		print_device(out, row, settings->exact);
	}
	if (n > SHOWN)
		fprintf(out, "          and %d more\n", n - SHOWN);
	if (sqlite3_finalize(row) != SQLITE_OK)
		return db_error(db, "reading the head of the report");
	return 0;
}
