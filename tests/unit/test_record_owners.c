// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What becomes known about owners goes in as the kernel tells it, and the rows
 * are read back from a trace: expected is what the meaning of the rows asks for,
 * written by hand.
 */
#include "bpf/events.h"
#include "format/trace.h"
#include "record/owner_change.h"
#include "record/owners.h"
#include "record/translate.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_FLOWS 64
#define ROWS_MAX 4096

static struct nst_writer *writer;
static struct owners *owners;
static int fd;

static char rows[ROWS_MAX][96]; /* as text, in the order of the file */
static size_t n_rows, n_chunks;

static void set_up(void)
{
	const struct nst_header header = { .uuid = { 1 }, .clock = NST_CLOCK_BOOTTIME };

	fd = memfd_create("trace", 0);
	CHECK_INT(nst_writer_open(fd, &header, 1, &writer), 0);
	CHECK_INT(owners_open(writer, MAX_FLOWS, &owners), 0);
	n_rows = n_chunks = 0;
}

/* "FLOW c|h FROM PID SOURCE", and the fields that only one test has a word about */
static void read_rows(struct nst_reader *reader)
{
	const struct nst_owner *found;
	const void *table;
	size_t n;

	CHECK_INT(nst_reader_rows(reader, NST_TABLE_OWNER, &table, &n), 0);
	n_chunks++;
	found = table;
	for (size_t i = 0; i < n && n_rows < ROWS_MAX; i++, n_rows++) {
		CHECK(!(found[i].has & NST_OWNER_HAS_TO));
		CHECK_INT(found[i].start_ns, found[i].pid * 1000);
		snprintf(rows[n_rows], sizeof(rows[0]), "%" PRIu64 " %c %" PRIu64 " %u %s",
			 found[i].flow_id, found[i].what == NST_OWNER_HELD ? 'h' : 'c',
			 found[i].from_ns, found[i].pid,
			 nst_owner_source_name(found[i].owner_source));
	}
}

static void finish(void)
{
	struct nst_reader *reader;
	const struct nst_chunk *chunk;

	CHECK_INT(owners_settle(owners, UINT64_MAX), 0);
	owners_close(owners);
	CHECK_INT(nst_writer_end(writer, 1), 0);
	nst_writer_close(writer);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	while (nst_reader_next(reader, &chunk) > 0)
		if (chunk->type == NST_CHUNK_OWNERS)
			read_rows(reader);
	CHECK(!nst_reader_damaged(reader));
	nst_reader_close(reader);
	close(fd);
}

/* All rows, one a line. */
static const char *all_rows(void)
{
	static char text[4096];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n_rows && at < sizeof(text) - 100; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? "\n" : "",
				       rows[i]);
	return text;
}

static struct owner_record record_of(uint64_t at, enum owner_record_kind kind, uint64_t flow,
				     uint64_t socket, uint32_t pid, uint64_t used)
{
	struct owner_record record = {
		.timestamp = at,
		.flow_id = flow,
		.socket_id = socket,
		.used_ns = used,
		.owner = { .pid = pid, .start_ns = pid * 1000ull },
		.kind = (uint8_t)kind,
		.source = SOURCE_FLOW,
	};

	snprintf(record.owner.comm, sizeof(record.owner.comm), "p%u", pid);
	return record;
}

static void give(const struct owner_record *record)
{
	struct owner_change change;

	translate_owner(record, &change);
	CHECK_INT(owners_take(owners, &change), 0);
}

static void flow_of(uint64_t at, uint64_t flow, uint64_t socket, uint32_t pid, uint64_t used)
{
	const struct owner_record record = record_of(at, OWNER_OF_FLOW, flow, socket, pid, used);

	give(&record);
}

static void joins(uint64_t at, uint64_t flow, uint64_t socket)
{
	const struct owner_record record = record_of(at, SOCKET_OF_FLOW, flow, socket, 0, 0);

	give(&record);
}

static void socket_of(uint64_t at, uint64_t socket, uint32_t pid, uint64_t used)
{
	const struct owner_record record = record_of(at, OWNER_OF_SOCKET, 0, socket, pid, used);

	give(&record);
}

