/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * make_golden all|totals|runs FILE: write the trace of tests/golden/by-flow-all.zst,
 * with tables of all kinds, nulls and both address families, or that of another by-flow-*.zst.
 * v1-all.zst and v1-totals.zst are what it wrote of the first two before events stood by
 * flow. The files in the tree were written once and stay; tests/golden/check.sh
 * compares what this writes today with them, by content.
 */
#include "make_golden.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define START_NS 5000000000ull
#define STR(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}
#define ROWS(number, array)                                     \
	{                                                       \
		number, array, sizeof(array) / sizeof(array[0]) \
	}

static const struct nst_setting settings[] = {
	{ STR("tool"), STR("golden 1") },
	{ STR("arguments"), STR("a\0b \xff\0") },
	{ STR("empty"), STR("") },
};
static const struct nst_interface interfaces[] = {
	{ .netns = 4026531840u,
	  .ifindex = 1,
	  .type = 772,
	  .flags = 0x49,
	  .mtu_bytes = 65536,
	  .name = STR("lo"),
	  .mac = STR("\0\0\0\0\0\0") },
	{ .time_ns = START_NS + 1,
	  .has = NST_INTERFACE_HAS_MASTER | NST_INTERFACE_HAS_LINK | NST_INTERFACE_HAS_LINK_NETNS |
		 NST_INTERFACE_HAS_VLAN,
	  .netns = 4026531840u,
	  .ifindex = 7,
	  .type = 1,
	  .flags = 0x1043,
	  .mtu_bytes = 1500,
	  .master = 8,
	  .link = 9,
	  .link_netns = 4026532000u,
	  .vlan_id = 42,
	  .name = STR("eth0.42"),
	  .kind = STR("vlan"),
	  .mac = STR("\2\1\2\3\4\5") },
};
static const struct nst_netns netnses[] = { { 4026531840u, STR("") },
					    { 4026532000u, STR("blue") } };
static const struct nst_cgroup cgroups[] = { { 1, STR("/") }, { 1ull << 40, STR("/user.slice") } };
static const struct nst_process_event process_events[] = {
	{ .pid = 1,
	  .start_ns = 10,
	  .what = NST_PROCESS_SNAPSHOT,
	  .has = NST_PROCESS_HAS_COMM,
	  .comm = STR("init") },
	{ .time_ns = START_NS + 5,
	  .start_ns = 20,
	  .parent_start_ns = 10,
	  .cgroup_id = 1ull << 40,
	  .has = 0x7ff,
	  .pid = 70000,
	  .parent_pid = 1,
	  .uid = 1000,
	  .gid = 1001,
	  .netns = 4026531840u,
	  .mntns = 4026531841u,
	  .pidns = 4026531836u,
	  .exit_code = 256,
	  .what = NST_PROCESS_EXIT,
	  .comm = STR("sh"),
	  .exe = STR("/bin/sh"),
	  .args = STR("sh\0-c\0exit 1\0"),
	  .build_id = STR("\xde\xad\xbe\xef") },
};
static const struct nst_owner owners[] = {
	{ .flow_id = 2,
	  .from_ns = START_NS + 9,
	  .start_ns = 20,
	  .pid = 70000,
	  .what = NST_OWNER_CONSUMED,
	  .owner_source = NST_OWNER_SOCKET,
	  .comm = STR("sh") },
	{ .flow_id = 1ull << 33,
	  .from_ns = START_NS,
	  .to_ns = START_NS + 70,
	  .start_ns = 10,
	  .cgroup_id = 1,
	  .has = 7,
	  .pid = 1,
	  .tid = 2,
	  .owner_source = NST_OWNER_LISTENER,
	  .comm = STR("init") },
};
static const struct nst_total totals[] = {
	{ .from_ns = START_NS,
	  .to_ns = START_NS + 70,
	  .flow_id = 2,
	  .start_ns = 20,
	  .events = 3,
	  .packets = 30,
	  .bytes = 1ull << 34,
	  .payload_bytes = 5,
	  .wire_bytes = 6,
	  .has = 0x1f,
	  .pid = 70000,
	  .netns = 4026531840u,
	  .ifindex = 7,
	  .ethertype = 0x0800,
	  .protocol = 6,
	  .is_send = 1,
	  .owner_source = NST_OWNER_SOCKET },
	{ .from_ns = START_NS,
	  .to_ns = START_NS + 70,
	  .events = 1,
	  .packets = 1,
	  .bytes = 46,
	  .wire_bytes = 60,
	  .ethertype = 0x0806 },
};
static const struct nst_throughput throughputs[] = {
	{ 1ull << 34, 70000, 1, STR("sh") },
	{ 46, 1, 0, STR("in\xc3it") },
};
static const struct nst_counter counters[] = { { 12, NST_ALL_CPUS, STR("drains") },
					       { 3, 1, STR("wakeups") } };
