// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Totals on their way from what the kernel counted to the trace: nothing is written twice
 * or not at all, whenever there is no room and however many there are.
 */
#include "record/clock.h"
#include "record/detail.h"
#include "record/event_total.h"
#include "record/total_rows.h"
#include "record/total_table.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static int fd;
static bool is_full; /* the sink has no room */
static int n_refused;

static int take_parts(void *context, const struct iovec *parts, int n_parts,
		      const struct nst_chunk *chunk)
{
	(void)context;
	(void)chunk;
	if (is_full) {
		n_refused++;
		return -EAGAIN;
	}
	return writev(fd, parts, n_parts) < 0 ? -errno : 0;
}

static struct nst_writer *begin(void)
{
	static const struct nst_sink sink = { .write = take_parts };
	struct nst_header header = {
		.uuid = { 1 }, .start_ns = 1, .clock = NST_CLOCK_BOOTTIME, .writer = "test"
	};
	struct nst_writer *writer = NULL;

	is_full = false;
	fd = memfd_create("trace", 0);
	CHECK_INT(nst_writer_open_sink(&sink, &header, 3, &writer), 0);
	return writer;
}

/* What stands in a table, added up. */
struct found {
	size_t rows, tuples;
	uint64_t events, bytes, from_ns, to_ns;
	struct nst_total last; /* of the rows; its comm is not there any more */
	char comm[TOTAL_COMM_BYTES + 1];
	uint8_t last_local[4];
	uint16_t last_port;
};

static void add_row(struct found *found, const struct nst_total *row)
{
	found->rows++;
	found->events += row->events;
	found->bytes += row->bytes;
	if (!found->from_ns || row->from_ns < found->from_ns)
		found->from_ns = row->from_ns;
	if (row->to_ns > found->to_ns)
		found->to_ns = row->to_ns;
	found->last = *row;
	snprintf(found->comm, sizeof(found->comm), "%.*s", (int)row->comm.len_bytes,
		 (const char *)row->comm.data);
}

static void end(struct nst_writer *writer, enum nst_table table, struct found *found)
{
	const struct nst_chunk *chunk;
	struct nst_reader *reader;
	size_t n;

	CHECK_INT(nst_writer_end(writer, 100), 0);
	nst_writer_close(writer);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	memset(found, 0, sizeof(*found));
	while (nst_reader_next(reader, &chunk) > 0) {
		const struct nst_total *rows;
		const struct nst_flow *tuples;

		if (chunk->type != NST_CHUNK_TOTALS)
			continue;
		CHECK_INT(nst_reader_rows(reader, table, (const void **)&rows, &n), 0);
		for (size_t i = 0; i < n; i++)
			add_row(found, &rows[i]);
		CHECK_INT(nst_reader_rows(reader, NST_TABLE_TUPLE, (const void **)&tuples, &n), 0);
		found->tuples += n;
		if (!n || tuples[n - 1].local_addr.len_bytes != 4)
			continue;
		memcpy(found->last_local, tuples[n - 1].local_addr.data, 4);
		found->last_port = tuples[n - 1].local_port;
	}
	CHECK(!nst_reader_damaged(reader));
	nst_reader_close(reader);
	close(fd);
}

/* Three events of 100 bytes of a flow, of which n_untold are told by no event. */
static void add(struct total_rows *rows, uint64_t flow_id, uint32_t pid, uint64_t from_ns,
		uint64_t n_untold)
{
	char comm[] = "somebody";
	uint8_t local[4] = { 10, 0, 0, 1 }, remote[4] = { 10, 0, 0, 2 };
	struct nst_total all = { .from_ns = from_ns,
				 .to_ns = from_ns + 10,
				 .flow_id = flow_id,
				 .start_ns = pid,
				 .pid = pid,
				 .events = 3,
				 .packets = 3,
				 .bytes = 300,
				 .has = NST_TOTAL_HAS_FLOW | NST_TOTAL_HAS_OWNER |
					NST_TOTAL_HAS_IFINDEX,
				 .ifindex = 7,
				 .ethertype = 0x800,
				 .cgroup_id = 5,
				 .comm = { comm, 8 } };
	struct nst_total untold = all;
	const struct nst_flow tuple = { .id = flow_id,
					.has = NST_HAS_FLOW_ID | NST_HAS_ADDR | NST_HAS_PORT,
					.ethertype = 0x800,
					.local_port = 80,
					.remote_port = 90,
					.local_addr = { local, 4 },
					.remote_addr = { remote, 4 } };

	untold.events = untold.packets = n_untold;
	untold.bytes = 100 * n_untold;
	CHECK_INT(total_rows_add(rows, &all, &untold, &tuple), 0);
	memset(comm, 'x', sizeof(comm)); /* nothing may refer to them any more */
	memset(local, 0, sizeof(local));
}

