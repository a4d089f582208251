/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --owner and databases: one is of a single view, that of its first load. */
#ifndef NETSNOOP_ANALYZE_VIEW_H
#define NETSNOOP_ANALYZE_VIEW_H

#include "analyze/command.h"

#include <sqlite3.h>

/*
 * The view to add traces to a database with: its own, or without traces the
 * one asked for. -EINVAL, said, when another one than its own was asked for.
 */
int view_settle(sqlite3 *db, const struct settings *settings, enum owner_view *ret_view);

/* Only see whether a database has the view that was asked for, if any was. */
int view_check(const char *path, const struct settings *settings);

#endif
