/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/database.h"

#include "analyze/heap.h"
#include "analyze/limits.h"
#include "analyze/say.h"
#include "analyze/scratch.h"
#include "analyze/sql.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define APPLICATION_ID 1314082384 /* as in schema.sql */
#define SCHEMA_VERSION 3
#define LENGTH_MAX (16 << 20)	 /* bytes of a text: those of a trace have 64 KiB */
#define SQL_MAX (1 << 20)	 /* bytes of a statement, also of one in the schema */
#define COLUMNS_MAX 500		 /* of a table, or of a row: the schema's have 60 */
#define OPERATIONS_MAX (1 << 20) /* that a statement is compiled to */
#define KEPT_BYTES 256		 /* of a row in our own tables, about */
#define MESSAGE_MAX 512
#define BUSY_MS 10000 /* another program reads or writes the database */

static int64_t pragma(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t value = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

/* A statement that was undone may have taken with it what reached the limit: who knows then? */
static bool is_at_limit(sqlite3 *db)
{
	int64_t pages = pragma(db, "PRAGMA page_count"), most = pragma(db, "PRAGMA max_page_count");

	return most && pages >= most;
}

static void limit_pages(sqlite3 *db)
{
	int64_t page_bytes = pragma(db, "PRAGMA page_size");
	uint64_t most = limits_database_bytes() / (page_bytes > 0 ? (uint64_t)page_bytes : 1);
	char *sql = sqlite3_mprintf("PRAGMA max_page_count = %lld", (long long)(most ?: 1));

	if (sql)
		sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_free(sql);
}

int db_memory_error(sqlite3 *db)
{
	return limits_say_database(sqlite3_db_filename(db, "main"),
				   "what is asked for takes more memory than",
				   limits_memory_bytes());
}

int db_error(sqlite3 *db, const char *doing)
{
	const char *path = sqlite3_db_filename(db, "main");
	char message[MESSAGE_MAX]; /* looking at the database gives another one */
	int code = sqlite3_errcode(db), system_error = sqlite3_system_errno(db);
	bool has_path = path && *path;

	snprintf(message, sizeof(message), "%s", sqlite3_errmsg(db));
	if (code == SQLITE_NOMEM && heap_is_full())
		return db_memory_error(db);
	if (code == SQLITE_FULL && scratch_is_full())
		return limits_say_database(path, "SQLite's temporary files have reached",
					   limits_temporary_bytes());
	if (code == SQLITE_FULL && !sqlite3_db_readonly(db, "main"))
		return limits_say_database(path,
					   is_at_limit(db) ? "the database has reached"
							   : "its disk is full, or it has reached",
					   limits_database_bytes());
	say("%s%s%s: %s%s%s", has_path ? path : "", has_path ? ": " : "", doing, message,
	    system_error ? ": " : "", system_error ? strerror(system_error) : "");
	return -EIO;
}

int db_keep(sqlite3_stmt *row)
{
	return heap_take(KEPT_BYTES) ? db_memory_error(sqlite3_db_handle(row)) : 0;
}

int db_run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, "database");
	return 0;
}

#define TEXT_OF(number) #number
#define NUMBER_TEXT(number) TEXT_OF(number)

int db_begin(sqlite3 *db)
{
	/* what it is already: a change all the same */
	return db_run(db, "BEGIN IMMEDIATE; PRAGMA user_version = " NUMBER_TEXT(SCHEMA_VERSION));
}

int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement)
{
	if (sqlite3_prepare_v2(db, sql, -1, ret_statement, NULL) != SQLITE_OK)
		return db_error(db, "database");
	return 0;
}

static void bind(sqlite3_stmt *statement, const char *types, va_list arguments)
{
	for (int i = 1; *types; types++, i++) {
		if (*types == 's') {
			/* NULL binds NULL; what does not fit fails in the step, which is next */
			sqlite3_bind_text(statement, i, va_arg(arguments, const char *), -1,
					  SQLITE_STATIC);
			continue;
		}
		bool has = *types == 'i' || va_arg(arguments, int);
		int64_t value = va_arg(arguments, int64_t);

		if (has)
			sqlite3_bind_int64(statement, i, value);
		else
			sqlite3_bind_null(statement, i);
	}
}

static int step_once(sqlite3_stmt *statement)
{
	int code;

	do {
		code = sqlite3_step(statement);
	} while (code == SQLITE_ROW);
	if (code != SQLITE_DONE)
		db_error(sqlite3_db_handle(statement), "database");
	sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : -EIO;
}

int db_insert(sqlite3_stmt *statement, const char *types, ...)
{
	va_list arguments;

	va_start(arguments, types);
	bind(statement, types, arguments);
	va_end(arguments);
	return step_once(statement);
}

int db_insert_once(sqlite3 *db, const char *sql, const char *types, ...)
{
	sqlite3_stmt *statement;
	va_list arguments;
	int err = db_prepare(db, sql, &statement);

	if (err)
		return err;
	va_start(arguments, types);
	bind(statement, types, arguments);
	va_end(arguments);
	err = step_once(statement);
	sqlite3_finalize(statement);
	return err;
}

