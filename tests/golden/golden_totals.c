/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The trace of v1-totals.zst: a part of a recording that lost events and recorded
 * totals alone for a while, with a SUM that everything adds up to.
 */
#include "make_golden.h"

#include <string.h>

#define START_NS 7000000000ull
#define SECOND_NS 1000000000ull
#define END_NS (START_NS + 3 * SECOND_NS)
#define NETNS 4026531840u
/* clang-format off */
#define STR(text) { text, sizeof(text) - 1 }
#define ROWS(number, array) { number, array, sizeof(array) / sizeof(array[0]) }
/* clang-format on */

#define OWNED (NST_TOTAL_HAS_OWNER | NST_TOTAL_HAS_IFINDEX | NST_TOTAL_HAS_NETNS)

static const struct nst_setting settings[] = {
	{ STR("recording"), STR("10111213-1415-1617-1819-1a1b1c1d1e1f") },
	{ STR("part"), STR("2") },
};

static const struct nst_flow tuples[] = {
	{ .id = 1ull << 40,
	  .has = NST_HAS_PROTOCOL | NST_HAS_ADDR | NST_HAS_PORT | NST_HAS_NETNS | NST_HAS_FLOW_ID,
	  .netns = NETNS,
	  .ethertype = 0x86dd,
	  .local_port = 53,
	  .remote_port = 40000,
	  .protocol = 17,
	  .local_addr = STR("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
	  .remote_addr = STR("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2") },
	{ .id = 9, .has = NST_HAS_FLOW_ID, .ethertype = 0x0806 },
};

/* What 9 events of `dns` lost to a full ring were, 100 bytes each, and 4 that were not asked for. */
static const struct nst_total totals[] = {
	{ .from_ns = START_NS,
	  .to_ns = START_NS + SECOND_NS,
	  .flow_id = 1ull << 40,
	  .start_ns = 33,
	  .events = 9,
	  .packets = 9,
	  .bytes = 900,
	  .payload_bytes = 900 - 9 * 48,
	  .wire_bytes = 900 + 9 * 14,
	  .has = OWNED | NST_TOTAL_HAS_FLOW | NST_TOTAL_HAS_PROTOCOL,
	  .pid = 4000,
	  .netns = NETNS,
	  .ifindex = 2,
	  .ethertype = 0x86dd,
	  .protocol = 17,
	  .is_send = 1,
	  .owner_source = NST_OWNER_SOCKET,
	  .link_header_bytes = 14,
	  .flags = NST_FLAG_LOCAL_ADDR,
	  .cgroup_id = 1ull << 35,
	  .comm = STR("dns\xff") },
	{ .from_ns = START_NS + SECOND_NS,
	  .to_ns = START_NS + 2 * SECOND_NS,
	  .events = 4,
	  .packets = 4,
	  .bytes = 4 * 28,
	  .wire_bytes = 4 * 42,
	  .has = NST_TOTAL_HAS_FLOW | NST_TOTAL_HAS_IFINDEX | NST_TOTAL_HAS_NETNS,
	  .flow_id = 9,
	  .netns = NETNS,
	  .ifindex = 2,
	  .ethertype = 0x0806,
	  .owner_source = NST_OWNER_KERNEL,
	  .link_header_bytes = 14 },
};

static const struct nst_total sums[] = {
	{ .from_ns = START_NS,
	  .to_ns = END_NS,
	  .start_ns = 33,
	  .events = 11,
	  .packets = 11,
	  .bytes = 1100,
	  .payload_bytes = 1100 - 11 * 48,
	  .wire_bytes = 1100 + 11 * 14,
	  .has = OWNED | NST_TOTAL_HAS_PROTOCOL,
	  .pid = 4000,
	  .netns = NETNS,
	  .ifindex = 2,
	  .ethertype = 0x86dd,
	  .protocol = 17,
	  .is_send = 1,
	  .owner_source = NST_OWNER_SOCKET,
	  .link_header_bytes = 14,
	  .flags = NST_FLAG_LOCAL_ADDR,
	  .cgroup_id = 1ull << 35,
	  .comm = STR("dns\xff") },
	{ .from_ns = START_NS,
	  .to_ns = END_NS,
	  .events = 4,
	  .packets = 4,
	  .bytes = 4 * 28,
	  .wire_bytes = 4 * 42,
	  .has = NST_TOTAL_HAS_IFINDEX | NST_TOTAL_HAS_NETNS,
	  .netns = NETNS,
	  .ifindex = 2,
	  .ethertype = 0x0806,
	  .owner_source = NST_OWNER_KERNEL,
	  .link_header_bytes = 14 },
};

static const struct nst_detail_change details[] = {
	{ START_NS, NST_DETAIL_PACKETS },
	{ START_NS + SECOND_NS, NST_DETAIL_FLOWS },
	{ START_NS + 2 * SECOND_NS, NST_DETAIL_PACKETS },
};
static const struct nst_loss_interval losses[] = { { START_NS, START_NS + SECOND_NS, 9, 900, 1,
						     NST_LOST_RING_FULL } };
static const struct nst_counter counters[] = {
	{ 15, NST_ALL_CPUS, STR("events") },
	{ 4, NST_ALL_CPUS, STR("summed_events") },
};

static const struct nst_rows environment[] = { ROWS(NST_TABLE_SETTING, settings) };
static const struct nst_rows gap_rows[] = {
	ROWS(NST_TABLE_TOTAL, totals),
	ROWS(NST_TABLE_TUPLE, tuples),
	ROWS(NST_TABLE_LOSS, losses),
	ROWS(NST_TABLE_DETAIL, details),
};
static const struct nst_rows end_rows[] = {
	ROWS(NST_TABLE_SUM, sums),
	ROWS(NST_TABLE_COUNTER, counters),
};

static struct net_event event_dns(uint64_t time_ns)
{
	struct net_event event = {
		.timestamp = time_ns,
		.flow_id = 1ull << 40,
		.start_ns = 33,
		.has = NST_HAS_PROTOCOL | NST_HAS_ADDR | NST_HAS_PORT | NST_HAS_OWNER |
		       NST_HAS_HEADER_BYTES | NST_HAS_NETNS | NST_HAS_IFINDEX | NST_HAS_FLOW_ID |
		       NST_HAS_LINK_HEADER | NST_HAS_SEGMENTS,
		.pid = 4000,
		.bytes = 100,
		.segments = 1,
		.ifindex = 2,
		.netns = NETNS,
		.ethertype = 0x86dd,
		.sport = 53,
		.dport = 40000,
		.header_bytes = 48,
		.flags = NST_FLAG_LOCAL_ADDR,
		.protocol = 17,
		.is_send = 1,
		.owner_source = NST_OWNER_SOCKET,
		.link_header_bytes = 14,
		.comm_len = 4,
		.comm = "dns\xff",
	};

	memcpy(event.saddr, tuples[0].local_addr.data, 16);
	memcpy(event.daddr, tuples[0].remote_addr.data, 16);
	return event;
}

static int write_events(struct nst_writer *writer)
{
	struct net_event first = event_dns(START_NS + 5), last = event_dns(END_NS - 5);
	int r = nst_writer_event(writer, &first);

	if (!r)
		r = nst_writer_event(writer, &last);
	return r ? r : nst_writer_flush(writer);
}

int golden_totals(int fd)
{
	const uint64_t lost[NST_LOSS_SLOTS] = { [NST_LOST_RING_FULL] = 9 };
	struct nst_header header = {
		.start_ns = START_NS,
		.start_realtime_ns = 1700000000123456789ull,
		.clock = NST_CLOCK_BOOTTIME,
		.writer = "make_golden 1",
	};
	struct nst_writer *writer = NULL;
	int r;

	memset(header.uuid, 0x2f, sizeof(header.uuid));
	memset(header.boot_id, 0xb0, sizeof(header.boot_id));
	r = nst_writer_open(fd, &header, 19, &writer);
	if (!r)
		r = nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, environment, 1);
	if (!r)
		r = write_events(writer);
	if (!r) {
		nst_writer_set_lost(writer, lost);
		nst_writer_set_clock_sample(writer, START_NS + 2 * SECOND_NS,
					    1700000002123456789ull);
		r = nst_writer_rows(writer, NST_CHUNK_TOTALS, gap_rows, 4);
	}
	if (!r)
		r = nst_writer_rows(writer, NST_CHUNK_TOTALS, end_rows, 2);
	if (!r)
		r = nst_writer_end(writer, END_NS);
	nst_writer_close(writer);
	return r;
}
