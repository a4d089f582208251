/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes with what is known of them, and reports by everything. */
#include "tests/unit/trace_maker.h"

#include "analyze/collect.h"
#include "analyze/process.h"
#include "analyze/report.h"
#include "analyze/say.h"

#define REPORT(by, ...) maker_run(&command_report, "--format", "csv", "--by", by, __VA_ARGS__, NULL)
#define TEXT(text) ((struct nst_bytes){ text, sizeof(text) - 1 })
#define ID "4f0b7d8a9e2c416a8a3b5c6d7e8f90123456789abcdef0123456789abcdef012"

static const struct nst_setting users[] = { { { "user.33", 7 }, { "www-data", 8 } },
					    { { "user.0", 6 }, { "root", 4 } } };
static const struct nst_cgroup cgroups[] = {
	{ 50, TEXT("/system.slice/nginx.service") },
	{ 51, TEXT("/system.slice/docker-" ID ".scope") },
};
static const struct nst_netns namespaces[] = { { 7, TEXT("blue") } };

/* A web server with a worker, and a process in a container. */
static const struct nst_process_event processes[] = {
	{ .time_ns = START,
	  .start_ns = 400 * S,
	  .pid = 9,
	  .uid = 0,
	  .cgroup_id = 50,
	  .netns = 7,
	  .has = NST_PROCESS_HAS_UID | NST_PROCESS_HAS_CGROUP | NST_PROCESS_HAS_COMM |
		 NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_ARGS | NST_PROCESS_HAS_BUILD_ID |
		 NST_PROCESS_HAS_NETNS,
	  .what = NST_PROCESS_SNAPSHOT,
	  .comm = TEXT("nginx"),
	  .exe = TEXT("/usr/sbin/nginx"),
	  .args = TEXT("nginx\0-g\0daemon off;\0"),
	  .build_id = TEXT("\xab\xcd\x01") },
	{ .time_ns = START + 1,
	  .start_ns = 500 * S,
	  .pid = 10,
	  .parent_pid = 9,
	  .parent_start_ns = 400 * S,
	  .has = NST_PROCESS_HAS_PARENT | NST_PROCESS_HAS_COMM,
	  .what = NST_PROCESS_FORK,
	  .comm = TEXT("nginx") },
	{ .time_ns = START + 2,
	  .start_ns = 500 * S,
	  .pid = 10,
	  .uid = 33,
	  .gid = 34,
	  .has = NST_PROCESS_HAS_UID | NST_PROCESS_HAS_COMM,
	  .what = NST_PROCESS_RENAME,
	  .comm = TEXT("worker") },
	{ .time_ns = START + 3 * S,
	  .start_ns = 500 * S,
	  .pid = 10,
	  .exit_code = 3 << 8,
	  .has = NST_PROCESS_HAS_EXIT_CODE,
	  .what = NST_PROCESS_EXIT },
	{ .time_ns = START + S,
	  .start_ns = 500 * S,
	  .pid = 11,
	  .parent_pid = 10,
	  .parent_start_ns = 500 * S,
	  .has = NST_PROCESS_HAS_PARENT,
	  .what = NST_PROCESS_FORK },
	{ .time_ns = START + S + 1,
	  .start_ns = 500 * S,
	  .pid = 11,
	  .cgroup_id = 51,
	  .has = NST_PROCESS_HAS_COMM | NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_CGROUP,
	  .what = NST_PROCESS_EXEC,
	  .comm = TEXT("app"),
	  .exe = TEXT("/app") },
	{ .time_ns = START + 2 * S,
	  .start_ns = 500 * S,
	  .pid = 11,
	  .exit_code = 9,
	  .has = NST_PROCESS_HAS_EXIT_CODE,
	  .what = NST_PROCESS_EXIT },
};

