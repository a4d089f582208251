/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Windows of time, and the index: a hint that can be absent or wrong. */
#include "format/crc32c.h"
#include "test_trace_fixture.h"

#include <pthread.h>

#define CHUNKS 20
#define EVENTS 10
#define ENTRY 40
#define CHUNK_NS (EVENTS * 1000)
#define INDEX_LEN (8 + (CHUNKS + 1) * ENTRY + 32)

static uint64_t get(const uint8_t *at, int width)
{
	uint64_t value = 0;

	while (width--)
		value = value << 8 | at[width];
	return value;
}

static void test_entries(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	const uint8_t *index = bytes.data + bytes.len - INDEX_LEN, *entry = index + 8;
	const uint8_t *trailer = bytes.data + bytes.len - 32;

	CHECK_INT(get(index, 4), 0x184d2a5e);
	CHECK_INT(get(index + 4, 4), INDEX_LEN - 8);
	CHECK_INT(trailer[0], 1);
	CHECK_INT(get(trailer + 16, 4), CHUNKS + 1);
	CHECK_INT(get(trailer + 20, 4), INDEX_LEN - 8);
	CHECK_INT(get(trailer + 24, 4), nst_crc32c(index + 8, INDEX_LEN - 8 - 8));
	CHECK(!memcmp(trailer + 28, "NSIX", 4));
	for (int i = 0; i <= CHUNKS; i++, entry += ENTRY) {
		const uint8_t *chunk = bytes.data + get(entry, 8) + 9;

		CHECK(!memcmp(chunk, "NSCH", 4));
		CHECK_INT(get(entry + 8, 8), get(chunk + 80, 8));
		CHECK_INT(get(entry + 16, 8), get(chunk + 88, 8));
		CHECK_INT(get(entry + 24, 8), i);
		CHECK_INT(get(entry + 32, 4), i < CHUNKS ? EVENTS : 0);
		CHECK_INT(get(entry + 36, 2), get(chunk + 6, 2));
		CHECK_INT(get(entry + 38, 2), 0);
	}
	free(bytes.data);
}

/* The sixth and seventh chunk; each number counts the whole trace all the same. */
static void check_window(const struct fixture_result *result, uint64_t chunks)
{
	CHECK_INT(result->r, 0);
	CHECK_INT(result->events, chunks * EVENTS);
	CHECK_INT(result->wrong, 0);
	CHECK_INT(result->chunks, chunks + 1);
	CHECK_INT(result->trace.chunks, CHUNKS + 1);
	CHECK_INT(result->trace.events, CHUNKS * EVENTS);
	CHECK_INT(result->trace.missing_events, 0);
	CHECK_INT(result->trace.first_ns, FIXTURE_START_NS);
	CHECK(result->trace.has_end);
	CHECK_INT(result->n_problems, 0);
}

static struct fixture_result read_window(const struct fixture_bytes *bytes, uint64_t from_chunk,
					 uint64_t to_chunk)
{
	struct fixture_result result;
	int fd = fixture_memfd();

	CHECK_INT(write(fd, bytes->data, bytes->len), (ssize_t)bytes->len);
	lseek(fd, 0, SEEK_SET);
	result = fixture_read_window(fd, FIXTURE_START_NS + from_chunk * CHUNK_NS,
				     FIXTURE_START_NS + to_chunk * CHUNK_NS);
	close(fd);
	return result;
}

static void test_windows(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);

	for (uint64_t from = 0; from < CHUNKS; from += 3) {
		for (uint64_t to = from + 1; to <= CHUNKS; to += 5) {
			struct fixture_result result = read_window(&bytes, from, to);

			check_window(&result, to - from);
		}
	}
	free(bytes.data);
}

/* Chunks so large that a file is seeked over them. */
static void test_window_of_large_chunks(void)
{
	int fd = fixture_memfd();
	struct fixture_result result;

	fixture_write(fd, 1, 10, 16000);
	lseek(fd, 0, SEEK_SET);
	result = fixture_read_window(fd, FIXTURE_START_NS + 4 * 16000000ull,
				     FIXTURE_START_NS + 5 * 16000000ull);
	CHECK_INT(result.events, 16000);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.trace.events, 160000);
	CHECK_INT(result.n_problems, 0);
	close(fd);
}

