/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Owners that became known later: what each command says of events that came before. */
#include "tests/unit/trace_maker.h"

#include "analyze/collect.h"
#include "analyze/say.h"
#include "format/crc32c.h"

#define MS UINT64_C(1000000)

static struct nst_owner owner(uint8_t what, uint64_t after_ns, uint32_t pid, const char *comm,
			      uint8_t source)
{
	return (struct nst_owner){
		.flow_id = 1,
		.what = what,
		.from_ns = after_ns ? START + after_ns : 0,
		.pid = pid,
		.start_ns = 500 * S,
		.owner_source = source,
		.comm = { comm, (uint32_t)strlen(comm) },
	};
}

static void add_owners(struct maker *maker, struct nst_owner *rows, size_t n)
{
	struct nst_rows table = { NST_TABLE_OWNER, rows, n };

	if (nst_writer_rows(maker->writer, NST_CHUNK_OWNERS, &table, 1))
		abort();
}

/* Received, of nobody known. */
static struct net_event unknown_event(uint64_t after_ns)
{
	struct net_event event = maker_event(after_ns, false);

	event.has &= ~(uint32_t)NST_HAS_OWNER;
	event.owner_source = NST_OWNER_UNKNOWN;
	return event;
}

static const char *report(const char *path, const char *comm, const char *option, const char *value)
{
	CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", path, option,
			    value, NULL),
		  STATUS_DONE);
	return maker_value("comm", comm, "recv_bytes");
}

static int count(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text++;
	}
	return n;
}

/* One number of a query on a trace or a database. */
static const char *ask(const char *path, const char *sql, const char *option, const char *value)
{
	CHECK_INT(maker_run(&command_sql, "--format", "csv", path, sql, option, value, NULL),
		  STATUS_DONE);
	return maker_value("k", "k", "v");
}

#define CGROUP_OF(comm) \
	"SELECT 'k' AS k, min(cgroup_id) AS v FROM net_event WHERE comm = '" comm "'"
#define BYTES_OF(comm) \
	"SELECT 'k' AS k, coalesce(sum(bytes), 0) AS v FROM net_event WHERE comm = '" comm "'"

/* Ten events a millisecond apart that are nobody's, then a record whose they were. */
static const char *make_late(const char *name, uint8_t number, uint32_t pid, const char *comm)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, number, 1);
	struct nst_owner rows[] = { owner(NST_OWNER_CONSUMED, 0, pid, comm, NST_OWNER_SOCKET) };

	for (uint64_t i = 0; i < 10; i++) {
		struct net_event event = unknown_event(i * MS);

		maker_add(&maker, &event);
	}
	nst_writer_flush(maker.writer);
	add_owners(&maker, rows, 1);
	maker_end(&maker, S);
	return path;
}

/*
 * "web" hands its socket to "child" at 20 ms, having used it last before 10;
 * the recording sees no "child" before 25. Each of the events, one a
 * millisecond, is in a chunk with those of its time: chunk_ms says how many.
 */
static const char *make_handed_over(const char *name, uint8_t number, uint64_t chunk_ms,
				    bool owners_first)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, number, 1);
	struct nst_owner rows[] = {
		owner(NST_OWNER_HELD, 20 * MS, 20, "child", NST_OWNER_SOCKET),
		owner(NST_OWNER_CONSUMED, 10 * MS, 20, "child", NST_OWNER_SOCKET),
		owner(NST_OWNER_CONSUMED, 0, 10, "web", NST_OWNER_SOCKET),
	};

	if (owners_first)
		add_owners(&maker, rows, 3);
	for (uint64_t i = 0; i < 30; i++) {
		struct net_event event = maker_event(i * MS, false);

		event.owner_source = NST_OWNER_FLOW;
		if (i >= 25)
			maker_name(&event, 20, "child");
		maker_add(&maker, &event);
		/* what the process sent itself is its own, whatever else is said */
		event = maker_event(i * MS, true);
		maker_add(&maker, &event);
		if (i % chunk_ms == chunk_ms - 1)
			nst_writer_flush(maker.writer);
	}
	nst_writer_flush(maker.writer);
	if (!owners_first)
		add_owners(&maker, rows, 3);
	maker_end(&maker, S);
	return path;
}

