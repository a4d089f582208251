/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lanes of a chunk that change hands while its events last: each becomes several,
 * and the column of the events' lanes is rewritten, which only such chunks pay for.
 * Nothing but what was foretold is read: any thread can do it.
 */
#ifndef NETSNOOP_ANALYZE_SPLIT_H
#define NETSNOOP_ANALYZE_SPLIT_H

#include "analyze/foretell.h"

/* How the events of one trace are charged; all zero: as they were recorded. */
struct charging {
	struct foretold *foretold; /* NULL: nothing is known */
	enum owner_view view;
};

struct lane_part { /* of a lane that changes hands, from an event at time_ns on */
	uint64_t time_ns;
	uint32_t lane;	 /* of the chunk */
	uint32_t number; /* in the rewritten column; of the first part the lane's own */
};

struct split {			    /* of one chunk after the other; zeros are a new one */
	struct lane_part *parts;    /* of each lane, as they begin */
	size_t n_parts, n_lanes;    /* n_lanes: numbers in the rewritten column */
	const struct owned **owned; /* of the chunk's flows, unless is_plain */
	struct part *current;	    /* by lane of the chunk */
	uint32_t *column;
	size_t n_parts_allocated, n_owned_allocated, n_current_allocated, n_column_allocated;
	bool is_plain; /* nothing is foretold of any owner */
};

void split_free(struct split *split);

/*
 * Split the lanes of a chunk. events->lane is made to point to a column of split's, valid
 * until its next chunk, where it had to be rewritten. 0 or -ENOMEM.
 */
int split_chunk(struct split *split, const struct charging *charging,
		const struct nst_dictionaries *dictionaries, struct nst_events *events);

/* Does a lane of the chunk change hands? */
bool split_has(const struct split *split, uint32_t lane);

/* What is foretold of the owners of a lane of the chunk; NULL: it is as it was recorded. */
const struct owned *split_owned(const struct split *split, const struct nst_lane *lane);

#endif
