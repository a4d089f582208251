/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The view measure of schema.sql without SQL: of traces that were just read, the rows of
 * the reports are summed from the roll-up, and a virtual table shows them.
 */
#ifndef NETSNOOP_ANALYZE_MEASURE_H
#define NETSNOOP_ANALYZE_MEASURE_H

#include "analyze/collect.h"

/* The view's columns but the first, which is the grouping. */
enum measure_column {
	MEASURE_KEY,
	MEASURE_PERIOD,
	MEASURE_SEND_BYTES, /* what is received stands behind what is sent */
	MEASURE_RECV_BYTES,
	MEASURE_SEND_PACKETS,
	MEASURE_RECV_PACKETS,
	MEASURE_SEND_PAYLOAD,
	MEASURE_RECV_PAYLOAD,
	MEASURE_SEND_WIRE,
	MEASURE_RECV_WIRE,
	MEASURE_FIRST,
	MEASURE_LAST,
	MEASURE_SOCKET, /* bytes by owner_source */
	MEASURE_FLOW,
	MEASURE_LISTENER,
	MEASURE_SHARED,
	MEASURE_SEEDED,
	MEASURE_KERNEL,
	MEASURE_FORWARDED,
	MEASURE_CURRENT,
	MEASURE_UNKNOWN,
	MEASURE_TIME,
	MEASURE_SEND_BPS,
	MEASURE_RECV_BPS,
	MEASURE_SEND_PEAK,
	MEASURE_RECV_PEAK,
	MEASURE_COLUMNS,
};

struct measure {
	int64_t values[MEASURE_COLUMNS];
	uint32_t seen, known; /* sets of columns: null is what was seen and is not known */
	uint32_t grouping;    /* enum grouping */
	bool is_used;
	bool is_over; /* a sum is over 64 bits */
};

struct measures {
	struct measure *rows; /* by grouping, key and period */
	size_t n;
};

/* Sum the rows of all groupings asked for; the periods must be in db. 0 or -errno, said. */
int measures_make(const struct collector *collector, struct measures **ret_measures);
void measures_free(struct measures *measures);

/* ---- measure_table.c ---- */

/* From now on the name measure means them, which must last as long as db. 0 or -errno, said. */
int measure_table_create(sqlite3 *db, struct measures *measures);

#endif
