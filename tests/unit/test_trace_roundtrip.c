/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is written is what is read: every field, null, table and string. */
#include "format/intern.h"
#include "test_trace_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

static void test_events(void)
{
	struct fixture_bytes bytes = fixture_trace(1, 3, 700);
	struct fixture_result result = fixture_read(bytes.data, bytes.len);

	CHECK_INT(result.r, 0);
	CHECK_INT(result.events, 2100);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.chunks, 4);
	CHECK_INT(result.n_problems, 0);
	CHECK(!result.damaged);
	CHECK_INT(result.n_traces, 1);
	CHECK(result.trace.has_header && result.trace.has_end);
	CHECK_INT(result.trace.events, 2100);
	CHECK_INT(result.trace.first_ns, FIXTURE_START_NS);
	CHECK_INT(result.trace.end_ns, FIXTURE_START_NS + 2100 * 1000);
	CHECK_STR(result.trace.header.writer, "fixture 1.0");
	CHECK_INT(result.trace.header.start_realtime_ns, 1700000000000000000ll);
	free(bytes.data);
}

static void test_full_chunks_and_header_repeat(void)
{
	struct fixture_bytes bytes = fixture_trace(1, 1, 60000);
	struct fixture_result result = fixture_read(bytes.data, bytes.len);

	CHECK_INT(result.events, 60000);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.chunks, 4);
	free(bytes.data);

	bytes = fixture_trace(1, 130, 3);
	result = fixture_read(bytes.data, bytes.len);
	CHECK_INT(result.events, 390);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.n_problems, 0);
	free(bytes.data);
}

static void *write_in_thread(void *arg)
{
	int fd = *(int *)arg;

	fixture_write(fd, 7, 5, 9000);
	close(fd);
	return NULL;
}

static void test_through_a_pipe(void)
{
	struct fixture_result result;
	pthread_t thread;
	int fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_INT(pthread_create(&thread, NULL, write_in_thread, &fds[1]), 0);
	result = fixture_read_fd(fds[0]);
	pthread_join(thread, NULL);
	CHECK_INT(result.events, 45000);
	CHECK_INT(result.wrong, 0);
	CHECK_INT(result.n_problems, 0);
	close(fds[0]);
}

/* Both ends refuse to wait by themselves: the library must. */
static void test_through_a_nonblocking_pipe(void)
{
	struct fixture_result result;
	pthread_t thread;
	int fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	CHECK_INT(pthread_create(&thread, NULL, write_in_thread, &fds[1]), 0);
	result = fixture_read_fd(fds[0]);
	pthread_join(thread, NULL);
	CHECK_INT(result.events, 45000);
	CHECK_INT(result.wrong, 0);
	close(fds[0]);
}

static void test_sorting(void)
{
	static const uint64_t offsets[] = { 5, 3, 9, 3, 0, 9 };
	static const uint32_t want_bytes[] = { 4, 1, 3, 0, 2, 5 }; /* stable in a flow */
	struct nst_header header = fixture_header(1);
	const struct nst_events *events = NULL;
	const struct nst_chunk *chunk = NULL;
	struct nst_writer *writer = NULL;
	struct nst_reader *reader = NULL;
	struct net_event event;
	int fd = fixture_memfd();

	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	for (uint32_t i = 0; i < 6; i++) {
		fixture_event(1, &event);
		event.timestamp = FIXTURE_START_NS + offsets[i];
		event.bytes = i;
		CHECK_INT(nst_writer_event(writer, &event), 0);
	}
	CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS + 10), 0);
	nst_writer_close(writer);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	CHECK_INT(nst_reader_next(reader, &chunk), 1);
	CHECK_INT(nst_reader_events(reader, &events), 0);
	for (uint32_t i = 0; i < 6; i++)
		CHECK_INT(events->bytes[i], want_bytes[i]);
	CHECK_INT(chunk->first_ns, FIXTURE_START_NS);
	CHECK_INT(chunk->last_ns, FIXTURE_START_NS + 9);
	nst_reader_close(reader);
	close(fd);
}

/* ---- Tables of metadata ------------------------------------------------ */

#define STR(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}