static struct total_rows *open_rows(void)
{
	struct total_rows *rows = NULL;

	CHECK_INT(total_rows_open(2, &rows), 0);
	return rows;
}

static void test_told_and_untold(void)
{
	struct nst_writer *writer = begin();
	struct total_rows *rows = open_rows();
	struct found found;

	add(rows, 1, 42, 10, 0);
	add(rows, 2, 42, 10, 2);
	CHECK_INT(total_rows_write(rows, writer), 0);
	add(rows, 2, 42, 20, 1);
	CHECK_INT(total_rows_write(rows, writer), 0);
	CHECK_INT(total_rows_write(rows, writer), 0); /* nothing is left */
	total_rows_close(rows);
	end(writer, NST_TABLE_TOTAL, &found);
	CHECK_INT(found.rows, 2); /* one of each interval */
	CHECK_INT(found.events, 3);
	CHECK_INT(found.bytes, 300);
	CHECK_INT(found.tuples, 2); /* each chunk has its own */
	CHECK_INT(found.last.flow_id, 2);
	CHECK_INT(found.last.from_ns, 20);
	CHECK_INT(found.last.to_ns, 30);
	CHECK_INT(found.last.cgroup_id, 5);
	CHECK_STR(found.comm, "somebody");
	CHECK_INT(found.last_local[0], 10);
	CHECK_INT(found.last_port, 80);
}

static void test_sums(void)
{
	struct nst_writer *writer = begin();
	struct total_rows *rows = open_rows();
	struct found found;

	add(rows, 1, 42, 10, 0);
	add(rows, 2, 42, 10, 2);
	add(rows, 3, 43, 20, 3);
	is_full = true;
	CHECK_INT(total_rows_end(rows, writer, 5, 50), -EAGAIN);
	is_full = false;
	CHECK_INT(total_rows_end(rows, writer, 5, 50), 0);
	CHECK_INT(total_rows_end(rows, writer, 50, 60), 0); /* of nothing */
	total_rows_close(rows);
	end(writer, NST_TABLE_SUM, &found);
	CHECK_INT(found.rows, 2); /* a row each process, without flows */
	CHECK_INT(found.events, 9);
	CHECK_INT(found.from_ns, 5);
	CHECK_INT(found.to_ns, 50);
	CHECK_INT(found.last.has, NST_TOTAL_HAS_OWNER | NST_TOTAL_HAS_IFINDEX);
	CHECK_INT(found.last.flow_id, 0);
}

/* Rows of several intervals become one where they have to wait. */
static void test_waiting(void)
{
	struct nst_writer *writer = begin();
	struct total_rows *rows = open_rows();
	struct found found;

	is_full = true;
	n_refused = 0;
	for (uint64_t i = 0; i < 5; i++) {
		add(rows, 1, 42, 10 + 10 * i, 1);
		CHECK_INT(total_rows_write(rows, writer), -EAGAIN);
	}
	CHECK_INT(n_refused, 5);
	is_full = false;
	CHECK_INT(total_rows_write(rows, writer), 0);
	total_rows_close(rows);
	end(writer, NST_TABLE_TOTAL, &found);
	CHECK_INT(found.rows, 1);
	CHECK_INT(found.events, 5);
	CHECK_INT(found.from_ns, 10);
	CHECK_INT(found.to_ns, 60);
}

/* More than are kept apart, some written before the sink is full: the sums stay exact. */
static void test_too_many(void)
{
	const uint64_t n = 70000;
	struct nst_writer *writer = begin();
	struct total_rows *rows = open_rows();
	struct found found;

	for (uint64_t i = 1; i <= n; i++)
		add(rows, i, (uint32_t)i, 10, 3);
	CHECK(total_rows_merged(rows) > 0);
	CHECK_INT(total_rows_write(rows, writer), 0);
	CHECK_INT(total_rows_end(rows, writer, 5, 50), 0);
	total_rows_close(rows);
	end(writer, NST_TABLE_TOTAL, &found);
	CHECK_INT(found.events, 3 * n);
	CHECK_INT(found.bytes, 300 * n);
	CHECK_INT(found.rows, 65537); /* the last one is of all others */
	CHECK_INT(found.tuples, 65536);
	CHECK_INT(found.last.has, NST_TOTAL_HAS_IFINDEX);
	CHECK_INT(found.last.ifindex, 7);
	CHECK_INT(found.last.pid, 0);
}

