/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of reports and JSON, which users match on. */
#include "format/trace.h"

#include "test.h"

static void test_owner_sources(void)
{
	static const char *const words[] = { "unknown", "socket", "flow",      "listener", "shared",
					     "seeded",	"kernel", "forwarded", "current" };

	for (unsigned int i = 0; i < NST_OWNER_SOURCES; i++)
		CHECK_STR(nst_owner_source_name(i), words[i]);
	CHECK(!nst_owner_source_name(NST_OWNER_SOURCES));
	CHECK(!nst_owner_source_name(255));
}

static void test_losses(void)
{
	static const char *const words[] = { "ring_full", "recorder", "owner_ring_full",
					     "flow_table_full", "damaged" };

	for (unsigned int i = 0; i < NST_LOSSES; i++)
		CHECK_STR(nst_loss_name(i), words[i]);
	CHECK(!nst_loss_name(NST_LOSSES));
	CHECK(!nst_loss_name(NST_LOSS_SLOTS));
}

static void test_damage(void)
{
	struct nst_problem problem = { .code = NST_PROBLEM_DUPLICATE_CHUNK };

	CHECK(!nst_problem_is_damage(&problem));
	problem.code = NST_PROBLEM_UNKNOWN;
	CHECK(!nst_problem_is_damage(&problem));
	problem.code = NST_PROBLEM_UNKNOWN_CRITICAL;
	CHECK(nst_problem_is_damage(&problem));
	problem.code = NST_PROBLEM_NO_END;
	CHECK(nst_problem_is_damage(&problem));
}

int main(void)
{
	RUN(test_owner_sources);
	RUN(test_losses);
	RUN(test_damage);
	return test_result();
}
