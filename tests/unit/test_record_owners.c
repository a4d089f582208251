// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What becomes known about owners goes in as the kernel tells it, and the rows
 * are read back from a trace: expected is what the meaning of the rows asks for,
 * written by hand.
 */
#include "tests/unit/test_record_owners.h"

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
	owners_gone(owners, gone, 1, 20, 20);
	met(3, 30);
	finish();
	CHECK_STR(all_rows(), "3 c 0 200 flow");
	CHECK_INT(n_chunks, 1);
}

/* An interval may be much longer than what the kernel remembers of a flow that has ended. */
static void total_after_the_flow(void)
{
	const uint64_t gone[] = { 1, 2 };

	set_up();
	flow_of(12, 1, 7, 100, 0);
	joins(12, 2, 8);
	settle(20);
	owners_gone(owners, gone, 2, 20, 10);
	owners_gone(owners, NULL, 0, 30, 10);
	socket_of(31, 8, 200, 0);
	settle(35);
	CHECK_INT(owners_met_until(owners, 1, 40), 0);
	CHECK_INT(owners_met_until(owners, 2, 40), 0);
	settle(41);
	owners_gone(owners, NULL, 0, 45, 40);
	socket_of(50, 8, 300, 48); /* not of what is over by now */
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow\n2 c 0 200 flow");
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
	owners_gone(owners, gone, 2, 20, 20);
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
	shares(12 * ms, 1, 6, 0, 11 * ms);
	settle(20 * ms);
	met(1, 25 * ms);
	met(1, 27 * ms);
	shares(25 * ms + 5, 1, 9, 300, 25 * ms);
	socket_of(28 * ms, 8, 200, 0);
	socket_of(28 * ms, 6, 500, 0);
	shares(29 * ms, 1, 9, 300, 0); /* told twice */
	socket_of(30 * ms, 9, 400, 26 * ms);
	settle(40 * ms);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow\n1 c 0 100 shared\n1 c 25000000 300 shared\n"
			      "1 c 0 200 shared\n1 c 11000000 500 shared\n"
			      "1 c 26000000 400 shared\n1 h 30000000 400 shared");
}

/* It was taken over before it was shared: what came before that is the first one's. */
static void taken_over_then_shared(void)
{
	set_up();
	met(1, 10);
	flow_of(12, 1, 7, 100, 0);
	settle(20);
	flow_of(52, 1, 8, 200, 49);
	settle(60);
	met(1, 90);
	shares(100, 1, 8, 200, 0);
	settle(110);
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 flow\n1 c 49 200 flow\n1 h 52 200 flow\n"
			      "1 c 49 200 shared");
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
	RUN(total_after_the_flow);
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
	RUN(taken_over_then_shared);
	RUN(chunk_holds_many_rows);
	RUN(memory_is_bounded);
	RUN(what_is_forgotten_is_counted);
	RUN(fields_of_a_row);
	return test_result();
}
