/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports on small traces, against sums done by hand. */
#include "tests/unit/trace_maker.h"

#include "analyze/say.h"

#define REPORT(by, ...) maker_run(&command_report, "--format", "csv", "--by", by, __VA_ARGS__, NULL)

static void sums_by_process_protocol_and_flow(void)
{
	const char *path = maker_path("sums.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct net_event event = maker_event(0, true);

	event.segments = 3;
	event.bytes = 3000;
	maker_add(&maker, &event);
	event = maker_event(S, false);
	maker_add(&maker, &event);
	event = maker_event(2 * S, false);
	event.protocol = 17;
	event.flow_id = 2;
	event.header_bytes = 28;
	event.bytes = 128;
	event.sport = 53;
	event.has &= ~(uint32_t)(NST_HAS_OWNER | NST_HAS_TCP_FLAGS);
	event.owner_source = NST_OWNER_UNKNOWN;
	maker_add(&maker, &event);
	maker_end(&maker, 4 * S);

	CHECK_INT(REPORT("process", path), STATUS_DONE);
	CHECK_INT(maker_rows(), 2);
	CHECK_STR(maker_value("pid", "10", "comm"), "web");
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "3000");
	CHECK_STR(maker_value("pid", "10", "recv_bytes"), "1000");
	CHECK_STR(maker_value("pid", "10", "send_packets"), "3");
	CHECK_STR(maker_value("pid", "10", "send_payload_bytes"), "2948");
	/* 2948 + 3 x (14 + 52) */
	CHECK_STR(maker_value("pid", "10", "send_wire_bytes"), "3146");
	CHECK_STR(maker_value("pid", "10", "send_bps"), "6000");
	CHECK_STR(maker_value("pid", "10", "send_peak_bps"), "24000");
	CHECK_STR(maker_value("pid", "10", "first"), "2026-01-02T03:04:05.000000000Z");
	CHECK_STR(maker_value("pid", "10", "last"), "2026-01-02T03:04:06.000000000Z");
	CHECK_STR(maker_value("pid", "10", "start"), "2026-01-02T02:55:45.000000000Z");
	CHECK_STR(maker_value("pid", "10", "sources_socket"), "4000");
	CHECK_STR(maker_value("pid", "", "recv_bytes"), "128");
	CHECK_STR(maker_value("pid", "", "comm"), "");
	CHECK_STR(maker_value("pid", "", "sources_unknown"), "128");

	CHECK_INT(REPORT("protocol", path), STATUS_DONE);
	CHECK_STR(maker_value("protocol", "TCP", "recv_bytes"), "1000");
	CHECK_STR(maker_value("protocol", "UDP", "recv_bytes"), "128");
	CHECK_STR(maker_value("protocol", "UDP", "recv_wire_bytes"), "142");

	CHECK_INT(REPORT("flow", path), STATUS_DONE);
	CHECK_INT(maker_rows(), 2);
	CHECK_STR(maker_value("protocol", "TCP", "local_addr"), "192.0.2.1");
	CHECK_STR(maker_value("protocol", "TCP", "local_port"), "40000");
	CHECK_STR(maker_value("protocol", "TCP", "remote_addr"), "198.51.100.2");
	CHECK_STR(maker_value("protocol", "TCP", "remote_port"), "443");
	CHECK_STR(maker_value("protocol", "TCP", "netns"), "7");
	CHECK_STR(maker_value("protocol", "TCP", "send_bytes"), "3000");
	CHECK_STR(maker_value("protocol", "TCP", "recv_bytes"), "1000");
	CHECK_STR(maker_value("protocol", "UDP", "pid"), "");
}

static void peaks_over_second_borders(void)
{
	const char *path = maker_path("peaks.zst");
	struct maker maker = maker_begin(path, 2, 1);
	/* seconds 0: 1000, 1: 2000, 2: 1000; the last one belongs to second 1 */
	const uint64_t at[] = { S - 1, S, 2 * S, 2 * S - 1 };

	for (size_t i = 0; i < 4; i++) {
		struct net_event event = maker_event(at[i], true);

		maker_add(&maker, &event);
		nst_writer_flush(maker.writer); /* a chunk each: the last two overlap */
	}
	maker_end(&maker, 10 * S);
	CHECK_INT(REPORT("process", path), STATUS_DONE);
	CHECK_STR(maker_value("pid", "10", "send_peak_bps"), "16000");
	CHECK_STR(maker_value("pid", "10", "send_bps"), "3200");
	CHECK_STR(maker_value("pid", "10", "recv_peak_bps"), "0");
	/* nothing came, and that is known */
	CHECK_STR(maker_value("pid", "10", "recv_payload_bytes"), "0");
	CHECK_STR(maker_value("pid", "10", "recv_wire_bytes"), "0");
}

