/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The index: what stands in one behind a whole trace changes nothing of what is read. Input: the
 * content of the skippable frame.
 */
#include "tests/fuzz/fuzz.h"

#include "format/index.h"
#include "format/layout.h"
#include "format/trace.h"

#include <string.h>

#define EVENTS 5

static struct nst_bytes trace; /* whole, and without an index */

static int keep(void *unused, const struct iovec *parts, int n_parts, const struct nst_chunk *chunk)
{
	static uint8_t bytes[4096];

	(void)unused;
	if (!chunk && trace.len_bytes) /* the index */
		return 0;
	for (int i = 0; i < n_parts; i++) {
		MUST(trace.len_bytes + parts[i].iov_len <= sizeof(bytes));
		memcpy(bytes + trace.len_bytes, parts[i].iov_base, parts[i].iov_len);
		trace.len_bytes += (uint32_t)parts[i].iov_len;
	}
	trace.data = bytes;
	return 0;
}

static void make_trace(void)
{
	struct nst_sink sink = { .write = keep };
	struct nst_header header = { .uuid = { 1 }, .start_ns = 1000, .clock = NST_CLOCK_BOOTTIME };
	struct net_event event = { .timestamp = 1000, .ethertype = 0x0800, .bytes = 40 };
	struct nst_writer *writer;

	MUST(!nst_writer_open_sink(&sink, &header, 1, &writer));
	for (int i = 0; i < EVENTS; i++)
		MUST(!nst_writer_event(writer, &event));
	MUST(!nst_writer_end(writer, 2000));
	nst_writer_close(writer);
}

static void read_all(int fd)
{
	struct nst_reader *reader;
	const struct nst_chunk *chunk;
	const struct nst_problem *problems;
	uint64_t events = 0, n_total;
	size_t n;
	int more;

	MUST(!nst_reader_open(fd, &reader));
	while ((more = nst_reader_next(reader, &chunk)) > 0)
		events += chunk->n_events;
	MUST(more == 0 && events == EVENTS && !nst_reader_damaged(reader));
	problems = nst_reader_problems(reader, &n, &n_total);
	for (size_t i = 0; i < n; i++)
		MUST(problems[i].code == NST_PROBLEM_BAD_INDEX);
	nst_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t frame[NST_SKIPPABLE_OVERHEAD];
	int fd;

	if (!trace.len_bytes)
		make_trace();
	if (size > NST_INDEX_CAP)
		return 0;
	nst_put32(frame, NST_INDEX_MAGIC);
	nst_put32(frame + 4, (uint32_t)size);
	(void)nst_index_fault(data, size);
	fd = fuzz_file(trace.data, trace.len_bytes);
	MUST(lseek(fd, 0, SEEK_END) > 0);
	MUST(write(fd, frame, sizeof(frame)) == sizeof(frame));
	MUST(write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	read_all(fd);
	close(fd);
	return 0;
}
