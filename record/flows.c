// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/flows.h"

#include "bpf/events.h"
#include "record/clock.h"
#include "record/grace.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define BATCH 1024	   /* tuples that are taken out with one call */
#define WINDOW_SLOTS 4096u /* of the table of slots, that are looked at at a time: a megabyte */
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
	uint32_t index;
	struct flow_key key;
};

struct flows {
	struct flows_maps maps;
	uint32_t max_flows, max_gone;
	struct grace *grace;
	struct flow_key *keys; /* of a batch */
	struct slot *slots;    /* all that there are */
	size_t n_slots, room;
	uint64_t *gone;
	uint32_t *leaving; /* slots that programs may still be in */
	size_t n_leaving;
	uint64_t passed_ns, cost_ns; /* of the last pass */
	size_t left;		     /* by it */
	uint64_t given_out;	     /* at its time */
};

/* The one with the lowest number is used first. */
int flows_fill(const struct flows_maps *maps, uint32_t max_flows)
{
	int err = 0;

	for (uint32_t i = flows_slots(max_flows); !err && i-- > 0;)
		err = bpf_map_update_elem(maps->free_slots, NULL, &i, BPF_ANY);
	return err;
}

int flows_open(const struct flows_maps *maps, uint32_t max_flows, struct flows **ret_flows)
{
	struct flows *flows = calloc(1, sizeof(*flows));
	int err = 0;

	if (!flows)
		return -ENOMEM;
	flows->maps = *maps;
	flows->max_flows = max_flows;
	flows->max_gone = flows_slots(max_flows) - max_flows;
	flows->keys = calloc(BATCH, sizeof(*flows->keys));
	flows->gone = calloc(flows->max_gone, sizeof(*flows->gone));
	flows->leaving = calloc(flows->max_gone, sizeof(*flows->leaving));
	if (!flows->keys || !flows->gone || !flows->leaving)
		err = -ENOMEM;
	if (!err)
		err = grace_open(maps->net_events, maps->ring, &flows->grace);
	if (err) {
		flows_close(flows);
		return err;
	}
	*ret_flows = flows;
	return 0;
}

void flows_close(struct flows *flows)
{
	if (!flows)
		return;
	grace_close(flows->grace);
	free(flows->keys);
	free(flows->slots);
	free(flows->gone);
	free(flows->leaving);
	free(flows);
}

/* Since its last event; what has ended ages so much faster that one limit serves both. */
static uint64_t age_of(const struct flow *flow, uint64_t at_ns)
{
	uint64_t age_ns = at_ns > flow->seen_ns ? at_ns - flow->seen_ns : 0;

	return flow->flags & FLOW_ENDED ? age_ns * (IDLE_NS / ENDED_NS) : age_ns;
}