static struct maker begin(const char *path, uint8_t number)
{
	struct maker maker = maker_begin(path, number, 1);
	struct nst_rows settings[] = { { NST_TABLE_SETTING, users, 2 },
				       { NST_TABLE_CGROUP, cgroups, 2 },
				       { NST_TABLE_NETNS, namespaces, 1 } };
	struct nst_rows table = { NST_TABLE_PROCESS_EVENT, processes,
				  sizeof(processes) / sizeof(processes[0]) };

	if (nst_writer_rows(maker.writer, NST_CHUNK_ENVIRONMENT, settings, 3) ||
	    nst_writer_rows(maker.writer, NST_CHUNK_PROCESSES, &table, 1))
		abort();
	return maker;
}

/* 1000 bytes sent by the worker, 2000 received by the container, 4000 by the kernel. */
static const char *make_served(const char *name, uint8_t number)
{
	const char *path = maker_path(name);
	struct maker maker = begin(path, number);
	struct net_event event = maker_event(0, true);

	maker_name(&event, 10, "worker");
	maker_add(&maker, &event);
	event = maker_event(S, false);
	event.bytes = 2000;
	event.sport = 50000;
	event.dport = 8080;
	event.flow_id = 2;
	event.ifindex = 9;
	maker_name(&event, 11, "app");
	maker_add(&maker, &event);
	event.has &= ~(uint32_t)(NST_HAS_OWNER | NST_HAS_PORT | NST_HAS_TCP_FLAGS);
	event.owner_source = NST_OWNER_KERNEL;
	event.protocol = 1;
	event.bytes = 4000;
	event.flow_id = 3;
	maker_add(&maker, &event);
	event.owner_source = NST_OWNER_FORWARDED;
	event.bytes = 8000;
	maker_add(&maker, &event);
	maker_end(&maker, 4 * S);
	return path;
}

static void check_process_columns(const char *input)
{
	CHECK_INT(REPORT("process", input), STATUS_DONE);
	CHECK_INT(maker_rows(), 4);
	CHECK_STR(maker_value("pid", "10", "comm"), "worker");
	CHECK_STR(maker_value("pid", "10", "exe"), "/usr/sbin/nginx"); /* its parent's */
	CHECK_STR(maker_value("pid", "10", "args"),
		  "\"nginx -g 'daemon off;'\""); /* as CSV has it */
	CHECK_STR(maker_value("pid", "10", "build_id"), "abcd01");
	CHECK_STR(maker_value("pid", "10", "uid"), "33");
	CHECK_STR(maker_value("pid", "10", "gid"), "34");
	CHECK_STR(maker_value("pid", "10", "user"), "www-data");
	CHECK_STR(maker_value("pid", "10", "parent_pid"), "9");
	CHECK_STR(maker_value("pid", "10", "parent_comm"), "nginx");
	CHECK_STR(maker_value("pid", "10", "exit"), "2026-01-02T03:04:08.000000000Z");
	CHECK_STR(maker_value("pid", "10", "exit_code"), "3");
	CHECK_STR(maker_value("pid", "10", "exit_signal"), "");
	CHECK_STR(maker_value("pid", "10", "unit"), "nginx.service");
	CHECK_STR(maker_value("pid", "10", "netns"), "7");
	CHECK_STR(maker_value("pid", "11", "exe"), "/app");
	CHECK_STR(maker_value("pid", "11", "args"), ""); /* not those before exec */
	CHECK_STR(maker_value("pid", "11", "exit_code"), "");
	CHECK_STR(maker_value("pid", "11", "exit_signal"), "9");
	CHECK_STR(maker_value("pid", "11", "container"), ID);
	CHECK_STR(maker_value("comm", "(kernel)", "pid"), "");
	CHECK_STR(maker_value("comm", "(kernel)", "recv_bytes"), "4000");
	CHECK_STR(maker_value("comm", "(kernel)", "sources_kernel"), "4000");
	CHECK_STR(maker_value("comm", "(forwarded)", "recv_bytes"), "8000");
}

