/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs the reports' SQL and prints it; the same for a trace and a database. */
#ifndef NETSNOOP_ANALYZE_REPORT_H
#define NETSNOOP_ANALYZE_REPORT_H

#include "analyze/command.h"

#include <sqlite3.h>
#include <stdio.h>

/* 0, -EINVAL (an unknown column to sort by) or another -errno; said. */
int report_print(FILE *out, sqlite3 *db, const struct settings *settings);

/* ---- heading.c ---- */

/* What the traces of the database are and can vouch for. 0 or -errno, said. */
int heading_print(FILE *out, sqlite3 *db, const struct settings *settings);

/* The array traces[] of JSON. */
int heading_json(FILE *out, sqlite3 *db);

/* ---- heading_totals.c and heading_devices.c: lines of one trace; 0 or -EIO, said ---- */

/* Its detail, if not of packets throughout; what was not exact; steps of the clock. */
int heading_print_totals(FILE *out, sqlite3 *db, int64_t trace_id, const struct settings *settings);

/* The same and all devices, as members of its object. */
int heading_json_totals(FILE *out, sqlite3 *db, int64_t trace_id);

/* The devices that do not add up, and those with the most traffic. */
int heading_print_devices(FILE *out, sqlite3 *db, int64_t trace_id,
			  const struct settings *settings);

#endif
