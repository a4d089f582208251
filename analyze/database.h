/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SQLite, with the errors worded. Functions return 0 or -EIO once they said why. */
#ifndef NETSNOOP_ANALYZE_DATABASE_H
#define NETSNOOP_ANALYZE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Before the sandbox: SQLite then needs nothing but the databases' own files. */
void db_prepare_files(void);

/* An empty database with the schema, in memory for NULL. The caller closes it. */
int db_create(const char *path, sqlite3 **ret_db);

/* A database that load wrote; another one, or another schema's, is refused. */
int db_open(const char *path, bool writable, sqlite3 **ret_db);

/* A sum as sum(), of whatever a trace claims: sum() itself refuses one beyond 64 bits. */
#define DB_SUM(column) \
	"CASE count(" column ") WHEN 0 THEN NULL ELSE CAST(total(" column ") AS INTEGER) END"

/*
 * Begin a transaction that writes, with the lock and the journal that it needs. Nobody else's
 * names are opened then until it has ended.
 */
int db_begin(sqlite3 *db);

int db_run(sqlite3 *db, const char *sql);

int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement);

/*
 * Bind values from the first parameter on, then run the statement to its end
 * and make it ready for the next time. A letter of types is one parameter:
 * i int64_t, s text or NULL, ? a bool and an int64_t, NULL when false.
 */
int db_insert(sqlite3_stmt *statement, const char *types, ...);

/* db_prepare(), db_insert() and finalize in one, for what is rare. */
int db_insert_once(sqlite3 *db, const char *sql, const char *types, ...);

/* The first column of the first row, or otherwise when there is none or it is NULL. */
int db_integer(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *ret_value);

/* Say what SQLite has against doing; -EIO. */
int db_error(sqlite3 *db, const char *doing);

/* The same of an answer that is too much to be kept; -E2BIG. */
int db_memory_error(sqlite3 *db);

/* Something is going to be kept for the row; never said to be gone. 0, or -E2BIG once it was said. */
int db_keep(sqlite3_stmt *row);

/* Only SELECT from now on, of what is in the database: no files, no pragmas. */
int db_restrict(sqlite3 *db);

#endif