static void check_groupings(const char *input)
{
	CHECK_INT(REPORT("program", input), STATUS_DONE);
	CHECK_INT(maker_rows(), 4);
	CHECK_STR(maker_value("program", "/usr/sbin/nginx", "send_bytes"), "1000");
	CHECK_STR(maker_value("program", "/usr/sbin/nginx", "send_peak_bps"), "8000");
	CHECK_STR(maker_value("program", "/usr/sbin/nginx", "send_bps"), "2000");
	CHECK_STR(maker_value("program", "/usr/sbin/nginx", "build_id"), "abcd01");
	CHECK_STR(maker_value("program", "/app", "recv_payload_bytes"), "1948");
	CHECK_STR(maker_value("program", "/app", "sources_socket"), "2000");
	CHECK_STR(maker_value("program", "(kernel)", "recv_bytes"), "4000");
	CHECK_INT(REPORT("user", input), STATUS_DONE);
	CHECK_STR(maker_value("uid", "33", "user"), "www-data");
	CHECK_STR(maker_value("uid", "33", "send_bytes"), "1000");
	CHECK_STR(maker_value("uid", "33", "recv_bytes"), "2000"); /* handed down */
	CHECK_STR(maker_value("user", "(forwarded)", "recv_bytes"), "8000");
	CHECK_INT(REPORT("cgroup", input), STATUS_DONE);
	CHECK_STR(maker_value("cgroup", "/system.slice/nginx.service", "send_bytes"), "1000");
	CHECK_STR(maker_value("unit", "nginx.service", "send_packets"), "1");
	CHECK_STR(maker_value("cgroup", "/system.slice/docker-" ID ".scope", "recv_bytes"), "2000");
	CHECK_INT(REPORT("container", input), STATUS_DONE);
	CHECK_STR(maker_value("container", ID, "recv_bytes"), "2000");
	CHECK_STR(maker_value("container", "", "send_bytes"), "1000");
	CHECK_STR(maker_value("container", "(kernel)", "recv_bytes"), "4000");
	CHECK_INT(REPORT("interface", input), STATUS_DONE);
	CHECK_INT(maker_rows(), 2);
	CHECK_STR(maker_value("interface", "eth0", "send_bytes"), "1000");
	CHECK_STR(maker_value("interface", "eth0", "netns_name"), "blue");
	CHECK_STR(maker_value("interface", "if9", "recv_bytes"), "14000");
	CHECK_INT(REPORT("netns", input), STATUS_DONE);
	CHECK_INT(maker_rows(), 1);
	CHECK_STR(maker_value("netns", "7", "recv_bytes"), "14000");
	CHECK_STR(maker_value("netns_name", "blue", "sources_forwarded"), "8000");
	CHECK_INT(REPORT("remote", input), STATUS_DONE);
	CHECK_INT(maker_rows(), 1);
	CHECK_STR(maker_value("remote_addr", "198.51.100.2", "recv_bytes"), "14000");
	CHECK_INT(REPORT("port", input), STATUS_DONE);
	CHECK_INT(maker_rows(), 3);
	CHECK_STR(maker_value("port", "443", "protocol"), "TCP");
	CHECK_STR(maker_value("port", "443", "send_bytes"), "1000");
	CHECK_STR(maker_value("port", "8080", "recv_bytes"), "2000");
	CHECK_STR(maker_value("protocol", "ICMP", "port"), "");
	CHECK_STR(maker_value("protocol", "ICMP", "recv_bytes"), "12000");
}

static void a_trace_reports_by_everything(void)
{
	const char *path = make_served("served.zst", 1);

	check_process_columns(path);
	check_groupings(path);
	CHECK_INT(REPORT("nothing", path), STATUS_USAGE);
	CHECK(strstr(maker_err, "container"));
}

