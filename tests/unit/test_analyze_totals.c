/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Totals: what no event tells counts like events, in every command and by the same rules. */
#include "tests/unit/trace_maker.h"

#include "analyze/say.h"

#include <time.h>

#define MS UINT64_C(1000000)

static const char *value(const char *path, const char *by, const char *key, const char *is,
			 const char *column)
{
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", by, path, NULL),
		  STATUS_DONE);
	return maker_value(key, is, column);
}

/* One number of a query. */
static const char *ask(const char *path, const char *sql)
{
	CHECK_INT(maker_run(&command_sql, "--format", "csv", path, sql, NULL), STATUS_DONE);
	return maker_value("k", "k", "v");
}

static void set_settings(struct maker *maker)
{
	struct nst_setting rows[] = { { { "interval_ns", 11 }, { "1000000000", 10 } } };

	maker_table(maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_SETTING, rows, 1);
}

/* 20 events each way, 50 ms apart; the last so many of them only as totals. */
static const char *make_lossy(const char *name, uint8_t number, uint64_t n_lost)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, number, 1);
	struct nst_total rows[] = { maker_total(0, S, true, n_lost),
				    maker_total(0, S, false, n_lost) };
	uint64_t lost[NST_LOSS_SLOTS] = { [NST_LOST_RING_FULL] = 2 * n_lost };

	set_settings(&maker);
	for (uint64_t i = 0; i < 20 - n_lost; i++)
		for (int is_send = 0; is_send < 2; is_send++) {
			struct net_event event = maker_event(i * 50 * MS, is_send);

			maker_add(&maker, &event);
		}
	if (n_lost) {
		nst_writer_flush(maker.writer);
		nst_writer_set_lost(maker.writer, lost);
		maker_totals(&maker, rows, 2);
	}
	maker_end(&maker, 2 * S);
	return path;
}

#define MEASURES_MAX 1024

/* The only row of a report: its measures but for times, into text or a buffer of its own. */
static const char *measures(const char *path, const char *const key[3], char *text)
{
	static const char *const columns[] = {
		"send_bytes",	      "recv_bytes",	 "send_packets",    "recv_packets",
		"send_payload_bytes", "recv_wire_bytes", "send_wire_bytes", "sources_socket",
	};
	static char own[MEASURES_MAX];
	size_t len = 0;

	text = text ? text : own;
	value(path, key[0], key[1], key[2], "send_bytes");
	CHECK_INT(maker_rows(), 1);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		len += (size_t)snprintf(text + len, MEASURES_MAX - len, "%s ",
					maker_value(key[1], key[2], columns[i]));
	CHECK(!strstr(text, "no such"));
	return text;
}

static void a_lossy_trace_reports_the_same_bytes(void)
{
	static const char *const keys[][3] = { { "process", "pid", "10" },
					       { "protocol", "protocol", "TCP" },
					       { "flow", "remote_addr", "198.51.100.2" },
					       { "program", "program", "web" },
					       { "interface", "interface", "eth0" },
					       { "port", "port", "443" } };
	const char *whole = make_lossy("whole.zst", 1, 0), *lossy = make_lossy("lossy.zst", 2, 7);
	const char *db = maker_path("lossy.db");

	CHECK_INT(maker_run(&command_load, "-o", db, lossy, NULL), STATUS_DONE);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char want[MEASURES_MAX];

		measures(whole, keys[i], want);
		CHECK_STR(measures(lossy, keys[i], NULL), want);
		CHECK_STR(measures(db, keys[i], NULL), want);
	}
	CHECK_STR(value(lossy, "flow", "remote_addr", "198.51.100.2", "local_port"), "40000");
}

static void the_head_says_what_tells_of_the_bytes(void)
{
	const char *path = make_lossy("head.zst", 1, 5);

	CHECK_INT(maker_run(&command_report, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "events    30\npackets   40\n"));
	CHECK(strstr(maker_out, "bytes     40.0 kB: 75.0 % by events, 25.0 % by totals\n"));
	CHECK(strstr(maker_out, "lost      10 events (ring_full, their bytes are in totals)\n"));
	CHECK_INT(maker_run(&command_report, "--format", "json", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "\"events\":30,\"packets\":40,\"bytes\":40000,\"total_events\":10,"
				"\"total_bytes\":10000,"));
	CHECK_STR(ask(path, "SELECT 'k' AS k, count(*) AS v FROM net_event"), "30");
	CHECK_STR(ask(path, "SELECT 'k' AS k, sum(bytes) AS v FROM net_total WHERE is_send "
			    "AND pid = 10 AND local_port = 40000 AND interface = 'eth0'"),
		  "5000");
	CHECK_STR(ask(path, "SELECT 'k' AS k, sum(total_bytes) AS v FROM usage"), "10000");
}