int db_integer(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *ret_value)
{
	sqlite3_stmt *statement;
	int code, err = db_prepare(db, sql, &statement);

	if (err)
		return err;
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		otherwise = sqlite3_column_int64(statement, 0);
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		*ret_value = otherwise;
	else
		err = db_error(db, "database");
	sqlite3_finalize(statement);
	return err;
}

void db_prepare_files(void)
{
	/*
	 * One thread uses SQLite, so that no call needs a lock; nobody asks for its statistics.
	 * Only the first of all calls can say so; later ones do nothing.
	 */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	heap_prepare();
	scratch_prepare();
}

/*
 * A database may be as hostile as a trace: what its schema says is not to call functions that do
 * more than to compute, and what is damaged is to be found. Nothing of this can fail.
 */
static void distrust(sqlite3 *db)
{
	/* only our own tables are virtual: others read what a schema says in C */
	sqlite3_drop_modules(db, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, SQL_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_COLUMN, COLUMNS_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_VDBE_OP, OPERATIONS_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_exec(db, "PRAGMA cell_size_check = 1", NULL, NULL, NULL);
}

/* path NULL: a database in memory. */
static int open_path(const char *path, int flags, sqlite3 **ret_db)
{
	sqlite3 *db = NULL;
	char *name;
	int code;

	db_prepare_files();
	/* to SQLite "file:x" may be a URI and ":memory:" is no file: "./" makes both names */
	name = path ? sqlite3_mprintf("%s%s", *path == '/' ? "" : "./", path)
		    : sqlite3_mprintf(":memory:");
	code = name ? sqlite3_open_v2(name, &db, flags, NULL) : SQLITE_NOMEM;

	sqlite3_free(name);
	if (code != SQLITE_OK) {
		say("%s: %s", path ? path : "database",
		    db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
		sqlite3_close(db);
		return -EIO;
	}
	sqlite3_busy_timeout(db, BUSY_MS);
	distrust(db);
	*ret_db = db;
	return 0;
}

int db_create(const char *path, sqlite3 **ret_db)
{
	sqlite3 *db;
	int err = open_path(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db);

	if (err)
		return err;
	/* safe: the file is not yet under its name, a crash leaves nothing behind */
	limit_pages(db);
	err = db_run(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
	if (!err)
		err = db_run(db, sql_schema);
	if (!err)
		err = db_run(db, "COMMIT");
	if (err) {
		sqlite3_close(db);
		return err;
	}
	*ret_db = db;
	return 0;
}

/* What loads code, or hands out or takes pointers. */
static bool is_refused(const char *function)
{
	static const char *const refused[] = { "load_extension", "fts3_tokenizer", "fts5" };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (!strcasecmp(function, refused[i]))
			return true;
	return false;
}

static int authorize(void *unused, int action, const char *first, const char *second,
		     const char *database, const char *trigger)
{
	(void)unused;
	(void)first;
	(void)database;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return second && is_refused(second) ? SQLITE_DENY : SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

int db_restrict(sqlite3 *db)
{
	int err = db_run(db, "PRAGMA query_only = 1");

	if (!err && sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
		err = db_error(db, "database");
	if (!err && sqlite3_set_authorizer(db, authorize, NULL) != SQLITE_OK)
		err = db_error(db, "database");
	return err;
}

/* What an interrupted load left has to be rolled back, which writes to the file. */
static bool needs_rollback(sqlite3 *db)
{
	sqlite3_exec(db, "PRAGMA application_id", NULL, NULL, NULL);
	return sqlite3_extended_errcode(db) == SQLITE_READONLY_ROLLBACK;
}

int db_open(const char *path, bool writable, sqlite3 **ret_db)
{
	sqlite3 *db = NULL;
	int64_t id = 0, version = 0;
	int err = open_path(path, writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, &db);

	if (!err && !writable && needs_rollback(db)) {
		sqlite3_close(db);
		db = NULL;
		err = open_path(path, SQLITE_OPEN_READWRITE, &db);
	}
	if (!err) /* a new one cannot be: it has no journal */
		sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (!err)
		err = db_integer(db, "PRAGMA application_id", 0, &id);
	if (!err)
		err = db_integer(db, "PRAGMA user_version", 0, &version);
	if (!err && id != APPLICATION_ID) {
		say("%s: a SQLite database, but not one that netsnoop-analyze load wrote", path);
		err = -EIO;
	} else if (!err && version != SCHEMA_VERSION) {
		say("%s: schema version %lld, this program knows %d: load the traces again, into a new database",
		    path, (long long)version, SCHEMA_VERSION);
		err = -EIO;
	}
	if (err) {
		sqlite3_close(db);
		return err;
	}
	if (writable)
		limit_pages(db);
	else
		err = db_restrict(db);
	if (err) {
		sqlite3_close(db);
		return err;
	}
	*ret_db = db;
	return 0;
}