static void a_flow_whose_first_events_are_unknown(void)
{
	const char *path = make_late("late.zst", 1, 20, "late"), *db = maker_path("late.db");

	CHECK_STR(report(path, "late", NULL, NULL), "10000");
	CHECK_STR(maker_value("pid", "20", "sources_socket"), "10000");
	CHECK_INT(maker_rows(), 1);
	CHECK_STR(report(path, "late", "--owner", "held"), "10000");
	CHECK_STR(report(path, "late", "--owner", "recorded"), "(no such row)");
	CHECK_STR(ask(path, BYTES_OF("late"), NULL, NULL), "10000");
	CHECK_INT(maker_run(&command_load, "-o", db, path, NULL), STATUS_DONE);
	CHECK_STR(report(db, "late", NULL, NULL), "10000");
	CHECK_STR(ask(db, BYTES_OF("late"), NULL, NULL), "10000");
	CHECK_STR(ask(db, "SELECT 'k' AS k, count(*) AS v FROM environment", NULL, NULL), "2");
	CHECK_INT(maker_run(&command_dump, "--format", "csv", path, NULL), STATUS_DONE);
	CHECK_INT(maker_rows(), 10);
	CHECK_STR(maker_value("timestamp", "1000000000000", "comm"), "late");
	CHECK_STR(maker_value("timestamp", "1000009000000", "owner_source"), "socket");
	CHECK_INT(maker_run(&command_info, path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "owners        1 records; flows charged by them to others than was "
				"recorded: 1\n"));
}

static const struct {
	const char *name, *web, *child;
} views[] = {
	{ "consumed", "10000", "20000" },
	{ "held", "20000", "10000" },
	{ "recorded", "25000", "5000" },
};

static void a_socket_that_is_handed_over(void)
{
	/* one chunk, chunks with and without a change in them, a chunk an event */
	static const uint64_t chunks_ms[] = { 30, 4, 5, 1 };
	char text[32], db_name[32];

	for (size_t i = 0; i < 4; i++) {
		const char *path;

		snprintf(text, sizeof(text), "over%zu.zst", i);
		path = make_handed_over(text, 2, chunks_ms[i], i % 2);
		CHECK_STR(report(path, "child", NULL, NULL), "20000");
		for (size_t v = 0; v < 3; v++) {
			const char *view = views[v].name, *db;

			CHECK_STR(report(path, "web", "--owner", view), views[v].web);
			CHECK_STR(maker_value("comm", "web", "send_bytes"), "30000");
			CHECK_STR(maker_value("comm", "child", "recv_bytes"), views[v].child);
			CHECK_STR(ask(path, BYTES_OF("child"), "--owner", view), views[v].child);
			CHECK_INT(maker_run(&command_dump, "--format", "csv", "--owner", view, path,
					    NULL),
				  STATUS_DONE);
			CHECK_INT(count(maker_out, ",child,"), atoi(views[v].child) / 1000);
			snprintf(db_name, sizeof(db_name), "over%zu-%s.db", i, view);
			db = maker_path(db_name);
			CHECK_INT(maker_run(&command_load, "-o", db, "--owner", view, path, NULL),
				  STATUS_DONE);
			CHECK_STR(report(db, "child", NULL, NULL), views[v].child);
			CHECK_STR(report(db, "child", "--owner", view), views[v].child);
			CHECK_STR(report(db, "child", "--interval", "60"), views[v].child);
			CHECK_STR(ask(db, BYTES_OF("child"), NULL, NULL), views[v].child);
		}
	}
}

/* A window cuts off events, never what is known of them. */
static void windows(void)
{
	const char *first = make_handed_over("window1.zst", 3, 30, true);
	const char *last = make_handed_over("window2.zst", 3, 7, false);
	const char *const paths[] = { first, last };

	for (size_t i = 0; i < 2; i++) {
		CHECK_STR(report(paths[i], "child", "--from", "+0.015"), "15000");
		CHECK_STR(maker_value("comm", "web", "recv_bytes"), "0");
		CHECK_STR(report(paths[i], "child", "--to", "+0.012"), "2000");
		CHECK_STR(maker_value("comm", "web", "recv_bytes"), "10000");
	}
}

