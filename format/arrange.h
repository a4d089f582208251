/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The order in which a chunk's dictionaries are stored: flows that are alike side by
 * side, and each flow's lanes together. The rows of a table may stand in any order; in
 * this one they compress to half of what they take in the order of their first event.
 * Internal.
 */
#ifndef NETSNOOP_FORMAT_ARRANGE_H
#define NETSNOOP_FORMAT_ARRANGE_H

#include "layout.h"
#include "trace.h"

/* What became of a row of lanes. */
struct nst_placed_lane {
	uint32_t lane;	/* its row now */
	uint32_t flow;	/* its flow's row now */
	uint32_t index; /* among the lanes of its flow */
};

struct nst_arrangement;

int nst_arrangement_new(struct nst_arrangement **ret_arrangement);
void nst_arrangement_free(struct nst_arrangement *arrangement);

/*
 * Copies of at most NST_CHUNK_EVENTS_MAX flows and lanes in their new order, and where
 * each lane, by its old row, is in it. What is returned is valid until the next call.
 */
const struct nst_placed_lane *nst_arrange(struct nst_arrangement *arrangement,
					  const struct nst_dictionaries *rows,
					  struct nst_dictionaries *ret_rows);

#endif
