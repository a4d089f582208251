/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What share takes of a span: what was so in it, and nothing of before and after. */
#include "analyze/anonymize.h"
#include "tests/unit/share_span.h"

/* ---- Devices ----------------------------------------------------------- */

#define LINK (NST_INTERFACE_HAS_LINK | NST_INTERFACE_HAS_LINK_NETNS)

/* Of a namespace whose flows are taken: what their packets passed, and what that lies on. */
static void devices_that_nothing_passed_are_left_out(void)
{
	static const struct nst_interface rows[] = {
		{ .netns = 7,
		  .ifindex = 6,
		  .has = LINK,
		  .link = 3,
		  .link_netns = 7,
		  .name = TEXT("vlan.house"),
		  .kind = TEXT("vlan") },
		{ .netns = 7, .ifindex = 5, .name = TEXT("bridge.house"), .kind = TEXT("bridge") },
		{ .netns = 7,
		  .ifindex = 3,
		  .has = NST_INTERFACE_HAS_MASTER,
		  .master = 5,
		  .name = TEXT("port.house") },
		{ .netns = 7, .ifindex = 9, .name = TEXT("vpn.elsewhere") },
		{ .netns = 7,
		  .ifindex = 10,
		  .has = LINK,
		  .link = 6,
		  .link_netns = 7,
		  .name = TEXT("other.elsewhere"),
		  .kind = TEXT("vlan") },
		{ .netns = 8, .ifindex = 6, .name = TEXT("space.elsewhere") },
	};
	static const char *const there[] = { "vlan.house", "bridge.house", "port.house" };
	const char *path = maker_path("devices.zst"), *part;
	struct maker maker = maker_begin(path, 1, 2);

	maker_table(&maker, NST_CHUNK_ENVIRONMENT, NST_TABLE_INTERFACE, rows,
		    sizeof(rows) / sizeof(rows[0]));
	add_events(&maker, (const uint64_t[]){ 5, 15 }, 2);
	maker_end(&maker, 30 * S);
	part = share(path, "+10", "+20");
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		CHECK(occurs(part, there[i]));
	CHECK(!occurs(part, "elsewhere"));
	CHECK(!occurs(part, "eth0"));
}

/* ---- Traces ------------------------------------------------------------ */

static void copy_to(int fd, const char *path)
{
	int from = open(path, O_RDONLY);
	char buffer[65536];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		CHECK_INT(write(fd, buffer, (size_t)n), n);
	close(from);
}

