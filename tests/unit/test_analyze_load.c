/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* load and sql: what a database says is what the trace says. */
#include "tests/unit/trace_maker.h"

#include "analyze/collect.h"
#include "analyze/event_table.h"
#include "analyze/say.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Two processes, both directions, some fields unknown; in chunks that overlap. */
static const char *make_mixed(const char *name, uint8_t number, bool with_end)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, number, 1);

	for (uint64_t i = 0; i < 200; i++) {
		struct net_event event = maker_event((i ^ 8) * S / 40, i % 3 == 0);

		event.segments = 1 + i % 4;
		event.bytes = 500 + (uint32_t)i;
		event.tid = 77;
		event.has |= i % 5 ? NST_HAS_TID : 0;
		if (i % 7 == 0)
			event.has &= ~(uint32_t)NST_HAS_HEADER_BYTES;
		if (i % 2)
			maker_name(&event, 11, "other");
		event.flow_id = 1 + i % 2;
		if (i % 11 == 0) {
			event.has &= ~(uint32_t)NST_HAS_OWNER;
			event.owner_source = NST_OWNER_UNKNOWN;
		}
		maker_add(&maker, &event);
		if (i % 8 == 7)
			nst_writer_flush(maker.writer);
	}
	maker_end(&maker, with_end ? 6 * S : 0);
	return path;
}

static void query(const char *db_path, const char *sql, char *text, size_t room)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;

	text[0] = '\0';
	if (sqlite3_open_v2(db_path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		snprintf(text, room, "%s", (const char *)sqlite3_column_text(statement, 0));
	else
		snprintf(text, room, "%s", sqlite3_errmsg(db));
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

static void check_query(const char *db_path, const char *sql, const char *want)
{
	char got[256];

	query(db_path, sql, got, sizeof(got));
	CHECK_STR(got, want);
}

/* The same report of both, byte by byte. */
static void check_same(const char *trace, const char *db, const char *by, const char *option,
		       const char *value)
{
	static char first[sizeof(maker_out)];

	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", by, trace, option, value,
			    NULL),
		  STATUS_DONE);
	memcpy(first, maker_out, sizeof(first));
	CHECK_INT(
		maker_run(&command_report, "--format", "csv", "--by", by, db, option, value, NULL),
		STATUS_DONE);
	CHECK_STR(maker_out, first);
}

static void a_database_reports_as_its_trace(void)
{
	const char *trace = make_mixed("mixed.zst", 1, true), *db = maker_path("mixed.db");
	const char *const groupings[] = { "process", "protocol", "flow" };

	CHECK_INT(maker_run(&command_load, "-o", db, trace, NULL), STATUS_DONE);
	for (size_t i = 0; i < 3; i++) {
		check_same(trace, db, groupings[i], NULL, NULL);
		check_same(trace, db, groupings[i], "--interval", "0.75");
		check_same(trace, db, groupings[i], "--from", "+1.33");
		check_same(trace, db, groupings[i], "--to", "-2.5");
	}
}

static void net_event_adds_up_to_usage(void)
{
	const char *db = maker_path("mixed.db");

	check_query(db, "SELECT count(*) || ' ' || sum(bytes) FROM net_event", "200 119900");
	check_query(db,
		    "SELECT (SELECT sum(bytes) || ' ' || sum(payload_bytes) || ' ' || "
		    "sum(wire_bytes) || ' ' || sum(segments) FROM net_event) = "
		    "(SELECT sum(bytes) || ' ' || sum(payload_bytes) || ' ' || sum(wire_bytes) || "
		    "' ' || sum(packets) FROM usage)",
		    "1");
	check_query(db, "SELECT count(*) FROM net_event WHERE pid IS NULL AND comm IS NULL", "19");
	check_query(db, "SELECT count(*) FROM net_event WHERE tid IS NULL", "40");
	check_query(db,
		    "SELECT time || saddr || sport || daddr || interface FROM net_event "
		    "WHERE timestamp = 1000000000000",
		    "2026-01-02T03:04:05.000000000Z198.51.100.2443192.0.2.1eth0");
	/* in order of time, though the chunks overlap */
	check_query(db,
		    "SELECT count(*) FROM event a JOIN event b ON b.rowid = a.rowid + 1 "
		    "WHERE b.timestamp < a.timestamp",
		    "0");
	check_query(db, "PRAGMA integrity_check", "ok");
	check_query(db, "SELECT count(*) FROM pragma_foreign_key_check", "0");
}