/* Three rows that end between the bytes: 1001 bytes each over two seconds. */
static const char *make_spread(const char *name, uint8_t number, bool with_end)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, number, 1);
	struct nst_total rows[3];

	for (uint64_t i = 0; i < 3; i++) {
		rows[i] = maker_total(i * 2 * S + 500 * MS, i * 2 * S + 2500 * MS, true, 1);
		rows[i].bytes = 1001;
	}
	maker_totals(&maker, rows, 3);
	maker_end(&maker, with_end ? 10 * S : 0);
	return path;
}

static int64_t in_window(const char *path, const char *from, const char *to)
{
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", "--from", from,
			    "--to", to, path, NULL),
		  STATUS_DONE);
	return maker_sum("send_bytes");
}

static void rows_count_by_their_overlap(void)
{
	const char *trace = make_spread("spread.zst", 1, true), *db = maker_path("spread.db");
	const char *both[] = { trace, db };

	CHECK_INT(maker_run(&command_load, "-o", db, trace, NULL), STATUS_DONE);
	for (int i = 0; i < 2; i++) {
		CHECK_INT(in_window(both[i], "+0.5", "+2.5"), 1001);
		CHECK_INT(in_window(both[i], "+0", "+1"), 250);
		CHECK_INT(in_window(both[i], "+1", "+2.5"), 751);
		CHECK_INT(in_window(both[i], "+0", "+4.5"), 2002);
		CHECK_INT(in_window(both[i], "+6.5", "+9"), 0);
		CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process",
				    "--interval", "1", both[i], NULL),
			  STATUS_DONE);
		CHECK_INT(maker_sum("send_bytes"), 3003);
		CHECK_INT(maker_rows(), 7);
		CHECK_STR(maker_value("time", "2026-01-02T03:04:05.000000000Z", "send_bytes"),
			  "250");
		CHECK_STR(maker_value("time", "2026-01-02T03:04:06.000000000Z", "send_bytes"),
			  "500");
		CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process",
				    "--interval", "0.1", both[i], NULL),
			  STATUS_DONE);
		CHECK_INT(maker_sum("send_bytes"), 3003);
	}
	/* the second second: the rest of the first row's half, and so on */
	CHECK_STR(value(trace, "process", "pid", "10", "send_peak_bps"), "4008");
	CHECK_STR(maker_value("pid", "10", "first"), "2026-01-02T03:04:05.500000000Z");
	CHECK_STR(maker_value("pid", "10", "last"), "2026-01-02T03:04:11.500000000Z");
}

/* Totals stand behind later events; the peak is of the second in which both are. */
static void peaks_add_events_and_totals(void)
{
	const char *path = maker_path("peak.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_total row = maker_total(S, 2 * S, true, 3);

	for (uint64_t i = 0; i < 5; i++) {
		struct net_event event = maker_event(i * S, true);

		maker_add(&maker, &event);
		if (i == 3) {
			nst_writer_flush(maker.writer);
			maker_totals(&maker, &row, 1);
		}
	}
	maker_end(&maker, 5 * S);
	CHECK_STR(value(path, "process", "pid", "10", "send_peak_bps"), "32000");
}

/* A row for years must not take years, and an impossible one is left out. */
static void rows_that_last_for_ever(void)
{
	const char *path = maker_path("years.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_total rows[] = { maker_total(0, 300000000 * S, true, 2),
				    maker_total(0, 0, true, 1), maker_total(S, 0, true, 1),
				    maker_total(0, S, true, 1) };

	rows[3].to_ns = UINT64_MAX;
	maker_totals(&maker, rows, 4);
	maker_end(&maker, 5 * S);
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", path, NULL),
		  STATUS_DAMAGED);
	CHECK_INT(maker_sum("send_bytes"), 4000);
	CHECK(strstr(maker_err, "1 rows of totals claim impossible times or numbers"));
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", "--interval",
			    "1", path, NULL),
		  STATUS_DAMAGED);
	CHECK_INT(maker_sum("send_bytes"), 4000);
}

static clock_t time_of_long_rows(const char *name, int n_chunks)
{
	enum {
		ROWS = 16384
	};
	static struct nst_total rows[ROWS];
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, 1, 1);
	clock_t before;

	for (int i = 0; i < ROWS; i++)
		rows[i] = maker_total(0, 300000000 * S, true, 1 << 20);
	for (int i = 0; i < n_chunks; i++)
		maker_totals(&maker, rows, ROWS);
	maker_end(&maker, 5 * S);
	before = clock();
	CHECK_STR(value(path, "protocol", "protocol", "TCP", "recv_bytes"), "0");
	CHECK_INT(maker_sum("send_bytes"), (int64_t)n_chunks * ROWS * 1000 << 20);
	return clock() - before;
}

