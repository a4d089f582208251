// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/flows.h"

#include "bpf/events.h"
#include "record/clock.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 1024 /* slots; the kernel wants room for the longest chain of its table */
#define IDLE_NS (60 * NS_PER_S)
#define ENDED_NS (5 * NS_PER_S)

/*
 * A look at a table of 65,536 flows takes some ten milliseconds: at most the
 * 200th part of the time goes into that, and a 20th when the table fills up.
 */
#define PASS_NS (5 * NS_PER_S)
#define PASS_COST 200
#define HURRY_NS (NS_PER_S / 10)
#define HURRY_COST 20

struct slot {
	uint64_t id;
	uint64_t age_ns;
	struct flow_key key;
};

struct flows {
	int map_fd;
	uint32_t max_flows;
	struct flow_key *keys; /* of a batch */
	struct flow *values;
	struct slot *slots; /* all that there are */
	size_t n_slots, room;
	uint64_t *gone;
	size_t gone_room;
	uint64_t passed_ns, cost_ns; /* of the last pass */
	size_t left;		     /* by it */
	uint64_t given_out;	     /* at its time */
};

int flows_open(int map_fd, uint32_t max_flows, struct flows **ret_flows)
{
	struct flows *flows = calloc(1, sizeof(*flows));

	if (!flows)
		return -ENOMEM;
	flows->map_fd = map_fd;
	flows->max_flows = max_flows;
	flows->keys = calloc(BATCH, sizeof(*flows->keys));
	flows->values = calloc(BATCH, sizeof(*flows->values));
	if (!flows->keys || !flows->values) {
		flows_close(flows);
		return -ENOMEM;
	}
	*ret_flows = flows;
	return 0;
}

void flows_close(struct flows *flows)
{
	if (!flows)
		return;
	free(flows->keys);
	free(flows->values);
	free(flows->slots);
	free(flows->gone);
	free(flows);
}

/* Since its last event; what has ended ages so much faster that one limit serves both. */
static uint64_t age_of(const struct flow *flow, uint64_t at_ns)
{
	uint64_t age_ns = at_ns > flow->seen_ns ? at_ns - flow->seen_ns : 0;

	return flow->flags & FLOW_ENDED ? age_ns * (IDLE_NS / ENDED_NS) : age_ns;
}

static int add_batch(struct flows *flows, uint32_t n, uint64_t at_ns)
{
	if (flows->n_slots + n > flows->room) {
		size_t room = 2 * (flows->n_slots + n);
		struct slot *slots = reallocarray(flows->slots, room, sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		flows->slots = slots;
		flows->room = room;
	}
	for (uint32_t i = 0; i < n; i++)
		flows->slots[flows->n_slots++] = (struct slot){
			.id = flows->values[i].id,
			.age_ns = age_of(&flows->values[i], at_ns),
			.key = flows->keys[i],
		};
	return 0;
}

static int read_slots(struct flows *flows, uint64_t at_ns)
{
	uint32_t at, next;
	bool is_first = true;
	int err = 0;

	flows->n_slots = 0;
	while (!err) {
		uint32_t n = BATCH;
		int added;

		err = bpf_map_lookup_batch(flows->map_fd, is_first ? NULL : &at, &next, flows->keys,
					   flows->values, &n, NULL);
		if (err && err != -ENOENT)
			return err;
		added = add_batch(flows, n, at_ns);
		if (added)
			return added;
		at = next;
		is_first = false;
	}
	return 0;
}

static int by_age(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return x->age_ns > y->age_ns ? -1 : x->age_ns < y->age_ns;
}

/* Bring those that have to go to the front. How many they are. */
static size_t choose(struct flows *flows)
{
	size_t n = 0;

	for (size_t i = 0; i < flows->n_slots; i++) {
		const struct slot slot = flows->slots[i];

		if (slot.age_ns < IDLE_NS)
			continue;
		flows->slots[i] = flows->slots[n];
		flows->slots[n++] = slot;
	}
	if (flows->n_slots - n <= flows->max_flows / 4 * 3)
		return n;
	qsort(flows->slots, flows->n_slots, sizeof(*flows->slots), by_age);
	return flows->n_slots - flows->max_flows / 2;
}

/*
 * Whoever used a slot since it was looked at has only its id come to an end: the
 * flow goes on with a new one, and its owner is known from its socket.
 */
static int take_out(struct flows *flows, size_t n)
{
	size_t done = 0;

	while (done < n) {
		uint32_t count = n - done < BATCH ? (uint32_t)(n - done) : BATCH;
		int err;

		for (uint32_t i = 0; i < count; i++)
			flows->keys[i] = flows->slots[done + i].key;
		err = bpf_map_delete_batch(flows->map_fd, flows->keys, &count, NULL);
		if (err && err != -ENOENT)
			return err;
		done += count + (err ? 1 : 0); /* that one is not there any more */
	}
	return 0;
}

static int keep_ids(struct flows *flows, size_t n)
{
	if (n > flows->gone_room) {
		uint64_t *gone = reallocarray(flows->gone, n, sizeof(*gone));

		if (!gone)
			return -ENOMEM;
		flows->gone = gone;
		flows->gone_room = n;
	}
	for (size_t i = 0; i < n; i++)
		flows->gone[i] = flows->slots[i].id;
	return 0;
}

static bool is_due(const struct flows *flows, uint64_t at_ns, uint64_t given_out)
{
	uint64_t most = flows->left + (given_out - flows->given_out);
	uint64_t wait_ns = PASS_NS, cost_ns = PASS_COST * flows->cost_ns;

	if (most > flows->max_flows / 4 * 3) {
		wait_ns = HURRY_NS;
		cost_ns = HURRY_COST * flows->cost_ns;
	}
	return at_ns >= flows->passed_ns + (wait_ns > cost_ns ? wait_ns : cost_ns);
}

int flows_collect(struct flows *flows, uint64_t at_ns, uint64_t given_out,
		  const uint64_t **ret_gone, size_t *ret_n_gone)
{
	uint64_t began_ns;
	size_t n = 0;
	int err;

	if (!flows->passed_ns)
		flows->passed_ns = at_ns;
	if (!is_due(flows, at_ns, given_out)) {
		*ret_n_gone = 0;
		return 0;
	}
	began_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	err = read_slots(flows, at_ns);
	if (!err) {
		n = choose(flows);
		err = keep_ids(flows, n) ?: take_out(flows, n);
	}
	if (err)
		return err;
	flows->passed_ns = at_ns;
	flows->cost_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - began_ns;
	flows->left = flows->n_slots - n;
	flows->given_out = given_out;
	*ret_gone = flows->gone;
	*ret_n_gone = n;
	return 0;
}
