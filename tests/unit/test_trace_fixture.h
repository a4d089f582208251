/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Small traces to read, break and compare; for the tests of the trace library. */
#ifndef NETSNOOP_TESTS_TRACE_FIXTURE_H
#define NETSNOOP_TESTS_TRACE_FIXTURE_H

#include "format/trace.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIXTURE_START_NS 1000000000000ull

static inline struct nst_header fixture_header(uint8_t id)
{
	struct nst_header header = {
		.start_ns = FIXTURE_START_NS,
		.start_realtime_ns = 1700000000000000000ull,
		.clock = NST_CLOCK_BOOTTIME,
		.writer = "fixture 1.0",
	};

	memset(header.uuid, id, sizeof(header.uuid));
	memset(header.boot_id, 0xb0, sizeof(header.boot_id));
	return header;
}

/* Event i: every field varies, each null now and then, and null means 0. */
static inline void fixture_event(uint64_t i, struct net_event *event)
{
	bool v6 = i % 3 == 0;

	memset(event, 0, sizeof(*event));
	event->timestamp = FIXTURE_START_NS + i * 1000 + i % 7;
	event->is_send = i & 1;
	event->owner_source = i % 9;
	event->bytes = 60 + (uint32_t)(i * 37 % 70000);
	event->flags = i % 5 == 0 ? NST_FLAG_FRAGMENT | NST_FLAG_TUNNELLED : NST_FLAG_LOCAL_ADDR;
	event->ethertype = v6 ? 0x86dd : 0x0800;
#define FIXTURE_HAS(bit, n) (i % (n) ? event->has |= (bit), true : false)
	if (FIXTURE_HAS(NST_HAS_PROTOCOL, 11))
		event->protocol = i % 2 ? 6 : 17;
	if (FIXTURE_HAS(NST_HAS_ADDR, 13)) {
		memset(event->saddr, (int)(i % 5 + 1), v6 ? 16 : 4);
		memset(event->daddr, (int)(i % 4 + 100), v6 ? 16 : 4);
	}
	if (FIXTURE_HAS(NST_HAS_PORT, 17)) {
		event->sport = (uint16_t)(1000 + i % 50);
		event->dport = 443;
	}
	if (FIXTURE_HAS(NST_HAS_OWNER, 19)) {
		event->pid = 100 + i % 10;
		event->start_ns = 5000 + i % 10;
		event->comm_len = i % 10 ? 5 : NST_COMM_MAX;
		memset(event->comm, (int)(0xf8 + i % 8), event->comm_len);
		event->comm[2] = 0;
	}
	if (FIXTURE_HAS(NST_HAS_TID, 3))
		event->tid = 100 + i % 30;
	if (FIXTURE_HAS(NST_HAS_CGROUP, 23))
		event->cgroup_id = 0x100000000ull + i % 3;
	if (FIXTURE_HAS(NST_HAS_VLAN, 29))
		event->vlan_id = i % 2;
	if (FIXTURE_HAS(NST_HAS_HEADER_BYTES, 5))
		event->header_bytes = i % 2 ? 40 : 300;
	if (FIXTURE_HAS(NST_HAS_TCP_FLAGS, 2))
		event->tcp_flags = (uint8_t)i;
	if (FIXTURE_HAS(NST_HAS_NETNS, 31))
		event->netns = 4026531840u;
	if (FIXTURE_HAS(NST_HAS_IFINDEX, 37))
		event->ifindex = 2;
	if (FIXTURE_HAS(NST_HAS_FLOW_ID, 41))
		event->flow_id = 1 + i % 50;
	if (FIXTURE_HAS(NST_HAS_LINK_HEADER, 43))
		event->link_header_bytes = 14;
	if (FIXTURE_HAS(NST_HAS_SEGMENTS, 7))
		event->segments = 1 + (uint32_t)(i % 45);
#undef FIXTURE_HAS
}

static inline int fixture_memfd(void)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