/* cat of the file into a pipe with a name. */
static const char *pipe_of(const char *path)
{
	static int number;
	char name[32], command[512];
	const char *fifo;

	snprintf(name, sizeof(name), "fifo%d", number++);
	fifo = maker_path(name);
	snprintf(command, sizeof(command), "mkfifo %s && cat %s >%s &", fifo, path, fifo);
	CHECK_INT(system(command), 0);
	while (access(fifo, R_OK))
		usleep(1000);
	return fifo;
}

static void pipes(void)
{
	const char *path = make_late("pipe.zst", 4, 20, "late"), *db = maker_path("pipe.db");

	CHECK_STR(report(pipe_of(path), "late", NULL, NULL), "10000");
	CHECK_STR(report(pipe_of(path), "late", "--from", "+0.005"), "5000");
	CHECK_STR(ask(pipe_of(path), BYTES_OF("late"), NULL, NULL), "10000");
	CHECK_INT(maker_run(&command_load, "-o", db, "--no-events", pipe_of(path), NULL),
		  STATUS_DONE);
	CHECK_STR(report(db, "late", NULL, NULL), "10000");
	/* dump prints as it reads, and then nobody knows yet, unless it is asked to wait */
	CHECK_INT(maker_run(&command_dump, "--format", "csv", pipe_of(path), NULL), STATUS_DONE);
	CHECK_STR(maker_value("timestamp", "1000000000000", "owner_source"), "unknown");
	CHECK_INT(maker_run(&command_dump, "--format", "csv", "--owner", "consumed", pipe_of(path),
			    NULL),
		  STATUS_DONE);
	CHECK_STR(maker_value("timestamp", "1000000000000", "comm"), "late");
}

/* Numbers of flows are those of their trace. */
static void several_traces(void)
{
	const char *a = make_late("a.zst", 5, 20, "one"), *b = make_late("b.zst", 6, 30, "two");
	const char *both = maker_path("both.zst"), *db = maker_path("both.db");
	char command[512];

	snprintf(command, sizeof(command), "cat %s %s >%s", a, b, both);
	CHECK_INT(system(command), 0);
	CHECK_STR(report(both, "one", NULL, NULL), "10000");
	CHECK_STR(maker_value("comm", "two", "recv_bytes"), "10000");
	CHECK_STR(ask(both, BYTES_OF("two"), NULL, NULL), "10000");
	CHECK_INT(maker_run(&command_dump, "--format", "csv", both, NULL), STATUS_DONE);
	CHECK_STR(maker_value("comm", "one", "pid"), "20");
	CHECK_STR(maker_value("comm", "two", "pid"), "30");
	/* in several inputs, one of them twice */
	CHECK_STR(report(a, "one", both, b), "10000");
	CHECK_STR(maker_value("comm", "two", "recv_bytes"), "10000");
	CHECK_INT(maker_rows(), 2);
	CHECK_INT(maker_run(&command_load, "-o", db, b, both, a, NULL), STATUS_DONE);
	CHECK_STR(ask(db, BYTES_OF("one"), NULL, NULL), "10000");
	CHECK_STR(ask(db, BYTES_OF("two"), NULL, NULL), "10000");
}

/*
 * Flip the last byte of the frame behind a chunk header at an offset of the
 * file: a wrong checksum, or with a right one a frame that zstd refuses.
 */
static void damage_chunk(int fd, uint64_t at, bool beneath_checksum)
{
	uint8_t chunk[4096], *content = chunk + 9, *frame = chunk + 233;
	ssize_t n = pread(fd, chunk, sizeof(chunk), (off_t)at);
	uint32_t len;

	CHECK(n > 233 && !memcmp(content, "NSCH", 4));
	memcpy(&len, content + 52, sizeof(len));
	CHECK(233 + len <= (size_t)n);
	frame[len - 1] ^= 0xff;
	if (beneath_checksum) {
		uint32_t crc = nst_crc32c(frame, len);

		memcpy(content + 60, &crc, sizeof(crc));
		crc = nst_crc32c(content, 220);
		memcpy(content + 220, &crc, sizeof(crc));
	}
	CHECK_INT(pwrite(fd, chunk, 233 + len, (off_t)at), 233 + len);
}