/* Half-open: an event at to_ns is outside, one at from_ns inside. */
static void test_borders(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	int fd = fixture_memfd();

	CHECK_INT(write(fd, bytes.data, bytes.len), (ssize_t)bytes.len);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(fixture_read_window(fd, 0, FIXTURE_START_NS).events, 0);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(fixture_read_window(fd, 0, FIXTURE_START_NS + 1).events, EVENTS);
	free(bytes.data);
	close(fd);
}

static void test_index_absent_or_wrong(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	uint8_t *index = bytes.data + bytes.len - INDEX_LEN, *trailer = index + INDEX_LEN - 32;
	struct fixture_result result;

	/* Times that are all false, under a good checksum. */
	for (int i = 0; i <= CHUNKS; i++)
		memset(index + 8 + i * ENTRY + 8, 0x7f, 16);
	for (int i = 0; i < 4; i++)
		trailer[24 + i] = (uint8_t)(nst_crc32c(index + 8, INDEX_LEN - 16) >> 8 * i);
	result = read_window(&bytes, 5, 7);
	check_window(&result, 2);

	/* One that is damaged is told, and changes nothing. */
	memset(index + 8, 0xa5, INDEX_LEN - 8);
	result = read_window(&bytes, 5, 7);
	CHECK(FIXTURE_HAS_CODE(result, NST_PROBLEM_BAD_INDEX));
	CHECK_INT(result.n_problems--, 1);
	CHECK(!result.damaged);
	check_window(&result, 2);
	for (size_t at = 8; at < INDEX_LEN; at++) {
		bytes.data[bytes.len - INDEX_LEN + at] ^= 0x10;
		CHECK(FIXTURE_HAS_CODE(read_window(&bytes, 5, 7), NST_PROBLEM_BAD_INDEX));
		bytes.data[bytes.len - INDEX_LEN + at] ^= 0x10;
	}

	bytes.len -= INDEX_LEN;
	result = read_window(&bytes, 5, 7);
	check_window(&result, 2);
	free(bytes.data);
}

struct pipe_end {
	int fd;
	const struct fixture_bytes *bytes;
};

static void *feed(void *arg)
{
	const struct pipe_end *end = arg;

	for (size_t at = 0; at < end->bytes->len;) {
		ssize_t n = write(end->fd, end->bytes->data + at, end->bytes->len - at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	close(end->fd);
	return NULL;
}

static void test_window_of_a_pipe(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	struct fixture_result result;
	struct pipe_end end;
	pthread_t thread;
	int fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	end = (struct pipe_end){ fds[1], &bytes };
	CHECK_INT(pthread_create(&thread, NULL, feed, &end), 0);
	result = fixture_read_window(fds[0], FIXTURE_START_NS + 5 * CHUNK_NS,
				     FIXTURE_START_NS + 7 * CHUNK_NS);
	pthread_join(thread, NULL);
	check_window(&result, 2);
	close(fds[0]);
	free(bytes.data);
}

/* Hopping must not lose a chunk behind one that is shorter than it says. */
static void test_damage_while_hopping(void)
{
	struct fixture_bytes bytes = fixture_trace(1, CHUNKS, EVENTS);
	size_t cut = 137 + 233 + 50;
	struct fixture_result result;

	memmove(bytes.data + cut, bytes.data + cut + 10, bytes.len - cut - 10);
	bytes.len -= 10;
	result = read_window(&bytes, 1, 3);
	CHECK_INT(result.events, 2 * EVENTS);
	CHECK_INT(result.trace.damaged_chunks, 1);
	CHECK_INT(result.trace.events + result.trace.missing_events, CHUNKS * EVENTS);
	CHECK(result.damaged);
	free(bytes.data);
}

static void test_two_traces(void)
{
	int fd = fixture_memfd();
	struct fixture_result result;

	fixture_write(fd, 1, CHUNKS, EVENTS);
	fixture_write(fd, 2, CHUNKS, EVENTS);
	lseek(fd, 0, SEEK_SET);
	result = fixture_read_window(fd, FIXTURE_START_NS + 5 * CHUNK_NS,
				     FIXTURE_START_NS + 7 * CHUNK_NS);
	CHECK_INT(result.events, 4 * EVENTS);
	CHECK_INT(result.n_traces, 2);
	CHECK_INT(result.n_problems, 0);
	close(fd);
}

int main(void)
{
	RUN(test_entries);
	RUN(test_windows);
	RUN(test_window_of_large_chunks);
	RUN(test_borders);
	RUN(test_index_absent_or_wrong);
	RUN(test_window_of_a_pipe);
	RUN(test_damage_while_hopping);
	RUN(test_two_traces);
	return test_result();
}