static void a_trace_is_loaded_once(void)
{
	const char *trace = make_mixed("again.zst", 2, true), *db = maker_path("again.db");
	const char *cut = make_mixed("cut.zst", 3, false);

	CHECK_INT(maker_run(&command_load, "-o", db, trace, NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_load, "-o", db, trace, NULL), STATUS_DONE);
	CHECK(strstr(maker_err, "in the database already"));
	check_query(db, "SELECT count(*) FROM net_event", "200");
	/* another recording of the same boot: the same processes and conversations */
	CHECK_INT(maker_run(&command_load, "-o", db, cut, NULL), STATUS_DAMAGED);
	check_query(db, "SELECT count(*) FROM net_event", "400");
	check_query(db, "SELECT count(*) FROM process", "5");
	check_query(db, "SELECT count(*) FROM conversation", "3");
	check_query(db, "SELECT sum(complete) || ' of ' || count(*) FROM trace", "1 of 2");
	CHECK_INT(maker_run(&command_load, "-o", db, make_mixed("end.zst", 3, true), NULL),
		  STATUS_DONE);
	CHECK(strstr(maker_err, "not complete"));
	check_same(trace, db, "process", "--to", "2025-01-01T00:00:00Z"); /* nothing in either */
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", db, NULL),
		  STATUS_DONE);
	CHECK_INT(maker_sum("send_bytes") + maker_sum("recv_bytes"), 2 * 119900);
}

static void without_events_there_are_no_windows(void)
{
	const char *trace = maker_path("mixed.zst"), *db = maker_path("bare.db");

	CHECK_INT(maker_run(&command_load, "--no-events", "-o", db, trace, NULL), STATUS_DONE);
	check_query(db, "SELECT count(*) FROM event", "0");
	check_same(trace, db, "flow", NULL, NULL);
	CHECK_INT(maker_run(&command_report, "--interval", "1", db, NULL), STATUS_FAILED);
	CHECK(strstr(maker_err, "--no-events"));
}

static void nothing_is_left_of_a_failed_load(void)
{
	const char *db = maker_path("failed.db"), *bad = maker_path("bad.zst");
	struct stat status;
	FILE *file = fopen(bad, "w");

	fputs("this is no trace", file);
	fclose(file);
	CHECK_INT(maker_run(&command_load, "-o", db, bad, NULL), STATUS_FAILED);
	CHECK(strstr(maker_err, "not a netsnoop trace"));
	CHECK(stat(db, &status) != 0);
	/* nor is a file touched that is no database of ours */
	CHECK_INT(maker_run(&command_load, "-o", bad, maker_path("mixed.zst"), NULL),
		  STATUS_FAILED);
	CHECK(!stat(bad, &status) && status.st_size == 16);
}

/* Bounds on process and flow choose the same events as looking at each does. */
static void sql_bounds_reach_the_chunks(const char *trace)
{
	static const char *const columns[] = { "pid", "flow_id" };
	static const char *const plans[] = { "VIRTUAL TABLE INDEX 8:", "VIRTUAL TABLE INDEX 16:" };
	char sql[512], *values, *next;

	for (size_t i = 0; i < 2; i++) {
		snprintf(sql, sizeof(sql),
			 "SELECT coalesce(%s, 'NULL') || ' ' || count(*) || ' ' || sum(bytes) AS v "
			 "FROM net_event GROUP BY %s",
			 columns[i], columns[i]);
		CHECK_INT(maker_run(&command_sql, "--format", "csv", trace, sql, NULL),
			  STATUS_DONE);
		values = strdup(strchr(maker_out, '\n') + 1);
		for (char *line = strtok_r(values, "\r\n", &next); line;
		     line = strtok_r(NULL, "\r\n", &next)) {
			size_t len = strcspn(line, " ");

			snprintf(sql, sizeof(sql),
				 "SELECT count(*) || ' ' || sum(bytes) AS v FROM net_event "
				 "WHERE %s %s %.*s",
				 columns[i], *line == 'N' ? "IS" : "=", (int)len, line);
			CHECK_INT(maker_run(&command_sql, "--format", "csv", trace, sql, NULL),
				  STATUS_DONE);
			snprintf(sql, sizeof(sql), "v\r\n%s\r\n", line + len + 1);
			CHECK_STR(maker_out, sql);
		}
		free(values);
		snprintf(sql, sizeof(sql),
			 "EXPLAIN QUERY PLAN SELECT sum(bytes) FROM net_event WHERE %s = 7",
			 columns[i]);
		CHECK_INT(maker_run(&command_sql, "--format", "csv", trace, sql, NULL),
			  STATUS_DONE);
		CHECK(strstr(maker_out, plans[i]));
	}
}