/* Two chunks of owners, the first damaged: its rows are gone, the other's stand. */
static const char *make_damaged(const char *name, bool beneath_checksum)
{
	const char *path = maker_path(name);
	struct maker maker = maker_begin(path, 7, 1);
	struct nst_owner first[] = { owner(NST_OWNER_CONSUMED, 0, 20, "gone", NST_OWNER_SOCKET) };
	struct nst_owner second[] = { owner(NST_OWNER_CONSUMED, 0, 30, "left", NST_OWNER_SOCKET) };
	struct nst_writer_stats before;

	second[0].flow_id = 2;
	for (uint64_t i = 0; i < 10; i++) {
		struct net_event event = unknown_event(i * MS);

		event.flow_id = 1 + i % 2;
		maker_add(&maker, &event);
	}
	nst_writer_flush(maker.writer);
	nst_writer_stats(maker.writer, &before);
	add_owners(&maker, first, 1);
	damage_chunk(maker.fd, before.file_bytes, beneath_checksum);
	add_owners(&maker, second, 1);
	maker_end(&maker, S);
	return path;
}

static void a_damaged_chunk_of_owners(void)
{
	for (int beneath = 0; beneath < 2; beneath++) {
		const char *path =
			make_damaged(beneath ? "beneath.zst" : "damaged.zst", beneath == 1);

		CHECK_INT(maker_run(&command_report, "--format", "csv", "--by", "process", path,
				    NULL),
			  STATUS_DAMAGED);
		CHECK_STR(maker_value("comm", "left", "recv_bytes"), "5000");
		CHECK_STR(maker_value("comm", "gone", "recv_bytes"), "(no such row)");
		CHECK_INT(count(maker_err, "offset"), 1);
		CHECK_INT(maker_run(&command_dump, "--format", "csv", path, NULL), STATUS_DAMAGED);
		CHECK_STR(maker_value("comm", "left", "pid"), "30");
		CHECK_INT(count(maker_err, "offset"), 1);
		CHECK_INT(maker_run(&command_sql, path, BYTES_OF("left"), NULL), STATUS_DAMAGED);
		CHECK_INT(count(maker_err, "offset"), 1);
	}
}

static void a_database_has_one_view(void)
{
	const char *path = make_handed_over("view.zst", 8, 30, false);
	const char *other = make_late("view2.zst", 9, 20, "late"), *db = maker_path("view.db");

	CHECK_INT(maker_run(&command_load, "-o", db, "--owner", "held", path, NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_report, "--owner", "consumed", db, NULL), STATUS_FAILED);
	CHECK(strstr(maker_err, "was loaded with --owner held"));
	CHECK_INT(maker_run(&command_report, "--owner", "consumed", "--from", "+0.001", db, NULL),
		  STATUS_FAILED);
	CHECK_INT(maker_run(&command_sql, "--owner", "recorded", db, "SELECT 1", NULL),
		  STATUS_FAILED);
	CHECK_INT(maker_run(&command_load, "-o", db, "--owner", "consumed", other, NULL),
		  STATUS_FAILED);
	CHECK(strstr(maker_err, "was loaded with --owner held"));
	CHECK_STR(report(db, "child", NULL, NULL), "10000");
	/* what is added is charged as what is there */
	CHECK_INT(maker_run(&command_load, "-o", db, other, NULL), STATUS_DONE);
	CHECK_STR(ask(db,
		      "SELECT 'k' AS k, group_concat(owner_view) AS v FROM "
		      "(SELECT DISTINCT owner_view FROM trace)",
		      NULL, NULL),
		  "held");
	CHECK_INT(maker_run(&command_report, "--owner", "nobody", path, NULL), STATUS_USAGE);
	CHECK(strstr(maker_err, "consumed, held, recorded"));
}

/* ---- lanes, looked at themselves ---- */

struct lanes {
	sqlite3 *db;
	struct collector collector;
};

static struct lanes lanes_of(const char *path)
{
	struct lanes lanes = { 0 };
	struct input input;

