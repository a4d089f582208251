// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * owned FLOW...: a trace on standard output with one event of 1000 bytes a
 * millisecond, received by each flow of 30 ms, and what became known of their
 * owners behind all events:
 *
 * late    nobody's at first, then of "late" (pid 20) from its beginning
 * handed  of "web" (pid 10), held by "child" (pid 30) from 20 ms on, who used it
 *         from 10 ms on and is the recorded owner from 25 ms on
 */
#include "format/trace.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START UINT64_C(1000000000000)
#define MS UINT64_C(1000000)

static struct nst_writer *writer;

static void set_owner(struct net_event *event, uint32_t pid, const char *comm)
{
	event->has |= NST_HAS_OWNER;
	event->owner_source = NST_OWNER_FLOW;
	event->pid = pid;
	event->comm_len = (uint8_t)strlen(comm);
	memcpy(event->comm, comm, event->comm_len);
}

static void add_events(uint64_t flow_id, int is_handed)
{
	for (uint64_t i = 0; i < 30; i++) {
		struct net_event event = {
			.timestamp = START + i * MS,
			.flow_id = flow_id,
			.has = NST_HAS_FLOW_ID,
			.ethertype = 0x0800,
			.bytes = 1000,
		};

		if (is_handed && i < 25)
			set_owner(&event, 10, "web");
		else if (is_handed)
			set_owner(&event, 30, "child");
		if (nst_writer_event(writer, &event))
			exit(1);
	}
}

static void add_owner(uint64_t flow_id, uint8_t what, uint64_t from_ns, uint32_t pid,
		      const char *comm)
{
	struct nst_owner row = {
		.flow_id = flow_id,
		.what = what,
		.from_ns = from_ns,
		.pid = pid,
		.owner_source = NST_OWNER_SOCKET,
		.comm = { comm, (uint32_t)strlen(comm) },
	};
	struct nst_rows table = { NST_TABLE_OWNER, &row, 1 };

	if (nst_writer_rows(writer, NST_CHUNK_OWNERS, &table, 1))
		exit(1);
}

int main(int argc, char **argv)
{
	struct nst_header header = { .uuid = { 1 },
				     .start_ns = START,
				     .start_realtime_ns = 1767323045 * UINT64_C(1000000000),
				     .clock = NST_CLOCK_BOOTTIME };

	for (int i = 1; i < argc; i++)
		header.uuid[i % 16] = (uint8_t)argv[i][0];
	if (nst_writer_open(STDOUT_FILENO, &header, 3, &writer))
		return 1;
	for (int i = 1; i < argc; i++)
		add_events((uint64_t)i, !strcmp(argv[i], "handed"));
	if (nst_writer_flush(writer))
		return 1;
	for (int i = 1; i < argc; i++) {
		uint64_t flow_id = (uint64_t)i;

		if (strcmp(argv[i], "handed")) {
			add_owner(flow_id, NST_OWNER_CONSUMED, 0, 20, "late");
			continue;
		}
		add_owner(flow_id, NST_OWNER_CONSUMED, 0, 10, "web");
		add_owner(flow_id, NST_OWNER_HELD, START + 20 * MS, 30, "child");
		add_owner(flow_id, NST_OWNER_CONSUMED, START + 10 * MS, 30, "child");
	}
	if (nst_writer_end(writer, START + 30 * MS))
		return 1;
	nst_writer_close(writer);
	return 0;
}