static const char *make_two(void)
{
	const char *both = maker_path("both.zst");
	int fd = open(both, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	for (uint8_t i = 1; i <= 2; i++) {
		const char *path = maker_path("one.zst");
		struct maker maker = maker_begin(path, i, i);
		struct net_event event = maker_event(i * 100 * S, true);

		maker_name(&event, 10 + i, i == 1 ? "first.one" : "second.one");
		maker_add(&maker, &event);
		maker_end(&maker, (i * 100 + 10) * S);
		copy_to(fd, path);
	}
	close(fd);
	return both;
}

/* One that ended before the span has no part in it, not even an empty one. */
static void traces_outside_are_left_out(void)
{
	const char *both = make_two(), *part = share(both, "+150", "+300");

	CHECK_INT(maker_run(&command_info, part, NULL), 0);
	CHECK(!occurs(part, "first.one"));
	CHECK(occurs(part, "second.one"));
	CHECK_STR(asked(part, "SELECT count(*) FROM trace"), "1");
	CHECK_INT(maker_run(&command_verify, part, NULL), 0);
	part = share(both, "+50", "+300");
	CHECK_STR(asked(part, "SELECT count(*) FROM trace"), "2");
	CHECK_STR(asked(part, "SELECT count(*) FROM trace WHERE end_ns < start_ns"), "0");
	CHECK_INT(maker_run(&command_share, "--from", "+20", "--to", "+10", "-o",
			    maker_path("none.zst"), both, NULL),
		  1);
	CHECK(strstr(maker_err, "nothing of it"));
}

/* ---- Rows with times --------------------------------------------------- */

#define OWNER(seconds, which, name)                                                      \
	{                                                                                \
		.flow_id = 1, .pid = 20, .start_ns = 600 * S,                            \
		.from_ns = seconds ? START + seconds * S : 0, .what = NST_OWNER_##which, \
		.owner_source = NST_OWNER_FLOW, .comm = TEXT(name)                       \
	}

static const char *make_owned(bool has_owner)
{
	static const struct nst_owner rows[] = {
		OWNER(0, CONSUMED, "consumed.first"),	OWNER(5, CONSUMED, "consumed.before"),
		OWNER(16, CONSUMED, "consumed.within"), OWNER(25, CONSUMED, "consumed.after"),
		OWNER(2, HELD, "held.first"),		OWNER(6, HELD, "held.before"),
		OWNER(20, HELD, "held.after"),
	};
	const char *path = maker_path("owned.zst");
	struct maker maker = maker_begin(path, 1, 2);
	static const uint64_t seconds[] = { 1, 8, 12, 18, 28 };

	maker_table(&maker, NST_CHUNK_OWNERS, NST_TABLE_OWNER, rows,
		    sizeof(rows) / sizeof(rows[0]));
	for (size_t i = 0; i < 5; i++) {
		struct net_event event = maker_event(seconds[i] * S, false);

		event.owner_source = NST_OWNER_FLOW;
		event.bytes = (uint32_t)(1000 + i);
		if (!has_owner) {
			event.has &= ~(uint32_t)NST_HAS_OWNER;
			event.owner_source = NST_OWNER_UNKNOWN;
		}
		maker_add(&maker, &event);
	}
	maker_end(&maker, 40 * S);
	return path;
}

static void owners_of_the_span(void)
{
	static const char *const views[] = { "consumed", "held" };
	static const char by_comm[] =
		"SELECT group_concat(comm || ' ' || bytes) FROM (SELECT comm, bytes FROM net_event "
		"WHERE bytes IN (1002, 1003) ORDER BY bytes)";
	const char *trace = make_owned(true), *part = share(trace, "+10", "+20");

	CHECK(occurs(part, "consumed.before"));
	CHECK(occurs(part, "consumed.within"));
	CHECK(occurs(part, "held.before"));
	CHECK(!occurs(part, "consumed.first"));
	CHECK(!occurs(part, "consumed.after"));
	CHECK(!occurs(part, "held.first"));
	CHECK(!occurs(part, "held.after"));
	for (int has_owner = 0; has_owner < 2; has_owner++) {
		trace = make_owned(has_owner);
		part = share(trace, "+10", "+20");
		for (size_t i = 0; i < 2; i++) {
			char before[160];

			CHECK_INT(maker_run(&command_sql, "--format", "csv", "--owner", views[i],
					    trace, by_comm, NULL),
				  0);
			snprintf(before, sizeof(before), "%.150s", maker_out);
			CHECK(strstr(before, i ? "held.before 1002" : "consumed.before 1002"));
			CHECK_INT(maker_run(&command_sql, "--format", "csv", "--owner", views[i],
					    part, by_comm, NULL),
				  0);
			CHECK_STR(maker_out, before);
		}
	}
}

#define PROCESS(seconds, kind, bits, ...)                                       \
	{                                                                       \
		.pid = 10, .start_ns = 500 * S, .time_ns = START + seconds * S, \
		.what = NST_PROCESS_##kind, .has = bits, __VA_ARGS__            \
	}

static void processes_of_the_span(void)
{
	static const struct nst_process_event rows[] = {
		PROCESS(0, SNAPSHOT, NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_UID, .uid = 0,
			.exe = TEXT("/bin/exe.first")),
		PROCESS(5, EXEC, NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_UID, .uid = 0,
			.exe = TEXT("/bin/exe.before")),
		PROCESS(6, RENAME, NST_PROCESS_HAS_COMM, .comm = TEXT("comm.before")),
		PROCESS(12, RENAME, NST_PROCESS_HAS_COMM, .comm = TEXT("comm.within")),
		PROCESS(25, EXEC, NST_PROCESS_HAS_EXE, .exe = TEXT("/bin/exe.after")),
		PROCESS(28, EXIT, NST_PROCESS_HAS_EXIT_CODE, .exit_code = 256),
	};
	const char *path = maker_path("processes.zst"), *part;
	struct maker maker = maker_begin(path, 1, 2);

	maker_table(&maker, NST_CHUNK_PROCESSES, NST_TABLE_PROCESS_EVENT, rows,
		    sizeof(rows) / sizeof(rows[0]));
	add_events(&maker, (const uint64_t[]){ 5, 15 }, 2);
	maker_end(&maker, 30 * S);
	part = share(path, "+10", "+20");
	CHECK(occurs(part, "exe.before"));
	CHECK(occurs(part, "comm.before"));
	CHECK(occurs(part, "comm.within"));
	CHECK(!occurs(part, "exe.first"));
	CHECK(!occurs(part, "exe.after"));
	CHECK_STR(asked(part, "SELECT count(*) FROM process_event WHERE exit_code IS NOT NULL"),
		  "0");
}

static void losses_and_details_of_the_span(void)
{
	static const struct nst_loss_interval losses[] = {
		{ START + 1 * S, START + 2 * S, 5, 0, NST_ALL_CPUS, NST_LOST_RING_FULL },
		{ START + 15 * S, START + 16 * S, 7, 0, NST_ALL_CPUS, NST_LOST_RING_FULL },
		{ START + 25 * S, START + 26 * S, 9, 0, NST_ALL_CPUS, NST_LOST_RING_FULL },
	};
	static const struct nst_detail_change details[] = {
		{ START + 1 * S, NST_DETAIL_FLOWS },
		{ START + 5 * S, NST_DETAIL_PACKETS },
		{ START + 14 * S, NST_DETAIL_FLOWS },
		{ START + 25 * S, NST_DETAIL_PACKETS },
	};
	const uint64_t lost[NST_LOSS_SLOTS] = { [NST_LOST_RING_FULL] = 21 };
	const char *path = maker_path("losses.zst"), *part;
	struct maker maker = maker_begin(path, 1, 2);

	add_events(&maker, (const uint64_t[]){ 5, 15 }, 2);
	nst_writer_set_lost(maker.writer, lost);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_LOSS, losses, 3);
	maker_table(&maker, NST_CHUNK_TOTALS, NST_TABLE_DETAIL, details, 4);
	maker_end(&maker, 30 * S);
	part = share(path, "+10", "+20");
	CHECK(strstr(maker_out, "- lost: `7 ring_full`"));
	CHECK_STR(asked(part, "SELECT group_concat(events) FROM loss_interval"), "7");
	CHECK_INT(maker_run(&command_info, part, NULL), 0);
	CHECK_STR(asked(part, "SELECT count(*) FROM detail_change"), "2");
}

