/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Enough events that each way of writing them is worth it: some sizes come often and some
 * once, times that are near and far, flows with several lanes, addresses of both families.
 */
#include "make_golden.h"

#include <string.h>

#define START_NS 9000000000ull
#define EVENTS 200

static const uint32_t sizes[] = { 52, 1500, 52, 7292 };

static struct net_event event_of(uint32_t i, uint64_t time)
{
	bool is_v6 = i % 5 == 4;
	uint8_t address_bytes = is_v6 ? 16 : 4;
	struct net_event event = {
		.timestamp = time,
		.flow_id = 100 - i % 5,
		.start_ns = 20,
		.has = NST_HAS_PROTOCOL | NST_HAS_ADDR | NST_HAS_PORT | NST_HAS_OWNER |
		       NST_HAS_IFINDEX | NST_HAS_FLOW_ID | NST_HAS_HEADER_BYTES | NST_HAS_TCP_FLAGS,
		.pid = 300,
		.bytes = i % 9 ? sizes[i % 4] : 100 * i,
		.ifindex = 2,
		.ethertype = is_v6 ? 0x86dd : 0x0800,
		.header_bytes = is_v6 ? 72 : 52,
		.tcp_flags = i % 2 ? 0x18 : 0x10,
		.protocol = 6,
		.is_send = i % 3 == 0,
		.owner_source = NST_OWNER_SOCKET,
		.comm_len = 3,
		.comm = "web",
	};
	uint8_t *local = event.is_send ? event.saddr : event.daddr;
	uint8_t *remote = event.is_send ? event.daddr : event.saddr;

	memset(local, 0x11, address_bytes);
	memset(remote, 0x22, address_bytes);
	remote[address_bytes - 1] = (uint8_t)(i % 5);
	event.sport = event.is_send ? 443 : (uint16_t)(50000 + i % 5);
	event.dport = event.is_send ? (uint16_t)(50000 + i % 5) : 443;
	return event;
}

int golden_runs(int fd)
{
	struct nst_header header = {
		.start_ns = START_NS,
		.start_realtime_ns = 1700000000123456789ull,
		.clock = NST_CLOCK_BOOTTIME,
		.writer = "make_golden 1",
	};
	struct nst_writer *writer = NULL;
	uint64_t time = START_NS;
	int r;

	memset(header.uuid, 0x3e, sizeof(header.uuid));
	memset(header.boot_id, 0xb0, sizeof(header.boot_id));
	r = nst_writer_open(fd, &header, 19, &writer);
	for (uint32_t i = 0; i < EVENTS && !r; i++) {
		struct net_event event = event_of(i, time);

		time += i % 50 == 49 ? 1ull << 62 >> i / 4
				     : i * i % 512; /* some are one and the same */
		r = nst_writer_event(writer, &event);
	}
	if (!r)
		r = nst_writer_flush(writer);
	/* times much alike, of which more stands in the byte of each */
	for (uint32_t i = 0; i < EVENTS && !r; i++) {
		struct net_event event = event_of(0, time + 700 * i + i % 3);

		r = nst_writer_event(writer, &event);
	}
	if (!r)
		r = nst_writer_end(writer, time + 700 * EVENTS);
	nst_writer_close(writer);
	return r;
}
