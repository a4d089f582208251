/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For tests of the analyzer: makes small traces, runs a command on them as a
 * user would, and finds values in the CSV that it printed.
 */
#ifndef NETSNOOP_TESTS_TRACE_MAKER_H
#define NETSNOOP_TESTS_TRACE_MAKER_H

#include "analyze/command.h"
#include "format/trace.h"
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define S UINT64_C(1000000000)
#define START (1000 * S)      /* of the recordings, on their clock */
#define WALL (1767323045 * S) /* the same: 2026-01-02T03:04:05Z */

static char maker_directory[64];

/* A path in the test's own directory. */
__attribute__((unused)) static const char *maker_path(const char *name)
{
	static char paths[256][128];
	static unsigned int next;
	char *path = paths[next++ % 256];

	if (!maker_directory[0]) {
		snprintf(maker_directory, sizeof(maker_directory), "/tmp/netsnoop-test-XXXXXX");
		if (!mkdtemp(maker_directory))
			abort();
	}
	snprintf(path, sizeof(paths[0]), "%s/%s", maker_directory, name);
	return path;
}

__attribute__((unused)) static void maker_clean(void)
{
	char command[96];

	if (!maker_directory[0])
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", maker_directory);
	if (system(command))
		abort();
}

struct maker {
	int fd;
	struct nst_writer *writer;
};

/* A trace with its environment; number tells its uuid, boot its boot id (0: unknown). */
__attribute__((unused)) static struct maker maker_begin(const char *path, uint8_t number,
							uint8_t boot)
{
	struct maker maker = { .fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600) };
	struct nst_header header = { .uuid = { number, 1, 2, 3 },
				     .start_ns = START,
				     .start_realtime_ns = WALL,
				     .clock = NST_CLOCK_BOOTTIME,
				     .writer = "test 1" };
	struct nst_setting settings[] = {
		{ { "host", 4 }, { "box", 3 } },
		{ { "kernel", 6 }, { "6.1", 3 } },
	};
	struct nst_interface interfaces[] = {
		{ .netns = 7, .ifindex = 1, .name = { "lo", 2 } },
		{ .netns = 7, .ifindex = 2, .name = { "eth0", 4 } },
	};
	struct nst_rows tables[] = {
		{ NST_TABLE_SETTING, settings, 2 },
		{ NST_TABLE_INTERFACE, interfaces, 2 },
	};

	if (boot)
		memset(header.boot_id, boot, sizeof(header.boot_id));
	if (maker.fd < 0 || nst_writer_open(maker.fd, &header, 3, &maker.writer) ||
	    nst_writer_rows(maker.writer, NST_CHUNK_ENVIRONMENT, tables, 2))
		abort();
	return maker;
}

/* A plain TCP segment of 1000 bytes, 52 of them headers, of "web" (pid 10). */
__attribute__((unused)) static struct net_event maker_event(uint64_t after_ns, bool is_send)
{
	struct net_event event = {
		.timestamp = START + after_ns,
		.flow_id = 1,
		.start_ns = 500 * S,
		.has = NST_HAS_PROTOCOL | NST_HAS_ADDR | NST_HAS_PORT | NST_HAS_OWNER |
		       NST_HAS_HEADER_BYTES | NST_HAS_TCP_FLAGS | NST_HAS_NETNS | NST_HAS_IFINDEX |
		       NST_HAS_FLOW_ID | NST_HAS_LINK_HEADER | NST_HAS_SEGMENTS,
		.pid = 10,
		.bytes = 1000,
		.segments = 1,
		.ifindex = 2,
		.netns = 7,
		.ethertype = 0x0800,
		.header_bytes = 52,
		.protocol = 6,
		.tcp_flags = 0x18,
		.is_send = is_send,
		.owner_source = NST_OWNER_SOCKET,
		.link_header_bytes = 14,
		.comm_len = 3,
		.comm = "web",
	};
	const char *local = "192.0.2.1", *remote = "198.51.100.2";

	inet_pton(AF_INET, is_send ? local : remote, event.saddr);
	inet_pton(AF_INET, is_send ? remote : local, event.daddr);
	event.sport = is_send ? 40000 : 443;
	event.dport = is_send ? 443 : 40000;
	return event;
}

__attribute__((unused)) static void maker_name(struct net_event *event, uint32_t pid,
					       const char *comm)
{
	event->pid = pid;
	event->comm_len = (uint8_t)strlen(comm);
	memcpy(event->comm, comm, event->comm_len + 1);
}

__attribute__((unused)) static void maker_add(struct maker *maker, const struct net_event *event)
{
	if (nst_writer_event(maker->writer, event))
		abort();
}

/* A chunk with rows of one table. */
__attribute__((unused)) static void maker_table(struct maker *maker, enum nst_chunk_type type,
						enum nst_table table, const void *rows, size_t n)
{
	struct nst_rows of = { table, rows, n };

	if (nst_writer_rows(maker->writer, type, &of, 1))
		abort();
}