static int add_slot(struct flows *flows, uint32_t index, const struct flow *flow, uint64_t at_ns)
{
	if (flows->n_slots == flows->room) {
		size_t room = flows->room ? 2 * flows->room : WINDOW_SLOTS;
		struct slot *slots = reallocarray(flows->slots, room, sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		flows->slots = slots;
		flows->room = room;
	}
	flows->slots[flows->n_slots++] = (struct slot){
		.id = flow->id,
		.age_ns = age_of(flow, at_ns),
		.index = index,
		.key = flow->key,
	};
	return 0;
}

/* Only a window is mapped at a time: the whole table would count as memory of this process. */
static struct flow *map_window(const struct flows *flows, uint32_t first, size_t *ret_bytes)
{
	uint32_t n_slots = flows_slots(flows->max_flows);
	uint32_t n = n_slots - first < WINDOW_SLOTS ? n_slots - first : WINDOW_SLOTS;
	struct flow *window;

	*ret_bytes = n * sizeof(*window);
	window = mmap(NULL, *ret_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, flows->maps.slots,
		      (off_t)(first * sizeof(*window)));
	return window == MAP_FAILED ? NULL : window;
}

static int read_window(struct flows *flows, uint32_t first, uint64_t at_ns)
{
	size_t bytes;
	struct flow *window = map_window(flows, first, &bytes);
	int err = 0;

	if (!window)
		return -errno;
	for (size_t i = 0; !err && i < bytes / sizeof(*window); i++)
		if (__atomic_load_n(&window[i].place, __ATOMIC_ACQUIRE))
			err = add_slot(flows, first + (uint32_t)i, &window[i], at_ns);
	munmap(window, bytes);
	return err;
}

static int read_slots(struct flows *flows, uint64_t at_ns)
{
	int err = 0;

	flows->n_slots = 0;
	for (uint32_t first = 0; !err && first < flows_slots(flows->max_flows);
	     first += WINDOW_SLOTS)
		err = read_window(flows, first, at_ns);
	return err;
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
	if (flows->n_slots - n > flows->max_flows / 4 * 3) {
		qsort(flows->slots, flows->n_slots, sizeof(*flows->slots), by_age);
		n = flows->n_slots - flows->max_flows / 2;
	}
	return n < flows->max_gone ? n : flows->max_gone;
}

static int by_index(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

/*
 * Nobody finds them by their tuple any more. Whoever used a slot since it was looked at
 * has only its id come to an end: the flow goes on with a new one, and its owner is known
 * from its socket.
 */
static int take_tuples(struct flows *flows, size_t n)
{
	size_t done = 0;

	while (done < n) {
		uint32_t count = n - done < BATCH ? (uint32_t)(n - done) : BATCH;
		int err;

		for (uint32_t i = 0; i < count; i++)
			flows->keys[i] = flows->slots[done + i].key;
		err = bpf_map_delete_batch(flows->maps.flows, flows->keys, &count, NULL);
		if (err && err != -ENOENT)
			return err;
		done += count + (err ? 1 : 0); /* that one is not there any more */
	}
	return 0;
}

/* And none by the cache. */
static int take_slots(struct flows *flows, size_t n)
{
	size_t bytes = 0, at = 0;

	qsort(flows->slots, n, sizeof(*flows->slots), by_index);
	while (at < n) {
		uint32_t first = flows->slots[at].index / WINDOW_SLOTS * WINDOW_SLOTS;
		struct flow *window = map_window(flows, first, &bytes);

		if (!window)
			return -errno;
		for (; at < n && flows->slots[at].index - first < WINDOW_SLOTS; at++) {
			__atomic_store_n(&window[flows->slots[at].index - first].place, 0,
					 __ATOMIC_RELEASE);
			flows->leaving[flows->n_leaving++] = flows->slots[at].index;
		}
		munmap(window, bytes);
	}
	return 0;
}

static int take_out(struct flows *flows, size_t n)
{
	int err = take_tuples(flows, n);

	for (size_t i = 0; i < n; i++)
		flows->gone[i] = flows->slots[i].id;
	if (!err)
		err = take_slots(flows, n);
	grace_begin(flows->grace, now_ns());
	return err;
}

/* No program is in them any more. */
static int give_back(struct flows *flows)
{
	int err = 0;

	while (!err && flows->n_leaving) {
		err = bpf_map_update_elem(flows->maps.free_slots, NULL,
					  &flows->leaving[flows->n_leaving - 1], BPF_ANY);
		flows->n_leaving -= !err;
	}
	return err == -EBUSY ? 0 : err; /* who has its lock is held up (6.16): next time */
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
	if (flows->n_leaving && grace_is_over(flows->grace)) {
		err = give_back(flows);
		if (err)
			return err;
	}
	if (flows->n_leaving || !is_due(flows, at_ns, given_out)) {
		*ret_n_gone = 0;
		return 0;
	}
	began_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	err = read_slots(flows, at_ns);
	if (!err) {
		n = choose(flows);
		err = n ? take_out(flows, n) : 0;
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