static const struct nst_setting settings[] = {
	{ STR("kernel"), STR("6.18") },
	{ STR("with\0nul"), STR("\xff\xfe invalid \xc3") },
	{ STR(""), STR("") },
};
static const struct nst_interface interfaces[] = {
	{ .has = 0x0f,
	  .time_ns = 1,
	  .netns = 2,
	  .ifindex = 3,
	  .type = 772,
	  .flags = 0x49,
	  .mtu_bytes = 65536,
	  .master = 4,
	  .link = 5,
	  .link_netns = 6,
	  .vlan_id = 7,
	  .name = STR("lo"),
	  .kind = STR("veth"),
	  .mac = STR("\0\1\2\3\4\5") },
	{ .ifindex = UINT32_MAX, .name = STR("eth0") },
};
static const struct nst_netns netnses[] = { { 4026531840u, STR("blue") }, { 1, STR("") } };
static const struct nst_cgroup cgroups[] = { { UINT64_MAX, STR("/a/b") } };
static const struct nst_process_event process_events[] = {
	{ .time_ns = 1,
	  .start_ns = 2,
	  .parent_start_ns = 3,
	  .cgroup_id = 4,
	  .has = 0x7ff,
	  .pid = 5,
	  .parent_pid = 6,
	  .uid = 7,
	  .gid = 8,
	  .netns = 9,
	  .mntns = 10,
	  .pidns = 11,
	  .exit_code = 256,
	  .what = NST_PROCESS_EXIT,
	  .comm = STR("sh"),
	  .exe = STR("/bin/sh"),
	  .args = STR("sh\0-c\0true\0"),
	  .build_id = STR("\x12\x34") },
	{ .pid = 77, .what = NST_PROCESS_FORK },
	{ .pid = 78, .has = NST_PROCESS_HAS_COMM, .comm = STR("") },
};
static const struct nst_owner owners[] = {
	{ .flow_id = 1,
	  .from_ns = 2,
	  .to_ns = 3,
	  .start_ns = 4,
	  .cgroup_id = 5,
	  .has = 7,
	  .pid = 6,
	  .tid = 7,
	  .what = NST_OWNER_CONSUMED,
	  .owner_source = NST_OWNER_SHARED,
	  .comm = STR("nginx") },
};
static const struct nst_total totals[] = {
	{ .from_ns = 1,
	  .to_ns = 2,
	  .flow_id = 3,
	  .start_ns = 4,
	  .events = 5,
	  .packets = 6,
	  .bytes = 7,
	  .payload_bytes = 8,
	  .wire_bytes = 1ull << 40,
	  .has = 0x1f,
	  .pid = 9,
	  .netns = 10,
	  .ifindex = 11,
	  .ethertype = 0x800,
	  .protocol = 6,
	  .is_send = 1,
	  .owner_source = 1,
	  .link_header_bytes = 255,
	  .flags = NST_LANE_FLAGS,
	  .cgroup_id = UINT64_MAX,
	  .comm = STR("name\xff") },
	{ .bytes = 5, .has = NST_TOTAL_HAS_PROTOCOL },
};
static const struct nst_total sums[] = {
	{ .start_ns = 4, .events = UINT64_MAX, .has = NST_TOTAL_HAS_OWNER, .comm = STR("a") },
	{ .bytes = 5, .has = 0x1c, .netns = 1, .ifindex = 2, .protocol = 3 },
};
static const struct nst_flow tuples[] = {
	{ .id = 1ull << 60,
	  .has = NST_HAS_PROTOCOL | NST_HAS_ADDR | NST_HAS_PORT | NST_HAS_NETNS | NST_HAS_FLOW_ID,
	  .netns = 3,
	  .ethertype = 0x86dd,
	  .local_port = 4,
	  .remote_port = 5,
	  .protocol = 6,
	  .local_addr = STR("0123456789abcdef"),
	  .remote_addr = STR("ABCDEFGHIJKLMNOP") },
	{ .ethertype = 0x0806 },
	{ .ethertype = 0x0806 }, /* a row that is there twice is none too many */
};
static const struct nst_detail_change details[] = { { 5, NST_DETAIL_FLOWS }, { 6, 0 } };
static const struct nst_throughput throughputs[] = { { 1ull << 33, 4, 1, STR("curl") } };
static const struct nst_counter counters[] = { { 9, NST_ALL_CPUS, STR("drained") } };
static const struct nst_loss_interval loss_intervals[] = { { 1, 2, 3, 4, 5, 1 } };
static const struct nst_interface_counter interface_counters[] = { { 1, 2, 3, 4, 5, 6, 7, 8, 9 } };
static const struct nst_comment comments[] = { { 5, STR("hello\n") } };