static void shares(uint64_t at, uint64_t flow, uint64_t socket, uint32_t pid, uint64_t since)
{
	struct owner_record record =
		record_of(at, pid ? OWNER_OF_FLOW : SOCKET_OF_FLOW, flow, socket, pid, since);

	record.is_shared = 1;
	give(&record);
}

static void met(uint64_t flow, uint64_t at)
{
	CHECK_INT(owners_met(owners, flow, at), 0);
}

static void settle(uint64_t until)
{
	CHECK_INT(owners_settle(owners, until), 0);
}

/* ---- One flow ----------------------------------------------------------- */

static void first_owner_has_all(void)
{
	set_up();
	met(1, 10);
	flow_of(12, 1, 7, 100, 0);
	settle(20);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow");
}

static void hand_over_splits(void)
{
	set_up();
	met(1, 10);
	flow_of(12, 1, 7, 100, 0);
	settle(20);
	met(1, 25);
	flow_of(30, 1, 7, 200, 22);
	settle(40);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow\n1 c 22 200 flow\n1 h 30 200 flow");
}

static void owner_before_any_event(void)
{
	set_up();
	flow_of(12, 1, 7, 100, 0);
	settle(20);
	met(1, 30);
	settle(40);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow");
}

static void only_flows_with_events(void)
{
	const uint64_t gone[] = { 1 };

	set_up();
	flow_of(12, 1, 7, 100, 0);
	joins(12, 2, 8);
	socket_of(13, 8, 300, 0);
	flow_of(14, 3, 0, 200, 0);
	met(4, 15);
	settle(20);
	owners_gone(owners, gone, 1);
	met(3, 30);
	finish();
	CHECK_STR(all_rows(), "3 c 0 200 flow");
	CHECK_INT(n_chunks, 1);
}

/* Two owners before the first event: it is the second one's. */
static void last_owner_before_an_event(void)
{
	set_up();
	flow_of(12, 1, 8, 100, 0);
	flow_of(15, 1, 7, 200, 12);
	settle(20);
	met(1, 30);
	finish();
	CHECK_STR(all_rows(), "1 c 12 200 flow\n1 h 15 200 flow");
}

/* A record may be ahead of the events that have been taken: those come first. */
static void waits_for_events(void)
{
	set_up();
	flow_of(35, 1, 7, 100, 0);
	flow_of(38, 1, 7, 200, 36);
	settle(20);
	met(1, 36);
	settle(40);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow\n1 c 36 200 flow\n1 h 38 200 flow");
}

/* ---- Sockets ------------------------------------------------------------ */

static void socket_then_owner(void)
{
	set_up();
	met(1, 10);
	met(2, 11);
	joins(10, 1, 7);
	joins(11, 2, 7);
	settle(20);
	socket_of(25, 7, 100, 0);
	settle(30);
	finish();
	CHECK_STR(all_rows(), "2 c 0 100 flow\n1 c 0 100 flow");
}

static void owner_then_socket(void)
{
	set_up();
	socket_of(9, 7, 100, 0);
	joins(10, 1, 7);
	met(1, 10);
	settle(20);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow");
}

/* The flow has long left the kernel's table when somebody reads the socket. */
static void owner_after_the_flow(void)
{
	const uint64_t gone[] = { 1, 2 };

	set_up();
	met(1, 10);
	joins(10, 1, 7);
	met(2, 11);
	flow_of(11, 2, 8, 200, 0);
	settle(20);
	owners_gone(owners, gone, 2);
	socket_of(90, 7, 100, 0);
	socket_of(91, 8, 300, 80);
	settle(100);
	socket_of(110, 7, 300, 100);
	settle(120);
	finish();
	CHECK_STR(all_rows(), "2 c 0 200 flow\n1 c 0 100 flow");
}

/* Workers of one socket take turns: a change concerns the flows with events since the last. */
static void changes_of_a_busy_socket(void)
{
	set_up();
	for (uint64_t flow = 1; flow <= 3; flow++) {
		met(flow, 10);
		joins(10, flow, 7);
	}
	socket_of(11, 7, 100, 0);
	settle(15);
	met(2, 20);
	socket_of(21, 7, 200, 11);
	settle(25);
	met(3, 30);
	socket_of(31, 7, 300, 21);
	settle(35);
	met(1, 40);
	settle(45);
	finish();
	/* 3 had no event that 200 could have had, and 1 none that 100 or 200 could have had */
	CHECK_STR(all_rows(), "3 c 0 100 flow\n2 c 0 100 flow\n1 c 0 100 flow\n"
			      "2 c 11 200 flow\n2 h 21 200 flow\n"
			      "3 c 21 300 flow\n3 h 31 300 flow\n"
			      "1 c 21 300 flow\n1 h 31 300 flow");
}