static void a_span_under_a_second_is_one_bucket(void)
{
	const char *path = maker_path("short.zst");
	struct maker maker = maker_begin(path, 3, 1);
	struct net_event event = maker_event(S / 8, true);

	maker_add(&maker, &event);
	maker_end(&maker, S / 4);
	CHECK_INT(REPORT("protocol", path), STATUS_DONE);
	CHECK_STR(maker_value("protocol", "TCP", "send_bps"), "32000");
	CHECK_STR(maker_value("protocol", "TCP", "send_peak_bps"), "32000");
	/* a window across a second's border, but shorter than one */
	CHECK_INT(REPORT("protocol", "--to", "+0.125", path), STATUS_DONE);
	CHECK_INT(maker_rows(), 0);
}

static void a_span_of_nothing_has_no_rates(void)
{
	const char *path = maker_path("zero.zst");
	struct maker maker = maker_begin(path, 4, 1);
	struct net_event event = maker_event(0, true);

	maker_add(&maker, &event);
	maker_end(&maker, 0);
	CHECK_INT(REPORT("protocol", path), STATUS_DAMAGED);
	CHECK_STR(maker_value("protocol", "TCP", "send_bytes"), "1000");
	CHECK_STR(maker_value("protocol", "TCP", "send_bps"), "");
	CHECK_STR(maker_value("protocol", "TCP", "send_peak_bps"), "");
}

/* Ten events, one each half second from 0 on. */
static const char *make_ten(const char *name, uint8_t number)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, number, 1);

	for (uint64_t i = 0; i < 10; i++) {
		struct net_event event = maker_event(i * S / 2, i % 2 == 0);

		maker_add(&maker, &event);
		if (i % 3 == 0)
			nst_writer_flush(maker.writer);
	}
	maker_end(&maker, 5 * S);
	return path;
}

static void windows_are_half_open(void)
{
	const char *path = make_ten("ten.zst", 5);

	CHECK_INT(REPORT("process", "--from", "+1", "--to", "+2.5", path), STATUS_DONE);
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "2000"); /* at 1 and 2 */
	CHECK_STR(maker_value("pid", "10", "recv_bytes"), "1000"); /* at 1.5, not 2.5 */
	CHECK_STR(maker_value("pid", "10", "recv_bps"), "5333");   /* 8000 / 1.5 */
	CHECK_INT(REPORT("process", "--from", "-1", path), STATUS_DONE);
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "1000");
	CHECK_STR(maker_value("pid", "10", "recv_bytes"), "1000");
	CHECK_INT(REPORT("process", "--from", "2026-01-02T03:04:06.5Z", "--to",
			 "2026-01-02T04:04:07+01:00", path),
		  STATUS_DONE);
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "0");
	CHECK_STR(maker_value("pid", "10", "recv_bytes"), "1000");
	CHECK_INT(REPORT("process", "--from", "yesterday", path), STATUS_USAGE);
	/* 0.7 s, over the border of second 1: one bucket of its own length */
	CHECK_INT(REPORT("process", "--from", "+0.5", "--to", "+1.2", path), STATUS_DONE);
	CHECK_STR(maker_value("pid", "10", "send_peak_bps"), "11429");
	CHECK_STR(maker_value("pid", "10", "recv_peak_bps"), "11429");
}

static void intervals_add_up(void)
{
	const char *path = maker_path("ten.zst");

	CHECK_INT(REPORT("process", "--interval", "2", path), STATUS_DONE);
	CHECK_INT(maker_rows(), 3);
	CHECK_INT(maker_sum("send_bytes"), 5000);
	CHECK_INT(maker_sum("recv_bytes"), 5000);
	CHECK_STR(maker_value("time", "2026-01-02T03:04:05.000000000Z", "send_bps"), "8000");
	CHECK_STR(maker_value("time", "2026-01-02T03:04:05.000000000Z", "send_peak_bps"), "8000");
	/* the last interval is a second long */
	CHECK_STR(maker_value("time", "2026-01-02T03:04:09.000000000Z", "send_bps"), "8000");
	CHECK_INT(REPORT("flow", "--interval", "100ms", path), STATUS_DONE);
	CHECK_INT(maker_rows(), 10);
	CHECK_INT(maker_sum("send_bytes"), 5000);
	CHECK_STR(maker_value("send_bytes", "1000", "send_peak_bps"), "80000");
}

