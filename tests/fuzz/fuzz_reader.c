/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The whole reader. Any input is read to its end or refused with a problem,
 * within the counts' invariants; chunks with a window give no more than
 * without one.
 */
#include "format/trace.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/opened.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct outcome {
	int r;
	uint64_t events, event_chunks, other_chunks;
};

static void read_chunk(struct nst_reader *reader, const struct nst_chunk *chunk,
		       struct outcome *outcome)
{
	const struct nst_events *events;
	struct net_event event;
	const void *rows;
	size_t n;

	if (chunk->type != NST_CHUNK_EVENTS) {
		outcome->other_chunks++;
		for (int table = NST_TABLE_SETTING; table <= NST_TABLE_LAST; table++)
			(void)nst_reader_rows(reader, table, &rows, &n);
		return;
	}
	outcome->event_chunks++;
	if (nst_reader_events(reader, &events)) {
		MUST(nst_reader_damaged(reader));
		return;
	}
	MUST(events->n_events == chunk->n_events);
	outcome->events += events->n_events;
	for (size_t i = 0; i < events->n_events; i++)
		nst_reader_event(reader, i, &event);
}

static void check_end(const struct nst_reader *reader, const struct outcome *outcome, size_t size)
{
	const struct nst_problem *problems;
	const struct nst_trace *traces;
	uint64_t n_total, events = 0;
	size_t n;

	MUST(outcome->r == 0 || outcome->r == -ENODATA || outcome->r == -ENOMSG ||
	     outcome->r == -EPROTONOSUPPORT || outcome->r == -EBADMSG);
	problems = nst_reader_problems(reader, &n, &n_total);
	MUST(n <= n_total);
	MUST(!outcome->r || nst_reader_damaged(reader));
	for (size_t i = 0; i < n; i++)
		MUST(problems[i].text[0] && problems[i].offset <= size);
	traces = nst_reader_traces(reader, &n);
	for (size_t i = 0; i < n; i++) {
		events += traces[i].events;
		MUST(traces[i].has_header || traces[i].header.clock);
	}
	MUST(events >= outcome->events);
}

static struct outcome read_all(int fd, size_t size, uint64_t from_ns, uint64_t to_ns)
{
	struct outcome outcome = { 0 };
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	uint64_t offset = 0;

	MUST(lseek(fd, 0, SEEK_SET) == 0);
	MUST(!nst_reader_open(fd, &reader));
	nst_reader_set_window(reader, from_ns, to_ns);
	while ((outcome.r = nst_reader_next(reader, &chunk)) == 1) {
		MUST(chunk->offset >= offset);
		offset = chunk->offset + 1;
		read_chunk(reader, chunk, &outcome);
	}
	check_end(reader, &outcome, size);
	nst_reader_close(reader);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nst_bytes trace = fuzz_trace(data, size);
	int fd = fuzz_file(trace.data, trace.len_bytes);
	struct outcome all, some;

	all = read_all(fd, trace.len_bytes, 0, UINT64_MAX);
	some = read_all(fd, trace.len_bytes, 5000070000, 5000080001);
	MUST(some.event_chunks <= all.event_chunks || all.r == -EBADMSG);
	close(fd);
	return 0;
}