/* A socket of its own takes over the flow of one that serves many. */
static void flow_moves_to_another_socket(void)
{
	set_up();
	met(1, 10);
	met(2, 10);
	flow_of(10, 1, 7, 100, 0);
	flow_of(10, 2, 7, 100, 0);
	settle(20);
	met(1, 25);
	met(2, 25);
	flow_of(26, 1, 8, 200, 22);
	socket_of(30, 7, 300, 23);
	settle(40);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow\n2 c 0 100 flow\n1 c 22 200 flow\n1 h 26 200 flow\n"
			      "2 c 23 300 flow\n2 h 30 300 flow");
}

/* Its packet was told to be of a socket that 100 had used, and 200 has taken it. */
static void packet_for_the_next_owner(void)
{
	set_up();
	met(1, 20);
	flow_of(21, 1, 7, 100, 0);
	settle(25);
	socket_of(30, 7, 200, 15);
	settle(40);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow\n1 c 15 200 flow\n1 h 30 200 flow");
}

/* Two changes in one round; the event between them is the first one's. */
static void event_between_two_changes(void)
{
	set_up();
	met(1, 5);
	joins(5, 1, 7);
	socket_of(6, 7, 100, 0);
	settle(8);
	met(1, 12);
	socket_of(10, 7, 200, 9);
	socket_of(20, 7, 300, 15);
	settle(30);
	met(1, 32);
	settle(40);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow\n1 c 9 200 flow\n1 h 10 200 flow\n"
			      "1 c 15 300 flow\n1 h 20 300 flow");
}

/* Requests and workers in turn, many in a round: rows for each request, not for each pair. */
static void rows_of_a_very_busy_socket(void)
{
	set_up();
	for (uint64_t flow = 1; flow <= 60; flow++)
		joins(1, flow, 7);
	socket_of(2, 7, 100, 0);
	settle(5);
	for (uint64_t flow = 1; flow <= 60; flow++)
		met(flow, 10 * flow);
	for (uint64_t i = 1; i <= 60; i++)
		socket_of(10 * i + 5, 7, i % 2 ? 200 : 100, 10 * i - 5);
	settle(1000);
	finish();
	CHECK_INT(n_rows, 60 + 60); /* consumed, and but for the first ever, held */
	CHECK_STR(rows[0], "1 c 5 200 flow");
	CHECK_STR(rows[2], "2 c 15 100 flow");
}

static void consumers_before_any_event(void)
{
	set_up();
	shares(10, 1, 7, 100, 0);
	shares(11, 1, 8, 200, 0);
	settle(20);
	met(1, 25);
	settle(30);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 shared\n1 c 0 200 shared");
}

static void several_consumers(void)
{
	const uint64_t ms = 1000000;

	set_up();
	met(1, 10 * ms);
	flow_of(10 * ms + 1, 1, 7, 100, 0);
	shares(10 * ms + 2, 1, 7, 100, 0);
	shares(10 * ms + 3, 1, 8, 0, 0); /* nobody has used it yet */
	settle(20 * ms);
	met(1, 25 * ms);
	met(1, 27 * ms);
	shares(25 * ms + 5, 1, 9, 300, 0);
	socket_of(28 * ms, 8, 200, 0);
	shares(29 * ms, 1, 9, 300, 0); /* told twice */
	socket_of(30 * ms, 9, 400, 26 * ms);
	settle(40 * ms);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow\n1 c 0 100 shared\n1 c 24000005 300 shared\n"
			      "1 c 0 200 shared\n"
			      "1 c 26000000 400 shared\n1 h 30000000 400 shared");
}

/* ---- Bounds ------------------------------------------------------------- */