	CHECK_INT(db_create(NULL, &lanes.db), 0);
	CHECK_INT(collector_init(&lanes.collector, lanes.db, (struct rollup_settings){ 0 },
				 (struct window){ 0 }),
		  0);
	CHECK_INT(input_open(path, &input), 0);
	CHECK_INT(collector_read(&lanes.collector, &input), 0);
	input_close(&input);
	return lanes;
}

static void lanes_free(struct lanes *lanes)
{
	collector_free(&lanes->collector);
	sqlite3_close(lanes->db);
}

/* The bytes of the lanes with so many consumers, and with or without "elsewhere". */
static uint64_t lane_bytes(struct lanes *lanes, size_t n_consumers, bool elsewhere)
{
	struct rollup *rollup = &lanes->collector.rollup;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < rollup->usage_keys.n; i++) {
		const struct lane_key *key =
			dims_lane(&lanes->collector.dims, rollup_usage_key(rollup, i)->id);
		size_t n;

		dims_consumers(&lanes->collector.dims, key->consumers, &n);
		if (n == n_consumers && key->counts_elsewhere == elsewhere)
			bytes += rollup->usage[i].bytes;
	}
	return bytes;
}

static void three_consumers_of_multicast(void)
{
	const char *path = maker_path("shared.zst");
	struct maker maker = maker_begin(path, 10, 1);
	struct nst_owner rows[] = {
		owner(NST_OWNER_CONSUMED, 0, 10, "web", NST_OWNER_SHARED),
		owner(NST_OWNER_CONSUMED, 5 * MS, 30, "third", NST_OWNER_SHARED),
		owner(NST_OWNER_CONSUMED, 0, 20, "second", NST_OWNER_SHARED),
		owner(NST_OWNER_CONSUMED, 0, 10, "web", NST_OWNER_SHARED),
	};
	struct lanes lanes;

	for (uint64_t i = 0; i < 10; i++) {
		struct net_event event = i % 2 ? unknown_event(i * MS) : maker_event(i * MS, false);

		event.owner_source = i % 2 ? NST_OWNER_UNKNOWN : NST_OWNER_LISTENER;
		maker_add(&maker, &event);
	}
	nst_writer_flush(maker.writer);
	add_owners(&maker, rows, 4);
	maker_end(&maker, S);
	lanes = lanes_of(path);
	CHECK_INT(lane_bytes(&lanes, 1, false), 5000);
	CHECK_INT(lane_bytes(&lanes, 2, false), 5000);
	CHECK_INT(lane_bytes(&lanes, 0, false), 0);
	CHECK_INT(lanes.collector.dims.lanes.n, 2);
	lanes_free(&lanes);
	/* those that have no event of their own have a name nevertheless */
	CHECK_STR(ask(path,
		      "SELECT 'k' AS k, group_concat(comm, ' ') AS v FROM "
		      "(SELECT comm FROM process WHERE pid > 0 ORDER BY pid)",
		      NULL, NULL),
		  "web second third");
	CHECK_INT(maker_run(&command_dump, "--format", "json", path, NULL), STATUS_DONE);
	CHECK_INT(count(maker_out, "\"consumers\":[10,20]}\n"), 5);
	CHECK_INT(count(maker_out, "\"consumers\":[10,20,30]}\n"), 5);
}

/* A row that says nothing of the control group leaves that of the same process. */
static void a_row_without_a_control_group(void)
{
	const char *path = maker_path("cgroup.zst");
	struct maker maker = maker_begin(path, 3, 1);
	struct nst_owner rows[] = {
		owner(NST_OWNER_CONSUMED, 0, 10, "web", NST_OWNER_SOCKET),
		owner(NST_OWNER_CONSUMED, 2 * MS, 20, "child", NST_OWNER_SOCKET),
	};

	for (uint64_t i = 0; i < 4; i++) {
		struct net_event event = maker_event(i * MS, false);

		event.owner_source = NST_OWNER_FLOW;
		event.has |= NST_HAS_CGROUP;
		event.cgroup_id = 50;
		maker_add(&maker, &event);
	}
	add_owners(&maker, rows, 2);
	maker_end(&maker, S);
	CHECK_STR(ask(path, CGROUP_OF("web"), NULL, NULL), "50");
	CHECK_STR(ask(path, CGROUP_OF("child"), NULL, NULL), "");
	CHECK_INT(maker_run(&command_dump, "--format", "csv", path, NULL), STATUS_DONE);
	CHECK_STR(maker_value("comm", "web", "cgroup_id"), "50");
	CHECK_STR(maker_value("comm", "child", "cgroup_id"), "");
}

