/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * share's summary is pasted into a page of somebody else: whatever a name is, it stays a
 * name. And what is left out is nowhere.
 */
#include "analyze/say.h"
#include "tests/unit/trace_maker.h"

static const char *make(const char *name, const char *comm)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, 1, 2);
	struct net_event event = maker_event(1000, true), other = maker_event(2000, true);
	struct nst_process_event processes[] = {
		{ .pid = 10,
		  .start_ns = 500 * S,
		  .has = NST_PROCESS_HAS_COMM,
		  .comm = { "web", 3 } },
		{ .pid = 11,
		  .start_ns = 501 * S,
		  .has = NST_PROCESS_HAS_COMM,
		  .comm = { "bystander", 9 } },
	};

	maker_table(&maker, NST_CHUNK_PROCESSES, NST_TABLE_PROCESS_EVENT, processes, 2);
	maker_name(&event, 10, comm);
	maker_add(&maker, &event);
	maker_name(&other, 11, "bystander");
	other.start_ns = 501 * S;
	other.flow_id = 2;
	other.sport = 40001;
	other.dport = 5432;
	maker_add(&maker, &other);
	maker_end(&maker, 4000000000);
	return path;
}

static void markdown_is_inert(void)
{
	const char *trace = make("hostile.zst", "`\\|<b>\n@y \x1b[1m");
	const char *to = maker_path("hostile.out");

	CHECK_INT(maker_run(&command_share, "--keep-names", "-o", to, trace, NULL), 0);
	CHECK(strstr(maker_out, "| `'\\¦<b>\\x0a@y \\x1b[1m` | "));
	CHECK(!strchr(maker_out, '\x1b'));
	/* a row of a table has as many cells as its heading, and they are closed */
	CHECK(strstr(maker_out, "## Netsnoop trace `hostile.out`\n"));
	CHECK(!strstr(maker_out, "/tmp"));
	for (const char *line = strstr(maker_out, "\n| process"); line && line[1] == '|';
	     line = strchr(line + 1, '\n')) {
		int bars = 0, ticks = 0;

		for (const char *at = line + 1; *at && *at != '\n'; at++) {
			bars += *at == '|';
			ticks += *at == '`';
		}
		CHECK_INT(bars, 7);
		CHECK_INT(ticks % 2, 0);
	}
}

static int occurs(const char *path, const char *text)
{
	char command[400];

	snprintf(command, sizeof(command), "zstd -q -dc '%s' | grep -qaF '%s'", path, text);
	return system(command) == 0;
}

/* By each way to ask for the one flow; the other one's process is gone with it. */
static void the_rest_is_left_out(void)
{
	static const char *const ways[][2] = { { "--pid", "10" },
					       { "--comm", "web" },
					       { "--port", "443" },
					       { "--port", "400-450" },
					       { "--to", "+0.0000015" } };
	const char *trace = make("two.zst", "web");

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const char *to = maker_path("two.out");

		CHECK_INT(maker_run(&command_share, "--force", "--keep-names", ways[i][0],
				    ways[i][1], "-o", to, trace, NULL),
			  0);
		CHECK(strstr(maker_out, "- events: `1`"));
		CHECK(strstr(maker_out, "`web`"));
		CHECK(!strstr(maker_out, "bystander"));
		CHECK(!occurs(to, "bystander"));
	}
	CHECK_INT(maker_run(&command_share, "--force", "--keep-names", "--host", "198.51.100.0/24",
			    "-o", maker_path("two.out"), trace, NULL),
		  0);
	CHECK(strstr(maker_out, "- events: `2`"));
	CHECK_INT(maker_run(&command_share, "--force", "--host", "198.51.101.0/24", "-o",
			    maker_path("none.out"), trace, NULL),
		  STATUS_FAILED);
	CHECK(strstr(maker_err, "no packet that --pid, --comm, --host and --port ask for"));
	CHECK_INT(access(maker_path("none.out"), F_OK), -1);
}

/* A flow is of everybody who ever had it: its owners may be told behind its events. */
static void late_owners_count(void)
{
	const char *path = maker_path("late.zst");
	struct maker maker = maker_begin(path, 1, 2);
	struct net_event event = maker_event(1000, false);
	struct nst_owner owner = { .flow_id = 1,
				   .pid = 20,
				   .start_ns = 600 * S,
				   .what = NST_OWNER_CONSUMED,
				   .owner_source = NST_OWNER_SOCKET,
				   .comm = { "late", 4 } };

	event.has &= ~(uint32_t)NST_HAS_OWNER;
	event.owner_source = NST_OWNER_UNKNOWN;
	maker_add(&maker, &event);
	if (nst_writer_flush(maker.writer))
		abort();
	maker_table(&maker, NST_CHUNK_OWNERS, NST_TABLE_OWNER, &owner, 1);
	maker_end(&maker, 4000000000);
	CHECK_INT(maker_run(&command_share, "--keep-names", "--comm", "late", "-o",
			    maker_path("late.out"), path, NULL),
		  0);
	CHECK(strstr(maker_out, "- events: `1`"));
	CHECK(strstr(maker_out, "`late`"));
}

/* As in reports, a process that changed its name is one: by its last name, and by former ones. */
static void a_process_has_all_its_names(void)
{
	static const char *const names[] = { "late-name", "web" };
	const char *path = maker_path("renamed.zst");
	struct maker maker = maker_begin(path, 1, 2);
	struct net_event event = maker_event(1000, false);
	struct nst_process_event renamed = { .time_ns = START + S,
					     .pid = event.pid,
					     .start_ns = event.start_ns,
					     .what = NST_PROCESS_RENAME,
					     .has = NST_PROCESS_HAS_COMM,
					     .comm = { "late-name", 9 } };

	maker_name(&event, event.pid, "web");
	maker_add(&maker, &event);
	if (nst_writer_flush(maker.writer))
		abort();
	maker_table(&maker, NST_CHUNK_PROCESSES, NST_TABLE_PROCESS_EVENT, &renamed, 1);
	maker_end(&maker, 4000000000);
	for (size_t i = 0; i < 2; i++) {
		CHECK_INT(maker_run(&command_share, "--force", "--keep-names", "--comm", names[i],
				    "-o", maker_path("renamed.out"), path, NULL),
			  0);
		CHECK(strstr(maker_out, "- events: `1`"));
	}
}

int main(void)
{
	RUN(markdown_is_inert);
	RUN(the_rest_is_left_out);
	RUN(late_owners_count);
	RUN(a_process_has_all_its_names);
	maker_clean();
	return test_result();
}
