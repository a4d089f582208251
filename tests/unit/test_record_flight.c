// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a flight recorder keeps, for how long, in how much memory. */
#include "record/flight.h"
#include "record/flight_pool.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define S UINT64_C(1000000000)
#define START (1000 * S)
#define KB 1024
#define BLOCKS_MIN 1000 /* of 1 KB, in a megabyte; what manages them is in it as well */

static uint64_t next_sequence;
static char payload[4 << 20];

/* As a writer would: a chunk with dictionaries of 100 bytes and columns that tell its sequence. */
static int give(struct flight *flight, enum nst_chunk_type type, uint64_t at_ns, uint32_t bytes,
		uint64_t lost)
{
	const struct nst_sink *sink = flight_sink(flight);
	bool has_events = type == NST_CHUNK_EVENTS;
	struct nst_chunk chunk = {
		.type = (uint16_t)type,
		.sequence = next_sequence,
		.n_events = has_events ? 10 : 0,
		.first_ns = has_events ? at_ns : 0,
		.last_ns = has_events ? at_ns + S / 2 : 0,
		.sample_clock_ns = at_ns,
		.sample_realtime_ns = at_ns + 7 * S,
		.dictionaries_bytes = has_events ? 100 : 0,
		.columns_bytes = bytes,
		.lost = { lost },
	};
	struct iovec parts[] = {
		{ "the frame of a header", 21 },
		{ payload, bytes },
		{ payload, bytes },
	};
	int err;

	memset(payload, (int)next_sequence, bytes);
	parts[1].iov_len = has_events ? 100 : bytes;
	err = sink->write(sink->context, parts, has_events ? 3 : 2, &chunk);
	if (!err)
		next_sequence++;
	return err;
}

static int give_events(struct flight *flight, uint64_t at_ns)
{
	return give(flight, NST_CHUNK_EVENTS, at_ns, 20 * KB, 0);
}

static struct flight *fly(size_t bytes, uint64_t window_ns)
{
	struct flight *flight = NULL;

	next_sequence = 0;
	CHECK_INT(flight_open(bytes, window_ns, START, &flight), 0);
	return flight;
}

/* All until then has come, and so much was lost of it. */
static void mark(struct flight *flight, uint64_t at_ns, uint64_t lost)
{
	const uint64_t losses[NST_LOSS_SLOTS] = { lost };

	flight_mark(flight, at_ns, losses, NST_DETAIL_FLOWS);
}

/* Events for n seconds, with a mark behind each second; a tick of the clock, too. */
static void fly_on(struct flight *flight, uint64_t from, uint64_t n, uint32_t bytes)
{
	for (uint64_t i = from; i < from + n; i++) {
		CHECK_INT(give(flight, NST_CHUNK_EVENTS, START + i * S, bytes, 1000 + i), 0);
		if (flight_wants_mark(flight, START + (i + 1) * S))
			mark(flight, START + (i + 1) * S, 1000 + i);
		flight_tick(flight, START + (i + 1) * S);
	}
}

/* Every chunk that is held, its sequence and what stands in it; returns how many. */
static size_t held(struct flight *flight, uint64_t end_ns, uint64_t *sequences, size_t room)
{
	struct nst_bytes dictionaries, columns;
	struct flight_window window;
	const struct nst_chunk *chunk;
	size_t n = 0;

	mark(flight, end_ns, 0);
	flight_hold(flight, &window);
	CHECK_INT(window.end_ns, end_ns);
	for (; n < room && flight_next(flight, &chunk, &dictionaries, &columns) == 1; n++) {
		const char *bytes = columns.data;

		sequences[n] = chunk->sequence;
		CHECK_INT(columns.len_bytes, chunk->columns_bytes);
		CHECK_INT(bytes[0], (char)chunk->sequence);
		CHECK_INT(bytes[columns.len_bytes - 1], (char)chunk->sequence);
		flight_pass(flight);
	}
	flight_release(flight);
	return n;
}

static struct flight_stats stats_of(const struct flight *flight)
{
	struct flight_stats stats;

	flight_stats(flight, &stats);
	return stats;
}

