/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sinks that take a trace in parts, or refuse to, and chunks that move to another trace. */
#include "test_trace_fixture.h"

#include "format/layout.h"

#define CHUNKS 70 /* past the repetition of the file header */
#define EVENTS 5

/* Parts that were taken, told apart as chunks and others. */
struct sunk {
	int fd;
	uint64_t refuse_each;  /* every n-th call finds no room; 0: there is always some */
	uint64_t fail_at;      /* this call fails for good; 0: none */
	uint64_t calls, taken; /* writes */
	uint64_t chunks, events, others;
	uint64_t bytes;
};

static int take(void *context, const struct iovec *parts, int n_parts,
		const struct nst_chunk *chunk)
{
	struct sunk *sunk = context;
	uint64_t payload = chunk ? (uint64_t)chunk->dictionaries_bytes + chunk->columns_bytes : 0;
	int n_payload = chunk ? !!chunk->dictionaries_bytes + !!chunk->columns_bytes : 0;
	uint64_t len = 0;

	sunk->calls++;
	if (sunk->calls == sunk->fail_at)
		return -ENOSPC;
	if (sunk->refuse_each && sunk->calls % sunk->refuse_each)
		return -EAGAIN;
	for (int i = 0; i < n_parts; i++) {
		len += parts[i].iov_len;
		if (i >= n_parts - n_payload)
			payload -= parts[i].iov_len;
	}
	CHECK_INT(payload, 0); /* the last parts are the frames */
	if (chunk) {
		size_t headers = chunk->sequence && chunk->sequence % 64 == 0 ? 137 : 0;

		CHECK_INT(chunk->offset, sunk->bytes + headers);
		CHECK_INT(chunk->sequence, sunk->chunks);
		CHECK_INT(chunk->first_ordinal, sunk->events);
		sunk->chunks++;
		sunk->events += chunk->n_events;
	} else {
		sunk->others++;
	}
	sunk->taken++;
	sunk->bytes += len;
	CHECK_INT(writev(sunk->fd, parts, n_parts), (ssize_t)len);
	return 0;
}

/* Until there is room; a sink that refuses all but each third call makes that three times. */
#define AGAIN(call)                                                \
	({                                                         \
		int r_, tries_ = 0;                                \
                                                                   \
		while ((r_ = (call)) == -EAGAIN && tries_++ < 100) \
			;                                          \
		r_;                                                \
	})

static void write_into(struct sunk *sunk)
{
	const struct nst_sink sink = { sunk, take };
	struct nst_header header = fixture_header(1);
	struct nst_setting setting = { { "k", 1 }, { "v", 1 } };
	struct nst_rows rows = { NST_TABLE_SETTING, &setting, 1 };
	struct nst_writer *writer = NULL;
	struct nst_writer_stats stats;
	struct net_event event;

	CHECK_INT(AGAIN(nst_writer_open_sink(&sink, &header, 3, &writer)), 0);
	CHECK_INT(AGAIN(nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, &rows, 1)), 0);
	for (uint64_t i = 0; i < CHUNKS * EVENTS; i++) {
		fixture_event(i, &event);
		CHECK_INT(nst_writer_event(writer, &event), 0);
		if ((i + 1) % EVENTS == 0)
			CHECK_INT(AGAIN(nst_writer_flush(writer)), 0);
	}
	CHECK_INT(AGAIN(nst_writer_end(writer, FIXTURE_START_NS + CHUNKS * EVENTS * 1000)), 0);
	nst_writer_stats(writer, &stats);
	CHECK_INT(stats.file_bytes, sunk->bytes);
	CHECK_INT(stats.chunks, CHUNKS + 2);
	nst_writer_close(writer);
}

static void check_trace(int fd)
{
	struct fixture_result result;

	lseek(fd, 0, SEEK_SET);
	result = fixture_read_fd(fd);
	CHECK_INT(result.events, CHUNKS * EVENTS);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.chunks, CHUNKS + 2);
	CHECK_INT(result.n_problems, 0);
	CHECK(result.trace.has_end);
}

static void test_parts(void)
{
	struct sunk sunk = { .fd = fixture_memfd() };

	write_into(&sunk);
	CHECK_INT(sunk.others, 2); /* the file header, and the index */
	CHECK_INT(sunk.chunks, CHUNKS + 2);
	check_trace(sunk.fd);
	close(sunk.fd);
}

/* What is refused now is written later, once and in order; but for the index. */
static void test_no_room_now(void)
{
	struct sunk sunk = { .fd = fixture_memfd(), .refuse_each = 3 };

	write_into(&sunk);
	CHECK_INT(sunk.others, 1);
	CHECK_INT(sunk.calls, 3 * sunk.taken + 1);
	check_trace(sunk.fd);
	close(sunk.fd);
}