/* Each of them is cut up; a few kilobytes of them must not take minutes. */
static void many_rows_that_last_for_ever(void)
{
	clock_t few = time_of_long_rows("few.zst", 1), many = time_of_long_rows("many.zst", 6);

	CHECK(many < 3 * few);
}

/* What nobody can have sent is left out, and all sums hold. */
static void rows_of_impossible_numbers(void)
{
	const char *path = maker_path("huge.zst"), *db = maker_path("huge.db");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_total rows[9];

	for (size_t i = 0; i < 9; i++) {
		rows[i] = maker_total(0, S, true, 1);
		rows[i].ifindex = (uint32_t)i;
	}
	rows[1].bytes = rows[2].bytes = INT64_MAX;
	rows[3].wire_bytes = UINT64_MAX;
	rows[4].packets = rows[5].events = INT64_MAX;
	rows[6].bytes = rows[7].bytes = UINT64_C(3) << 58;
	maker_totals(&maker, rows, 9);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", path, NULL),
		  STATUS_DAMAGED);
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "864691128455137232");
	CHECK(strstr(maker_err, "6 rows of totals claim impossible"));
	CHECK_INT(maker_run(&command_report, path, NULL), STATUS_DAMAGED);
	CHECK_INT(maker_run(&command_load, "-o", db, path, NULL), STATUS_DAMAGED);
	CHECK_STR(ask(db, "SELECT 'k' AS k, sum(bytes) AS v FROM net_total"), "864691128455137232");
}

static void totals_are_rebound(void)
{
	const char *path = maker_path("rebound.zst"), *db = maker_path("rebound.db");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_owner owner = { .flow_id = 1,
				   .what = NST_OWNER_CONSUMED,
				   .from_ns = START + 2 * S,
				   .pid = 20,
				   .start_ns = 500 * S,
				   .owner_source = NST_OWNER_FLOW,
				   .comm = { "child", 5 } };
	struct nst_total rows[] = { maker_total(0, S, false, 1),
				    maker_total(2 * S, 3 * S, false, 2),
				    maker_total(2 * S, 3 * S, true, 4),
				    maker_total(0, S, false, 8) };

	rows[0].owner_source = rows[1].owner_source = NST_OWNER_FLOW;
	/* of nobody known: the first who used the socket */
	rows[3].has &= ~(uint32_t)NST_TOTAL_HAS_OWNER;
	rows[3].owner_source = NST_OWNER_UNKNOWN;
	maker_totals(&maker, rows, 4);
	maker_table(&maker, NST_CHUNK_OWNERS, NST_TABLE_OWNER, &owner, 1);
	maker_end(&maker, 5 * S);
	CHECK_STR(value(path, "process", "comm", "web", "recv_bytes"), "1000");
	CHECK_STR(maker_value("comm", "web", "send_bytes"), "4000");
	CHECK_STR(maker_value("comm", "child", "recv_bytes"), "10000");
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", "--owner",
			    "recorded", path, NULL),
		  STATUS_DONE);
	CHECK_STR(maker_value("comm", "web", "recv_bytes"), "3000");
	CHECK_STR(maker_value("comm", "", "recv_bytes"), "8000");
	CHECK_INT(maker_run(&command_load, "-o", db, path, NULL), STATUS_DONE);
	CHECK_STR(ask(db, "SELECT 'k' AS k, sum(bytes) AS v FROM net_total WHERE comm = 'child'"),
		  "10000");
}

static void rows_without_a_flow(void)
{
	const char *path = maker_path("spill.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_total rows[] = { maker_total(0, S, true, 1), maker_total(0, S, true, 2) };

	rows[0].has = NST_TOTAL_HAS_IFINDEX | NST_TOTAL_HAS_NETNS | NST_TOTAL_HAS_PROTOCOL;
	rows[0].owner_source = NST_OWNER_UNKNOWN;
	rows[1].flow_id = 99; /* which no row of TUPLE describes */
	maker_totals(&maker, rows, 2);
	maker_end(&maker, 2 * S);
	CHECK_STR(value(path, "flow", "pid", "", "send_bytes"), "1000");
	CHECK_STR(maker_value("pid", "", "protocol"), "TCP");
	CHECK_STR(maker_value("pid", "", "netns"), "7");
	CHECK_STR(maker_value("pid", "", "remote_addr"), "");
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "2000");
	CHECK_STR(value(path, "interface", "interface", "eth0", "send_bytes"), "3000");
}

