// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A recording goes on in another file: the rows of owners that this one needs. */
#include "tests/unit/test_record_owners.h"

/* End the trace and go on in another one. */
static void next_file(void)
{
	const struct nst_header header = { .uuid = { 2 }, .clock = NST_CLOCK_BOOTTIME };
	struct nst_writer *next;
	int next_fd = memfd_create("trace", 0);

	CHECK_INT(nst_writer_open(next_fd, &header, 1, &next), 0);
	CHECK_INT(owners_write(owners), 0);
	owners_move(owners, next);
	CHECK_INT(owners_describe(owners, next), 0);
	read_trace();
	fd = next_fd;
	writer = next;
}

static void next_file_has_the_rows_that_count(void)
{
	set_up();
	met(1, 10);
	met(2, 10);
	met(3, 10);
	joins(10, 3, 9);
	flow_of(12, 1, 7, 100, 0);
	flow_of(13, 2, 8, 100, 0);
	settle(20);
	met(1, 25);
	flow_of(30, 1, 7, 200, 22);
	settle(35);
	met(1, 36);
	flow_of(40, 1, 7, 300, 34);
	settle(45);
	next_file();
	CHECK_INT(n_rows, 6); /* none of them waited for longer than the file */
	socket_of(50, 9, 400, 0);
	flow_of(60, 1, 7, 100, 55);
	settle(70);
	finish();
	/* what became known in the second file stands behind what the first one knew */
	CHECK_STR(all_rows(), "1 c 34 300 flow\n2 c 0 100 flow\n1 h 40 300 flow\n"
			      "3 c 0 400 flow\n1 c 55 100 flow\n1 h 60 100 flow");
}

static void next_file_has_all_consumers(void)
{
	const uint64_t ms = 1000000;

	set_up();
	met(1, 10 * ms);
	shares(10 * ms + 2, 1, 7, 100, 0);
	shares(10 * ms + 3, 1, 8, 200, 0);
	settle(20 * ms);
	met(1, 25 * ms);
	socket_of(30 * ms, 8, 300, 26 * ms);
	settle(35 * ms);
	met(1, 37 * ms);
	socket_of(40 * ms, 8, 200, 36 * ms);
	settle(50 * ms);
	next_file();
	CHECK_STR(all_rows(), "1 c 0 100 shared\n1 c 0 200 shared\n"
			      "1 c 26000000 300 shared\n1 h 30000000 300 shared\n"
			      "1 c 36000000 200 shared\n1 h 40000000 200 shared");
	finish();
	CHECK_STR(all_rows(), "1 c 0 100 shared\n1 c 0 200 shared\n"
			      "1 c 26000000 300 shared\n1 h 40000000 200 shared");
}

static void next_file_has_nothing_of_what_is_over(void)
{
	const uint64_t gone[] = { 1, 2 };

	set_up();
	met(1, 10);
	flow_of(12, 1, 7, 100, 0);
	met(2, 10);
	joins(10, 2, 8);
	flow_of(12, 2, 9, 100, 0); /* of a socket of its own; another may still be used */
	met(3, 10);
	flow_of(12, 3, 7, 100, 0);
	settle(20);
	owners_gone(owners, gone, 2, 20, 20);
	next_file();
	CHECK_INT(n_rows, 3);
	finish();
	CHECK_STR(all_rows(), "3 c 0 100 flow");
}

int main(void)
{
	RUN(next_file_has_the_rows_that_count);
	RUN(next_file_has_all_consumers);
	RUN(next_file_has_nothing_of_what_is_over);
	return test_result();
}