static const struct table {
	struct nst_rows rows;
	size_t row_size;
	size_t strings_at, n_strings; /* struct nst_bytes members, which stand together */
} tables[] = {
#define TABLE(number, array, first, n)                                                          \
	{                                                                                       \
		{ number, array, sizeof(array) / sizeof(array[0]) }, sizeof(array[0]), first, n \
	}
	TABLE(NST_TABLE_SETTING, settings, offsetof(struct nst_setting, key), 2),
	TABLE(NST_TABLE_INTERFACE, interfaces, offsetof(struct nst_interface, name), 3),
	TABLE(NST_TABLE_NETNS, netnses, offsetof(struct nst_netns, name), 1),
	TABLE(NST_TABLE_CGROUP, cgroups, offsetof(struct nst_cgroup, path), 1),
	TABLE(NST_TABLE_PROCESS_EVENT, process_events, offsetof(struct nst_process_event, comm), 4),
	TABLE(NST_TABLE_OWNER, owners, offsetof(struct nst_owner, comm), 1),
	TABLE(NST_TABLE_TOTAL, totals, offsetof(struct nst_total, comm), 1),
	TABLE(NST_TABLE_THROUGHPUT, throughputs, offsetof(struct nst_throughput, name), 1),
	TABLE(NST_TABLE_COUNTER, counters, offsetof(struct nst_counter, name), 1),
	TABLE(NST_TABLE_LOSS, loss_intervals, 0, 0),
	TABLE(NST_TABLE_INTERFACE_COUNTER, interface_counters, 0, 0),
	TABLE(NST_TABLE_COMMENT, comments, offsetof(struct nst_comment, text), 1),
	TABLE(NST_TABLE_TUPLE, tuples, offsetof(struct nst_flow, local_addr), 2),
	TABLE(NST_TABLE_SUM, sums, offsetof(struct nst_total, comm), 1),
	TABLE(NST_TABLE_DETAIL, details, 0, 0),
#undef TABLE
};
#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

/* Strings by content, everything else as memory: both sides are zero where nothing is. */
static void check_row(const struct table *table, const uint8_t *got, const uint8_t *want)
{
	uint8_t a[256], b[256];

	memcpy(a, got, table->row_size);
	memcpy(b, want, table->row_size);
	for (size_t i = 0; i < table->n_strings; i++) {
		struct nst_bytes x, y;
		size_t at = table->strings_at + i * sizeof(x);

		memcpy(&x, got + at, sizeof(x));
		memcpy(&y, want + at, sizeof(y));
		CHECK_INT(x.len_bytes, y.len_bytes);
		CHECK(x.len_bytes == y.len_bytes &&
		      (!x.len_bytes || !memcmp(x.data, y.data, x.len_bytes)));
		memset(a + at, 0, sizeof(x));
		memset(b + at, 0, sizeof(x));
	}
	CHECK(!memcmp(a, b, table->row_size));
}

static void check_table(struct nst_reader *reader, const struct table *table)
{
	const void *rows = NULL;
	size_t n = 99;

	CHECK_INT(nst_reader_rows(reader, table->rows.table, &rows, &n), 0);
	CHECK_INT(n, table->rows.n_rows);
	for (size_t i = 0; i < n && n == table->rows.n_rows; i++)
		check_row(table, (const uint8_t *)rows + i * table->row_size,
			  (const uint8_t *)table->rows.rows + i * table->row_size);
}

static void test_tables(void)
{
	struct nst_header header = fixture_header(1);
	const struct nst_chunk *chunk = NULL;
	struct nst_writer *writer = NULL;
	struct nst_reader *reader = NULL;
	struct nst_rows rows[N_TABLES];
	const void *none = NULL;
	int fd = fixture_memfd();
	size_t n = 1;

	for (size_t i = 0; i < N_TABLES; i++)
		rows[i] = tables[i].rows;
	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, rows, 4), 0);
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_OWNERS, rows, N_TABLES), 0);
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_COMMENT, rows, 0), 0); /* writes nothing */
	CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS), 0);
	nst_writer_close(writer);

	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	CHECK_INT(nst_reader_next(reader, &chunk), 1);
	CHECK_INT(chunk->type, NST_CHUNK_ENVIRONMENT);
	for (size_t i = 0; i < 4; i++)
		check_table(reader, &tables[i]);
	CHECK_INT(nst_reader_rows(reader, NST_TABLE_OWNER, &none, &n), 0);
	CHECK_INT(n, 0);
	CHECK_INT(nst_reader_rows(reader, NST_TABLE_FLOW, &none, &n), -EINVAL);
	CHECK_INT(nst_reader_next(reader, &chunk), 1);
	CHECK_INT(chunk->type, NST_CHUNK_OWNERS);
	for (size_t i = N_TABLES; i-- > 0;)
		check_table(reader, &tables[i]);
	CHECK_INT(nst_reader_next(reader, &chunk), 1);
	CHECK_INT(chunk->type, NST_CHUNK_END);
	CHECK_INT(nst_reader_next(reader, &chunk), 0);
	CHECK(!nst_reader_damaged(reader));
	nst_reader_close(reader);
	close(fd);
}