/* An event that found its chunk full and no room for it was not taken. */
static void test_full_chunk_without_room(void)
{
	struct sunk sunk = { .fd = fixture_memfd() };
	const struct nst_sink sink = { &sunk, take };
	struct nst_header header = fixture_header(1);
	struct nst_writer *writer = NULL;
	struct nst_writer_stats stats;
	struct fixture_result result;
	struct net_event event;

	CHECK_INT(nst_writer_open_sink(&sink, &header, 1, &writer), 0);
	sunk.refuse_each = UINT64_MAX;
	for (uint64_t i = 0; i < NST_CHUNK_EVENTS_MAX; i++) {
		fixture_event(i, &event);
		CHECK_INT(nst_writer_event(writer, &event), 0);
	}
	fixture_event(NST_CHUNK_EVENTS_MAX, &event);
	CHECK_INT(nst_writer_event(writer, &event), -EAGAIN);
	CHECK_INT(nst_writer_event(writer, &event), -EAGAIN);
	nst_writer_stats(writer, &stats);
	CHECK_INT(stats.pending_events, NST_CHUNK_EVENTS_MAX);
	sunk.refuse_each = 0;
	CHECK_INT(nst_writer_event(writer, &event), 0);
	CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS + 1), 0);
	nst_writer_close(writer);
	lseek(sunk.fd, 0, SEEK_SET);
	result = fixture_read_fd(sunk.fd);
	CHECK_INT(result.events, NST_CHUNK_EVENTS_MAX + 1);
	CHECK_INT(result.wrong, 0);
	close(sunk.fd);
}

static void test_final_error(void)
{
	struct sunk sunk = { .fd = fixture_memfd(), .fail_at = 3 };
	const struct nst_sink sink = { &sunk, take };
	struct nst_header header = fixture_header(1);
	struct nst_writer *writer = NULL;
	struct nst_writer_stats stats;
	struct net_event event;

	CHECK_INT(nst_writer_open_sink(&sink, &header, 3, &writer), 0);
	fixture_event(1, &event);
	CHECK_INT(nst_writer_event(writer, &event), 0);
	CHECK_INT(nst_writer_flush(writer), 0);
	CHECK_INT(nst_writer_event(writer, &event), 0);
	CHECK_INT(nst_writer_flush(writer), -ENOSPC);
	CHECK_INT(nst_writer_event(writer, &event), -ENOSPC);
	CHECK_INT(nst_writer_flush(writer), -ENOSPC);
	CHECK_INT(nst_writer_end(writer, 1), -ENOSPC);
	CHECK_INT(sunk.calls, 3);
	nst_writer_stats(writer, &stats);
	CHECK_INT(stats.events, 1);
	nst_writer_close(writer);
	close(sunk.fd);
	sunk = (struct sunk){ .fd = -1, .fail_at = 1 };
	writer = NULL;
	CHECK_INT(nst_writer_open_sink(&sink, &header, 3, &writer), -ENOSPC);
	CHECK(!writer);
}

/* ---- Copies ------------------------------------------------------------ */

/* All chunks of a trace but END into another one, some events of its own in front. */
static void copy_all(int from, struct nst_writer *writer, bool decode)
{
	const uint64_t lost[NST_LOSS_SLOTS] = { [NST_LOST_DAMAGE] = 3 };
	struct nst_reader *reader = NULL;
	struct nst_bytes dictionaries, columns;
	const struct nst_events *events;
	const struct nst_chunk *chunk;

	nst_writer_set_lost(writer, lost);
	nst_writer_set_clock_sample(writer, 77, 88);
	lseek(from, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(from, &reader), 0);
	CHECK_INT(nst_reader_frames(reader, &dictionaries, &columns), -EINVAL);
	while (nst_reader_next(reader, &chunk) == 1) {
		if (decode && chunk->type == NST_CHUNK_EVENTS)
			CHECK_INT(nst_reader_events(reader, &events), 0);
		CHECK_INT(nst_reader_frames(reader, &dictionaries, &columns), 0);
		CHECK_INT(dictionaries.len_bytes, chunk->dictionaries_bytes);
		CHECK_INT(columns.len_bytes, chunk->columns_bytes);
		CHECK_INT(nst_writer_copy(writer, chunk, dictionaries, columns),
			  chunk->type == NST_CHUNK_END ? -EINVAL : 0);
	}
	nst_reader_close(reader);
}

static void check_copies(int fd)
{
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	uint64_t sequence = 0;

	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	while (nst_reader_next(reader, &chunk) == 1) {
		CHECK_INT(chunk->sequence, sequence++);
		CHECK_INT(chunk->lost[NST_LOST_DAMAGE], 3);
		CHECK_INT(chunk->sample_clock_ns, 77);
	}
	nst_reader_close(reader);
}

