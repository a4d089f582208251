/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/view.h"

#include "analyze/database.h"
#include "analyze/say.h"

#include <errno.h>

/* *ret_view is left alone where the database has no trace. */
static int read_view(sqlite3 *db, enum owner_view *ret_view)
{
	sqlite3_stmt *row = NULL;
	int err = db_prepare(db, "SELECT owner_view FROM trace ORDER BY trace_id LIMIT 1", &row);

	if (!err && sqlite3_step(row) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(row, 0);

		err = name ? owner_view_parse(name, ret_view) : -EINVAL;
		if (err)
			say("%s: trace.owner_view is not one of consumed, held, recorded",
			    sqlite3_db_filename(db, "main"));
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "reading the database");
	return err;
}

int view_settle(sqlite3 *db, const struct settings *settings, enum owner_view *ret_view)
{
	enum owner_view view = settings->owner_view;
	int err = read_view(db, &view);

	if (err)
		return err;
	if (settings->has_owner_view && view != settings->owner_view) {
		say("%s: was loaded with --owner %s; for --owner %s report on the traces, or load "
		    "them into another database",
		    sqlite3_db_filename(db, "main"), owner_view_name(view),
		    owner_view_name(settings->owner_view));
		return -EINVAL;
	}
	*ret_view = view;
	return 0;
}

int view_check(const char *path, const struct settings *settings)
{
	enum owner_view view;
	sqlite3 *db = NULL;
	int err;

	if (!settings->has_owner_view)
		return 0;
	err = db_open(path, false, &db);
	if (!err)
		err = view_settle(db, settings, &view);
	sqlite3_close(db);
	return err;
}
