/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/rebind.h"

#include <errno.h>
#include <stdlib.h>

struct part { /* of a lane of the chunk that changes hands: the one that time has come to */
	const struct owned *owned; /* NULL: the lane does not change hands */
	uint64_t until_ns;	   /* 0: it has had no events yet */
	uint32_t lane;		   /* its number in the rewritten column */
};

struct work { /* on one chunk */
	struct rebind *rebind;
	const struct charging *charging;
	const struct nst_dictionaries *dictionaries;
	struct nst_events *events;
	rebind_add *add;
	void *context;
	size_t n_lanes;
};

void rebind_free(struct rebind *rebind)
{
	free(rebind->parts);
	free(rebind->column);
	*rebind = (struct rebind){ 0 };
}

struct charging charging_of(const struct foretelling *foretelling, const uint8_t uuid[16],
			    enum owner_view view)
{
	return (struct charging){ .foretold = foretold_find(foretelling, uuid), .view = view };
}

static bool counts_elsewhere(const struct work *work, const struct nst_lane *lane)
{
	const struct foretold *foretold = work->charging->foretold;

	return foretold && stack_is_stacked(foretold->stack) &&
	       stack_counts_elsewhere(foretold->stack, lane, &work->dictionaries->flows[lane->flow],
				      work->events->timestamp[0]);
}

static bool is_other(const struct work *work, const struct nst_lane *lane,
		     const struct nst_owner *owner)
{
	const struct nst_process *process;

	if (!(lane->has & NST_HAS_OWNER))
		return true;
	process = &work->dictionaries->processes[lane->process];
	return process->pid != owner->pid || process->start_ns != owner->start_ns;
}

/* Hand on a lane, or a part of one, with the answer to whose it is. */
static int add_lane(const struct work *work, uint32_t number, const struct nst_lane *lane,
		    const struct owned *owned, const struct owner_at *at)
{
	struct foretold *foretold = work->charging->foretold;
	struct lane_change change = { .counts_elsewhere = counts_elsewhere(work, lane) };

	if (owned && at->owner) {
		change.owner = at->owner;
		change.consumers = at->consumers;
		change.n_consumers = at->n_consumers;
		change.keeps_cgroup = !is_other(work, lane, at->owner) &&
				      !(at->owner->has & NST_OWNER_HAS_CGROUP);
		if (at->n_consumers || is_other(work, lane, at->owner))
			foretold->is_rebound[owners_flow_number(foretold->owners, owned)] = true;
	}
	return work->add(work->context, number, lane, &change);
}

static const struct owned *find_owned(const struct work *work, const struct nst_lane *lane)
{
	const struct nst_flow *flow = &work->dictionaries->flows[lane->flow];
	const struct foretold *foretold = work->charging->foretold;

	if (!foretold || work->charging->view == OWNER_RECORDED || !(flow->has & NST_HAS_FLOW_ID) ||
	    !owners_may_rebind(lane))
		return NULL;
	return owners_find(foretold->owners, flow->id);
}

static void look_up(const struct work *work, const struct owned *owned, const struct nst_lane *lane,
		    uint64_t time_ns, struct owner_at *at)
{
	owners_at(owned, work->charging->view, lane->has & NST_HAS_OWNER, time_ns, at);
}

/* Lanes that stay whole; the others are noted. */
static int add_whole_lanes(struct work *work, bool *ret_any_split)
{
	const struct nst_events *events = work->events;
	uint64_t first_ns = events->timestamp[0];
	uint64_t last_ns = events->timestamp[events->n_events - 1];
	int err = 0;

	for (uint32_t i = 0; i < work->dictionaries->n_lanes && !err; i++) {
		const struct nst_lane *lane = &work->dictionaries->lanes[i];
		const struct owned *owned = find_owned(work, lane);
		struct owner_at at;

		work->rebind->parts[i] = (struct part){ .lane = i };
		if (owned)
			look_up(work, owned, lane, first_ns, &at);
		if (!owned || at.until_ns > last_ns) {
			err = add_lane(work, i, lane, owned, &at);
			continue;
		}
		work->rebind->parts[i].owned = owned;
		*ret_any_split = true;
	}
	return err;
}

