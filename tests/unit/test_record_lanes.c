// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Announcements of lanes: whoever asks for one gets that one and no other, in whatever
 * order the rings gave them.
 */
#include "bpf/events.h"
#include "record/drain.h"
#include "record/lanes.h"

#include "tests/unit/test.h"
#include "tests/unit/test_record_rings.h"

#define MAX_FLOWS 64
#define MAX_LANES (2 * MAX_FLOWS)

static struct rings rings;
static struct drain *drain;
static struct lanes *lanes;

static void set_up(void)
{
	drain = rings_open(&rings, 2, 65536);
	lanes = NULL;
	CHECK_INT(lanes_open(MAX_FLOWS, &lanes), 0);
}

static void tear_down(void)
{
	lanes_close(lanes);
	rings_close(&rings, drain);
}

/* Which announcement it is can be seen by its flow. */
static struct record announcement(uint32_t index, uint32_t turn)
{
	return (struct record){
		.timestamp = 1, .lane = index, .lane_turn = turn, .flow_id = turn * 1000ull + index
	};
}

static bool take(uint32_t index, uint32_t turn)
{
	const struct record record = announcement(index, turn);
	struct lane_id id = { 77, 77 };
	bool is_current = lanes_announce(lanes, &record, &id);

	if (is_current)
		CHECK(id.index == index && id.turn == turn);
	else
		CHECK(id.index == 77 && id.turn == 77);
	return is_current;
}

static void put(size_t ring, uint32_t index, uint32_t turn)
{
	const struct record record = announcement(index, turn);

	ring_put(&rings, ring, &record, sizeof(record), 0);
}

static bool finds(uint32_t index, uint32_t turn)
{
	const struct record *record = lanes_find(lanes, (struct lane_id){ index, turn }, drain);

	if (record)
		CHECK_INT(record->flow_id, turn * 1000ull + index);
	return record;
}

static bool is_current(uint32_t index, uint32_t turn)
{
	return lanes_is_current(lanes, (struct lane_id){ index, turn });
}

static void are_kept_by_index(void)
{
	set_up();
	CHECK(!finds(0, 0));
	CHECK(take(0, 0));
	CHECK(finds(0, 0));
	CHECK(take(MAX_LANES - 1, 5));
	CHECK(finds(MAX_LANES - 1, 5));
	CHECK(!finds(MAX_LANES - 1, 6));
	CHECK(!finds(1, 5));
	CHECK(!take(NO_LANE, 0));
	CHECK(!take(MAX_LANES, 1));
	CHECK(!finds(MAX_LANES, 1));
	CHECK(!finds(NO_LANE, 0));
	tear_down();
}

/* A short record was begun before its lane changed. */
static void outlive_their_replacement(void)
{
	set_up();
	CHECK(take(3, 1));
	CHECK(take(3, 2));
	CHECK(take(3, 3));
	CHECK(finds(3, 1) && finds(3, 2) && finds(3, 3));
	CHECK(is_current(3, 3) && !is_current(3, 2));
	/* and so do as many as are kept, of whatever lanes */
	for (uint32_t turn = 1; turn < PAST_LANES; turn++)
		CHECK(take(4, turn));
	CHECK(take(4, PAST_LANES)); /* in the place of the one that was asked for longest ago */
	CHECK(!finds(3, 2) && finds(3, 1) && finds(3, 3));
	tear_down();
}

/* Another CPU's short record has the earlier time, or its announcement came after all was looked at. */
static void are_found_before_they_are_taken(void)
{
	set_up();
	CHECK(take(3, 1));
	put(1, 3, 2);
	put(1, 3, 3);
	CHECK(finds(3, 2) && is_current(3, 2));
	CHECK(finds(3, 1));
	CHECK(finds(3, 2) && finds(3, 1));
	CHECK(finds(3, 3) && is_current(3, 3));
	/* what is taken in its turn is what was there already */
	CHECK(!take(3, 2));
	CHECK(finds(3, 3) && is_current(3, 3));
	CHECK(take(3, 3));
	CHECK(finds(3, 1) && finds(3, 2));
	tear_down();
}

/* The later one was needed first; the one that is used is the one that is kept. */
static void go_by_what_is_used(void)
{
	set_up();
	put(0, 3, 1);
	put(1, 3, 2);
	CHECK(finds(3, 2) && is_current(3, 2));
	CHECK(finds(3, 1) && is_current(3, 1));
	CHECK(finds(3, 2) && is_current(3, 2));
	CHECK(!take(3, 1));
	CHECK(is_current(3, 2) && finds(3, 2) && finds(3, 1));
	/* where the earlier one was not asked for by then, it waits for that */
	CHECK(take(5, 9));
	CHECK(!take(5, 8));
	CHECK(is_current(5, 9));
	CHECK(finds(5, 8) && is_current(5, 8));
	/* two CPUs announced, and the one with the lower turn was last: it goes on for ever */
	for (uint32_t turn = 1; turn <= PAST_LANES; turn++)
		CHECK(take(4, turn));
	CHECK(finds(5, 8));
	tear_down();
}

static void count_around(void)
{
	set_up();
	CHECK(take(3, UINT32_MAX));
	CHECK(take(3, 0));
	CHECK(is_current(3, 0) && finds(3, UINT32_MAX) && finds(3, 0));
	CHECK(!take(3, UINT32_MAX - 1));
	CHECK(is_current(3, 0));
	tear_down();
}

/* A record of a lane that nobody announced is no other lane's, and does not stop the rest. */
static void may_be_missing(void)
{
	const struct short_record record = { .timestamp = 1, .lane = 3, .lane_turn = 1 };

	set_up();
	ring_put(&rings, 0, &record, sizeof(record), 0);
	CHECK(!finds(3, 1) && !finds(3, 1));
	put(0, 4, 1);
	CHECK(finds(4, 1));
	CHECK(!finds(3, 1));
	CHECK(take(3, 1));
	CHECK(finds(3, 1));
	tear_down();
}

int main(void)
{
	RUN(are_kept_by_index);
	RUN(outlive_their_replacement);
	RUN(are_found_before_they_are_taken);
	RUN(go_by_what_is_used);
	RUN(count_around);
	RUN(may_be_missing);
	return test_result();
}
