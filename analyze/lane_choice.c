/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/lane_choice.h"

#include <errno.h>
#include <stdlib.h>

bool lane_pid(const struct dimensions *dims, uint32_t lane, int64_t *ret_pid)
{
	uint32_t process = dims_lane(dims, lane)->process;
	const struct process_key *key;

	if (process < OWNERS_RESERVED)
		return false;
	key = intern_key(&dims->processes, process);
	*ret_pid = key->pid;
	return true;
}

bool lane_flow(const struct dimensions *dims, uint32_t lane, int64_t *ret_flow)
{
	const struct flow_key *key = intern_key(&dims->flows, dims_lane(dims, lane)->flow);

	*ret_flow = (int64_t)key->id;
	return key->has & NST_HAS_FLOW_ID;
}

void lane_choice_free(struct lane_choice *choice)
{
	free(choice->lanes);
	free(choice->flows);
	free(choice->of_chunk);
	*choice = (struct lane_choice){ 0 };
}

static bool is_within(const struct dimensions *dims, const struct lane_bounds *bounds,
		      uint32_t lane)
{
	int64_t pid, flow;

	if (bounds->has_lane && bounds->lane_id != LANE_ID(dims, lane))
		return false;
	if (bounds->has_pid && !(lane_pid(dims, lane, &pid) && pid == bounds->pid))
		return false;
	return !bounds->has_flow || (lane_flow(dims, lane, &flow) && flow == bounds->flow);
}

int lane_choice_make(struct lane_choice *choice, const struct dimensions *dims,
		     const struct lane_bounds *bounds)
{
	lane_choice_free(choice);
	if (!bounds->has_lane && !bounds->has_pid && !bounds->has_flow)
		return 0;
	choice->lanes = calloc((size_t)dims->lanes.n + 1, sizeof(*choice->lanes));
	choice->flows = calloc((size_t)dims->flows.n + 1, sizeof(*choice->flows));
	if (!choice->lanes || !choice->flows)
		return -ENOMEM;
	choice->n_lanes = dims->lanes.n;
	choice->n_flows = dims->flows.n;
	choice->is_bounded = true;
	for (uint32_t i = 0; i < choice->n_lanes; i++) {
		choice->lanes[i] = is_within(dims, bounds, i);
		choice->flows[dims_lane(dims, i)->flow] |= choice->lanes[i];
	}
	return 0;
}

int lane_choice_look(struct lane_choice *choice, const struct dimensions *dims, uint32_t trace,
		     const struct nst_dictionaries *dictionaries, bool *ret_any)
{
	size_t n = dictionaries->n_flows;
	int err = array_reserve(&choice->of_chunk, &choice->n_of_chunk_allocated, n,
				sizeof(*choice->of_chunk));

	if (err)
		return err;
	dims_find_flows(dims, trace, dictionaries->flows, n, choice->of_chunk);
	*ret_any = false;
	for (size_t i = 0; i < n && !*ret_any; i++)
		*ret_any = choice->of_chunk[i] >= choice->n_flows ||
			   choice->flows[choice->of_chunk[i]];
	return 0;
}
