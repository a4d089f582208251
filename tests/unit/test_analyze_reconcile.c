/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What devices counted against what the trace tells, and a clock that was set. */
#include "tests/unit/trace_maker.h"

#include "analyze/meter.h"
#include "analyze/say.h"

#define MS UINT64_C(1000000)

/* A reading of eth0 (2) or another device. */
static struct nst_interface_counter reading(uint32_t ifindex, uint64_t after_ns,
					    uint64_t send_bytes, uint64_t recv_bytes)
{
	return (struct nst_interface_counter){ .time_ns = START + after_ns,
					       .netns = 7,
					       .ifindex = ifindex,
					       .send_bytes = send_bytes,
					       .recv_bytes = recv_bytes };
}

static void add_readings(struct maker *maker, const struct nst_interface_counter *rows, size_t n)
{
	maker_table(maker, NST_CHUNK_INTERFACE_COUNTERS, NST_TABLE_INTERFACE_COUNTER, rows, n);
}

/* "send:recv" of a column of the device, as the database has it. */
static const char *both(const char *path, const char *device, const char *column)
{
	char sql[512];
	int status;

	snprintf(
		sql, sizeof(sql),
		"SELECT 'k' AS k, (SELECT %s FROM reconciliation WHERE interface = '%s' AND is_send) "
		"|| ':' || (SELECT %s FROM reconciliation WHERE interface = '%s' "
		"AND NOT is_send) AS v",
		column, device, column, device);
	status = maker_run(&command_sql, "--format", "csv", path, sql, NULL);
	CHECK(status == STATUS_DONE || status == STATUS_DAMAGED);
	return maker_value("k", "k", "v");
}

static void add_events(struct maker *maker, uint64_t from_ns, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		for (int is_send = 0; is_send < 2; is_send++) {
			struct net_event event = maker_event(from_ns + i * 100 * MS, is_send);

			maker_add(maker, &event);
		}
	nst_writer_flush(maker->writer);
}

/* One event each way before the first reading, ten between, one behind the last. */
static void between_the_readings(void)
{
	const char *path = maker_path("between.zst"), *db = maker_path("between.db");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_interface_counter rows[] = {
		reading(2, 500 * MS, 100000, 5000),
		reading(2, 1500 * MS, 100000 + 5 * 1014, 5000 + 5 * 1014),
		reading(2, 2500 * MS, 100000 + 10 * 1014, 5000 + 10 * 1014 + 77),
	};

	add_events(&maker, 0, 1);
	add_readings(&maker, rows, 1);
	add_events(&maker, S, 10);
	add_readings(&maker, rows + 1, 2);
	add_events(&maker, 3 * S, 1);
	maker_end(&maker, 4 * S);
	CHECK_STR(both(path, "eth0", "interface_bytes"), "10140:10217");
	CHECK_STR(both(path, "eth0", "attributed_bytes"), "10140:10140");
	CHECK_STR(both(path, "eth0", "lost_bytes"), "0:0");
	CHECK_STR(both(path, "eth0", "unexplained_bytes"), "0:77");
	CHECK_STR(both(path, "eth0", "reconciled"), "1:1");
	CHECK_INT(maker_run(&command_report, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "devices   eth0 sent 10.1 kB, 0 B unexplained; "
				"received 10.2 kB, 77 B unexplained\n"));
	CHECK_INT(maker_run(&command_load, "-o", db, path, NULL), STATUS_DONE);
	CHECK_STR(both(db, "eth0", "unexplained_bytes"), "0:77");
	CHECK_INT(maker_run(&command_report, "--interval", "1", "--bytes", db, NULL), STATUS_DONE);
	CHECK(strstr(maker_out,
		     "eth0 sent 10140, 0 unexplained; received 10217, 77 unexplained\n"));
	CHECK_INT(maker_run(&command_report, "--from", "+1", db, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "devices   not reconciled: a window was asked for\n"));
	CHECK_INT(maker_run(&command_report, "--from", "+1", "--format", "json", path, NULL),
		  STATUS_DONE);
	CHECK(strstr(maker_out, "\"interface_bytes\":null,"));
	CHECK(strstr(maker_out, "\"reconciled\":false,\"reason\":\"a window was asked for\""));
}