static void chunk_holds_many_rows(void)
{
	set_up();
	for (uint64_t flow = 1; flow <= 50; flow++) {
		met(flow, flow);
		flow_of(flow, flow, flow, 100, 0);
		settle(flow);
	}
	settle(600000000);
	met(51, 600000001);
	flow_of(600000002, 51, 51, 100, 0);
	finish();
	CHECK_INT(n_rows, 51);
	CHECK_INT(n_chunks, 2);
}

/* Ids that the kernel never says to be over do not pile up, and no flow in use is lost for them. */
static void memory_is_bounded(void)
{
	const uint64_t second = 1000000000;

	set_up();
	met(1, second);
	joins(1, 1, 7);
	for (uint64_t i = 1; i <= 100 * MAX_FLOWS; i++) {
		met(1, i * second);
		met(1000 + i, i * second);
		flow_of(i * second, 1000 + i, 1000 + i, 100, 0);
		settle(i * second);
	}
	CHECK_INT(owners_lost(owners), 0);
	socket_of(1, 7, 200, 0);
	finish();
	CHECK_INT(n_rows, 100 * MAX_FLOWS + 1 > ROWS_MAX ? ROWS_MAX : 100 * MAX_FLOWS + 1);
}

static void what_is_forgotten_is_counted(void)
{
	set_up();
	for (uint64_t flow = 1; flow <= MAX_FLOWS; flow++)
		flow_of(1, flow, 0, 100, 0);
	settle(2);
	CHECK_INT(owners_lost(owners), 0);
	flow_of(3, MAX_FLOWS + 1, 0, 100, 0);
	settle(4);
	CHECK_INT(owners_lost(owners), 1);
	met(1, 5); /* the oldest went */
	met(2, 6);
	finish();
	CHECK_STR(all_rows(), "2 c 0 100 flow");
}

/* ---- Fields -------------------------------------------------------------- */

static void fields_of_a_row(void)
{
	struct owner_record record = record_of(12, OWNER_OF_FLOW, 1, 7, 100, 0);
	const struct nst_chunk *chunk;
	const struct nst_owner *row;
	struct nst_reader *reader;
	const void *table = NULL;
	size_t n = 0;

	record.owner.tid = 101;
	record.owner.cgroup_id = 55;
	memcpy(record.owner.comm, "sixteen-letters!", sizeof(record.owner.comm));
	record.source = SOURCE_LISTENER;
	set_up();
	met(1, 10);
	give(&record);
	CHECK_INT(owners_settle(owners, UINT64_MAX), 0);
	owners_close(owners);
	nst_writer_end(writer, 1);
	nst_writer_close(writer);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	while (nst_reader_next(reader, &chunk) > 0 && !n)
		if (chunk->type == NST_CHUNK_OWNERS)
			CHECK_INT(nst_reader_rows(reader, NST_TABLE_OWNER, &table, &n), 0);
	CHECK_INT(n, 1);
	row = table;
	if (n == 1) {
		CHECK_INT(row->has, NST_OWNER_HAS_TID | NST_OWNER_HAS_CGROUP);
		CHECK_INT(row->tid, 101);
		CHECK_INT(row->cgroup_id, 55);
		CHECK_INT(row->start_ns, 100000);
		CHECK_INT(row->owner_source, NST_OWNER_LISTENER);
		CHECK_INT(row->comm.len_bytes, 16);
		CHECK(!memcmp(row->comm.data, "sixteen-letters!", 16));
	}
	nst_reader_close(reader);
	close(fd);
}

int main(void)
{
	RUN(first_owner_has_all);
	RUN(hand_over_splits);
	RUN(owner_before_any_event);
	RUN(only_flows_with_events);
	RUN(last_owner_before_an_event);
	RUN(waits_for_events);
	RUN(socket_then_owner);
	RUN(owner_then_socket);
	RUN(owner_after_the_flow);
	RUN(changes_of_a_busy_socket);
	RUN(flow_moves_to_another_socket);
	RUN(packet_for_the_next_owner);
	RUN(event_between_two_changes);
	RUN(rows_of_a_very_busy_socket);
	RUN(consumers_before_any_event);
	RUN(several_consumers);
	RUN(chunk_holds_many_rows);
	RUN(memory_is_bounded);
	RUN(what_is_forgotten_is_counted);
	RUN(fields_of_a_row);
	return test_result();
}