static void sql_on_a_trace(void)
{
	const char *trace = maker_path("mixed.zst");

	CHECK_INT(maker_run(&command_sql, "--format", "csv", trace,
			    "SELECT count(*) AS n, sum(bytes) AS b FROM net_event", NULL),
		  STATUS_DONE);
	CHECK_STR(maker_out, "n,b\r\n200,119900\r\n");
	/* bounds that skip chunks */
	CHECK_INT(maker_run(&command_sql, "--format", "json", trace,
			    "SELECT count(*) AS n FROM event WHERE timestamp >= 1001000000000 AND "
			    "timestamp < 1002000000000",
			    NULL),
		  STATUS_DONE);
	CHECK_STR(maker_out, "{\"rows\":[\n{\"n\":40}\n]}\n");
	CHECK_INT(
		maker_run(&command_sql, "--format", "csv", trace,
			  "SELECT sum((SELECT count(*) FROM event e WHERE e.lane_id = l.lane_id)) "
			  "= (SELECT count(*) FROM event) AS same FROM lane l",
			  NULL),
		STATUS_DONE);
	CHECK_STR(maker_out, "same\r\n1\r\n");
	sql_bounds_reach_the_chunks(trace);
	/* what bounds them is hidden from names, too */
	CHECK_INT(maker_run(&command_sql, "--format", "csv", trace,
			    "SELECT count(pid) > 0 AS n FROM event JOIN lane USING (lane_id) "
			    "JOIN process USING (process_id)",
			    NULL),
		  STATUS_DONE);
	CHECK_STR(maker_out, "n\r\n1\r\n");
	CHECK_INT(maker_run(&command_sql, trace, "SELECT 1; SELECT 2", NULL), STATUS_USAGE);
	CHECK_INT(maker_run(&command_sql, trace, "SELECT 1; -- that is all", NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_sql, trace, "DELETE FROM usage", NULL), STATUS_FAILED);
	CHECK_INT(maker_run(&command_sql, trace, "ATTACH '/tmp/x' AS x", NULL), STATUS_FAILED);
	CHECK_INT(maker_run(&command_sql, trace, "PRAGMA user_version = 3", NULL), STATUS_FAILED);
	CHECK_INT(maker_run(&command_sql, trace, "SELECT nonsense", NULL), STATUS_FAILED);
	CHECK(strstr(maker_err, "nonsense"));
}

/* A name that SQLite alone would take for a URI, for memory or for its options. */
static void names_are_plain_paths(void)
{
	static const char *const names[] = { "file:plain.db", "file:x.db?mode=memory",
					     ":memory:", "a?immutable=1", "-dash.db" };
	const char *trace = maker_path("mixed.zst"), *path;
	char here[4096];

	CHECK(getcwd(here, sizeof(here)) && !chdir(maker_directory));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat status;

		CHECK_INT(maker_run(&command_load, "-o", names[i], trace, NULL), STATUS_DONE);
		path = maker_path(names[i]);
		CHECK(!stat(path, &status) && status.st_size > 0);
		CHECK_INT(maker_run(&command_load, "-o", names[i], trace, NULL), STATUS_DONE);
		CHECK(strstr(maker_err, "in the database already"));
		CHECK_INT(maker_run(&command_sql, "--format", "csv", "--", names[i],
				    "SELECT count(*) AS n FROM net_event", NULL),
			  STATUS_DONE);
		CHECK_STR(maker_out, "n\r\n200\r\n");
	}
	CHECK(!chdir(here));
}