/* Of a packet that a ring brought: GRO made one of three segments of 40 bytes of headers each. */
static void test_event_that_is_lost(void)
{
	const struct net_event event = {
		.timestamp = 30,
		.flow_id = 9,
		.start_ns = 42,
		.cgroup_id = 5,
		.has = NST_HAS_FLOW_ID | NST_HAS_OWNER | NST_HAS_IFINDEX | NST_HAS_SEGMENTS |
		       NST_HAS_HEADER_BYTES | NST_HAS_LINK_HEADER | NST_HAS_PROTOCOL |
		       NST_HAS_ADDR | NST_HAS_PORT | NST_HAS_CGROUP,
		.pid = 42,
		.bytes = 340,
		.segments = 3,
		.ifindex = 7,
		.ethertype = 0x800,
		.sport = 90,
		.dport = 80,
		.header_bytes = 40,
		.flags = NST_FLAG_FRAGMENT | NST_FLAG_TUNNELLED,
		.protocol = 6,
		.link_header_bytes = 14,
		.comm_len = 8,
		.saddr = { 10, 0, 0, 2 },
		.daddr = { 10, 0, 0, 1 },
		.comm = "somebody",
	};
	struct nst_writer *writer = begin();
	struct total_rows *rows = open_rows();
	struct nst_total total;
	struct nst_flow tuple;
	struct found found;

	event_total(&event, &total, &tuple);
	CHECK_INT(total.packets, 3);
	CHECK_INT(total.payload_bytes, 300);
	CHECK_INT(total.wire_bytes, 300 + 3 * 54);
	CHECK_INT(total.flags, NST_FLAG_TUNNELLED);
	CHECK_INT(total_rows_add_lost(rows, &total, &tuple, false), 0);
	CHECK_INT(total_rows_end(rows, writer, 5, 50), 0);
	total_rows_close(rows);
	end(writer, NST_TABLE_TOTAL, &found);
	CHECK_INT(found.rows, 1);
	CHECK_INT(found.bytes, 340);
	CHECK_INT(found.from_ns, 30);
	CHECK_INT(found.to_ns, 31);
	CHECK_INT(found.last.flow_id, 9);
	CHECK_INT(found.last.pid, 42);
	CHECK_INT(found.last.cgroup_id, 5);
	CHECK_STR(found.comm, "somebody");
	CHECK_INT(found.tuples, 1);
	CHECK_INT(found.last_local[3], 1); /* it came in */
	CHECK_INT(found.last_port, 80);
}

/* Into a file that is full go few rows, and all bytes. */
static void test_lost_in_a_full_file(void)
{
	struct nst_writer *writer = begin();
	struct total_rows *rows = open_rows();
	struct found found;

	for (uint64_t i = 1; i <= 1000; i++) {
		const struct nst_total total = { .flow_id = i,
						 .has = NST_TOTAL_HAS_FLOW | NST_TOTAL_HAS_IFINDEX,
						 .ifindex = 7,
						 .events = 1,
						 .bytes = 100 };
		const struct nst_flow tuple = { .id = i, .has = NST_HAS_FLOW_ID };

		CHECK_INT(total_rows_add_lost(rows, &total, &tuple, true), 0);
	}
	CHECK_INT(total_rows_merged(rows), 1000 - 64);
	CHECK_INT(total_rows_end(rows, writer, 5, 50), 0);
	total_rows_close(rows);
	end(writer, NST_TABLE_TOTAL, &found);
	CHECK_INT(found.rows, 65);
	CHECK_INT(found.bytes, 100000);
	CHECK_INT(found.last.ifindex, 7);
}

