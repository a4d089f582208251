/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads traces once, from start to end, into a roll-up and a database. */
#ifndef NETSNOOP_ANALYZE_COLLECT_H
#define NETSNOOP_ANALYZE_COLLECT_H

#include "analyze/database.h"
#include "analyze/dimensions.h"
#include "analyze/foretell.h"
#include "analyze/input.h"
#include "analyze/rebind.h"
#include "analyze/reconcile.h"
#include "analyze/rollup.h"
#include "analyze/totals.h"
#include "analyze/window.h"

struct collected { /* one trace: what dims has not */
	bool has_axis;
	struct rollup_axis axis;
	struct clock_bounds bounds;
	struct nst_header header;
	struct nst_trace summary;
	const char *file;
	bool complete;
	uint64_t from_ns, to_ns;	    /* its span: what the roll-up covers of it */
	uint64_t total_rows, totals_end_ns; /* rows of totals, and where the last of them ends */
};

struct collector {
	sqlite3 *db;
	struct dimensions dims;
	struct rollup rollup;
	enum owner_view view;
	struct foretelling foretelling;
	struct rebind rebind;
	struct totals totals;
	struct reconcile reconcile;
	struct window window;
	bool has_bounds; /* resolved: when the first trace is known */
	struct bounds bounds;
	int64_t origin_realtime_ns; /* periods count from here */
	struct collected *traces;   /* as dims.traces */
	size_t n_traces_allocated;
	struct tally tally;
	uint32_t *lanes; /* of the chunk */
	size_t n_lanes_allocated;
	bool check_known;		   /* pass over traces that db has */
	bool for_report;		   /* it ends with collector_store_report() */
	bool damaged;			   /* some input was cut or damaged */
	void (*progress)(uint64_t events); /* may be NULL */
	void (*on_chunk)(void *context, const struct nst_chunk *chunk); /* may be NULL */
	void *on_chunk_context;
};

/* Seconds and periods of a trace, which starts at start_ns, count from here. */
void collector_set_axis(struct collector *collector, uint32_t number, uint64_t start_ns);

/* What of a trace's own span, up to end_ns, lies in the window. */
void collector_set_span(struct collector *collector, uint32_t number, uint64_t end_ns);

/* db stays the caller's. 0 or -ENOMEM. */
int collector_init(struct collector *collector, sqlite3 *db, struct rollup_settings settings,
		   struct window window);
void collector_free(struct collector *collector);

/*
 * Before the first of several inputs is read: what each of them tells of owners holds
 * for other parts of its recording as well, and a window may hang on the start or end of
 * all. Pipes are spooled. 0 or -errno, said.
 */
int collector_foretell(struct collector *collector, struct input *inputs, size_t n_inputs);

/*
 * Read an input into the roll-up, its tables into the database; a pipe is
 * spooled, because what its owners are may stand behind the events. A trace that
 * was read before is passed over, and said so. 0 or -errno, said; damage is
 * said and noted in collector->damaged.
 */
int collector_read(struct collector *collector, struct input *input);

/* Write dimensions, spans, periods and sums into the database. 0 or -EIO, said. */
int collector_store(struct collector *collector);

/*
 * The same for a report alone: what the lines above it tell and its rows are named by,
 * but for what measure.h gives. 0 or -EIO, said.
 */
int collector_store_report(struct collector *collector);

/* ---- collect_totals.c ---- */

/* The rows of totals that collector->totals has, into the roll-up. 0 or -ENOMEM. */
int collector_add_totals(struct collector *collector, uint32_t number);

/* ---- metadata.c ---- */

/*
 * The rows of a chunk of metadata, into the tables of the database; for_report: into those
 * alone that reports read. 0 or -errno, said.
 */
int metadata_store(sqlite3 *db, struct dimensions *dims, uint32_t trace, struct nst_reader *reader,
		   const struct nst_chunk *chunk, bool for_report);

/* ---- store.c, store_dimensions.c and store_processes.c: 0 or -EIO, said ---- */

/* The roll-up into usage, peak and period; the spans must be there. */
int store_sums(struct collector *collector);

int store_dimensions(sqlite3 *db, struct dimensions *dims);
/* of them, what rows of reports are named by */
int store_names(sqlite3 *db, struct dimensions *dims);

int processes_store(sqlite3 *db, struct dimensions *dims);

/* ---- periods.c ---- */

struct range {
	int64_t from_ns, to_ns;
};

/* Sort ranges and unite what overlaps; returns how many are left. */
size_t ranges_unite(struct range *ranges, size_t n);

/* How much of [from, to) the united ranges cover. */
uint64_t ranges_cover(const struct range *ranges, size_t n, int64_t from_ns, int64_t to_ns);

/* Period 0 of a database without intervals, from all its spans. 0 or -EIO, said. */
int periods_store_whole(sqlite3 *db);

/* The periods that usage has rows of, interval_ns each from origin on. */
int periods_store(sqlite3 *db, const struct rollup *rollup, int64_t origin_realtime_ns);

#endif