static void test_losses_and_clock_samples(void)
{
	const uint64_t lost[NST_LOSS_SLOTS] = { 1, 2, 3, 4, [11] = 5 };
	struct nst_header header = fixture_header(1);
	const struct nst_chunk *chunk = NULL;
	struct nst_writer *writer = NULL;
	struct nst_reader *reader = NULL;
	const struct nst_trace *traces;
	int fd = fixture_memfd();
	size_t n;

	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	nst_writer_set_lost(writer, lost);
	nst_writer_set_clock_sample(writer, 11, 22);
	CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS), 0);
	nst_writer_close(writer);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	CHECK_INT(nst_reader_next(reader, &chunk), 1);
	CHECK(!memcmp(chunk->lost, lost, sizeof(lost)));
	CHECK_INT(chunk->sample_clock_ns, 11);
	CHECK_INT(chunk->sample_realtime_ns, 22);
	traces = nst_reader_traces(reader, &n);
	CHECK(n == 1 && !memcmp(traces->lost, lost, sizeof(lost)));
	nst_reader_close(reader);
	close(fd);
}

/* ---- What the writer refuses ------------------------------------------- */

static void test_refused_arguments(void)
{
	struct nst_header header = fixture_header(1);
	struct nst_writer *writer = NULL;
	struct net_event event;
	struct nst_rows rows[2] = { tables[0].rows, tables[0].rows };
	int fd = fixture_memfd();
	char *big = calloc(1, 70000);
	struct nst_setting setting = { STR("key"), { big, 65537 } };

	CHECK_INT(nst_writer_open(fd, &header, 0, &writer), -EINVAL);
	CHECK_INT(nst_writer_open(fd, &header, 20, &writer), -EINVAL);
	header.clock = 0;
	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), -EINVAL);
	header.clock = NST_CLOCK_MONOTONIC;
	CHECK_INT(nst_writer_open(-1, &header, 3, &writer), -EBADF);
	CHECK(!writer);
	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	fixture_event(1, &event);
	event.is_send = 2;
	CHECK_INT(nst_writer_event(writer, &event), -EINVAL);
	event.is_send = 1;
	event.has |= 1u << 31;
	CHECK_INT(nst_writer_event(writer, &event), -EINVAL);
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_EVENTS, rows, 1), -EINVAL);
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_COMMENT, rows, 2), -EINVAL);
	rows[0].table = NST_TABLE_LANE;
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_COMMENT, rows, 1), -EINVAL);
	rows[0] = (struct nst_rows){ NST_TABLE_SETTING, &setting, 1 };
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, rows, 1), -EINVAL);
	CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS), 0);
	CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS), -EINVAL);
	nst_writer_close(writer);
	nst_writer_close(NULL);
	free(big);
	close(fd);
}

static void test_rows_that_do_not_fit(void)
{
	enum {
		N = 100
	};
	struct nst_header header = fixture_header(1);
	struct nst_setting settings_big[N];
	struct nst_writer *writer = NULL;
	struct nst_rows rows = { NST_TABLE_SETTING, settings_big, N };
	char *big = calloc(1, 65536);
	int fd = fixture_memfd();

	for (int i = 0; i < N; i++)
		settings_big[i] = (struct nst_setting){ STR("key"), { big, 65536 } };
	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, &rows, 1), -E2BIG);
	rows.n_rows = 60;
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, &rows, 1), 0);
	CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS), 0);
	nst_writer_close(writer);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(fixture_read_fd(fd).n_problems, 0);
	free(big);
	close(fd);
}