static void test_losses(void)
{
	struct nst_writer *writer = begin();
	struct total_rows *rows = open_rows();
	const struct nst_chunk *chunk;
	struct nst_reader *reader;
	uint64_t events = 0, times = 0;

	for (uint64_t i = 0; i < 3; i++) {
		const struct nst_loss_interval loss = {
			.from_ns = 10 * i, .to_ns = 10 * i + 10, .events = i, .bytes = 9, .cpu = 1
		};

		total_rows_lose(rows, &loss);
	}
	total_rows_detail(rows, 33, NST_DETAIL_FLOWS);
	CHECK_INT(total_rows_write(rows, writer), 0);
	CHECK_INT(total_rows_write(rows, writer), 0);
	total_rows_close(rows);
	CHECK_INT(nst_writer_end(writer, 100), 0);
	nst_writer_close(writer);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	while (nst_reader_next(reader, &chunk) > 0) {
		const struct nst_loss_interval *losses;
		const struct nst_detail_change *details;
		size_t n;

		if (chunk->type != NST_CHUNK_TOTALS)
			continue;
		CHECK_INT(nst_reader_rows(reader, NST_TABLE_LOSS, (const void **)&losses, &n), 0);
		CHECK_INT(n, 1); /* nothing was lost in the first interval */
		CHECK_INT(losses[0].from_ns, 10);
		CHECK_INT(losses[0].to_ns, 30);
		CHECK_INT(losses[0].cpu, 1);
		events += losses[0].events;
		CHECK_INT(nst_reader_rows(reader, NST_TABLE_DETAIL, (const void **)&details, &n),
			  0);
		CHECK_INT(n, 1);
		times += details[0].time_ns;
	}
	nst_reader_close(reader);
	close(fd);
	CHECK_INT(events, 3);
	CHECK_INT(times, 33);
}

/* ---- When to do without events ------------------------------------------ */

static uint64_t now;
static struct pressure pressure;

/* Some tenths of a second with so many events in each. True: something has changed. */
static bool pass(struct detail *detail, int tenths, uint64_t events)
{
	bool has_changed = false;

	for (int i = 0; i < tenths; i++) {
		now += NS_PER_S / 10;
		pressure.at_ns = now;
		pressure.events += events;
		has_changed |= detail_look(detail, &pressure);
	}
	return has_changed;
}

static void test_detail(void)
{
	struct detail detail;

	now = NS_PER_S;
	detail_begin(&detail, false, now);
	CHECK(!pass(&detail, 100, 100000)); /* as many as there may be, as long as they fit */
	pressure.lost_events = 1;
	CHECK(pass(&detail, 1, 100000));
	CHECK(detail.is_flows);
	CHECK(!pass(&detail, 100, 60000)); /* more than half of what was too much */
	CHECK(!pass(&detail, 40, 40000));
	CHECK(!pass(&detail, 20, 60000)); /* not for long enough */
	CHECK(!pass(&detail, 45, 40000));
	CHECK(pass(&detail, 15, 40000));
	CHECK(!detail.is_flows);
	pressure.ring_percent = 51;
	CHECK(pass(&detail, 1, 10));
	CHECK(detail.is_flows);
	CHECK(!pass(&detail, 100, 10)); /* the rings are still not emptied */
	pressure.ring_percent = 0;
	CHECK(pass(&detail, 65, 10));
	CHECK(!detail.is_flows);
}

/* What stopped events may have been a disk's fault: they are tried again at last. */
static void test_detail_is_tried_again(void)
{
	struct detail detail;

	now = NS_PER_S;
	detail_begin(&detail, false, now);
	pressure = (struct pressure){ 0 };
	pass(&detail, 20, 1000);
	pressure.lost_events = 1;
	CHECK(pass(&detail, 1, 1000));
	CHECK(!pass(&detail, 250, 1000));
	CHECK(pass(&detail, 110, 1000));
	CHECK(!detail.is_flows);
}

/* A ring that was full before the first look, as of any rate that there was since the start. */
static void test_detail_at_the_start(void)
{
	struct detail detail;

	now = NS_PER_S;
	detail_begin(&detail, false, now);
	pressure = (struct pressure){ .lost_events = 1 };
	CHECK(pass(&detail, 1, 10000));
	CHECK(detail.is_flows);
	CHECK(pass(&detail, 65, 4000));
	CHECK(!detail.is_flows);
}

/* A pipe that nobody reads for half an hour keeps the rings full. */
static void test_detail_after_a_stall(void)
{
	struct detail detail;

	now = NS_PER_S;
	detail_begin(&detail, false, now);
	pressure = (struct pressure){ .ring_percent = 100 };
	CHECK(pass(&detail, 40, 1000));
	CHECK(!pass(&detail, 63 * 30 * 10, 1000));
	pressure.ring_percent = 0;
	CHECK(pass(&detail, 65, 1000));
	CHECK(!detail.is_flows);
}

int main(void)
{
	RUN(test_told_and_untold);
	RUN(test_sums);
	RUN(test_waiting);
	RUN(test_too_many);
	RUN(test_event_that_is_lost);
	RUN(test_lost_in_a_full_file);
	RUN(test_losses);
	RUN(test_detail);
	RUN(test_detail_is_tried_again);
	RUN(test_detail_at_the_start);
	RUN(test_detail_after_a_stall);
	return test_result();
}