/* A copy of a database in the middle of a change that has reached the file. */
static void an_interrupted_load_is_rolled_back(void)
{
	const char *db_path = maker_path("whole.db"), *left = maker_path("left.db");
	sqlite3 *db = NULL;
	char command[400];

	CHECK_INT(maker_run(&command_load, "-o", db_path, maker_path("mixed.zst"), NULL),
		  STATUS_DONE);
	CHECK(sqlite3_open(db_path, &db) == SQLITE_OK);
	CHECK(sqlite3_exec(db,
			   "PRAGMA cache_size = 1; BEGIN; UPDATE usage SET bytes = 0; "
			   "INSERT INTO event SELECT e.* FROM event e, event f",
			   NULL, NULL, NULL) == SQLITE_OK);
	snprintf(command, sizeof(command), "cp '%s' '%s' && cp '%s-journal' '%s-journal'", db_path,
		 left, db_path, left);
	CHECK_INT(system(command), 0);
	sqlite3_close(db);
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "protocol", left, NULL),
		  STATUS_DONE);
	CHECK_INT(maker_sum("send_bytes") + maker_sum("recv_bytes"), 119900);
	check_query(left, "SELECT count(*) FROM event", "200");
}

/* More events than SQLite keeps in memory, and no room for them. */
static void a_full_disk_leaves_the_database_as_it_was(void)
{
	const char *db = maker_path("room.db"), *path = maker_path("long.zst");
	const char *journal = maker_path("room.db-journal");
	struct maker maker = maker_begin(path, 8, 1);
	struct rlimit limit, small;
	struct stat before, after;

	for (uint64_t i = 0; i < 200000; i++) {
		struct net_event event = maker_event(i, true);

		maker_add(&maker, &event);
	}
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_load, "-o", db, maker_path("mixed.zst"), NULL), STATUS_DONE);
	CHECK(!stat(db, &before));
	CHECK(!getrlimit(RLIMIT_FSIZE, &limit));
	small = limit;
	small.rlim_cur = 1 << 20;
	signal(SIGXFSZ, SIG_IGN);
	CHECK(!setrlimit(RLIMIT_FSIZE, &small));
	CHECK_INT(maker_run(&command_load, "-o", db, path, NULL), STATUS_FAILED);
	CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
	CHECK(access(journal, F_OK) != 0);
	CHECK(!stat(db, &after) && after.st_size == before.st_size);
	check_query(db, "SELECT count(*) FROM event", "200");
}

static void databases_wait_for_each_other(void)
{
	sqlite3 *db = NULL;
	int64_t ms = 0;

	CHECK_INT(db_open(maker_path("whole.db"), true, &db), 0);
	CHECK_INT(db_integer(db, "PRAGMA busy_timeout", 0, &ms), 0);
	CHECK(ms >= 1000);
	sqlite3_close(db);
}

/* Events that came after the sums were made belong to neither. */
static void a_recording_that_goes_on_is_loaded_up_to_one_point(void)
{
	const char *path = maker_path("live.zst");
	struct maker maker = maker_begin(path, 9, 1);
	struct rollup_settings settings = { 0 };
	struct window window = { 0 };
	struct collector collector;
	struct trace_source source = { .dims = &collector.dims };
	struct net_event event = maker_event(0, true);
	struct input input;
	sqlite3 *db = NULL;
	int64_t n = 0;

	maker_add(&maker, &event);
	CHECK_INT(nst_writer_flush(maker.writer), 0);
	CHECK_INT(db_create(NULL, &db), 0);
	CHECK_INT(collector_init(&collector, db, settings, window), 0);
	CHECK_INT(input_open(path, &input), 0);
	CHECK_INT(collector_read(&collector, &input), 0);
	CHECK_INT(collector_store(&collector), 0);
	event.timestamp += S;
	maker_add(&maker, &event);
	maker_name(&event, 99, "newcomer");
	maker_add(&maker, &event);
	maker_end(&maker, 2 * S);
	source.input = &input;
	CHECK_INT(event_table_create(db, "temp.trace_event", &source), 0);
	CHECK_INT(db_integer(db, "SELECT count(*) FROM temp.trace_event", 0, &n), 0);
	CHECK_INT(n, 1);
	input_close(&input);
	sqlite3_close(db);
	collector_free(&collector);
}

int main(void)
{
	RUN(a_database_reports_as_its_trace);
	RUN(net_event_adds_up_to_usage);
	RUN(a_trace_is_loaded_once);
	RUN(without_events_there_are_no_windows);
	RUN(nothing_is_left_of_a_failed_load);
	RUN(sql_on_a_trace);
	RUN(names_are_plain_paths);
	RUN(an_interrupted_load_is_rolled_back);
	RUN(a_full_disk_leaves_the_database_as_it_was);
	RUN(databases_wait_for_each_other);
	RUN(a_recording_that_goes_on_is_loaded_up_to_one_point);
	maker_clean();
	return test_result();
}