static void unknown_headers_are_null(void)
{
	const char *path = maker_path("arp.zst");
	struct maker maker = maker_begin(path, 6, 1);
	struct net_event event = { .timestamp = START,
				   .has = NST_HAS_LINK_HEADER | NST_HAS_IFINDEX | NST_HAS_NETNS |
					  NST_HAS_SEGMENTS,
				   .bytes = 28,
				   .segments = 1,
				   .ifindex = 2,
				   .netns = 7,
				   .ethertype = 0x0806,
				   .link_header_bytes = 14,
				   .is_send = 1 };

	maker_add(&maker, &event);
	event.ethertype = 0x88cc;
	maker_add(&maker, &event);
	maker_end(&maker, S);
	CHECK_INT(REPORT("flow", path), STATUS_DONE);
	CHECK_STR(maker_value("protocol", "ARP", "send_bytes"), "28");
	CHECK_STR(maker_value("protocol", "ARP", "send_payload_bytes"), "");
	CHECK_STR(maker_value("protocol", "ARP", "send_wire_bytes"), "42");
	CHECK_STR(maker_value("protocol", "ARP", "recv_payload_bytes"), "0");
	CHECK_STR(maker_value("protocol", "ARP", "local_addr"), "");
	CHECK_STR(maker_value("protocol", "ARP", "local_port"), "");
	CHECK_STR(maker_value("protocol", "eth-0x88cc", "send_bytes"), "28");
}

static void loopback_counts_once_for_the_host(void)
{
	const char *path = maker_path("loopback.zst");
	struct maker maker = maker_begin(path, 7, 1);
	struct net_event event = maker_event(0, true);

	event.flags = NST_FLAG_LOOPBACK;
	event.ifindex = 1;
	maker_add(&maker, &event);
	/* the same packet at its other end, which is another process */
	event.timestamp++;
	event.is_send = 0;
	event.flow_id = 2;
	maker_name(&event, 11, "server");
	maker_add(&maker, &event);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_report, "--format", "json", "--by", "flow", path, NULL),
		  STATUS_DONE);
	CHECK(strstr(maker_out, "\"events\":2,\"packets\":1,\"bytes\":1000,"));
	CHECK(strstr(maker_out, "\"local_addr\":\"192.0.2.1\",\"local_port\":40000,"
				"\"remote_addr\":\"198.51.100.2\",\"remote_port\":443,\"pid\":10"));
	CHECK(strstr(maker_out, "\"local_addr\":\"198.51.100.2\",\"local_port\":443,"
				"\"remote_addr\":\"192.0.2.1\",\"remote_port\":40000,\"pid\":11"));
	CHECK_INT(REPORT("process", path), STATUS_DONE);
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "1000");
	CHECK_STR(maker_value("pid", "11", "recv_bytes"), "1000");
	CHECK_STR(maker_value("pid", "11", "send_bytes"), "0");
}

static void a_process_is_pid_and_start(void)
{
	const char *path = maker_path("names.zst");
	struct maker maker = maker_begin(path, 8, 1);
	struct net_event event = maker_event(0, true);

	maker_name(&event, 20, "sh");
	maker_add(&maker, &event);
	event.timestamp += S;
	maker_name(&event, 20, "curl"); /* the same process after exec */
	maker_add(&maker, &event);
	event.timestamp += S;
	event.start_ns = 999 * S;
	event.flow_id = 3;
	maker_name(&event, 20, "late"); /* the pid was used again */
	maker_add(&maker, &event);
	maker_end(&maker, 4 * S);
	CHECK_INT(REPORT("process", path), STATUS_DONE);
	CHECK_INT(maker_rows(), 2);
	CHECK_STR(maker_value("comm", "curl", "send_bytes"), "2000");
	CHECK_STR(maker_value("comm", "late", "send_bytes"), "1000");
	CHECK_STR(maker_value("comm", "late", "start"), "2026-01-02T03:04:04.000000000Z");
	/* each event keeps the name of its time */
	CHECK_INT(maker_run(&command_dump, "--format", "csv", path, NULL), STATUS_DONE);
	CHECK_STR(maker_value("comm", "sh", "timestamp"), "1000000000000");
}