/* The numbers of a trace may be any: no sum of them goes wrong. */
static void impossible_counters(void)
{
	const char *path = maker_path("impossible.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_interface_counter rows[] = { reading(1, 0, 0, 0), reading(2, 0, 0, 0),
						reading(1, S, UINT64_C(1) << 63, 0),
						reading(2, S, INT64_MAX, INT64_MAX) };

	add_events(&maker, 100 * MS, 1);
	add_readings(&maker, rows, 4);
	maker_end(&maker, S);
	CHECK_STR(both(path, "eth0", "reason"),
		  "its counters are impossible:its counters are impossible");
	CHECK_INT(maker_run(&command_report, path, NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DONE);
}

static void to_whom_the_bytes_are(void)
{
	const char *path = maker_path("whom.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_interface_counter rows[] = { reading(2, 0, 0, 0),
						reading(2, S, 7 * 1014 + 8 * 1014, 0) };
	static const uint8_t sources[] = { NST_OWNER_KERNEL,	NST_OWNER_FORWARDED,
					   NST_OWNER_FORWARDED, NST_OWNER_UNKNOWN,
					   NST_OWNER_UNKNOWN,	NST_OWNER_UNKNOWN };
	struct nst_total total = maker_total(0, S, true, 8);

	add_readings(&maker, rows, 1);
	for (size_t i = 0; i < sizeof(sources); i++) {
		struct net_event event = maker_event((i + 1) * MS, true);

		event.has &= ~(uint32_t)NST_HAS_OWNER;
		event.owner_source = sources[i];
		maker_add(&maker, &event);
	}
	nst_writer_flush(maker.writer);
	/* what totals tell counts as well */
	maker_totals(&maker, &total, 1);
	add_readings(&maker, rows + 1, 1);
	maker_end(&maker, 2 * S);
	CHECK_INT(maker_run(&command_report, "--format", "json", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out,
		     "\"name\":\"eth0\",\"kind\":null,\"is_send\":true,\"unit\":\"frame\","
		     "\"interface_bytes\":15210,\"attributed_bytes\":8112,"
		     "\"kernel_bytes\":1014,\"forwarded_bytes\":2028,"
		     "\"unknown_bytes\":3042,\"lost_bytes\":0,"
		     "\"unexplained_bytes\":1014,\"reconciled\":true,\"reason\":null"));
}

/* With a row of totals across the reading, most of which is before it. */
static void what_cannot_be_compared(void)
{
	const char *path = maker_path("not.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_interface other[] = {
		{ .netns = 7, .ifindex = 5, .name = { "mv0", 3 }, .kind = { "macvlan", 7 } },
		{ .netns = 7, .ifindex = 6, .name = { "odd0", 4 }, .kind = { "odd", 3 } },
		{ .netns = 7, .ifindex = 8, .name = { "new0", 4 }, .kind = { "veth", 4 } },
		{ .netns = 7, .ifindex = 9, .name = { "one0", 4 }, .kind = { "veth", 4 } },
	};
	struct nst_interface_counter rows[] = {
		reading(5, 0, 0, 0), reading(5, S, 1014, 500), reading(6, 0, 0, 0),
		reading(6, S, 9, 9), reading(9, 0, 0, 0),
	};
	struct nst_total totals[8];

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_INTERFACE, other, 4);
	for (uint32_t i = 0; i < 8; i++) {
		totals[i] = maker_total(0, S, i % 2, 1);
		totals[i].ifindex = other[i / 2].ifindex;
	}
	totals[0].from_ns = START - 2 * S;
	maker_totals(&maker, totals, 8);
	add_readings(&maker, rows, 5);
	maker_end(&maker, 2 * S);
	CHECK_STR(both(path, "mv0", "coalesce(reason, unexplained_bytes)"),
		  "0:its packets are received by the device below it");
	CHECK_STR(both(path, "mv0", "attributed_bytes"), "1014:0");
	CHECK_STR(both(path, "odd0", "reason"), "what devices of its kind count is not known:"
						"what devices of its kind count is not known");
	CHECK_STR(both(path, "new0", "reason || attributed_bytes"),
		  "its counters were not read1014:its counters were not read1014");
	CHECK_STR(both(path, "one0", "reason"),
		  "its counters were read once only:its counters were read once only");
}

