/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Traces that were written once are read for ever; what they hold stands in make_golden.c. */
#include "test_trace_fixture.h"

#define GOLDEN "tests/golden/v1-all.zst"

static void check_event(struct nst_reader *reader, size_t i)
{
	struct net_event event;

	nst_reader_event(reader, i, &event);
	if (i == 0) {
		CHECK_INT(event.timestamp, 5000000010);
		CHECK_INT(event.has, 0x3fff);
		CHECK_INT(event.pid, 70000);
		CHECK_INT(event.tid, 70001);
		CHECK_STR(event.comm, "sh");
		CHECK_INT(event.sport, 40000);
		CHECK_INT(event.dport, 443);
		CHECK(!memcmp(event.saddr, "\x0a\0\0\1\0\0\0\0", 8));
		CHECK_INT(event.cgroup_id, 1ll << 40);
		CHECK_INT(event.vlan_id, 42);
	} else if (i == 3) {
		CHECK_INT(event.ethertype, 0x86dd);
		CHECK_INT(event.has, NST_HAS_PROTOCOL | NST_HAS_ADDR);
		CHECK_INT(event.saddr[15], 1);
		CHECK_INT(event.daddr[15], 2);
		CHECK_INT(event.flags,
			  NST_FLAG_FRAGMENT | NST_FLAG_LATER_FRAGMENT | NST_FLAG_TUNNELLED);
	}
}

static void check_chunk(struct nst_reader *reader, const struct nst_chunk *chunk)
{
	const struct nst_events *events = NULL;
	const struct nst_process_event *processes = NULL;
	const void *rows = NULL;
	size_t n = 0;

	if (chunk->sequence == 2) {
		CHECK_INT(nst_reader_events(reader, &events), 0);
		for (size_t i = 0; events && i < events->n_events; i++)
			check_event(reader, i);
	} else if (chunk->type == NST_CHUNK_PROCESSES) {
		CHECK_INT(nst_reader_rows(reader, NST_TABLE_PROCESS_EVENT, &rows, &n), 0);
		CHECK_INT(n, 2);
		processes = rows;
		CHECK(n == 2 && processes[1].args.len_bytes == 13);
		CHECK(n == 2 && processes[1].exit_code == 256 && processes[0].has == 32);
	}
}

static void test_v1_all(void)
{
	int fd = open(GOLDEN, O_RDONLY | O_CLOEXEC);
	const struct nst_chunk *chunk = NULL;
	const struct nst_trace *trace;
	struct nst_reader *reader = NULL;
	size_t n;

	CHECK(fd >= 0);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	while (nst_reader_next(reader, &chunk) == 1)
		check_chunk(reader, chunk);
	trace = nst_reader_traces(reader, &n);
	CHECK_INT(n, 1);
	CHECK(n == 1 && trace->has_header && trace->has_end);
	CHECK(n == 1 && trace->chunks == 9 && trace->events == 7);
	CHECK(n == 1 && trace->lost[0] == 9 && trace->end_ns == 5000100000);
	CHECK(!nst_reader_damaged(reader));
	nst_reader_close(reader);
	close(fd);
}

int main(void)
{
	RUN(test_v1_all);
	return test_result();
}