static const struct nst_loss_interval losses[] = { { START_NS, START_NS + 2, 9, 900, 1,
						     NST_LOST_RING_FULL } };
static const struct nst_interface_counter interface_counters[] = {
	{ START_NS, 1, 2, 3, 4, 5, 6, 4026531840u, 7 },
	{ START_NS + 70, 10, 20, 30, 1ull << 35, 50, 60, 4026531840u, 7 },
};
static const struct nst_comment comments[] = { { START_NS + 3, STR("half-way") } };

static const struct nst_rows environment[] = {
	ROWS(NST_TABLE_SETTING, settings),
	ROWS(NST_TABLE_INTERFACE, interfaces),
	ROWS(NST_TABLE_NETNS, netnses),
	ROWS(NST_TABLE_CGROUP, cgroups),
};
static const struct nst_rows processes[] = { ROWS(NST_TABLE_PROCESS_EVENT, process_events) };
static const struct nst_rows owner_rows[] = { ROWS(NST_TABLE_OWNER, owners) };
static const struct nst_rows total_rows[] = {
	ROWS(NST_TABLE_TOTAL, totals),
	ROWS(NST_TABLE_THROUGHPUT, throughputs),
	ROWS(NST_TABLE_COUNTER, counters),
	ROWS(NST_TABLE_LOSS, losses),
};
static const struct nst_rows counter_rows[] = { ROWS(NST_TABLE_INTERFACE_COUNTER,
						     interface_counters) };
static const struct nst_rows comment_rows[] = { ROWS(NST_TABLE_COMMENT, comments) };

/* TCP over IPv4 by one process, with everything known. */
static struct net_event event_tcp(uint64_t time, bool is_send)
{
	static const uint8_t here[4] = { 10, 0, 0, 1 }, there[4] = { 192, 0, 2, 7 };
	struct net_event event = {
		.timestamp = time,
		.flow_id = 2,
		.start_ns = 20,
		.cgroup_id = 1ull << 40,
		.has = 0x3fff,
		.pid = 70000,
		.tid = 70001,
		.bytes = is_send ? 30052 : 52,
		.segments = is_send ? 21 : 1,
		.ifindex = 7,
		.netns = 4026531840u,
		.ethertype = 0x0800,
		.sport = is_send ? 40000 : 443,
		.dport = is_send ? 443 : 40000,
		.vlan_id = 42,
		.header_bytes = 52,
		.flags = NST_FLAG_LOCAL_ADDR,
		.protocol = 6,
		.tcp_flags = is_send ? 0x18 : 0x10,
		.is_send = is_send,
		.owner_source = NST_OWNER_SOCKET,
		.link_header_bytes = 14,
		.comm_len = 2,
		.comm = "sh",
	};

	memcpy(event.saddr, is_send ? here : there, 4);
	memcpy(event.daddr, is_send ? there : here, 4);
	return event;
}