/* A trace of eth0 with ten events each way between two readings. */
static const char *make_plain(const char *name, const char *filters, uint64_t n_lost,
			      uint64_t events_behind, uint64_t end_ns)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_setting setting = { { "filters", 7 }, { filters, (uint32_t)strlen(filters) } };
	struct nst_interface_counter rows[] = { reading(2, 0, 0, 0),
						reading(2, 2 * S, 10140, 10140) };
	uint64_t lost[NST_LOSS_SLOTS] = { [NST_LOST_RING_FULL] = n_lost };

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_SETTING, &setting, 1);
	nst_writer_set_lost(maker.writer, lost);
	add_events(&maker, S, 10);
	add_readings(&maker, rows, 2);
	add_events(&maker, 3 * S, events_behind);
	maker_end(&maker, end_ns);
	return path;
}

static void what_keeps_all_of_a_trace(void)
{
	CHECK_STR(both(make_plain("plain.zst", "", 0, 0, 4 * S), "eth0", "unexplained_bytes"),
		  "0:0");
	CHECK_STR(both(make_plain("filtered.zst", "--pid 1", 0, 0, 4 * S), "eth0", "reason"),
		  "filtered:filtered");
	CHECK_STR(both(make_plain("lost.zst", "", 3, 0, 4 * S), "eth0", "reason"),
		  "events were lost without totals:"
		  "events were lost without totals");
	/* cut: what is behind the last reading shows that all before it is there */
	CHECK_STR(both(make_plain("cut.zst", "", 0, 1, 0), "eth0", "unexplained_bytes"), "0:0");
	CHECK_STR(both(make_plain("cut-early.zst", "", 0, 0, 0), "eth0", "reason"),
		  "the trace is cut before its last reading was reached:"
		  "the trace is cut before its last reading was reached");
}

