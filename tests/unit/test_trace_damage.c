/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Broken traces: whatever is broken, the reader ends, says so, never gives a
 * wrong event, and gives every chunk that was not touched. Offsets and numbers
 * here are FORMAT.md's, typed again on purpose.
 */
#include "test_trace_parts.h"

/* ---- Cuts and flips ---------------------------------------------------- */

static void test_cut_at_every_byte(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	size_t end = chunk_at(&bytes, CHUNKS) + CHUNK_FRAME;

	for (size_t len = 0; len < bytes.len; len++) {
		struct fixture_result result = fixture_read(bytes.data, len);
		uint64_t whole = 0;

		for (int i = 0; i < CHUNKS; i++) {
			size_t at = chunk_at(&bytes, i);

			whole += at + chunk_len(bytes.data + at) <= len ? EVENTS : 0;
		}
		CHECK_INT(result.r, len == 0 ? -ENODATA : len < FILE_FRAME ? -ENOMSG : 0);
		CHECK_INT(result.events, whole);
		CHECK_INT(result.wrong, 0);
		CHECK(result.damaged || len == end);
		CHECK(len < FILE_FRAME || result.trace.has_end == (len >= end));
	}
	free(bytes.data);
}

static void flip_and_check(struct fixture_bytes *bytes, size_t at, uint8_t flip, size_t index_at)
{
	struct fixture_result result;

	bytes->data[at] ^= flip;
	result = fixture_read(bytes->data, bytes->len);
	bytes->data[at] ^= flip;
	CHECK_INT(result.r, 0);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.n_traces, 1);
	CHECK(result.events >= TOTAL - EVENTS);
	CHECK_INT(result.trace.events, result.events);
	CHECK_INT(result.trace.events + result.trace.missing_events, TOTAL);
	CHECK(result.damaged || at >= index_at);
	CHECK_INT(result.trace.has_header, at >= FILE_FRAME);
}

static void test_every_byte_flipped(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	size_t index_at = chunk_at(&bytes, CHUNKS) + CHUNK_FRAME;

	for (size_t at = 0; at < bytes.len; at++)
		flip_and_check(&bytes, at, (uint8_t)(1 << at % 8), index_at);
	free(bytes.data);
}

/* A flip must not cost the trace behind it either, however long the frame it hits. */
static void test_every_byte_flipped_of_two(void)
{
	struct fixture_bytes parts[2] = { fixture_trace(1, 1, 3), fixture_trace(2, 2, 3) };
	struct fixture_bytes both = bytes_join(parts, 2);

	for (size_t at = 0; at < parts[0].len; at++) {
		struct fixture_result result;

		both.data[at] ^= 0xff;
		result = fixture_read(both.data, both.len);
		both.data[at] ^= 0xff;
		CHECK_INT(result.n_traces, 2);
		CHECK(result.events >= 6);
		CHECK_INT(result.wrong, 0);
	}
	free(parts[0].data);
	free(parts[1].data);
	free(both.data);
}

/* ---- Chunks out of place ----------------------------------------------- */

static void test_missing_chunk(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	size_t a = chunk_at(&bytes, 1), b = chunk_at(&bytes, 2);
	struct fixture_bytes parts[] = { part(&bytes, 0, a), part(&bytes, b, bytes.len) };
	struct fixture_result result = read_parts(parts, 2);

	CHECK_INT(result.events, TOTAL - EVENTS);
	CHECK_INT(result.trace.missing_chunks, 1);
	CHECK_INT(result.trace.missing_events, EVENTS);
	CHECK(FIXTURE_HAS_CODE(result, NST_PROBLEM_MISSING_CHUNKS));
	CHECK_INT(result.n_problems, 1);
	CHECK_INT(result.problem.sequence, 1);
	free(bytes.data);
}

/* What is missing here comes later: nothing is missing in the end. */
static void test_swapped_chunks(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	size_t a = chunk_at(&bytes, 1), b = chunk_at(&bytes, 2), c = chunk_at(&bytes, 3);
	struct fixture_bytes parts[] = { part(&bytes, 0, a), part(&bytes, b, c), part(&bytes, a, b),
					 part(&bytes, c, bytes.len) };
	struct fixture_result result = read_parts(parts, 4);

	CHECK_INT(result.events, TOTAL);
	CHECK_INT(result.trace.missing_chunks, 0);
	CHECK_INT(result.trace.missing_events, 0);
	CHECK_INT(result.n_problems, 0);
	free(bytes.data);
}