static void every_packet_once(void)
{
	const char *path = maker_path("once.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_interface bridge[] = {
		{ .netns = 7, .ifindex = 3, .name = { "br0", 3 }, .kind = { "bridge", 6 } },
		{ .netns = 7,
		  .ifindex = 4,
		  .has = NST_INTERFACE_HAS_MASTER,
		  .master = 3,
		  .name = { "port", 4 },
		  .kind = { "veth", 4 } },
	};
	struct nst_total rows[] = { maker_total(0, S, true, 1), maker_total(0, S, false, 1),
				    maker_total(0, S, true, 10), maker_total(0, S, true, 10) };

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_INTERFACE, bridge, 2);
	rows[0].ifindex = rows[1].ifindex = 1;
	rows[0].flags = rows[1].flags = NST_FLAG_LOOPBACK;
	rows[2].ifindex = 3;
	rows[2].flags = NST_FLAG_LOCAL_ADDR;
	rows[3].ifindex = 4;
	maker_totals(&maker, rows, 4);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_report, "--format", "json", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "\"bytes\":11000,\"total_events\":22,\"total_bytes\":11000,"));
	CHECK_STR(value(path, "process", "pid", "10", "send_bytes"), "11000");
	CHECK_STR(maker_value("pid", "10", "recv_bytes"), "1000");
	CHECK_STR(value(path, "interface", "interface", "port", "send_bytes"), "10000");
	CHECK_STR(maker_value("interface", "br0", "send_bytes"), "10000");
}

static void a_trace_of_flows_alone(void)
{
	const char *path = maker_path("flows.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_setting detail = { { "detail", 6 }, { "flows", 5 } };
	struct nst_total row = maker_total(S, 2 * S, false, 6);

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_SETTING, &detail, 1);
	maker_totals(&maker, &row, 1);
	maker_end(&maker, 0);
	CHECK_INT(maker_run(&command_report, "--by", "process", path, NULL), STATUS_DAMAGED);
	CHECK(strstr(maker_out, "span      2.000 s\n"));
	CHECK(strstr(maker_out, "0.0 % by events, 100.0 % by totals\n"));
	CHECK(strstr(maker_out, "detail    flows: totals alone, no events\n"));
	CHECK(strstr(maker_out, "6.00 kB"));
	CHECK_INT(maker_run(&command_dump, path, NULL), STATUS_DAMAGED);
	CHECK_STR(maker_out, "");
	CHECK(strstr(maker_err, "it has no events: for its totals use sql"));
	/* the end is that of the totals */
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", "--from", "-0.5",
			    path, NULL),
		  STATUS_DAMAGED);
	CHECK_STR(maker_value("pid", "10", "recv_bytes"), "3000");
}

static void detail_that_changes(void)
{
	const char *path = maker_path("auto.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_setting detail = { { "detail", 6 }, { "auto", 4 } };
	struct nst_detail_change rows[] = { { START, NST_DETAIL_PACKETS },
					    { START + 2 * S, NST_DETAIL_FLOWS },
					    { START + 5 * S, NST_DETAIL_PACKETS } };

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_SETTING, &detail, 1);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_DETAIL, rows, 3);
	maker_end(&maker, 10 * S);
	CHECK_INT(maker_run(&command_report, "--utc", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out,
		     "detail    auto: totals alone from 2026-01-02 03:04:07.000 for 3.000 s\n"));
	CHECK_INT(maker_run(&command_report, "--format", "json", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "\"detail\":\"auto\","));
	CHECK(strstr(maker_out,
		     "{\"time\":\"2026-01-02T03:04:07.000000000Z\",\"detail\":\"flows\"}"));
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "  from 2026-01-02T03:04:10.000Z: packets\n"));
}

static void sums_and_losses(void)
{
	const char *path = maker_path("sums.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_total total = maker_total(0, S, true, 3), sum = maker_total(0, S, true, 4);
	struct nst_loss_interval loss[] = { { START, START + S, 2, 2000, 0, NST_LOST_RING_FULL },
					    { START, START + S, 1, 1000, 1, NST_LOST_RING_FULL } };
	struct net_event event = maker_event(0, true);

	maker_add(&maker, &event);
	nst_writer_flush(maker.writer);
	maker_totals(&maker, &total, 1);
	sum.has &= ~(uint32_t)NST_TOTAL_HAS_FLOW;
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_SUM, &sum, 1);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_LOSS, loss, 2);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "4 events and 4000 bytes sent in the kernel: all are in events "
				"and totals\n"));
	CHECK(strstr(maker_out, "ring_full (CPU 1): 1 events, 1000 bytes, in 1 intervals\n"));
	CHECK_STR(ask(path, "SELECT 'k' AS k, sum(bytes) AS v FROM loss_interval"), "3000");
	CHECK_STR(ask(path, "SELECT 'k' AS k, bytes AS v FROM sum WHERE pid = 10 AND comm = 'web'"),
		  "4000");
}