static void keeps_the_latest(void)
{
	struct flight *flight = fly(1024 * KB, 0);
	uint64_t sequences[200];
	size_t n;

	for (uint64_t i = 0; i < 500; i++)
		CHECK_INT(give_events(flight, START + i * S), 0);
	n = held(flight, START + 500 * S, sequences, 200);
	/* 21 blocks a chunk */
	CHECK(n >= BLOCKS_MIN / 21 && n <= 1023 / 21);
	for (size_t i = 0; i < n; i++)
		CHECK_INT(sequences[i], 500 - n + i);
	CHECK_INT(stats_of(flight).events, 10 * n);
	CHECK(stats_of(flight).bytes <= 1024 * KB);
	CHECK_INT(stats_of(flight).lost, 0);
	flight_close(flight);
}

static void metadata_outlives_events(void)
{
	struct flight *flight = fly(1024 * KB, 0);
	uint64_t sequences[200];
	size_t n;

	CHECK_INT(give(flight, NST_CHUNK_PROCESSES, START, 3000, 0), 0);
	CHECK_INT(give(flight, NST_CHUNK_TOTALS, START, 3000, 0), 0);
	CHECK_INT(give(flight, NST_CHUNK_OWNERS, START, 3000, 0), 0);
	for (uint64_t i = 0; i < 500; i++)
		CHECK_INT(give_events(flight, START + i * S), 0);
	n = held(flight, START + 500 * S, sequences, 200);
	CHECK_INT(sequences[0], 0);
	CHECK_INT(sequences[1], 2);
	CHECK(sequences[2] > 400);
	/* in the order in which they came */
	CHECK_INT(give(flight, NST_CHUNK_COMMENT, START, 300, 0), 0);
	CHECK_INT(give_events(flight, START + 500 * S), 0);
	n = held(flight, START + 500 * S, sequences, 200);
	CHECK_INT(sequences[n - 1], 504);
	CHECK_INT(sequences[n - 2], 503);
	flight_close(flight);
}

static void metadata_stays_within_a_quarter(void)
{
	struct flight *flight = fly(1024 * KB, 0);
	uint64_t sequences[600];
	size_t n, n_metadata = 0;

	for (uint64_t i = 0; i < 100; i++)
		CHECK_INT(give_events(flight, START + i * S), 0);
	for (uint64_t i = 0; i < 400; i++)
		CHECK_INT(give(flight, NST_CHUNK_PROCESSES, START + i * S, 2000, 0), 0);
	n = held(flight, START + 500 * S, sequences, 600);
	for (size_t i = 0; i < n; i++)
		n_metadata += sequences[i] >= 100;
	CHECK(n_metadata >= BLOCKS_MIN / 4 / 3 && n_metadata <= 256 / 3);
	CHECK_INT(sequences[n - 1], 499);
	CHECK_INT(stats_of(flight).events / 10, n - n_metadata);
	CHECK(n - n_metadata >= (BLOCKS_MIN - n_metadata * 3) / 21);
	flight_close(flight);
}

static void keeps_as_long_as_asked(void)
{
	struct flight *flight = fly(1024 * KB, 10 * S);
	uint64_t sequences[200];

	fly_on(flight, 0, 100, 1000);
	/* what is kept beyond that is not written */
	CHECK_INT(held(flight, START + 100 * S, sequences, 200), 10);
	CHECK_INT(sequences[0], 90);
	CHECK_INT(sequences[9], 99);
	CHECK(stats_of(flight).events <= 10 * 15);
	CHECK_INT(stats_of(flight).since_ns, START + 90 * S);
	CHECK(!stats_of(flight).was_cut_by_room);
	/* between two marks: from the one before */
	CHECK_INT(held(flight, START + 100 * S + S / 2, sequences, 200), 10);
	/* nothing comes any more: that is known, too */
	mark(flight, START + 190 * S, 1099);
	mark(flight, START + 200 * S, 1099);
	flight_tick(flight, START + 200 * S);
	CHECK_INT(held(flight, START + 200 * S, sequences, 200), 0);
	CHECK_INT(stats_of(flight).since_ns, START + 190 * S);
	CHECK_INT(stats_of(flight).events, 0);
	flight_close(flight);
}

static void says_that_room_cut_it(void)
{
	struct flight *flight = fly(1024 * KB, 100 * S);

	fly_on(flight, 0, 99, 20 * KB);
	CHECK(stats_of(flight).was_cut_by_room);
	CHECK(stats_of(flight).since_ns > START + 40 * S);
	flight_close(flight);
}

