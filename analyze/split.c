/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/split.h"

#include "analyze/intern.h"

#include <errno.h>
#include <stdlib.h>

struct part {			   /* of a lane: the one that time has come to */
	const struct owned *owned; /* NULL: the lane does not change hands */
	uint64_t until_ns;	   /* 0: it has had no events yet */
	uint32_t number;
};

struct work { /* on one chunk */
	struct split *split;
	const struct charging *charging;
	const struct nst_dictionaries *dictionaries;
	struct nst_events *events;
};

void split_free(struct split *split)
{
	free(split->parts);
	free(split->owned);
	free(split->current);
	free(split->column);
	*split = (struct split){ 0 };
}

bool split_has(const struct split *split, uint32_t lane)
{
	return split->n_parts && split->current[lane].owned;
}

const struct owned *split_owned(const struct split *split, const struct nst_lane *lane)
{
	return split->is_plain || !owners_may_rebind(lane) ? NULL : split->owned[lane->flow];
}

static void find_owned(const struct work *work)
{
	const struct owners *owners = work->charging->foretold->owners;

	for (size_t i = 0; i < work->dictionaries->n_flows; i++) {
		const struct nst_flow *flow = &work->dictionaries->flows[i];

		work->split->owned[i] =
			flow->has & NST_HAS_FLOW_ID ? owners_find(owners, flow->id) : NULL;
	}
}

/* Note the lanes that do not stay whole. */
static bool find_changing(const struct work *work)
{
	uint64_t first_ns = work->events->first_ns, last_ns = work->events->last_ns;
	bool any = false;

	for (uint32_t i = 0; i < work->dictionaries->n_lanes; i++) {
		const struct nst_lane *lane = &work->dictionaries->lanes[i];
		const struct owned *owned = split_owned(work->split, lane);

		if (owned && owners_until(owned, first_ns) > last_ns)
			owned = NULL;
		work->split->current[i] = (struct part){ .owned = owned, .number = i };
		any = any || owned;
	}
	return any;
}

/* The next part of a lane, from an event at time_ns on. */
static int begin_part(const struct work *work, uint32_t lane, uint64_t time_ns)
{
	struct split *split = work->split;
	struct part *part = &split->current[lane];
	int err = array_reserve(&split->parts, &split->n_parts_allocated, split->n_parts + 1,
				sizeof(*split->parts));

	if (err)
		return err;
	if (part->until_ns)
		part->number = (uint32_t)split->n_lanes++;
	part->until_ns = owners_until(part->owned, time_ns);
	split->parts[split->n_parts++] = (struct lane_part){ time_ns, lane, part->number };
	return 0;
}

static int rewrite_column(const struct work *work)
{
	struct split *split = work->split;
	struct nst_events *events = work->events;
	int err = array_reserve(&split->column, &split->n_column_allocated, events->n_events,
				sizeof(*split->column));

	for (size_t i = 0; i < events->n_events && !err; i++) {
		struct part *part = &split->current[events->lane[i]];

		if (part->owned && events->timestamp[i] >= part->until_ns)
			err = begin_part(work, events->lane[i], events->timestamp[i]);
		split->column[i] = part->number;
	}
	if (!err)
		events->lane = split->column;
	return err;
}

int split_chunk(struct split *split, const struct charging *charging,
		const struct nst_dictionaries *dictionaries, struct nst_events *events)
{
	const struct work work = { split, charging, dictionaries, events };
	int err;

	split->n_parts = 0;
	split->n_lanes = dictionaries->n_lanes;
	split->is_plain = !charging->foretold || charging->view == OWNER_RECORDED ||
			  !owners_count(charging->foretold->owners);
	if (split->is_plain)
		return 0;
	err = array_reserve(&split->owned, &split->n_owned_allocated, dictionaries->n_flows,
			    sizeof(*split->owned));
	if (!err)
		err = array_reserve(&split->current, &split->n_current_allocated,
				    dictionaries->n_lanes, sizeof(*split->current));
	if (err)
		return err;
	find_owned(&work);
	return find_changing(&work) ? rewrite_column(&work) : 0;
}
