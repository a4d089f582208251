/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What has to be known of a trace before its events are read, wherever in the
 * input it stands: the owners of flows and the stacking of devices.
 */
#ifndef NETSNOOP_ANALYZE_FORETELL_H
#define NETSNOOP_ANALYZE_FORETELL_H

#include "analyze/input.h"
#include "analyze/intern.h"
#include "analyze/limits.h"
#include "analyze/owners.h"
#include "analyze/stack.h"

struct foretold { /* of one trace */
	struct owners *owners;
	struct stack *stack;
	bool *is_rebound;   /* by number of the flow in owners: some events changed hands */
	uint32_t lender;    /* 1 more than the trace's number whose these two are; 0: its own */
	uint32_t recording; /* 1 more than the number of the one it is a part of; 0: of none */
};

struct foretelling { /* of all traces, over several inputs; zeros are an empty one */
	struct intern uuids, recordings;
	struct foretold *traces;
	size_t n_allocated;
	struct nst_peeks *peeks; /* of the one input that is read, for who reads it next; or NULL */
	struct tally tally;	 /* of all readings for it */
};

/*
 * What else is to be done with a chunk; those of events have their header alone. chunk is
 * NULL behind the last one of an input. 0, or -errno which foretell() passes on.
 */
typedef int foretell_chunk(void *context, struct nst_reader *reader, const struct nst_chunk *chunk);

/*
 * Read inputs through but for their events, and go back to where they were. A
 * trace that an earlier input had is that input's. Flows and processes of the parts of
 * one recording are the same, so what one part says of owners holds for all that are
 * read in one call. What is damaged is left out and not said: reading the events finds
 * it again. also may be NULL. 0, -ENOMEM, or -errno once it was said.
 */
int foretell(struct foretelling *foretelling, const struct input *inputs, size_t n_inputs,
	     foretell_chunk *also, void *context);

/* How many rows there were of owners, and flows that changed hands by them. */
void foretelling_count(const struct foretelling *foretelling, uint64_t *ret_owner_rows,
		       uint64_t *ret_rebound_flows);

void foretelling_free(struct foretelling *foretelling);

/* A trace by its uuid. NULL: nothing was foretold of it, or at all (foretelling is NULL). */
struct foretold *foretold_find(const struct foretelling *foretelling, const uint8_t uuid[16]);

#endif