static void a_young_recording_begins_at_its_start(void)
{
	struct flight *flight = fly(1024 * KB, 100 * S);
	struct flight_window window;
	uint64_t sequences[10];

	CHECK_INT(stats_of(flight).since_ns, START);
	fly_on(flight, 0, 5, 1000);
	flight_hold(flight, &window);
	CHECK_INT(window.since_ns, START);
	CHECK(!window.has_detail);
	CHECK_INT(window.lost[0], 0);
	flight_release(flight);
	CHECK_INT(held(flight, START + 6 * S, sequences, 10), 5);
	flight_close(flight);
}

static void a_window_knows_what_was_before(void)
{
	struct flight *flight = fly(1024 * KB, 0);
	struct flight_window window;
	struct nst_bytes bytes[2];
	const struct nst_chunk *chunk;

	fly_on(flight, 0, 500, 20 * KB);
	flight_hold(flight, &window);
	CHECK_INT(window.end_ns, START + 500 * S);
	CHECK_INT(window.end_lost[0], 1499);
	CHECK(window.has_detail);
	CHECK_INT(window.detail, NST_DETAIL_FLOWS);
	CHECK_INT(flight_next(flight, &chunk, &bytes[0], &bytes[1]), 1);
	CHECK_INT(chunk->first_ns, window.since_ns);
	CHECK_INT(chunk->lost[0], window.lost[0] + 1);
	CHECK_INT(bytes[0].len_bytes, 100);
	CHECK_INT(window.end_realtime_ns - window.since_realtime_ns > 0, 1);
	flight_close(flight);
}

/* More than there is room for came since the last mark: what is there is better than nothing. */
static void without_a_mark_it_begins_with_an_event(void)
{
	struct flight *flight = fly(1024 * KB, 0);
	struct flight_window window;
	struct nst_bytes bytes[2];
	const struct nst_chunk *chunk;
	size_t n = 0;

	for (uint64_t i = 0; i < 500; i++) {
		CHECK_INT(give(flight, NST_CHUNK_EVENTS, START + i * S, 20 * KB, i), 0);
		CHECK_INT(give(flight, NST_CHUNK_TOTALS, START + i * S, 10, i), 0);
	}
	mark(flight, START + 500 * S, 499);
	flight_hold(flight, &window);
	for (; flight_next(flight, &chunk, &bytes[0], &bytes[1]) == 1; n++) {
		CHECK_INT(chunk->type, NST_CHUNK_EVENTS);
		CHECK(n || (chunk->first_ns >= window.since_ns &&
			    chunk->first_ns - window.since_ns < S));
		CHECK(n || chunk->lost[0] == window.lost[0] + 1);
		flight_pass(flight);
	}
	CHECK(n >= BLOCKS_MIN / 22);
	flight_close(flight);
}

static void marks_are_bounded(void)
{
	struct flight *flight = fly(64 << 20, 0);
	uint64_t sequences[2000];
	struct flight_window window;

	CHECK(!flight_wants_mark(flight, START));
	CHECK(flight_wants_mark(flight, START + S));
	fly_on(flight, 0, 1000, 100);
	CHECK_INT(held(flight, START + 1000 * S, sequences, 2000), 1000);
	/* the next one comes later now, if not much comes */
	CHECK(!flight_wants_mark(flight, START + 1004 * S));
	CHECK(flight_wants_mark(flight, START + 1064 * S));
	fly_on(flight, 1000, 1, 4 << 20);
	/* one that was under way then does not have all that had happened */
	flight_want_mark(flight, START + 1002 * S);
	mark(flight, START + 1002 * S - 1, 2000);
	CHECK(!flight_is_marked(flight));
	CHECK(flight_wants_mark(flight, START + 1002 * S - 1));
	mark(flight, START + 1002 * S, 3000);
	CHECK(flight_is_marked(flight));
	flight_hold(flight, &window);
	CHECK_INT(window.since_ns, START);
	CHECK_INT(window.end_ns, START + 1002 * S);
	flight_close(flight);
}