static void a_database_does_so_too(void)
{
	const char *db = maker_path("served.db"), *path = maker_path("served.zst");

	CHECK_INT(maker_run(&command_load, "-o", db, path, NULL), STATUS_DONE);
	check_process_columns(db);
	check_groupings(db);
	/* by a window of it all, from the events */
	CHECK_INT(REPORT("program", "--from", "+1", db), STATUS_DONE);
	CHECK_INT(maker_rows(), 3);
	CHECK_STR(maker_value("program", "/app", "recv_bytes"), "2000");
	CHECK_STR(maker_value("program", "/app", "recv_peak_bps"), "16000");
}

/* A second recording of the boot: the same keys and processes, with what is new of them. */
static void a_database_is_added_to(void)
{
	const char *db = maker_path("added.db"), *path = maker_path("more.zst");
	const struct nst_process_event row = { .time_ns = START + 9 * S,
					       .start_ns = 400 * S,
					       .pid = 9,
					       .uid = 33,
					       .has = NST_PROCESS_HAS_UID,
					       .what = NST_PROCESS_RENAME };
	struct nst_rows table = { NST_TABLE_PROCESS_EVENT, &row, 1 };
	struct maker maker = maker_begin(path, 2, 1);
	struct net_event event = maker_event(10 * S, true);

	CHECK_INT(nst_writer_rows(maker.writer, NST_CHUNK_PROCESSES, &table, 1), 0);
	maker_name(&event, 10, "worker");
	maker_add(&maker, &event);
	event.start_ns = 400 * S;
	maker_name(&event, 9, "nginx");
	maker_add(&maker, &event);
	maker_end(&maker, 11 * S);
	CHECK_INT(maker_run(&command_load, "-o", db, maker_path("served.zst"), NULL), STATUS_DONE);
	CHECK_INT(maker_run(&command_load, "-o", db, path, NULL), STATUS_DONE);
	CHECK_INT(REPORT("process", db), STATUS_DONE);
	CHECK_STR(maker_value("pid", "10", "send_bytes"), "2000");
	CHECK_STR(maker_value("pid", "10", "exit_code"), "3");
	CHECK_STR(maker_value("pid", "9", "user"), "www-data");
	CHECK_STR(maker_value("pid", "9", "args"), "\"nginx -g 'daemon off;'\"");
	CHECK_INT(REPORT("program", db), STATUS_DONE);
	CHECK_STR(maker_value("program", "/usr/sbin/nginx", "send_bytes"), "3000");
	CHECK_INT(REPORT("user", db), STATUS_DONE);
	CHECK_STR(maker_value("user", "www-data", "send_bytes"), "3000");
	CHECK_INT(REPORT("interface", db), STATUS_DONE);
	CHECK_STR(maker_value("interface", "eth0", "send_bytes"), "3000");
}

static void tables_show_the_program(void)
{
	const char *path = maker_path("served.zst");

	CHECK_INT(maker_run(&command_report, "--by", "process", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "worker (nginx)"));
	CHECK(strstr(maker_out, " app  ")); /* as its program is called */
	CHECK(!strstr(maker_out, "daemon off"));
	CHECK(!strstr(maker_out, "/app"));
	CHECK_INT(maker_run(&command_report, "--by", "process", "--wide", path, NULL), STATUS_DONE);
	CHECK(strstr(maker_out, "nginx -g 'daemon off;'"));
	CHECK(strstr(maker_out, "www-data"));
	CHECK(strstr(maker_out, "nginx.service"));
	CHECK(!strstr(maker_out, "worker (nginx)"));
	/* by what the table does not show */
	CHECK_INT(maker_run(&command_report, "--by", "process", "--sort", "uid", "-n", "1", path,
			    NULL),
		  STATUS_DONE);
	CHECK(strstr(maker_out, "worker (nginx)"));
}

static void every_row_is_a_row_of_process_event(void)
{
	CHECK_INT(maker_run(&command_sql, "--format", "csv", maker_path("served.zst"),
			    "SELECT group_concat(what || p.pid) AS w FROM process_event e JOIN "
			    "process p USING (process_id)",
			    NULL),
		  STATUS_DONE);
	CHECK_STR(maker_out, "w\r\n\"snapshot9,fork10,rename10,exit10,fork11,exec11,exit11\"\r\n");
}