static void loss_and_cut_are_told(void)
{
	const char *path = maker_path("lossy.zst");
	struct maker maker = maker_begin(path, 9, 1);
	struct net_event event = maker_event(0, true);
	uint64_t lost[NST_LOSS_SLOTS] = { [NST_LOST_RING_FULL] = 12 };
	char wanted[64];

	nst_writer_set_lost(maker.writer, lost);
	maker_add(&maker, &event);
	maker_end(&maker, 0);
	CHECK_INT(maker_run(&command_report, "--format", "json", "--by", "process", path, NULL),
		  STATUS_DAMAGED);
	snprintf(wanted, sizeof(wanted), "\"lost\":{\"%s\":12}", nst_loss_name(NST_LOST_RING_FULL));
	CHECK(strstr(maker_out, wanted));
	CHECK(strstr(maker_out, "\"complete\":false"));
	CHECK(strstr(maker_err, path));
	CHECK_INT(maker_run(&command_report, path, NULL), STATUS_DAMAGED);
	CHECK(strstr(maker_out, "lost      12 events"));
	CHECK(strstr(maker_out, "cut, without its end"));
}

/* All file headers are gone: times come from the chunks' own samples. */
static void without_its_header_a_trace_still_has_times(void)
{
	const char *path = maker_path("headless.zst");
	struct maker maker = maker_begin(path, 11, 1);
	struct net_event event = maker_event(2 * S, true);
	int fd;

	nst_writer_set_clock_sample(maker.writer, START + S, WALL + S);
	maker_add(&maker, &event);
	maker_end(&maker, 4 * S);
	fd = open(path, O_WRONLY);
	CHECK_INT(pwrite(fd, "x", 1, 30), 1);
	close(fd);
	CHECK_INT(REPORT("process", "--interval", "1", path), STATUS_DAMAGED);
	CHECK_STR(maker_value("pid", "10", "first"), "2026-01-02T03:04:07.000000000Z");
	CHECK_STR(maker_value("pid", "10", "time"), "2026-01-02T03:04:07.000000000Z");
}

static void names_are_escaped(void)
{
	const char *path = maker_path("names2.zst");
	struct maker maker = maker_begin(path, 10, 1);
	struct net_event event = maker_event(0, true);

	maker_name(&event, 30, "a\x1b[31m\xff\"b,c");
	maker_add(&maker, &event);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_report, "--format", "json", "--by", "process", path, NULL),
		  STATUS_DONE);
	CHECK(strstr(maker_out, "\"comm\":\"a\\u001b[31m\\\\xff\\\"b,c\""));
	CHECK_INT(maker_run(&command_report, "--by", "process", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "a\\x1b[31m\\xff\"b,c"));
	CHECK(!strchr(maker_out, '\x1b'));
	CHECK_INT(REPORT("process", path), STATUS_DONE);
	CHECK(strstr(maker_out, "\"a\\x1b[31m\\xff\"\"b,c\""));
	CHECK_INT(maker_run(&command_dump, path, NULL), STATUS_DONE);
	CHECK(!strchr(maker_out, '\x1b'));
}

static void traces_merge_and_count_once(void)
{
	const char *one = make_ten("one.zst", 20), *two = make_ten("two.zst", 21);

	CHECK_INT(REPORT("process", one, two), STATUS_DONE);
	CHECK_INT(maker_rows(), 1); /* the same boot, pid and start */
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "10000");
	CHECK_STR(maker_value("pid", "10", "send_bps"), "16000"); /* of the same 5 s */
	CHECK_INT(REPORT("process", one, one), STATUS_DONE);
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "5000");
	CHECK(strstr(maker_err, "not counted twice\n"));
	CHECK(!truncate(one, 900)); /* of the same trace: the part hides the whole, and says so */
	two = make_ten("whole.zst", 20);
	CHECK_INT(REPORT("process", one, two), STATUS_DAMAGED);
	CHECK(strstr(maker_err, "more complete"));
}