/* The next part of a lane, from an event at time_ns on. The first has the lane's own number. */
static int begin_part(struct work *work, uint32_t i, uint64_t time_ns)
{
	const struct nst_lane *lane = &work->dictionaries->lanes[i];
	struct part *part = &work->rebind->parts[i];
	struct owner_at at;

	if (part->until_ns)
		part->lane = (uint32_t)work->n_lanes++;
	look_up(work, part->owned, lane, time_ns, &at);
	part->until_ns = at.until_ns;
	return add_lane(work, part->lane, lane, part->owned, &at);
}

static int split_lanes(struct work *work)
{
	struct nst_events *events = work->events;
	struct rebind *rebind = work->rebind;
	int err = array_reserve(&rebind->column, &rebind->n_column_allocated, events->n_events,
				sizeof(*rebind->column));

	for (size_t i = 0; i < events->n_events && !err; i++) {
		uint32_t lane = events->lane[i];
		struct part *part = &rebind->parts[lane];

		if (part->owned && events->timestamp[i] >= part->until_ns)
			err = begin_part(work, lane, events->timestamp[i]);
		rebind->column[i] = part->lane;
	}
	if (!err)
		events->lane = rebind->column;
	return err;
}

int rebind_chunk(struct rebind *rebind, const struct charging *charging,
		 const struct nst_dictionaries *dictionaries, struct nst_events *events,
		 rebind_add *add, void *context, size_t *ret_n_lanes)
{
	struct work work = { rebind, charging, dictionaries,	     events,
			     add,    context,  dictionaries->n_lanes };
	bool any_split = false;
	int err = array_reserve(&rebind->parts, &rebind->n_parts_allocated, dictionaries->n_lanes,
				sizeof(*rebind->parts));

	if (!err)
		err = add_whole_lanes(&work, &any_split);
	if (!err && any_split)
		err = split_lanes(&work);
	if (!err)
		*ret_n_lanes = work.n_lanes;
	return err;
}

struct mapping {
	struct dimensions *dims;
	uint32_t trace;
	const struct nst_dictionaries *dictionaries;
	uint32_t **lanes;
	size_t *n_allocated;
};

/* The lane has its owner's name; the others' are told here, if nothing tells a later one. */
static int name_consumers(const struct mapping *mapping, const struct lane_change *change)
{
	int err = 0;

	for (size_t i = 0; i < change->n_consumers && !err; i++) {
		const struct nst_owner *owner = change->consumers[i];
		uint32_t process, name;

		err = dims_process(mapping->dims, mapping->trace, owner->pid, owner->start_ns,
				   &process);
		if (!err)
			err = dims_name(mapping->dims, owner->comm, &name);
		if (!err)
			err = dims_name_process(mapping->dims, process, name, owner->from_ns);
	}
	return err;
}

static int map_lane(void *context, uint32_t lane, const struct nst_lane *from,
		    const struct lane_change *change)
{
	struct mapping *mapping = context;
	int err = array_reserve(mapping->lanes, mapping->n_allocated, (size_t)lane + 1,
				sizeof(**mapping->lanes));

	if (!err)
		err = name_consumers(mapping, change);
	return err ? err
		   : dims_map_lane(mapping->dims, mapping->trace, mapping->dictionaries, from,
				   change, &(*mapping->lanes)[lane]);
}

int rebind_map(struct rebind *rebind, const struct charging *charging, struct dimensions *dims,
	       uint32_t trace, const struct nst_dictionaries *dictionaries,
	       struct nst_events *events, uint32_t **lanes, size_t *n_lanes_allocated,
	       size_t *ret_n_lanes)
{
	struct mapping mapping = { dims, trace, dictionaries, lanes, n_lanes_allocated };

	return rebind_chunk(rebind, charging, dictionaries, events, map_lane, &mapping,
			    ret_n_lanes);
}
