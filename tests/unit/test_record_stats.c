// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What changed between two readings of the kernel's byte counts. */
#include "record/stats.h"

#include "tests/unit/test.h"

static void first_table(void)
{
	struct throughput rows[] = { { 0, "", 5, 0 }, { 7, "a", 10, 20 }, { 9, "idle", 0, 0 } };

	CHECK_INT(stats_difference(rows, 3, NULL, 0), 2);
	CHECK_INT(rows[0].pid, 7);
	CHECK_INT(rows[0].recv_bytes, 20);
	CHECK_INT(rows[1].pid, 0);
}

/* New rows come in before, between and behind the old ones; a name is part of the key. */
static void later_table(void)
{
	const struct throughput before[] = { { 5, "b", 100, 100 }, { 7, "a", 10, 20 } };
	struct throughput rows[] = {
		{ 2, "new", 1, 0 },   { 5, "b", 150, 100 }, { 7, "a", 10, 20 },
		{ 7, "aa", 0, 1000 }, { 8, "c", 3, 4 },
	};

	CHECK_INT(stats_difference(rows, 5, before, 2), 4);
	CHECK_STR(rows[0].name, "aa");
	CHECK_INT(rows[0].recv_bytes, 1000);
	CHECK_STR(rows[1].name, "b");
	CHECK_INT(rows[1].send_bytes, 50);
	CHECK_INT(rows[1].recv_bytes, 0);
	CHECK_STR(rows[2].name, "c");
	CHECK_STR(rows[3].name, "new");
}

static void nothing(void)
{
	CHECK_INT(stats_difference(NULL, 0, NULL, 0), 0);
}

int main(void)
{
	RUN(first_table);
	RUN(later_table);
	RUN(nothing);
	return test_result();
}