static void rows_are_sorted_and_limited(void)
{
	const char *path = maker_path("many.zst");
	struct maker maker = maker_begin(path, 30, 1);

	for (uint32_t i = 0; i < 5; i++) {
		struct net_event event = maker_event(i, true);
		char comm[2] = { (char)('e' - i), '\0' };

		event.bytes = 100 * (i + 1);
		event.flow_id = i + 1;
		maker_name(&event, 100 + i, comm);
		maker_add(&maker, &event);
	}
	maker_end(&maker, S);
	CHECK_INT(REPORT("process", "--limit", "1", path), STATUS_DONE);
	CHECK_INT(maker_rows(), 1);
	CHECK_STR(maker_value("pid", "104", "send_bytes"), "500");
	CHECK_INT(REPORT("process", "--sort", "comm", "--limit", "1", path), STATUS_DONE);
	CHECK_STR(maker_value("comm", "a", "pid"), "104");
	CHECK_INT(REPORT("process", "--sort", "nonsense", path), STATUS_USAGE);
	CHECK(strstr(maker_err, "send_peak_bps"));
	CHECK_INT(maker_run(&command_report, "--by", "process", "--limit", "2", "--bytes", path,
			    NULL),
		  STATUS_DONE);
	CHECK(strstr(maker_out, "others (3)"));
	CHECK(strstr(maker_out, " 600 ")); /* 100 + 200 + 300 */
	CHECK_INT(maker_run(&command_report, "--format", "csv", path, NULL), STATUS_USAGE);
	CHECK(strstr(maker_err, "--by"));
}

/* Two recordings of different boots in one file, the later one first. */
static void windows_count_from_the_first_start_to_the_last_end(void)
{
	const char *path = maker_path("both.zst"), *db = maker_path("both.db");

	for (uint8_t n = 0; n < 2; n++) {
		struct nst_header header = { .uuid = { (uint8_t)(40 + n) },
					     .boot_id = { (uint8_t)(1 + n) },
					     .clock = NST_CLOCK_BOOTTIME,
					     .start_ns = n ? START : 10 * S,
					     .start_realtime_ns = WALL + (n ? 0 : 100 * S) };
		struct net_event event = maker_event(0, true);
		struct maker maker;

		maker.fd = open(path, O_CREAT | O_WRONLY | O_APPEND | (n ? 0 : O_TRUNC), 0600);
		CHECK_INT(nst_writer_open(maker.fd, &header, 3, &maker.writer), 0);
		nst_writer_set_clock_sample(maker.writer, header.start_ns,
					    header.start_realtime_ns);
		event.timestamp = header.start_ns;
		maker_add(&maker, &event);
		CHECK_INT(nst_writer_end(maker.writer, header.start_ns + 10 * S), 0);
		nst_writer_close(maker.writer);
		close(maker.fd);
	}
	CHECK_INT(maker_run(&command_load, "-o", db, path, NULL), STATUS_DONE);
	for (int i = 0; i < 2; i++) {
		const char *input = i ? db : path;

		CHECK_INT(REPORT("process", "--to", "+1", input), STATUS_DONE);
		CHECK_INT(maker_rows(), 1);
		CHECK_STR(maker_value("pid", "10", "first"), "2026-01-02T03:04:05.000000000Z");
		CHECK_INT(REPORT("process", "--from", "-11", input), STATUS_DONE);
		CHECK_INT(maker_rows(), 1);
		CHECK_STR(maker_value("pid", "10", "first"), "2026-01-02T03:05:45.000000000Z");
	}
	CHECK_INT(maker_run(&command_dump, "--utc", "--to", "+1", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "2026-01-02 03:04:05"));
	CHECK(!strstr(maker_out, "2026-01-02 03:05:45"));
}

/* A recording that was killed has no sums of the kernel: it is not held against them. */
static void the_kernels_sums_are_checked_where_there_are_any(void)
{
	const char *path = maker_path("checked.zst");
	const struct nst_throughput sums[] = {
		{ .bytes = 1000, .pid = 10, .is_send = 1, .name = { "web", 3 } },
	};
	const struct nst_rows table = { NST_TABLE_THROUGHPUT, sums, 1 };
	struct net_event event = maker_event(0, true);
	char command[400];

	for (uint8_t n = 0; n < 2; n++) {
		struct maker maker =
			maker_begin(n ? maker_path("more.zst") : path, (uint8_t)(60 + n), 1);

		maker_add(&maker, &event);
		if (!n)
			nst_writer_rows(maker.writer, NST_CHUNK_TOTALS, &table, 1);
		maker_end(&maker, n ? 0 : S);
	}
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "1000 counted in the kernel, 1000 in events: equal"));
	snprintf(command, sizeof(command), "cat '%s' >> '%s'", maker_path("more.zst"), path);
	CHECK_INT(system(command), 0);
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DAMAGED);
	CHECK(strstr(maker_out, "1000 counted in the kernel, 1000 in events: equal"));
}

