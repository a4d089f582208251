/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the network devices themselves counted, against what the trace tells of
 * them: between the first and the last reading of each device's counters.
 */
#ifndef NETSNOOP_ANALYZE_RECONCILE_H
#define NETSNOOP_ANALYZE_RECONCILE_H

#include "analyze/dimensions.h"
#include "analyze/rollup.h"

#include <sqlite3.h>

struct reconcile { /* over all traces; zeros are a new one */
	struct intern keys;
	struct metered *devices; /* by number of keys */
	size_t n_devices_allocated;
	struct unread *unread; /* by lane */
	size_t n_unread_allocated;
	struct all_read *all_read; /* by trace */
	size_t n_all_read_allocated;
	uint32_t first; /* of the devices of the input */
	bool is_closed; /* no more readings: events are being read */
};

void reconcile_free(struct reconcile *reconcile);

/* Before an input's metadata is read, and before its events are. 0 or -ENOMEM. */
void reconcile_open(struct reconcile *reconcile);
int reconcile_close(struct reconcile *reconcile);

/* The readings in a chunk of metadata of a trace. 0 or -ENOMEM. */
int reconcile_take(struct reconcile *reconcile, uint32_t trace, struct nst_reader *reader);

/*
 * Note which of the events [from, to) lie beyond the readings of their devices. lanes has the
 * numbers of the chunk's lanes. 0 or -ENOMEM.
 */
int reconcile_events(struct reconcile *reconcile, const struct dimensions *dims, uint32_t trace,
		     const struct nst_events *events, size_t from, size_t to,
		     const uint32_t *lanes);

/*
 * The same for a row of totals. One across a reading, which takes an instant where the
 * row takes an interval, is on the side where most of it is.
 */
int reconcile_total(struct reconcile *reconcile, const struct dimensions *dims, uint32_t lane,
		    const struct nst_total *total);

/* What of a trace's state bears on all of its devices; the words of their rows' reason. */
struct reconcile_trace {
	const char *reason; /* NULL: they can be compared */
	bool is_cut;
	uint64_t last_ns; /* of what the trace tells */
};

/*
 * Write the rows of the table reconciliation of all traces, whose sums rollup has; states
 * are by trace. 0, -ENOMEM or -EIO, said.
 */
int reconcile_store(struct reconcile *reconcile, sqlite3 *db, const struct dimensions *dims,
		    const struct rollup *rollup, const struct reconcile_trace *states);

#endif