/* A collector with lanes that were changed: what they carry is in bytes[]. */
struct changed {
	struct collector collector;
	struct nst_dictionaries dictionaries;
	struct nst_process process;
	struct nst_flow flow;
	struct nst_lane lane;
	uint32_t lanes[4];
	sqlite3 *db;
};

static struct nst_owner owner(uint32_t pid, const char *comm)
{
	return (struct nst_owner){ .pid = pid,
				   .start_ns = 500 * S,
				   .owner_source = NST_OWNER_SHARED,
				   .comm = { comm, (uint32_t)strlen(comm) } };
}

static void map_changed(struct changed *changed)
{
	const struct nst_owner nine = owner(10, "worker"), app = owner(11, "app"),
			       other = owner(12, "other");
	const struct nst_owner *const both[] = { &app, &nine, &other };
	const struct lane_change changes[] = {
		{ .owner = NULL },
		{ .counts_elsewhere = true },
		{ .owner = &nine, .consumers = both, .n_consumers = 3 },
		{ .owner = &nine, .consumers = both, .n_consumers = 3, .counts_elsewhere = true },
	};
	struct dimensions *dims = &changed->collector.dims;

	for (size_t i = 0; i < 4; i++)
		CHECK_INT(dims_map_lane(dims, 0, &changed->dictionaries, &changed->lane,
					&changes[i], &changed->lanes[i]),
			  0);
}

static void add_events(struct changed *changed)
{
	static const uint64_t timestamp[] = { START, START, START + 1, START + 1 };
	static const uint32_t lane[] = { 0, 1, 2, 3 }, bytes[] = { 100, 1000, 10000, 100000 };
	static const uint32_t segments[] = { 1, 1, 1, 1 };
	static const uint16_t has[4], header_bytes[4];
	const struct nst_events events = { .n_events = 4,
					   .timestamp = timestamp,
					   .lane = lane,
					   .bytes = bytes,
					   .segments = segments,
					   .has = has,
					   .header_bytes = header_bytes };
	struct collector *collector = &changed->collector;

	CHECK_INT(rollup_add(&collector->rollup, &collector->dims, &collector->traces[0].axis,
			     &events, 0, 4, changed->lanes, 4),
		  0);
	CHECK_INT(collector_store(collector), 0);
	for (size_t i = 0; i < 4; i++)
		CHECK_INT(db_insert_once(
				  changed->db,
				  "INSERT INTO event VALUES (?, ?, ?, 1, NULL, NULL, NULL, 0)",
				  "iii", (int64_t)timestamp[i],
				  LANE_ID(&collector->dims, changed->lanes[i]), (int64_t)bytes[i]),
			  0);
	CHECK_INT(db_run(changed->db, "UPDATE trace SET has_events = 1; COMMIT"), 0);
}

static void make_changed(const char *path)
{
	const char *trace = maker_path("bare.zst");
	struct maker maker = begin(trace, 9);
	struct changed changed = {
		.process = { 500 * S, 10, TEXT("worker") },
		.flow = { .id = 5,
			  .has = NST_HAS_PROTOCOL | NST_HAS_NETNS | NST_HAS_FLOW_ID,
			  .netns = 7,
			  .ethertype = 0x0800,
			  .protocol = 17 },
		.lane = { .has = NST_HAS_OWNER | NST_HAS_IFINDEX,
			  .ifindex = 2,
			  .owner_source = NST_OWNER_SOCKET },
	};
	struct input input;

	changed.dictionaries = (struct nst_dictionaries){
		1, 1, 1, &changed.process, &changed.flow, &changed.lane
	};
	maker_end(&maker, 2 * S);
	CHECK_INT(db_create(path, &changed.db), 0);
	CHECK_INT(collector_init(&changed.collector, changed.db, (struct rollup_settings){ 0 },
				 (struct window){ 0 }),
		  0);
	CHECK_INT(db_run(changed.db, "BEGIN"), 0);
	CHECK_INT(input_open(trace, &input), 0);
	CHECK_INT(collector_read(&changed.collector, &input), 0);
	map_changed(&changed);
	add_events(&changed);
	input_close(&input);
	collector_free(&changed.collector);
	sqlite3_close(changed.db);
}