/* The width of the widest line of a flow report on such a terminal. */
static size_t widest_line(unsigned int width)
{
	struct table_style style = { .width = width, .typed = true, .unknown = "(unknown)" };
	sqlite3_stmt *row = NULL;
	sqlite3 *db = NULL;
	char *text = NULL;
	size_t size = 0, widest = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
	CHECK(sqlite3_prepare_v2(db,
				 "SELECT 'ICMPv6' AS protocol, 4026531833 AS netns, "
				 "'2001:db8:1111:2222:3333:4444:5555:6666' AS local_addr, "
				 "65535 AS local_port, '255.255.255.255' AS remote_addr, "
				 "65535 AS remote_port, 4194303 AS pid, 'fifteen letters' AS comm, "
				 "1 AS send_bytes, 2 AS recv_bytes, 3 AS send_bps",
				 -1, &row, NULL) == SQLITE_OK);
	CHECK_INT(table_print(out, row, 0, &style), 0);
	fclose(out);
	for (char *line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		widest = len > widest ? len : widest;
	}
	free(text);
	sqlite3_finalize(row);
	sqlite3_close(db);
	return widest;
}

static void tables_fit_the_terminal(void)
{
	for (unsigned int width = 20; width <= 200; width++) {
		size_t widest = widest_line(width);

		CHECK(widest <= width);
	}
	CHECK(widest_line(0) > 130); /* nothing is left out in a file */
}

/* Shares add up to all of it, and what they are shares of is said; nobody has a name. */
static void the_heading_says_what_it_counts(void)
{
	const char *path = maker_path("shares.zst"), *loopback = maker_path("both.zst");
	struct maker maker = maker_begin(path, 21, 1);
	struct net_event event = maker_event(0, false);

	for (uint8_t source = NST_OWNER_SOCKET; source <= NST_OWNER_LISTENER; source++) {
		event.owner_source = source;
		maker_add(&maker, &event);
	}
	event.has &= ~(uint32_t)NST_HAS_OWNER;
	event.owner_source = NST_OWNER_UNKNOWN;
	event.bytes = 1;
	maker_add(&maker, &event);
	maker_end(&maker, S);
	maker = maker_begin(loopback, 22, 1);
	event = maker_event(0, true);
	event.flags = NST_FLAG_LOOPBACK;
	maker_add(&maker, &event);
	event.is_send = false;
	maker_add(&maker, &event);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_report, "--by", "user", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "\nowners    socket 33.4 %, flow 33.3 %, listener 33.3 %, "
				"unknown <0.1 % of bytes\n"));
	CHECK(strstr(maker_out, "\n  -  (unknown) "));
	CHECK(!strstr(maker_out, "\nview "));
	CHECK_INT(maker_run(&command_report, "--by", "cgroup", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "\n(unknown) "));
	CHECK_INT(maker_run(&command_report, "--owner", "held", loopback, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "\nview      held: "));
	CHECK(strstr(maker_out, "\nowners    socket 100.0 % of bytes, both ends of loopback\n"));
}

int main(void)
{
	RUN(sums_by_process_protocol_and_flow);
	RUN(peaks_over_second_borders);
	RUN(a_span_under_a_second_is_one_bucket);
	RUN(a_span_of_nothing_has_no_rates);
	RUN(windows_are_half_open);
	RUN(intervals_add_up);
	RUN(unknown_headers_are_null);
	RUN(loopback_counts_once_for_the_host);
	RUN(a_process_is_pid_and_start);
	RUN(loss_and_cut_are_told);
	RUN(without_its_header_a_trace_still_has_times);
	RUN(names_are_escaped);
	RUN(traces_merge_and_count_once);
	RUN(rows_are_sorted_and_limited);
	RUN(windows_count_from_the_first_start_to_the_last_end);
	RUN(the_kernels_sums_are_checked_where_there_are_any);
	RUN(tables_fit_the_terminal);
	RUN(the_heading_says_what_it_counts);
	maker_clean();
	return test_result();
}