/* Sums of what a trace claims may be beyond 64 bits; the rest of it is read all the same. */
static void claims_beyond_64_bits(void)
{
	const char *path = maker_path("claims.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct net_event event = maker_event(0, true);
	struct nst_loss_interval loss[] = {
		{ START, START + S, INT64_MAX, INT64_MAX, 0, NST_LOST_RING_FULL },
		{ START, START + S, INT64_MAX - 1, INT64_MAX, 0, NST_LOST_RING_FULL }
	};
	struct nst_counter counters[] = { { INT64_MAX, 0, { "flow_table_full", 15 } },
					  { INT64_MAX, 1, { "flow_table_full", 15 } } };
	struct nst_throughput throughput[] = {
		{ .bytes = INT64_MAX, .pid = 1, .is_send = 1, .name = { "a", 1 } },
		{ .bytes = INT64_MAX, .pid = 2, .is_send = 1, .name = { "b", 1 } },
	};
	struct nst_total sums[] = { maker_total(0, S, true, 1), maker_total(0, S, true, 1) };
	uint64_t lost[NST_LOSS_SLOTS] = { INT64_MAX, INT64_MAX };

	for (int i = 0; i < 2; i++) {
		sums[i].has &= ~(uint32_t)NST_TOTAL_HAS_FLOW;
		sums[i].bytes = INT64_MAX;
		sums[i].pid += (uint32_t)i;
	}
	maker_add(&maker, &event);
	nst_writer_set_lost(maker.writer, lost);
	nst_writer_flush(maker.writer);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_LOSS, loss, 2);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_COUNTER, counters, 2);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_THROUGHPUT, throughput, 2);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_SUM, sums, 2);
	maker_end(&maker, S);
	CHECK_STR(value(path, "process", "pid", "10", "send_bytes"), "1000");
	CHECK_INT(maker_run(&command_report, path, NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_report, "--format", "json", path, NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "9223372036854775807 events, 9223372036854775807 bytes, in 2"));
}

/* Events whose headers times segments are 2^48 bytes each: no sum is shown that wrapped around. */
static void events_beyond_64_bits(void)
{
	const char *path = maker_path("wire.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct net_event event = maker_event(0, true);

	event.has |= NST_HAS_SEGMENTS | NST_HAS_HEADER_BYTES | NST_HAS_LINK_HEADER;
	event.segments = UINT32_MAX;
	event.header_bytes = UINT16_MAX;
	for (int i = 0; i < 40000; i++)
		maker_add(&maker, &event);
	nst_writer_flush(maker.writer);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_report, path, NULL), STATUS_FAILED);
	CHECK(strstr(maker_err, "over 64 bits"));
}

/* THROUGHPUT goes on from part to part: what it lacks or has more is no loss. */
static void throughput_of_all_parts(void)
{
	const char *path = maker_path("part.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_setting part = { { "part", 4 }, { "2", 1 } };
	struct nst_throughput throughput = { 3000, 10, true, { "web", 3 } };
	struct net_event event = maker_event(0, true);

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_SETTING, &part, 1);
	maker_add(&maker, &event);
	nst_writer_flush(maker.writer);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_THROUGHPUT, &throughput, 1);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "send_bytes    3000 counted in the kernel, 1000 in events: the "
				"former is of all parts of the recording\n"));
}

int main(void)
{
	RUN(a_lossy_trace_reports_the_same_bytes);
	RUN(the_head_says_what_tells_of_the_bytes);
	RUN(rows_count_by_their_overlap);
	RUN(peaks_add_events_and_totals);
	RUN(rows_that_last_for_ever);
	RUN(many_rows_that_last_for_ever);
	RUN(rows_of_impossible_numbers);
	RUN(totals_are_rebound);
	RUN(rows_without_a_flow);
	RUN(every_packet_once);
	RUN(a_trace_of_flows_alone);
	RUN(detail_that_changes);
	RUN(sums_and_losses);
	RUN(claims_beyond_64_bits);
	RUN(events_beyond_64_bits);
	RUN(throughput_of_all_parts);
	maker_clean();
	return test_result();
}