/* Totals of no flow belong to nobody who was asked for; that is said. */
static void totals_of_no_flow(void)
{
	const char *path = maker_path("totals.zst"), *part = maker_path("part.zst");
	struct maker maker = maker_begin(path, 1, 2);
	struct nst_total rows[] = { maker_total(0, S, true, 3), maker_total(0, S, true, 4),
				    maker_total(20 * S, 21 * S, true, 5) };

	rows[1].has = rows[2].has = NST_TOTAL_HAS_PROTOCOL;
	maker_totals(&maker, rows, 3);
	maker_end(&maker, 30 * S);
	CHECK_INT(maker_run(&command_share, "--force", "--port", "443", "--to", "+10", "-o", part,
			    path, NULL),
		  0);
	CHECK(strstr(maker_err, "left out 1 totals of no flow"));
	CHECK_INT(maker_run(&command_share, "--force", "--to", "+10", "-o", part, path, NULL), 0);
	CHECK(!strstr(maker_err, "of no flow"));
	CHECK_STR(asked(part, "SELECT sum(events) FROM total"), "7");
}

/* ---- Coarse times ------------------------------------------------------ */

#define GRAIN (S / 10)

static void see_rows(struct nst_reader *reader, uint64_t *ret_from_ns, uint64_t *ret_to_ns,
		     uint64_t *ret_event_ns)
{
	const struct nst_chunk *chunk;

	while (nst_reader_next(reader, &chunk) > 0) {
		const void *rows = NULL;
		size_t n = 0;

		if (chunk->type == NST_CHUNK_EVENTS) {
			const struct nst_events *events;

			CHECK_INT(nst_reader_events(reader, &events), 0);
			*ret_event_ns = events->timestamp[0];
		} else if (!nst_reader_rows(reader, NST_TABLE_OWNER, &rows, &n) && n) {
			*ret_from_ns = ((const struct nst_owner *)rows)->from_ns;
			*ret_to_ns = ((const struct nst_owner *)rows)->to_ns;
		}
	}
}