/* Rows that name nobody: the kernel's own, and routed through. */
static void rows_without_a_process(void)
{
	const char *path = maker_path("nobody.zst");
	struct maker maker = maker_begin(path, 3, 1);
	struct nst_owner rows[] = {
		owner(NST_OWNER_CONSUMED, 0, 0, "", NST_OWNER_KERNEL),
		owner(NST_OWNER_CONSUMED, 2 * MS, 0, "", NST_OWNER_FORWARDED),
	};

	for (uint64_t i = 0; i < 4; i++) {
		struct net_event event = unknown_event(i * MS);

		maker_add(&maker, &event);
	}
	add_owners(&maker, rows, 2);
	maker_end(&maker, S);
	CHECK_STR(report(path, "(kernel)", NULL, NULL), "2000");
	CHECK_STR(report(path, "(forwarded)", NULL, NULL), "2000");
	CHECK_INT(maker_run(&command_dump, path, NULL), STATUS_DONE);
	CHECK_INT(count(maker_out, " recv (kernel) "), 2);
	CHECK_INT(count(maker_out, " recv (forwarded) "), 2);
	CHECK_INT(maker_run(&command_dump, "--format", "csv", path, NULL), STATUS_DONE);
	CHECK_STR(maker_value("owner_source", "kernel", "pid"), "");
}

static void what_counts_on_another_device(void)
{
	const char *path = maker_path("stack.zst");
	struct maker maker = maker_begin(path, 11, 1);
	struct nst_interface rows[] = {
		{ .netns = 7,
		  .ifindex = 3,
		  .has = NST_INTERFACE_HAS_LINK | NST_INTERFACE_HAS_LINK_NETNS,
		  .link = 2,
		  .link_netns = 7,
		  .name = { "eth0.5", 6 },
		  .kind = { "vlan", 4 } },
	};
	struct nst_rows table = { NST_TABLE_INTERFACE, rows, 1 };
	struct lanes lanes;

	/* of the packets that the VLAN device sends, the events on eth0, below it */
	for (uint64_t i = 0; i < 10; i++) {
		struct net_event event = maker_event(i * MS, true);

		maker_add(&maker, &event);
		event.ifindex = 3;
		event.flags = NST_FLAG_LOCAL_ADDR;
		maker_add(&maker, &event);
	}
	nst_writer_flush(maker.writer);
	/* the row stands behind the events */
	if (nst_writer_rows(maker.writer, NST_CHUNK_ENVIRONMENT, &table, 1))
		abort();
	maker_end(&maker, S);
	lanes = lanes_of(path);
	CHECK_INT(lane_bytes(&lanes, 0, true), 10000);
	CHECK_INT(lane_bytes(&lanes, 0, false), 10000);
	lanes_free(&lanes);
	CHECK_STR(ask(path,
		      "SELECT 'k' AS k, sum(bytes) AS v FROM net_event WHERE counts_elsewhere",
		      NULL, NULL),
		  "10000");
	CHECK_INT(maker_run(&command_dump, "--format", "csv", path, NULL), STATUS_DONE);
	CHECK_STR(maker_value("counts_elsewhere", "1", "ifindex"), "2");
	CHECK_STR(maker_value("counts_elsewhere", "0", "ifindex"), "3");
}

int main(void)
{
	RUN(a_flow_whose_first_events_are_unknown);
	RUN(a_socket_that_is_handed_over);
	RUN(windows);
	RUN(pipes);
	RUN(several_traces);
	RUN(a_damaged_chunk_of_owners);
	RUN(a_database_has_one_view);
	RUN(three_consumers_of_multicast);
	RUN(a_row_without_a_control_group);
	RUN(rows_without_a_process);
	RUN(what_counts_on_another_device);
	maker_clean();
	return test_result();
}
