// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The level of compression, by how full the rings are. */
#include "record/clock.h"
#include "record/level.h"

#include "tests/unit/test.h"

static uint64_t now;

static int look(struct level *level, unsigned int percent, uint64_t after_ns)
{
	now += after_ns;
	return level_look(level, percent, now);
}

static struct level begin(int asked)
{
	struct level level;

	now = NS_PER_S;
	level_begin(&level, asked);
	return level;
}

static void stays_where_there_is_room(void)
{
	struct level level = begin(3);

	for (int i = 0; i < 1000; i++)
		CHECK_INT(look(&level, (unsigned int)i % 30, NS_PER_MS), 3);
}

static void goes_down_before_anything_is_lost(void)
{
	struct level level = begin(3);

	CHECK_INT(look(&level, 29, 1), 3);
	CHECK_INT(look(&level, 30, 1), 2);
	CHECK_INT(look(&level, 90, 1), 1);
	for (int i = 0; i < 10; i++)
		CHECK_INT(look(&level, 100, NS_PER_S), 1);
	level = begin(19);
	CHECK_INT(look(&level, 45, 1), 3);
	CHECK_INT(look(&level, 45, 1), 2);
	level = begin(1);
	CHECK_INT(look(&level, 100, 1), 1);
}

static void comes_back_when_it_is_calm(void)
{
	struct level level = begin(19);

	for (int i = 0; i < 3; i++)
		look(&level, 50, 1);
	CHECK_INT(look(&level, 14, NS_PER_S), 1); /* calm from here on */
	CHECK_INT(look(&level, 0, 2 * NS_PER_S - 1), 1);
	CHECK_INT(look(&level, 0, 1), 2);
	CHECK_INT(look(&level, 15, NS_PER_S), 2); /* not calm any more */
	CHECK_INT(look(&level, 14, 5 * NS_PER_S), 2);
	CHECK_INT(look(&level, 14, 2 * NS_PER_S), 3);
	CHECK_INT(look(&level, 14, 2 * NS_PER_S), 19);
	CHECK_INT(look(&level, 14, 2 * NS_PER_S), 19);
}

int main(void)
{
	RUN(stays_where_there_is_room);
	RUN(goes_down_before_anything_is_lost);
	RUN(comes_back_when_it_is_calm);
	return test_result();
}
