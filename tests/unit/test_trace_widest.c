/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chunks of as many rows as there can be, each as wide as it gets. */
#include "test_trace_fixture.h"

/* An event of rows that no other has, as wide as they get. */
static void widest_event(uint32_t i, uint8_t comm_len, struct net_event *event)
{
	const uint64_t wide = UINT64_MAX - (uint64_t)i * 0x9e3779b97f4a7c15u;

	memset(event, 0xff, sizeof(*event));
	event->timestamp = FIXTURE_START_NS;
	event->has = 0x3fff;
	event->flow_id = event->start_ns = event->cgroup_id = wide;
	event->pid = event->netns = event->ifindex = (uint32_t)wide;
	event->sport = event->dport = event->vlan_id = (uint16_t)(0xffff - i);
	/* columns that are the same in all rows take nothing */
	event->has ^= i % 64 == 0 ? NST_HAS_PROTOCOL | NST_HAS_VLAN : 0;
	event->protocol = event->link_header_bytes = event->owner_source = (uint8_t)i;
	event->ethertype = (uint16_t)(0x86dd - i);
	event->is_send = i & 1;
	event->flags = (uint16_t)(i << 8);
	event->comm_len = comm_len;
	for (size_t k = 0; k < 16; k++)
		event->saddr[k] = event->daddr[k] = (uint8_t)(wide >> k);
	for (size_t k = 0; k < NST_COMM_MAX; k++)
		event->comm[k] = (char)(i * 31 + k * i);
	memset(event->comm + comm_len, 0, sizeof(event->comm) - comm_len);
}

/* Whatever their comms are, rows of so many processes, flows and lanes must fit into a dictionary. */
static void test_widest_rows(void)
{
	static const uint8_t comm_lens[] = { NST_COMM_MAX, 85, 42, 0 };
	const uint32_t n = 26000;

	for (size_t k = 0; k < sizeof(comm_lens); k++) {
		struct nst_header header = fixture_header(1);
		struct nst_writer *writer = NULL;
		struct fixture_result result;
		struct net_event event;
		int fd = fixture_memfd();

		CHECK_INT(nst_writer_open(fd, &header, 1, &writer), 0);
		for (uint32_t i = 0; i < n; i++) {
			widest_event(i, comm_lens[k], &event);
			CHECK_INT(nst_writer_event(writer, &event), 0);
		}
		CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS), 0);
		nst_writer_close(writer);
		lseek(fd, 0, SEEK_SET);
		result = fixture_read_fd(fd);
		CHECK_INT(result.trace.events, n);
		CHECK_INT(result.n_problems, 0);
		close(fd);
	}
}

int main(void)
{
	RUN(test_widest_rows);
	return test_result();
}
