/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* load and sql: what a database says is what the trace says. */
#include "tests/unit/trace_maker.h"

#include "analyze/say.h"

#include <sqlite3.h>
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
	check_query(db, "SELECT count(*) FROM process", "3");
	check_query(db, "SELECT count(*) FROM conversation", "3");
	check_query(db, "SELECT sum(complete) || ' of ' || count(*) FROM trace", "1 of 2");
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
	CHECK_INT(maker_run(&command_sql, trace, "SELECT 1; SELECT 2", NULL), STATUS_USAGE);
	CHECK_INT(maker_run(&command_sql, trace, "SELECT 1; -- that is all", NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_sql, trace, "DELETE FROM usage", NULL), STATUS_FAILED);
	CHECK_INT(maker_run(&command_sql, trace, "ATTACH '/tmp/x' AS x", NULL), STATUS_FAILED);
	CHECK_INT(maker_run(&command_sql, trace, "PRAGMA user_version = 3", NULL), STATUS_FAILED);
	CHECK_INT(maker_run(&command_sql, trace, "SELECT nonsense", NULL), STATUS_FAILED);
	CHECK(strstr(maker_err, "nonsense"));
}

int main(void)
{
	RUN(a_database_reports_as_its_trace);
	RUN(net_event_adds_up_to_usage);
	RUN(a_trace_is_loaded_once);
	RUN(without_events_there_are_no_windows);
	RUN(nothing_is_left_of_a_failed_load);
	RUN(sql_on_a_trace);
	maker_clean();
	return test_result();
}