/* An event in the time of an owner is in it still; all are multiples, shifted or not. */
static void owners_times_are_as_coarse(bool shift_time)
{
	const struct nst_owner owner = { .flow_id = 1,
					 .pid = 20,
					 .start_ns = 600 * S,
					 .has = NST_OWNER_HAS_TO,
					 .from_ns = START + 3 * GRAIN + 10,
					 .to_ns = START + 3 * GRAIN + 30,
					 .what = NST_OWNER_CONSUMED,
					 .comm = TEXT("late") };
	const struct anonymize_options options = { .shift_time = shift_time };
	const struct anonymize_key key = { { 1, 2, 3 } };
	const char *path = maker_path("coarse.zst"), *to = maker_path("coarse.out");
	int fd = open(to, O_CREAT | O_TRUNC | O_RDWR, 0600);
	struct maker maker = maker_begin(path, 1, 2);
	struct net_event event = maker_event(3 * GRAIN + 20, false);
	struct anonymized *made = calloc(1, sizeof(*made));
	uint64_t from_ns = 1, to_ns = 1, event_ns = 1;
	struct nst_reader *reader;
	struct input input;
	bool is_output;

	maker_add(&maker, &event);
	maker_table(&maker, NST_CHUNK_OWNERS, NST_TABLE_OWNER, &owner, 1);
	maker_end(&maker, 2 * S);
	if (!made || fd < 0 || input_open(path, &input) ||
	    anonymizer_init(&made->anonymizer, &key, true, &options))
		abort();
	made->grain_ns = GRAIN;
	CHECK_INT(anonymize(made, &input, fd, &is_output), 0);
	input_close(&input);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	see_rows(reader, &from_ns, &to_ns, &event_ns);
	CHECK_INT(from_ns % GRAIN, 0);
	CHECK_INT(to_ns % GRAIN, 0);
	CHECK_INT(event_ns % GRAIN, 0);
	CHECK(event_ns >= from_ns && event_ns < to_ns);
	CHECK((event_ns != START + 3 * GRAIN) == shift_time);
	nst_reader_close(reader);
	anonymizer_free(&made->anonymizer);
	free(made);
	close(fd);
}

static void coarse_times(void)
{
	owners_times_are_as_coarse(false);
	owners_times_are_as_coarse(true);
}

int main(void)
{
	RUN(devices_that_nothing_passed_are_left_out);
	RUN(traces_outside_are_left_out);
	RUN(owners_of_the_span);
	RUN(processes_of_the_span);
	RUN(losses_and_details_of_the_span);
	RUN(totals_of_no_flow);
	RUN(coarse_times);
	maker_clean();
	return test_result();
}
