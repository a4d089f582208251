/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Statements as sql allows them: whatever is asked, nothing changes, no file is opened and no
 * other statement is carried out than one that only reads.
 */
#include "tests/fuzz/fuzz.h"

#include "analyze/database.h"

#include <string.h>

#define STEPS 200 /* of a thousand instructions of SQLite's machine */
#define ROWS 50

static int steps;

static int too_many_steps(void *unused)
{
	(void)unused;
	return ++steps > STEPS;
}

static void carry_out(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int n = 0;

	steps = 0;
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK || !statement)
		return;
	/* sql carries out no others */
	while (sqlite3_stmt_readonly(statement) && n < ROWS &&
	       sqlite3_step(statement) == SQLITE_ROW)
		n++;
	sqlite3_finalize(statement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static sqlite3 *db;
	int64_t n = -1, version = -1;
	char *sql;

	if (!db) {
		MUST(!db_create(NULL, &db));
		MUST(!db_run(db, "INSERT INTO protocol VALUES (1, 'TCP')"));
		sqlite3_progress_handler(db, 1000, too_many_steps, NULL);
		MUST(!db_restrict(db));
	}
	if (size > 4096)
		return 0;
	sql = malloc(size + 1);
	MUST(sql);
	memcpy(sql, data, size);
	sql[size] = '\0';
	n = sqlite3_total_changes(db);
	carry_out(db, sql);
	free(sql);
	MUST(sqlite3_total_changes(db) == n && sqlite3_get_autocommit(db));
	steps = 0;
	MUST(!db_integer(db, "SELECT count(*) FROM protocol", -1, &version) && version == 1);
	MUST(!sqlite3_db_filename(db, "x"));
	return 0;
}
