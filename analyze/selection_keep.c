/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was found: flows, and the set of what they need. */
#include "analyze/selection_find.h"

struct flow_key {
	uint64_t id, trace;
};

struct keep_key {
	uint64_t number, start_ns;
	uint32_t trace, kind;
};

int selection_keep(struct selection *selection, size_t trace, enum keep_kind kind, uint64_t number,
		   uint64_t start_ns)
{
	const struct keep_key key = { number, start_ns, (uint32_t)trace, kind };
	uint32_t index;
	bool is_new;

	return intern_get(&selection->kept, &key, sizeof(key), &index, &is_new);
}

bool selection_keeps(const struct selection *selection, size_t trace, enum keep_kind kind,
		     uint64_t number, uint64_t start_ns)
{
	const struct keep_key key = { number, start_ns, (uint32_t)trace, kind };
	uint32_t index;

	return intern_find(&selection->kept, &key, sizeof(key), &index);
}

int selection_get_flow(struct selection *selection, size_t trace, uint64_t id,
		       struct selected_flow **ret_flow)
{
	const struct flow_key key = { .id = id, .trace = trace };
	uint32_t index;
	bool is_new;
	int err = intern_get(&selection->flows, &key, sizeof(key), &index, &is_new)
			  ?: array_reserve(&selection->flow_states, &selection->cap_flow_states,
					   (size_t)index + 1, sizeof(*selection->flow_states));

	if (err)
		return err;
	*ret_flow = &selection->flow_states[index];
	if (is_new)
		**ret_flow = (struct selected_flow){ .begin_ns = selection->traces[trace].from_ns };
	return 0;
}

struct selected_flow *selection_find_flow(const struct selection *selection, size_t trace,
					  uint64_t id)
{
	const struct flow_key key = { .id = id, .trace = trace };
	uint32_t index;

	if (!intern_find(&selection->flows, &key, sizeof(key), &index) ||
	    (selection->flow_states[index].marks & WANTED) != WANTED)
		return NULL;
	return &selection->flow_states[index];
}