/* Rules by kind, as they were found by trial. */
static void units(void)
{
	static const struct {
		const char *kind;
		uint32_t type;
		const char *send, *recv; /* "" : not compared */
	} cases[] = {
		{ NULL, 772, "ip", "ip" },	 { NULL, 1, "frame", "frame" },
		{ "veth", 1, "frame", "frame" }, { "bridge", 1, "frame", "ip" },
		{ "vxlan", 1, "ip", "ip" },	 { "macvlan", 1, "frame", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct meter_device device = { .kind = cases[i].kind,
					       .type = cases[i].type,
					       .is_known = true };
		struct meter send = meter_of(&device, true), recv = meter_of(&device, false);

		CHECK_STR(send.reason ? "" : meter_unit_name(meter_whole(&send)), cases[i].send);
		CHECK_STR(recv.reason ? "" : meter_unit_name(meter_whole(&recv)), cases[i].recv);
	}
}

/* A packet of three segments: whole on a veth, cut where the device has no TSO. */
static void segments(void)
{
	struct lane_key lane = { .link_header_bytes = 14 };
	uint32_t bytes = 3052, n_segments = 3;
	uint16_t has = NST_HAS_SEGMENTS | NST_HAS_HEADER_BYTES, header_bytes = 52;
	struct nst_events events = { .n_events = 1,
				     .bytes = &bytes,
				     .segments = &n_segments,
				     .has = &has,
				     .header_bytes = &header_bytes };
	struct meter meter = { .has_link = true };
	struct meter_sums sums = { 0 };

	meter_add_event(&sums, &lane, &events, 0);
	CHECK_INT(meter_bytes(&sums, METER_IP), 3052);
	CHECK_INT(meter_bytes(&sums, METER_FRAME), 3066);
	CHECK_INT(meter_bytes(&sums, METER_IP_SEGMENTS), 3156);
	CHECK_INT(meter_bytes(&sums, METER_FRAME_SEGMENTS), 3198);
	CHECK_INT(meter_nearest(&meter, &sums, 3066), METER_FRAME);
	CHECK_INT(meter_nearest(&meter, &sums, 3198), METER_FRAME_SEGMENTS);
}

/* Set forward by an hour and back by ten seconds; a slow drift is no step. */
static void a_clock_that_was_set(void)
{
	const char *path = maker_path("clock.zst"), *db = maker_path("clock.db");
	struct maker maker = maker_begin(path, 1, 1);
	const uint64_t hour = 3603 * S;

	for (uint64_t i = 0; i < 6; i++) {
		struct net_event event = maker_event(i * S, true);
		uint64_t wall = WALL + i * S + i * MS / 10;

		wall += i >= 2 ? hour : 0;
		wall -= i >= 4 ? 10 * S : 0;
		nst_writer_set_clock_sample(maker.writer, START + i * S, wall);
		maker_add(&maker, &event);
		nst_writer_flush(maker.writer);
	}
	maker_end(&maker, 6 * S);
	CHECK_INT(maker_run(&command_report, "--utc", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "clock     the clock was set forward by 1h 0m 3s at "
				"2026-01-02 04:04:10.000, back by 9.999 s at "
				"2026-01-02 04:04:02.000\n"));
	CHECK_INT(maker_run(&command_report, "--format", "json", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "\"clock_steps\":[{\"time\":\"2026-01-02T04:04:10.000200000Z\","
				"\"step_ns\":3603000100000},{\"time\":"));
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "  set forward at 2026-01-02T04:04:10.000Z: 3603000100000 ns\n"));
	/* the time of day on both sides is that of the samples */
	CHECK_INT(maker_run(&command_dump, "--format", "json", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "2026-01-02T03:04:06.000100000Z"));
	CHECK(strstr(maker_out, "2026-01-02T04:04:10.000200000Z"));
	CHECK(strstr(maker_out, "2026-01-02T04:04:02.000400000Z"));
	CHECK_INT(maker_run(&command_load, "-o", db, path, NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_report, "--format", "json", db, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "\"step_ns\":3603000100000"));
	/* outside of what was asked for */
	CHECK_INT(maker_run(&command_report, "--to", "+1", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "clock     ") == NULL);
}

/* The lowest number there is has no absolute value. */
static void an_impossible_step(void)
{
	const char *path = maker_path("step.zst");
	struct maker maker = maker_begin(path, 1, 1);
	struct nst_comment comment = { START, { "c", 1 } };

	/* 2^63 ns less, against the clock, than the header's */
	nst_writer_set_clock_sample(maker.writer, INT64_MAX,
				    (uint64_t)(INT64_MIN + (int64_t)(WALL - START) + INT64_MAX));
	maker_table(&maker, NST_CHUNK_COMMENT, NST_TABLE_COMMENT, &comment, 1);
	maker_end(&maker, S);
	CHECK_INT(maker_run(&command_report, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "the clock was set back by"));
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DONE);
}

int main(void)
{
	RUN(between_the_readings);
	RUN(impossible_counters);
	RUN(to_whom_the_bytes_are);
	RUN(what_cannot_be_compared);
	RUN(what_keeps_all_of_a_trace);
	RUN(units);
	RUN(segments);
	RUN(a_clock_that_was_set);
	RUN(an_impossible_step);
	maker_clean();
	return test_result();
}
