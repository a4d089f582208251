// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * chance sizes WORD, chance rows WORD: a trace on standard output in which a process is called
 * WORD, and numbers that are no secret spell it: lengths of packets, as whoever sends them
 * may choose, or the rows of 3000 processes, one behind the other.
 *
 * chance shared: a flow that two processes share, the one with the larger pid for longer.
 * chance args: a command line of 8000 short arguments.
 *
 * chance burst US: nearly nothing for an hour, and then 20,000 events in so many microseconds.
 * chance totals: the same of totals by flow, in 20 intervals of 0.1 s.
 */
#include "format/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START UINT64_C(1000000000000)
#define MS UINT64_C(1000000)
#define N_ROWS 3000
#define N_ARGUMENTS 8000
#define HOUR_NS (3600 * 1000 * MS)
#define N_BURST 20000
#define N_INTERVALS 20
#define N_TOTALS 500 /* in each */

static struct nst_writer *writer;
static uint64_t now_ns = START;

static void add_event(uint64_t flow_id, uint32_t pid, const char *comm, uint32_t bytes)
{
	struct net_event event = {
		.timestamp = now_ns += MS,
		.flow_id = flow_id,
		.has = NST_HAS_FLOW_ID,
		.ethertype = 0x0800,
		.bytes = bytes,
	};

	if (pid) {
		event.has |= NST_HAS_OWNER;
		event.owner_source = NST_OWNER_SOCKET;
		event.pid = pid;
		event.comm_len = (uint8_t)strlen(comm);
		memcpy(event.comm, comm, event.comm_len);
	}
	if (nst_writer_event(writer, &event))
		exit(1);
}

static void add_rows(uint16_t type, enum nst_table table, const void *rows, size_t n)
{
	const struct nst_rows of = { table, rows, n };

	if (nst_writer_flush(writer) || nst_writer_rows(writer, type, &of, 1))
		exit(1);
}

static void add_sizes(const char *word)
{
	for (int i = 0; i < 200; i++)
		for (const char *at = word; *at; at++)
			add_event(1, 10, word, (uint8_t)*at);
}

static void add_processes(const char *word)
{
	char comm[16];

	add_event(1, 10, word, 100);
	for (uint32_t i = 1; i < N_ROWS; i++) {
		snprintf(comm, sizeof(comm), "p%u", i);
		add_event(1 + i, 10 + i, comm, 100);
	}
}

static void add_shared(void)
{
	static const char *const comms[] = { "first", "second" };
	struct nst_owner rows[2];

	for (uint32_t i = 0; i < 2; i++)
		rows[i] = (struct nst_owner){
			.flow_id = 1,
			.what = NST_OWNER_CONSUMED,
			.from_ns = START + i * MS,
			.pid = 900000 - 1000 * i,
			.owner_source = NST_OWNER_SHARED,
			.comm = { comms[i], (uint32_t)strlen(comms[i]) },
		};
	for (int i = 0; i < 30; i++)
		add_event(1, 0, NULL, 1000);
	add_rows(NST_CHUNK_OWNERS, NST_TABLE_OWNER, rows, 2);
}

static void add_args(void)
{
	static char args[8 * N_ARGUMENTS];
	struct nst_process_event row = {
		.time_ns = START,
		.pid = 10,
		.has = NST_PROCESS_HAS_COMM | NST_PROCESS_HAS_ARGS,
		.comm = { "many", 4 },
	};
	size_t len = 0;

	for (int i = 0; i < N_ARGUMENTS; i++)
		len += 1 + (size_t)snprintf(args + len, sizeof(args) - len, "%d", i);
	row.args = (struct nst_bytes){ args, (uint32_t)len };
	add_event(1, 10, "many", 100);
	add_rows(NST_CHUNK_PROCESSES, NST_TABLE_PROCESS_EVENT, &row, 1);
}

static void add_burst(const char *us)
{
	uint64_t step_ns = strtoull(us, NULL, 10) * 1000 / N_BURST;

	add_event(1, 10, "curl", 100);
	now_ns += HOUR_NS;
	srandom(1);
	for (int i = 0; i < N_BURST; i++) {
		uint64_t early_ns = step_ns ? (uint64_t)random() % step_ns : 0;

		now_ns += step_ns - early_ns;
		now_ns -= MS; /* which each event comes later */
		add_event(2 + (uint64_t)random() % 500, 10, "curl", (uint32_t)random() % 1500);
		now_ns += early_ns;
	}
}

static void add_totals(void)
{
	static struct nst_total rows[N_TOTALS];
	static struct nst_flow flows[N_TOTALS];

	for (uint64_t i = 0; i < N_TOTALS; i++)
		flows[i] = (struct nst_flow){ .has = NST_HAS_FLOW_ID,
					      .id = 2 + i,
					      .ethertype = 0x0800 };
	add_event(1, 10, "curl", 100);
	add_rows(NST_CHUNK_TOTALS, NST_TABLE_TUPLE, flows, N_TOTALS);
	now_ns += HOUR_NS;
	srandom(1);
	for (int k = 0; k < N_INTERVALS; k++, now_ns += 100 * MS) {
		for (uint64_t i = 0; i < N_TOTALS; i++)
			rows[i] = (struct nst_total){
				.from_ns = now_ns,
				.to_ns = now_ns + 100 * MS,
				.has = NST_TOTAL_HAS_FLOW,
				.flow_id = 2 + i,
				.events = 1 + (uint64_t)random() % 100,
				.packets = 100 + (uint64_t)random() % 100,
				.bytes = (uint64_t)random(),
			};
		add_rows(NST_CHUNK_TOTALS, NST_TABLE_TOTAL, rows, N_TOTALS);
	}
}

int main(int argc, char **argv)
{
	const struct nst_header header = { .uuid = { 1 },
					   .start_ns = START,
					   .start_realtime_ns = 1767323045 * UINT64_C(1000000000),
					   .clock = NST_CLOCK_BOOTTIME };
	const char *what = argc > 1 ? argv[1] : "";

	if (nst_writer_open(STDOUT_FILENO, &header, 3, &writer))
		return 1;
	if (argc == 3 && !strcmp(what, "sizes"))
		add_sizes(argv[2]);
	else if (argc == 3 && !strcmp(what, "rows"))
		add_processes(argv[2]);
	else if (!strcmp(what, "shared"))
		add_shared();
	else if (!strcmp(what, "args"))
		add_args();
	else if (argc == 3 && !strcmp(what, "burst"))
		add_burst(argv[2]);
	else if (!strcmp(what, "totals"))
		add_totals();
	else
		return 2;
	if (nst_writer_flush(writer) || nst_writer_end(writer, now_ns + MS))
		return 1;
	nst_writer_close(writer);
	return 0;
}