/* A trace of n_chunks chunks of n_events events each, numbered through, and an END. */
static inline void fixture_write(int fd, uint8_t id, uint64_t n_chunks, uint64_t n_events)
{
	struct nst_header header = fixture_header(id);
	struct nst_writer *writer = NULL;
	struct net_event event;

	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	for (uint64_t i = 0; i < n_chunks * n_events; i++) {
		fixture_event(i, &event);
		CHECK_INT(nst_writer_event(writer, &event), 0);
		if ((i + 1) % n_events == 0)
			CHECK_INT(nst_writer_flush(writer), 0);
	}
	CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS + n_chunks * n_events * 1000), 0);
	nst_writer_close(writer);
}

struct fixture_bytes {
	uint8_t *data;
	size_t len;
};

/* All of a file, for the caller to free. */
static inline struct fixture_bytes fixture_slurp(int fd)
{
	struct fixture_bytes bytes = { NULL, (size_t)lseek(fd, 0, SEEK_END) };

	bytes.data = malloc(bytes.len ? bytes.len : 1);
	CHECK_INT(pread(fd, bytes.data, bytes.len, 0), (ssize_t)bytes.len);
	return bytes;
}

static inline struct fixture_bytes fixture_trace(uint8_t id, uint64_t n_chunks, uint64_t n_events)
{
	int fd = fixture_memfd();
	struct fixture_bytes bytes;

	fixture_write(fd, id, n_chunks, n_events);
	bytes = fixture_slurp(fd);
	close(fd);
	return bytes;
}

/* What a reading came to. */
struct fixture_result {
	int r;		 /* of the last nst_reader_next() */
	uint64_t events; /* decoded */
	uint64_t wrong;	 /* of them, not equal to fixture_event() */
	uint64_t chunks; /* delivered */
	uint64_t n_problems;
	uint64_t codes; /* bit mask of the problems' codes */
	bool damaged;
	size_t n_traces;
	struct nst_trace trace;	    /* the first */
	struct nst_problem problem; /* the first */
};

static inline void fixture_read_chunk(struct nst_reader *reader, const struct nst_chunk *chunk,
				      struct fixture_result *result)
{
	const struct nst_events *events = NULL;
	struct net_event got, want;
	const void *rows;
	size_t n;

	result->chunks++;
	if (chunk->type != NST_CHUNK_EVENTS) {
		for (int table = NST_TABLE_SETTING; table <= NST_TABLE_LAST; table++)
			(void)nst_reader_rows(reader, table, &rows, &n);
		return;
	}
	if (nst_reader_events(reader, &events))
		return;
	for (size_t i = 0; i < events->n_events; i++) {
		nst_reader_event(reader, i, &got);
		fixture_event(chunk->first_ordinal + i, &want);
		result->wrong += memcmp(&got, &want, sizeof(got)) != 0;
	}
	result->events += events->n_events;
}

static inline struct fixture_result fixture_read_window(int fd, uint64_t from_ns, uint64_t to_ns)
{
	struct fixture_result result = { 0 };
	const struct nst_problem *problems;
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	const struct nst_trace *traces;
	size_t n;

	CHECK_INT(nst_reader_open(fd, &reader), 0);
	nst_reader_set_window(reader, from_ns, to_ns);
	while ((result.r = nst_reader_next(reader, &chunk)) == 1)
		fixture_read_chunk(reader, chunk, &result);
	result.damaged = nst_reader_damaged(reader);
	problems = nst_reader_problems(reader, &n, &result.n_problems);
	for (size_t i = 0; i < n; i++)
		result.codes |= 1ull << problems[i].code;
	if (n)
		result.problem = problems[0];
	traces = nst_reader_traces(reader, &result.n_traces);
	if (result.n_traces)
		result.trace = traces[0];
	nst_reader_close(reader);
	return result;
}

static inline struct fixture_result fixture_read_fd(int fd)
{
	return fixture_read_window(fd, 0, UINT64_MAX);
}

/* Read bytes as if they were a file. */
static inline struct fixture_result fixture_read(const void *data, size_t len)
{
	int fd = fixture_memfd();
	struct fixture_result result;

	CHECK_INT(write(fd, data, len), (ssize_t)len);
	lseek(fd, 0, SEEK_SET);
	result = fixture_read_fd(fd);
	close(fd);
	return result;
}

#define FIXTURE_HAS_CODE(result, code) (((result).codes >> (code)) & 1)

#endif