/* Addresses chosen so that all flows would fall together in a table without a secret. */
static void test_flows_that_aim_at_collisions(void)
{
	struct nst_intern *intern = NULL;
	clock_t begin;

	CHECK_INT(nst_intern_new(&intern), 0);
	begin = clock();
	for (int round = 0; round < 30; round++) {
		nst_intern_clear(intern);
		for (uint64_t i = 0; i < 16384; i++) {
			struct nst_flow_key key = { .id = i + 1, .addr_len = 16 };
			uint64_t words[sizeof(key) / 8], hash = sizeof(key);

			memcpy(words, &key, sizeof(key));
			for (size_t w = 0; w < sizeof(key) / 8 - 1; w++) {
				hash = (hash ^ words[w]) * 0x9e3779b97f4a7c15u;
				hash ^= hash >> 32;
			}
			memcpy(key.remote_addr + 8, &hash, sizeof(hash));
			CHECK_INT(nst_intern_flow(intern, &key), i);
		}
	}
	CHECK((clock() - begin) / CLOCKS_PER_SEC < 3);
	nst_intern_free(intern);
}

/* After a failed write the writer writes nothing more and goes on saying so. */
static void test_full_device(void)
{
	struct nst_header header = fixture_header(1);
	struct nst_writer *writer = NULL;
	struct nst_writer_stats stats;
	struct net_event event;
	int fds[2];

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	CHECK_INT(nst_writer_open(fds[1], &header, 3, &writer), 0);
	fixture_event(1, &event);
	CHECK_INT(nst_writer_event(writer, &event), 0);
	close(fds[0]);
	CHECK_INT(nst_writer_flush(writer), -EPIPE);
	CHECK_INT(nst_writer_event(writer, &event), -EPIPE);
	CHECK_INT(nst_writer_end(writer, 1), -EPIPE);
	nst_writer_stats(writer, &stats);
	CHECK_INT(stats.events, 0);
	CHECK_INT(stats.pending_events, 0);
	nst_writer_close(writer);
	close(fds[1]);
	CHECK_INT(nst_writer_open(open("/dev/full", O_WRONLY | O_CLOEXEC), &header, 3, &writer),
		  -ENOSPC);
}

/* The file may not grow beyond a part of the index: a short write, then an error that stays. */
static void test_failure_in_the_index(void)
{
	struct rlimit limit, small = { 137 + 233 + 10, RLIM_INFINITY };
	struct nst_header header = fixture_header(1);
	struct nst_writer *writer = NULL;
	struct nst_writer_stats stats;
	int fd = fixture_memfd();

	signal(SIGXFSZ, SIG_IGN);
	CHECK_INT(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small.rlim_max = limit.rlim_max;
	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
	CHECK_INT(nst_writer_end(writer, 1), -EFBIG);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CHECK_INT(nst_writer_end(writer, 1), -EFBIG);
	nst_writer_stats(writer, &stats);
	CHECK_INT(stats.file_bytes, 137 + 233 + 10);
	CHECK_INT(lseek(fd, 0, SEEK_END), 137 + 233 + 10);
	nst_writer_close(writer);
	close(fd);
}

static void test_stats(void)
{
	struct nst_header header = fixture_header(1);
	struct nst_writer *writer = NULL;
	struct nst_writer_stats stats;
	struct net_event event;
	int fd = fixture_memfd();

	CHECK_INT(nst_writer_open(fd, &header, 3, &writer), 0);
	nst_writer_stats(writer, &stats);
	CHECK_INT(stats.file_bytes, 137);
	fixture_event(1, &event);
	CHECK_INT(nst_writer_event(writer, &event), 0);
	nst_writer_stats(writer, &stats);
	CHECK_INT(stats.pending_events, 1);
	CHECK_INT(stats.pending_since_ns, event.timestamp);
	CHECK_INT(nst_writer_flush(writer), 0);
	CHECK_INT(nst_writer_flush(writer), 0);
	nst_writer_stats(writer, &stats);
	CHECK_INT(stats.pending_events, 0);
	CHECK_INT(stats.events, 1);
	CHECK_INT(stats.chunks, 1);
	CHECK_INT(stats.file_bytes, lseek(fd, 0, SEEK_END));
	nst_writer_close(writer);
	close(fd);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	RUN(test_events);
	RUN(test_full_chunks_and_header_repeat);
	RUN(test_through_a_pipe);
	RUN(test_through_a_nonblocking_pipe);
	RUN(test_sorting);
	RUN(test_tables);
	RUN(test_losses_and_clock_samples);
	RUN(test_refused_arguments);
	RUN(test_rows_that_do_not_fit);
	RUN(test_flows_that_aim_at_collisions);
	RUN(test_full_device);
	RUN(test_failure_in_the_index);
	RUN(test_stats);
	return test_result();
}
