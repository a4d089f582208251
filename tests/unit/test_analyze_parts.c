/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Owners that became known in another part of the recording. */
#include "tests/unit/trace_maker.h"

#include "analyze/say.h"

#define MS UINT64_C(1000000)
#define RECORDING "01020304-0506-4708-890a-0b0c0d0e0f10"

static struct nst_owner owner(uint64_t after_ns, uint32_t pid, const char *comm)
{
	return (struct nst_owner){
		.flow_id = 1,
		.what = NST_OWNER_CONSUMED,
		.from_ns = after_ns ? START + after_ns : 0,
		.pid = pid,
		.start_ns = 500 * S,
		.owner_source = NST_OWNER_SOCKET,
		.comm = { comm, (uint32_t)strlen(comm) },
	};
}

/* Received, of nobody known. */
static struct net_event unknown_event(uint64_t after_ns)
{
	struct net_event event = maker_event(after_ns, false);

	event.has &= ~(uint32_t)NST_HAS_OWNER;
	event.owner_source = NST_OWNER_UNKNOWN;
	return event;
}

/* Ten events that are nobody's, in a part of a recording; then rows of owners, if there are any. */
static const char *make_part(const char *name, uint8_t number, uint8_t boot, const char *recording,
			     struct nst_owner *rows, size_t n)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, number, boot);
	struct nst_setting settings[] = {
		{ { "recording", 9 }, { recording, (uint32_t)strlen(recording) } },
		{ { "part", 4 }, { "1", 1 } },
	};

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_SETTING, settings, 2);
	for (uint64_t i = 0; i < 10; i++) {
		struct net_event event = unknown_event(number * 20 * MS + i * MS);

		maker_add(&maker, &event);
	}
	nst_writer_flush(maker.writer);
	if (n)
		maker_table(&maker, NST_CHUNK_OWNERS, NST_TABLE_OWNER, rows, n);
	maker_end(&maker, S);
	return path;
}

/* b may be NULL. */
static const char *report_two(const char *a, const char *b, const char *comm)
{
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", a, b, NULL),
		  STATUS_DONE);
	return maker_value("comm", comm, "recv_bytes");
}

static void what_a_later_part_says_of_owners(void)
{
	/* "web" until the first five events of part 1, then "late", which part 2 alone says */
	struct nst_owner rows[] = {
		owner(0, 10, "web"),
		owner(25 * MS, 20, "late"),
	};
	const char *first = make_part("p-1.zst", 1, 1, RECORDING, NULL, 0);
	const char *second = make_part("p-2.zst", 2, 1, RECORDING, rows, 2);
	const char *again = make_part("p-3.zst", 3, 1, RECORDING, rows, 2);
	const char *boot = make_part("p-boot.zst", 4, 2, RECORDING, rows, 2);
	const char *other = make_part("p-other.zst", 5, 1, "0" RECORDING, rows, 2);
	const char *db = maker_path("parts.db"), *joined = maker_path("joined.zst");
	char command[512];

	CHECK_STR(report_two(first, NULL, "late"), "(no such row)");
	/* in whatever order they are named, and told once or twice */
	CHECK_STR(report_two(first, second, "web"), "5000");
	CHECK_STR(maker_value("comm", "late", "recv_bytes"), "15000");
	CHECK_STR(report_two(second, first, "web"), "5000");
	CHECK_STR(report_two(second, again, "late"), "20000");
	/* flows of another boot, or of another recording, are others */
	CHECK_STR(report_two(first, boot, "late"), "10000");
	CHECK_STR(report_two(first, other, "late"), "10000");
	snprintf(command, sizeof(command), "cat %s %s >%s", first, second, joined);
	CHECK_INT(system(command), 0);
	CHECK_STR(report_two(joined, NULL, "web"), "5000");
	CHECK_INT(maker_run(&command_dump, "--format", "csv", joined, NULL), STATUS_DONE);
	CHECK_INT(maker_sum("pid"), 5 * 10 + 15 * 20);
	CHECK_INT(maker_run(&command_info, joined, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "owners        2 records; flows charged by them to others than was "
				"recorded: 1\n"));
	CHECK_INT(maker_run(&command_load, "-o", db, first, second, NULL), STATUS_DONE);
	CHECK_STR(report_two(db, NULL, "late"), "15000");
	CHECK_INT(maker_run(&command_sql, "--format", "csv", db,
			    "SELECT sum(bytes) AS v FROM net_event WHERE comm = 'late'", NULL),
		  STATUS_DONE);
	CHECK_INT(maker_sum("v"), 15000);
}

int main(void)
{
	RUN(what_a_later_part_says_of_owners);
	maker_clean();
	return test_result();
}