/* A later fragment over IPv6: no ports, no owner, little else. */
static struct net_event event_fragment(uint64_t time)
{
	struct net_event event = {
		.timestamp = time,
		.has = NST_HAS_PROTOCOL | NST_HAS_ADDR,
		.bytes = 1500,
		.ethertype = 0x86dd,
		.flags = NST_FLAG_FRAGMENT | NST_FLAG_LATER_FRAGMENT | NST_FLAG_TUNNELLED,
		.protocol = 17,
	};

	memcpy(event.saddr, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	memcpy(event.daddr, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	return event;
}

static struct net_event event_arp(uint64_t time)
{
	return (struct net_event){
		.timestamp = time,
		.has = NST_HAS_IFINDEX | NST_HAS_SEGMENTS,
		.bytes = 46,
		.segments = 1,
		.ifindex = 1,
		.ethertype = 0x0806,
		.is_send = 1,
		.owner_source = NST_OWNER_KERNEL,
	};
}

static int write_events(struct nst_writer *writer)
{
	const struct net_event mixed[] = {
		event_tcp(START_NS + 10, true),	   event_tcp(START_NS + 10, false),
		event_fragment(START_NS + 300),	   event_arp(START_NS + 200), /* out of order */
		event_tcp(START_NS + 70000, true),
	};
	const struct net_event alike[] = { event_tcp(START_NS + 80000, true),
					   event_tcp(START_NS + 80001, true) };
	int r = 0;

	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]) && !r; i++)
		r = nst_writer_event(writer, &mixed[i]);
	if (!r)
		r = nst_writer_flush(writer);
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]) && !r; i++)
		r = nst_writer_event(writer, &alike[i]);
	return r ? r : nst_writer_flush(writer);
}

static int write_trace(int fd)
{
	const uint64_t lost[NST_LOSS_SLOTS] = { 9, 0, 1 };
	struct nst_header header = {
		.start_ns = START_NS,
		.start_realtime_ns = 1700000000123456789ull,
		.clock = NST_CLOCK_BOOTTIME,
		.writer = "make_golden 1",
	};
	struct nst_writer *writer = NULL;
	int r;

	for (uint8_t i = 0; i < 16; i++) {
		header.uuid[i] = i;
		header.boot_id[i] = 0xf0 | i;
	}
	r = nst_writer_open(fd, &header, 19, &writer);
	if (!r)
		r = nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, environment, 4);
	if (!r)
		r = nst_writer_rows(writer, NST_CHUNK_PROCESSES, processes, 1);
	if (!r)
		r = write_events(writer);
	if (!r)
		r = nst_writer_rows(writer, NST_CHUNK_OWNERS, owner_rows, 1);
	if (!r) {
		nst_writer_set_lost(writer, lost);
		nst_writer_set_clock_sample(writer, START_NS + 90000, 1700000000123546789ull);
		r = nst_writer_rows(writer, NST_CHUNK_TOTALS, total_rows, 4);
	}
	if (!r)
		r = nst_writer_rows(writer, NST_CHUNK_INTERFACE_COUNTERS, counter_rows, 1);
	if (!r)
		r = nst_writer_rows(writer, NST_CHUNK_COMMENT, comment_rows, 1);
	if (!r)
		r = nst_writer_end(writer, START_NS + 100000);
	nst_writer_close(writer);
	return r;
}

static const struct {
	const char *name;
	int (*write)(int fd);
} traces[] = { { "all", write_trace }, { "totals", golden_totals }, { "runs", golden_runs } };

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[2], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644) : -1;
	int r = -1;

	if (fd < 0) {
		fprintf(stderr, "usage: make_golden all|totals|runs FILE, which can be written\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++)
		if (!strcmp(argv[1], traces[i].name))
			r = traces[i].write(fd);
	if (close(fd) || r) {
		fprintf(stderr, "make_golden: %s: not written: %s\n", argv[2], strerror(-r));
		return 1;
	}
	return 0;
}