static void check_changed(const char *path, const char *option, const char *value)
{
	CHECK_INT(REPORT("process", path, option, value), STATUS_DONE);
	CHECK_INT(maker_rows(), 3);
	CHECK_STR(maker_value("pid", "10", "recv_bytes"), "10100"); /* once, though a consumer */
	CHECK_STR(maker_value("pid", "11", "recv_bytes"), "10000");
	CHECK_STR(maker_value("pid", "12", "recv_bytes"), "10000");
	CHECK_STR(maker_value("pid", "10", "sources_socket"), "100");
	CHECK_STR(maker_value("pid", "10", "sources_shared"), "10000");
	CHECK_STR(maker_value("pid", "10", "recv_peak_bps"), "80800");
	CHECK_STR(maker_value("pid", "12", "recv_peak_bps"), "80000");
	CHECK_INT(REPORT("program", path, option, value), STATUS_DONE);
	CHECK_STR(maker_value("program", "/usr/sbin/nginx", "recv_bytes"), "10100");
	CHECK_STR(maker_value("program", "/app", "recv_bytes"), "10000");
	CHECK_INT(REPORT("container", path, option, value), STATUS_DONE);
	CHECK_STR(maker_value("container", ID, "recv_peak_bps"), "80000");
	CHECK_INT(REPORT("protocol", path, option, value), STATUS_DONE);
	CHECK_STR(maker_value("protocol", "UDP", "recv_bytes"), "10100");
	CHECK_INT(REPORT("flow", path, option, value), STATUS_DONE);
	CHECK_INT(maker_sum("recv_bytes"), 10100);
	CHECK_INT(REPORT("interface", path, option, value), STATUS_DONE);
	CHECK_STR(maker_value("interface", "eth0", "recv_bytes"), "111100");
	CHECK_STR(maker_value("interface", "eth0", "recv_peak_bps"), "888800");
	CHECK_INT(REPORT("netns", path, option, value), STATUS_DONE);
	CHECK_STR(maker_value("netns", "7", "recv_bytes"), "111100");
	CHECK_INT(maker_run(&command_report, "--format", "json", "--by", "port", path, option,
			    value, NULL),
		  STATUS_DONE);
	CHECK(strstr(maker_out, "\"events\":4,\"packets\":2,\"bytes\":10100,"));
	CHECK(strstr(maker_out, "\"sources\":{\"socket\":100,\"shared\":10000}"));
}

static void packets_count_once_and_for_all_consumers(void)
{
	const char *path = maker_path("changed.db");

	make_changed(path);
	check_changed(path, NULL, NULL);
	check_changed(path, "--from", "+0"); /* from its events */
}

static void an_older_database_is_refused(void)
{
	const char *path = maker_path("changed.db");
	sqlite3 *db = NULL;

	CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	CHECK_INT(db_run(db, "PRAGMA user_version = 1"), 0);
	sqlite3_close(db);
	CHECK_INT(REPORT("process", path), STATUS_FAILED);
	CHECK(strstr(maker_err, "load the traces again"));
}

int main(void)
{
	RUN(a_trace_reports_by_everything);
	RUN(a_database_does_so_too);
	RUN(a_database_is_added_to);
	RUN(tables_show_the_program);
	RUN(every_row_is_a_row_of_process_event);
	RUN(packets_count_once_and_for_all_consumers);
	RUN(an_older_database_is_refused);
	maker_clean();
	return test_result();
}
