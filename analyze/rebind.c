/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/rebind.h"

#include "analyze/limits.h"

#include <errno.h>
#include <stdlib.h>

#define FETCH_AHEAD 12 /* lanes, less than LANES_FETCHED */

struct work { /* on one chunk */
	const struct split *split;
	const struct charging *charging;
	const struct nst_dictionaries *dictionaries;
	const struct nst_events *events;
	rebind_add *add;
	void *context;
};

void rebind_free(struct rebind *rebind)
{
	split_free(&rebind->split);
	lane_cache_free(&rebind->cache);
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
				      work->events->first_ns);
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

static void look_up(const struct work *work, const struct owned *owned, const struct nst_lane *lane,
		    uint64_t time_ns, struct owner_at *at)
{
	owners_at(owned, work->charging->view, lane->has & NST_HAS_OWNER, time_ns, at);
}

/* A lane that stays whole. */
static int add_whole_lane(const struct work *work, uint32_t i, const struct owned *owned,
			  struct owner_at *at)
{
	const struct nst_lane *lane = &work->dictionaries->lanes[i];

	if (owned)
		look_up(work, owned, lane, work->events->first_ns, at);
	return add_lane(work, i, lane, owned, at);
}

/* The parts of the others. */
static int add_parts(const struct work *work)
{
	int err = 0;

	for (size_t i = 0; i < work->split->n_parts && !err; i++) {
		const struct lane_part *part = &work->split->parts[i];
		const struct nst_lane *lane = &work->dictionaries->lanes[part->lane];
		const struct owned *owned = split_owned(work->split, lane);
		struct owner_at at;

		look_up(work, owned, lane, part->time_ns, &at);
		err = add_lane(work, part->number, lane, owned, &at);
	}
	return err;
}

int rebind_chunk(struct rebind *rebind, const struct charging *charging,
		 const struct nst_dictionaries *dictionaries, struct nst_events *events,
		 rebind_add *add, void *context, size_t *ret_n_lanes)
{
	struct work work = { &rebind->split, charging, dictionaries, events, add, context };
	int err = split_chunk(&rebind->split, charging, dictionaries, events);

	for (uint32_t i = 0; i < dictionaries->n_lanes && !err; i++) {
		struct owner_at at;

		if (!split_has(&rebind->split, i))
			err = add_whole_lane(&work, i,
					     split_owned(&rebind->split, &dictionaries->lanes[i]),
					     &at);
	}
	if (!err)
		err = add_parts(&work);
	if (!err)
		*ret_n_lanes = rebind->split.n_lanes;
	return err;
}

struct mapping {
	struct dimensions *dims;
	uint32_t trace;
	const struct nst_dictionaries *dictionaries;
	uint32_t *lanes;
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
	int err = name_consumers(mapping, change);

	return err ? err
		   : dims_map_lane(mapping->dims, mapping->trace, mapping->dictionaries, from,
				   change, &mapping->lanes[lane]);
}

/* The number of a lane that no earlier chunk had, or that belonged to others then. */
static int map_new_lane(const struct work *work, struct lane_cache *cache, uint32_t i,
			struct cached_lane *found)
{
	const struct mapping *mapping = work->context;
	const struct nst_lane *lane = &work->dictionaries->lanes[i];
	const struct owned *owned = split_owned(work->split, lane);
	struct owner_at at;
	uint32_t number;
	int err = add_whole_lane(work, i, owned, &at);

	if (err)
		return err;
	number = mapping->lanes[i];
	if (!found) {
		lane_cache_add_flow(cache, lane, dims_lane(mapping->dims, number)->flow);
		err = lane_cache_get(cache, i, counts_elsewhere(work, lane), &found);
	}
	if (!err && mapping->dims->tally) /* many may be charged as one */
		err = tally_flows(mapping->dims->tally, cache->n_lanes);
	if (err)
		return err;
	found->from_ns = owned ? work->events->first_ns : 0;
	found->until_ns = owned ? at.until_ns : UINT64_MAX;
	found->lane = number;
	return 0;
}

static int map_whole_lane(const struct work *work, struct lane_cache *cache, uint32_t i)
{
	const struct mapping *mapping = work->context;
	const struct nst_lane *lane = &work->dictionaries->lanes[i];
	const struct nst_events *events = work->events;
	struct cached_lane *found;
	int err = lane_cache_get(cache, i, counts_elsewhere(work, lane), &found);

	if (err)
		return err;
	if (!found || found->from_ns > events->first_ns || found->until_ns <= events->last_ns)
		return map_new_lane(work, cache, i, found);
	mapping->lanes[i] = found->lane;
	return 0;
}

int rebind_map_split(struct lane_cache *cache, const struct split *split,
		     const struct charging *charging, struct dimensions *dims, uint32_t trace,
		     const struct nst_dictionaries *dictionaries, const struct nst_events *events,
		     uint32_t **lanes, size_t *n_lanes_allocated)
{
	struct mapping mapping = { dims, trace, dictionaries, *lanes };
	struct work work = { split, charging, dictionaries, events, map_lane, &mapping };
	int err = array_reserve(lanes, n_lanes_allocated, split->n_lanes, sizeof(**lanes));

	mapping.lanes = *lanes;
	if (!err)
		err = lane_cache_open(cache, dims, trace, dictionaries);
	for (uint32_t i = 0; i < dictionaries->n_lanes + FETCH_AHEAD && !err; i++) {
		if (i < dictionaries->n_lanes && !split_has(split, i))
			err = lane_cache_fetch(cache, i);
		if (!err && i >= FETCH_AHEAD && !split_has(split, i - FETCH_AHEAD))
			err = map_whole_lane(&work, cache, i - FETCH_AHEAD);
	}
	return err ? err : add_parts(&work);
}

int rebind_map(struct rebind *rebind, const struct charging *charging, struct dimensions *dims,
	       uint32_t trace, const struct nst_dictionaries *dictionaries,
	       struct nst_events *events, uint32_t **lanes, size_t *n_lanes_allocated,
	       size_t *ret_n_lanes)
{
	int err = split_chunk(&rebind->split, charging, dictionaries, events);

	if (!err)
		err = rebind_map_split(&rebind->cache, &rebind->split, charging, dims, trace,
				       dictionaries, events, lanes, n_lanes_allocated);
	if (!err)
		*ret_n_lanes = rebind->split.n_lanes;
	return err;
}