/* n lost events like maker_event(): what a row of totals says of them, from..to after the start. */
__attribute__((unused)) static struct nst_total maker_total(uint64_t from_ns, uint64_t to_ns,
							    bool is_send, uint64_t n)
{
	return (struct nst_total){
		.from_ns = START + from_ns,
		.to_ns = START + to_ns,
		.flow_id = 1,
		.start_ns = 500 * S,
		.events = n,
		.packets = n,
		.bytes = 1000 * n,
		.payload_bytes = 948 * n,
		.wire_bytes = 1014 * n,
		.has = NST_TOTAL_HAS_FLOW | NST_TOTAL_HAS_OWNER | NST_TOTAL_HAS_IFINDEX |
		       NST_TOTAL_HAS_NETNS | NST_TOTAL_HAS_PROTOCOL,
		.pid = 10,
		.netns = 7,
		.ifindex = 2,
		.ethertype = 0x0800,
		.protocol = 6,
		.is_send = is_send,
		.owner_source = NST_OWNER_SOCKET,
		.link_header_bytes = 14,
		.comm = { "web", 3 },
	};
}

/* A chunk of totals, with the flow of maker_event(). */
__attribute__((unused)) static void maker_totals(struct maker *maker, const struct nst_total *rows,
						 size_t n)
{
	struct in_addr local, remote;
	struct nst_flow tuple = { .id = 1,
				  .has = NST_HAS_PROTOCOL | NST_HAS_ADDR | NST_HAS_PORT |
					 NST_HAS_NETNS | NST_HAS_FLOW_ID,
				  .netns = 7,
				  .ethertype = 0x0800,
				  .local_port = 40000,
				  .remote_port = 443,
				  .protocol = 6,
				  .local_addr = { &local, 4 },
				  .remote_addr = { &remote, 4 } };
	struct nst_rows tables[] = {
		{ NST_TABLE_TUPLE, &tuple, 1 },
		{ NST_TABLE_TOTAL, rows, n },
	};

	inet_pton(AF_INET, "192.0.2.1", &local);
	inet_pton(AF_INET, "198.51.100.2", &remote);
	if (nst_writer_rows(maker->writer, NST_CHUNK_TOTALS, tables, 2))
		abort();
}

/* end_after_ns 0: without an END chunk. */
__attribute__((unused)) static void maker_end(struct maker *maker, uint64_t end_after_ns)
{
	if (nst_writer_flush(maker->writer) ||
	    (end_after_ns && nst_writer_end(maker->writer, START + end_after_ns)))
		abort();
	nst_writer_close(maker->writer);
	close(maker->fd);
}

static char maker_out[1 << 20], maker_err[1 << 16];

__attribute__((unused)) static void maker_slurp(const char *path, char *text, size_t room)
{
	FILE *file = fopen(path, "r");
	size_t n = file ? fread(text, 1, room - 1, file) : 0;

	text[n] = '\0';
	if (file)
		fclose(file);
}

/*
 * Run a command with arguments up to NULL: its status, with what it printed in
 * maker_out and maker_err.
 */
__attribute__((unused, sentinel)) static int maker_run(const struct command *command, ...)
{
	char *argv[16] = { (char *)command->name };
	char out[128], err[128];
	int argc = 1, status, saved_out = dup(1), saved_err = dup(2);
	va_list arguments;

	snprintf(out, sizeof(out), "%s", maker_path("out"));
	snprintf(err, sizeof(err), "%s", maker_path("err"));
	va_start(arguments, command);
	while (argc < 15 && (argv[argc] = va_arg(arguments, char *)))
		argc++;
	va_end(arguments);
	fflush(stdout);
	fflush(stderr);
	dup2(open(out, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600), 1);
	dup2(open(err, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600), 2);
	status = command->run(command, argc, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(saved_out, 1);
	dup2(saved_err, 2);
	close(saved_out);
	close(saved_err);
	maker_slurp(out, maker_out, sizeof(maker_out));
	maker_slurp(err, maker_err, sizeof(maker_err));
	return status;
}

/* Field number n of a line of CSV without quotes. Returns text. */
static const char *maker_field(const char *line, int n, char *text, size_t room)
{
	size_t len;

	for (; n && *line && *line != '\r'; line++)
		n -= *line == ',';
	len = strcspn(line, ",\r\n");
	snprintf(text, room, "%.*s", n ? 0 : (int)len, line);
	return text;
}

static int maker_column(const char *name)
{
	char field[64];

	for (int i = 0; i < 64; i++)
		if (!strcmp(maker_field(maker_out, i, field, sizeof(field)), name))
			return i;
	return -1;
}

/* The value of column in the first row of maker_out (CSV) where key is value. */
__attribute__((unused)) static const char *maker_value(const char *key, const char *value,
						       const char *column)
{
	static char texts[8][160];
	static unsigned int next;
	char *text = texts[next++ % 8];
	int key_column = maker_column(key), n = maker_column(column);
	const char *line = strchr(maker_out, '\n');

	if (key_column < 0 || n < 0)
		return "(no such column)";
	for (; line && line[1]; line = strchr(line + 1, '\n'))
		if (!strcmp(maker_field(line + 1, key_column, text, 160), value))
			return maker_field(line + 1, n, text, 160);
	return "(no such row)";
}

/* The sum of a column over all rows. */
__attribute__((unused)) static int64_t maker_sum(const char *column)
{
	int n = maker_column(column);
	const char *line = strchr(maker_out, '\n');
	char text[64];
	int64_t sum = 0;

	for (; n >= 0 && line && line[1]; line = strchr(line + 1, '\n'))
		sum += atoll(maker_field(line + 1, n, text, sizeof(text)));
	return sum;
}

__attribute__((unused)) static int maker_rows(void)
{
	int n = -1;

	for (const char *at = maker_out; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

#endif