/* While somebody writes it out, it waits for him and not he for it. */
static void what_is_held_stays(void)
{
	struct flight *flight = fly(1024 * KB, 0);
	struct flight_window window;
	struct nst_bytes bytes[2];
	const struct nst_chunk *chunk;
	uint64_t last = 0, taken = 0;

	CHECK_INT(give(flight, NST_CHUNK_PROCESSES, START, 1000, 0), 0);
	for (uint64_t i = 0; i < 200; i++)
		CHECK_INT(give_events(flight, START + i * S), 0);
	mark(flight, START + 200 * S, 0);
	flight_hold(flight, &window);
	while (!give_events(flight, START + 300 * S)) /* what room there is without him */
		;
	CHECK_INT(give_events(flight, START + 300 * S), -EAGAIN);
	while (flight_next(flight, &chunk, &bytes[0], &bytes[1]) == 1) {
		CHECK(!taken || chunk->sequence == last + 1 || last == 0);
		last = chunk->sequence;
		taken++;
		flight_pass(flight);
		/* two for one, so that those who come meanwhile push each other out */
		for (int i = 0; i < 2; i++)
			give_events(flight, START + 300 * S);
	}
	CHECK_INT(last, 200);
	flight_release(flight);
	CHECK_INT(give_events(flight, START + 300 * S), 0);
	flight_close(flight);
}

/* The memory is full as it always is; what was written out makes room for what comes meanwhile. */
static void there_is_room_behind_what_was_passed(void)
{
	struct flight *flight = fly(1024 * KB, 0);
	struct flight_window window;
	struct nst_bytes bytes[2];
	const struct nst_chunk *chunk;

	for (uint64_t i = 0; i < 200; i++)
		CHECK_INT(give_events(flight, START + i * S), 0);
	mark(flight, START + 200 * S, 0);
	flight_hold(flight, &window);
	CHECK(!flight_has_room(flight));
	for (int i = 0; i < 10; i++) {
		CHECK_INT(flight_next(flight, &chunk, &bytes[0], &bytes[1]), 1);
		flight_pass(flight);
	}
	CHECK(flight_has_room(flight));
	CHECK_INT(give_events(flight, START + 300 * S), 0);
	flight_close(flight);
}

static void a_chunk_without_room_is_counted(void)
{
	struct flight *flight = fly(1024 * KB, 0);
	struct flight_window window;

	CHECK_INT(give(flight, NST_CHUNK_EVENTS, START, 900 * KB, 0), 0);
	CHECK_INT(stats_of(flight).lost, 10);
	CHECK_INT(give_events(flight, START), 0);
	CHECK_INT(stats_of(flight).events, 10);
	/* and is no measure of those to come */
	mark(flight, START + S, 0);
	flight_hold(flight, &window);
	CHECK(flight_has_room(flight));
	flight_close(flight);
}

/* Of all the pages of a mapping, those that memory stands behind. */
static size_t resident(const struct flight_pool *pool)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 0;
	unsigned char *pages = calloc(1, pool->bytes / page + 1);

	CHECK_INT(mincore(pool->blocks, pool->bytes, pages), 0);
	for (size_t i = 0; i < pool->bytes / page; i++)
		n += pages[i] & 1;
	free(pages);
	return n * page;
}

static void memory_is_used_again(void)
{
	struct flight_pool pool;
	const struct iovec part = { payload, 10000 };
	uint32_t first, second;

	CHECK_INT(flight_pool_open(&pool, 64 << 20), 0);
	CHECK_INT(resident(&pool), 0);
	first = flight_pool_put(&pool, &part, 1);
	for (int i = 0; i < 10000; i++) {
		second = flight_pool_put(&pool, &part, 1);
		flight_pool_drop(&pool, first);
		first = second;
	}
	CHECK(resident(&pool) <= 32 * KB);
	CHECK_INT(pool.n_free, pool.n_all - 1 - flight_pool_need(10000));
	flight_pool_close(&pool);
	CHECK_INT(flight_pool_open(&pool, 1024), -EINVAL);
}

int main(void)
{
	RUN(keeps_the_latest);
	RUN(metadata_outlives_events);
	RUN(metadata_stays_within_a_quarter);
	RUN(keeps_as_long_as_asked);
	RUN(says_that_room_cut_it);
	RUN(a_young_recording_begins_at_its_start);
	RUN(a_window_knows_what_was_before);
	RUN(without_a_mark_it_begins_with_an_event);
	RUN(marks_are_bounded);
	RUN(what_is_held_stays);
	RUN(there_is_room_behind_what_was_passed);
	RUN(a_chunk_without_room_is_counted);
	RUN(memory_is_used_again);
	return test_result();
}