static void test_copies(void)
{
	struct sunk sunk = { .fd = fixture_memfd() };

	write_into(&sunk);
	for (int decode = 0; decode < 2; decode++) {
		struct nst_header header = fixture_header(9);
		struct nst_writer *writer = NULL;
		int fd = fixture_memfd();

		CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
		copy_all(sunk.fd, writer, decode);
		CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS + CHUNKS * EVENTS * 1000), 0);
		nst_writer_close(writer);
		check_trace(fd);
		check_copies(fd);
		close(fd);
	}
	close(sunk.fd);
}

/* What no reader would take is not written. */
static void test_refused_copies(void)
{
	static const uint8_t frame[100];
	struct nst_bytes some = { frame, sizeof(frame) }, none = { NULL, 0 };
	struct nst_chunk chunk = { .type = NST_CHUNK_EVENTS,
				   .n_events = 1,
				   .dictionaries_bytes = 100,
				   .columns_bytes = 100,
				   .columns_raw_bytes = 5 };
	struct nst_header header = fixture_header(9);
	struct nst_writer *writer = NULL;
	struct net_event event;
	int fd = fixture_memfd();

	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	CHECK_INT(nst_writer_copy(writer, &chunk, some, none), -EINVAL);
	chunk.n_events = 0;
	CHECK_INT(nst_writer_copy(writer, &chunk, some, some), -EINVAL);
	chunk.n_events = 65537;
	CHECK_INT(nst_writer_copy(writer, &chunk, some, some), -EINVAL);
	chunk.n_events = 1;
	chunk.first_ns = 1;
	CHECK_INT(nst_writer_copy(writer, &chunk, some, some), -EINVAL);
	chunk.first_ns = 0;
	chunk.columns_raw_bytes = (4 << 20) + 1;
	CHECK_INT(nst_writer_copy(writer, &chunk, some, some), -EINVAL);
	chunk.columns_raw_bytes = 5;
	chunk.type = NST_CHUNK_TOTALS;
	CHECK_INT(nst_writer_copy(writer, &chunk, some, some), -EINVAL);
	chunk.type = NST_CHUNK_EVENTS;
	fixture_event(1, &event);
	CHECK_INT(nst_writer_event(writer, &event), 0);
	CHECK_INT(nst_writer_copy(writer, &chunk, some, some), -EINVAL); /* events are pending */
	CHECK_INT(nst_writer_flush(writer), 0);
	CHECK_INT(nst_writer_copy(writer, &chunk, some, some), 0);
	CHECK_INT(nst_writer_end(writer, 1), 0);
	CHECK_INT(nst_writer_copy(writer, &chunk, some, some), -EINVAL);
	nst_writer_close(writer);
	close(fd);
}

/* ---- Rows that single columns cannot tell to be wrong ------------------- */

static void check_refused_rows(enum nst_table table, const void *row)
{
	struct nst_header header = fixture_header(1);
	struct nst_rows rows = { table, row, 1 };
	struct nst_writer *writer = NULL;
	struct fixture_result result;
	int fd = fixture_memfd();

	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_TOTALS, &rows, 1), 0);
	CHECK_INT(nst_writer_end(writer, 1), 0);
	nst_writer_close(writer);
	lseek(fd, 0, SEEK_SET);
	result = fixture_read_fd(fd);
	CHECK_INT(result.problem.code, NST_PROBLEM_BAD_VALUE);
	CHECK_INT(result.trace.damaged_chunks, 1);
	close(fd);
}

static void test_refused_rows(void)
{
	struct nst_flow tuple = { .has = NST_HAS_ADDR,
				  .local_addr = { "123", 3 },
				  .remote_addr = { "1234", 4 } };
	struct nst_total total = { .flags = NST_FLAG_FRAGMENT };
	struct nst_total with_flow = { .has = NST_TOTAL_HAS_FLOW };
	struct nst_rows rows = { NST_TABLE_SUM, &with_flow, 1 };
	struct nst_header header = fixture_header(1);
	struct nst_writer *writer = NULL;
	int fd = fixture_memfd();

	check_refused_rows(NST_TABLE_TUPLE, &tuple);
	check_refused_rows(NST_TABLE_TOTAL, &total);
	check_refused_rows(NST_TABLE_SUM, &total);
	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_TOTALS, &rows, 1), -EINVAL);
	nst_writer_close(writer);
	close(fd);
}

int main(void)
{
	RUN(test_parts);
	RUN(test_no_room_now);
	RUN(test_full_chunk_without_room);
	RUN(test_final_error);
	RUN(test_copies);
	RUN(test_refused_copies);
	RUN(test_refused_rows);
	return test_result();
}
