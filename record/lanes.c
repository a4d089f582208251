// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/lanes.h"

#include "bpf/events.h"
#include "record/drain.h"
#include "record/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN (UINT64_C(1) << 32)
#define MISSING 256 /* that were not found, so that each of their records does not look again */

struct lanes {
	uint32_t max;
	const char *by_index; /* the caller's, NULL: not known */
	size_t value_bytes;
	uint64_t *turns;	/* by index: KNOWN and the turn, or 0 */
	struct record *records; /* by index */
	struct record *past;	/* the last PAST_LANES, around and around */
	struct lane_id past_ids[PAST_LANES];
	uint64_t n_past; /* since the start */
	struct lane_id missing[MISSING];
};

int lanes_open(uint32_t n_slots, struct lanes **ret_lanes)
{
	struct lanes *lanes = calloc(1, sizeof(*lanes));

	if (!lanes)
		return -ENOMEM;
	lanes->max = LANES_OF_FLOW * n_slots;
	lanes->turns = pages_get(lanes->max, sizeof(*lanes->turns));
	lanes->records = pages_get(lanes->max, sizeof(*lanes->records));
	lanes->past = pages_get(PAST_LANES, sizeof(*lanes->past));
	for (size_t i = 0; i < MISSING; i++)
		lanes->missing[i].index = NO_LANE;
	if (!lanes->turns || !lanes->records || !lanes->past) {
		lanes_close(lanes);
		return -ENOMEM;
	}
	*ret_lanes = lanes;
	return 0;
}

void lanes_close(struct lanes *lanes)
{
	if (!lanes)
		return;
	pages_put(lanes->turns, lanes->max, sizeof(*lanes->turns));
	pages_put(lanes->records, lanes->max, sizeof(*lanes->records));
	pages_put(lanes->past, PAST_LANES, sizeof(*lanes->past));
	free(lanes);
}

uint32_t lanes_max(const struct lanes *lanes)
{
	return lanes->max;
}

bool lanes_is_current(const struct lanes *lanes, struct lane_id id)
{
	return id.index < lanes->max && lanes->turns[id.index] == (KNOWN | id.turn);
}

static bool are_same(struct lane_id id, struct lane_id other)
{
	return id.index == other.index && id.turn == other.turn;
}

static struct lane_id id_of(const struct record *record)
{
	return (struct lane_id){ record->lane, record->lane_turn };
}

/* The last one first: that is the one just replaced. */
static struct record *find_past(struct lanes *lanes, struct lane_id id)
{
	uint64_t oldest = lanes->n_past > PAST_LANES ? lanes->n_past - PAST_LANES : 0;

	for (uint64_t at = lanes->n_past; at-- > oldest;)
		if (are_same(lanes->past_ids[at % PAST_LANES], id))
			return &lanes->past[at % PAST_LANES];
	return NULL;
}

static void keep_past(struct lanes *lanes, const struct record *record)
{
	uint64_t at = lanes->n_past++ % PAST_LANES;

	lanes->past_ids[at] = id_of(record);
	lanes->past[at] = *record;
}

bool lanes_announce(struct lanes *lanes, const struct record *record, struct lane_id *ret_id)
{
	struct lane_id id = id_of(record);
	uint64_t turn;

	if (id.index >= lanes->max)
		return false;
	turn = lanes->turns[id.index];
	if (turn && (int32_t)(id.turn - (uint32_t)turn) < 0) {
		if (!find_past(lanes, id))
			keep_past(lanes, record);
		return false;
	}
	if (turn && turn != (KNOWN | id.turn))
		keep_past(lanes, &lanes->records[id.index]);
	lanes->records[id.index] = *record;
	lanes->turns[id.index] = KNOWN | id.turn;
	*ret_id = id;
	return true;
}

/* It is in use: from now on it is the one that is kept by index. */
static const struct record *take_back(struct lanes *lanes, struct lane_id id, struct record *past)
{
	struct record *current = &lanes->records[id.index], found = *past;

	lanes->past_ids[past - lanes->past] = id_of(current);
	*past = *current;
	*current = found;
	lanes->turns[id.index] = KNOWN | id.turn;
	return current;
}

static const struct record *find_taken(struct lanes *lanes, struct lane_id id)
{
	struct record *past;

	if (lanes_is_current(lanes, id))
		return &lanes->records[id.index];
	past = find_past(lanes, id);
	return past ? take_back(lanes, id, past) : NULL;
}

/* A drain_wish. */
static bool announces(void *context, const void *record, uint32_t length_bytes)
{
	return length_bytes == sizeof(struct record) &&
	       are_same(id_of(record), *(const struct lane_id *)context);
}

const struct record *lanes_find(struct lanes *lanes, struct lane_id id, const struct drain *drain)
{
	const struct record *found;
	struct lane_id *missing;

	if (id.index >= lanes->max)
		return NULL;
	found = find_taken(lanes, id);
	missing = &lanes->missing[(id.index ^ id.turn) % MISSING];
	if (found || are_same(*missing, id))
		return found;
	found = drain_look(drain, announces, &id);
	if (!found) {
		*missing = id;
		return NULL;
	}
	lanes_announce(lanes, found, &id);
	return find_taken(lanes, id);
}

void lanes_expect(struct lanes *lanes, const void *by_index, size_t value_bytes)
{
	lanes->by_index = by_index;
	lanes->value_bytes = value_bytes;
}

void lanes_fetch(void *context, const void *record)
{
	const struct lanes *lanes = context;
	const struct short_record *guess = record;
	uint32_t index = __atomic_load_n(&guess->lane, __ATOMIC_RELAXED);

	if (index < lanes->max)
		__builtin_prefetch(lanes->by_index + index * lanes->value_bytes, 1);
}