static void test_repeated_chunk(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	size_t a = chunk_at(&bytes, 1), b = chunk_at(&bytes, 2);
	struct fixture_bytes parts[] = { part(&bytes, 0, b), part(&bytes, a, b),
					 part(&bytes, b, bytes.len) };
	struct fixture_result result = read_parts(parts, 3);

	CHECK_INT(result.events, TOTAL);
	CHECK_INT(result.trace.chunks, CHUNKS + 1);
	CHECK(FIXTURE_HAS_CODE(result, NST_PROBLEM_DUPLICATE_CHUNK));
	CHECK(!result.damaged);
	free(bytes.data);
}

/* A damaged chunk, and a good copy of it further on. */
static void test_damage_made_good(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS), both;
	struct fixture_bytes parts[] = { bytes, bytes };
	struct fixture_result result;

	both = bytes_join(parts, 2);
	both.data[chunk_at(&both, 1) + CHUNK_FRAME + 20] ^= 1;
	result = fixture_read(both.data, both.len);
	CHECK_INT(result.events, TOTAL);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.trace.damaged_chunks, 0);
	CHECK_INT(result.trace.missing_events, 0);
	CHECK(result.damaged);
	free(bytes.data);
	free(both.data);
}

static void test_cat_a_a(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	struct fixture_bytes parts[] = { bytes, bytes };
	struct fixture_result result = read_parts(parts, 2);

	CHECK_INT(result.events, TOTAL);
	CHECK_INT(result.trace.events, TOTAL);
	CHECK_INT(result.n_traces, 1);
	CHECK_INT(result.n_problems, 1);
	CHECK(FIXTURE_HAS_CODE(result, NST_PROBLEM_DUPLICATE_CHUNK));
	free(bytes.data);
}

static void test_cat_a_b(void)
{
	struct fixture_bytes parts[] = { fixture_trace(1, CHUNKS, EVENTS), fixture_trace(2, 1, 5) };
	struct fixture_result result = read_parts(parts, 2);

	CHECK_INT(result.events, TOTAL + 5);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.n_traces, 2);
	CHECK_INT(result.trace.events, TOTAL);
	CHECK_INT(result.n_problems, 0);
	free(parts[0].data);
	free(parts[1].data);
}

static void test_garbage_between(void)
{
	static uint8_t noise[5000];
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	size_t a = chunk_at(&bytes, 1);
	struct fixture_bytes parts[] = { part(&bytes, 0, a),
					 { noise, sizeof(noise) },
					 part(&bytes, a, bytes.len) };
	struct fixture_result result;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * i >> 3);
	/* Among it what could begin a frame, and a cut header. */
	memcpy(noise + 100, "\x28\xb5\x2f\xfd\x20", 5);
	memcpy(noise + 200, bytes.data + a, 100);
	result = read_parts(parts, 3);
	CHECK_INT(result.events, TOTAL);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.n_problems, 1);
	CHECK_INT(result.problem.code, NST_PROBLEM_GARBAGE);
	CHECK_INT(result.problem.offset, a);
	CHECK(strstr(result.problem.text, "5000 bytes"));
	free(bytes.data);
}

static void test_file_header_lost(void)
{
	struct fixture_bytes bytes = fixture_trace(3, 70, 2);
	struct fixture_result result =
		fixture_read(bytes.data + FILE_FRAME, bytes.len - FILE_FRAME);

	/* The repetition in front of chunk 64 is enough. */
	CHECK_INT(result.events, 140);
	CHECK(result.trace.has_header);
	CHECK_INT(result.n_problems, 0);
	free(bytes.data);

	bytes = fixture_trace(3, 2, 2);
	result = fixture_read(bytes.data + FILE_FRAME, bytes.len - FILE_FRAME);
	CHECK_INT(result.events, 4);
	CHECK(!result.trace.has_header);
	CHECK_INT(result.trace.header.clock, NST_CLOCK_BOOTTIME);
	CHECK_INT(result.trace.header.uuid[0], 3);
	CHECK(FIXTURE_HAS_CODE(result, NST_PROBLEM_BAD_HEADER));
	free(bytes.data);
}

int main(void)
{
	RUN(test_cut_at_every_byte);
	RUN(test_every_byte_flipped);
	RUN(test_every_byte_flipped_of_two);
	RUN(test_missing_chunk);
	RUN(test_swapped_chunks);
	RUN(test_repeated_chunk);
	RUN(test_damage_made_good);
	RUN(test_cat_a_a);
	RUN(test_cat_a_b);
	RUN(test_garbage_between);
	RUN(test_file_header_lost);
	return test_result();
}
