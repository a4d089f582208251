// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * canaries TRACE: write a trace with a mark of its own in every field that can hold one, and
 * print the marks, a line each: TABLE.column=VALUE, as spec_reader has it. The columns are
 * those of the format's registry, so that one that is new has its mark too.
 */
#include "format/layout.h"
#include "format/table.h"
#include "format/trace.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_NS UINT64_C(7001002003004)

static struct nst_writer *writer;
static unsigned int next_mark = 1;

static void die(const char *what)
{
	fprintf(stderr, "canaries: %s\n", what);
	exit(1);
}

static const char *table_name(unsigned int table)
{
	static const char *const names[] = {
		[NST_TABLE_SETTING] = "SETTING",
		[NST_TABLE_INTERFACE] = "INTERFACE",
		[NST_TABLE_NETNS] = "NETNS",
		[NST_TABLE_CGROUP] = "CGROUP",
		[NST_TABLE_PROCESS_EVENT] = "PROCESS_EVENT",
		[NST_TABLE_OWNER] = "OWNER",
		[NST_TABLE_TOTAL] = "TOTAL",
		[NST_TABLE_THROUGHPUT] = "THROUGHPUT",
		[NST_TABLE_COUNTER] = "COUNTER",
		[NST_TABLE_LOSS] = "LOSS",
		[NST_TABLE_INTERFACE_COUNTER] = "INTERFACE_COUNTER",
		[NST_TABLE_COMMENT] = "COMMENT",
		[NST_TABLE_TUPLE] = "TUPLE",
		[NST_TABLE_SUM] = "SUM",
		[NST_TABLE_DETAIL] = "DETAIL",
	};

	if (table >= sizeof(names) / sizeof(names[0]) || !names[table])
		die("a table that this test does not know");
	return names[table];
}

/* ---- Marks ------------------------------------------------------------- */

/* One that no other field has, and that nothing else could be. */
static uint64_t number_mark(unsigned int bytes)
{
	unsigned int n = next_mark++;

	if (bytes == 8)
		return UINT64_C(4242000000000000) + n * UINT64_C(1000003);
	if (bytes == 4)
		return UINT32_C(2424000000) + n * 1009;
	return 41000 + n * 17; /* a port that is not kept */
}

static void set_number(void *at, uint8_t kind, uint64_t number)
{
	switch (kind) {
	case NST_U8:
		*(uint8_t *)at = (uint8_t)number;
		break;
	case NST_U16:
		*(uint16_t *)at = (uint16_t)number;
		break;
	case NST_U32:
		*(uint32_t *)at = (uint32_t)number;
		break;
	default:
		*(uint64_t *)at = number;
	}
}

static void print_bytes(const uint8_t *bytes, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len; i++)
		printf(bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '"' || bytes[i] == '\\'
			       ? "\\x%02x"
			       : "%c",
		       bytes[i]);
	puts("\"");
}

/* 16 bytes of an address, in 2a01:db8::/32. */
static void address_mark(uint8_t to[16])
{
	memcpy(to, "\x2a\x01\x0d\xb8\xca\x4a\x12\x34\x56\x78\x9a\xbc\xde\xf0\x77\x00", 16);
	to[7] = (uint8_t)next_mark;
	to[15] = (uint8_t)next_mark++;
}

/* ---- Tables ------------------------------------------------------------ */

static struct nst_bytes string_mark(unsigned int table, const struct nst_column *column,
				    uint8_t *room)
{
	if (column->max == 16) {
		address_mark(room);
		return (struct nst_bytes){ room, 16 };
	}
	snprintf((char *)room, 64, "canary%ut%uc%u", table, column->id, next_mark++);
	return (struct nst_bytes){ room, (uint32_t)strlen((char *)room) };
}

static const char *column_name(unsigned int table, unsigned int column, const char *const *names)
{
	if (!names[column - 1]) {
		fprintf(stderr, "table %u, column %u: ", table, column);
		die("a column that spec_reader does not know");
	}
	return names[column - 1];
}

/* Names as spec_reader has them; it fails on what it does not know. */
static const char *const *names_of(unsigned int table)
{
	static const char *const setting[] = { "key", "value", NULL };
	static const char *const interface[] = { "has",	 "time_ns",    "netns",	    "ifindex",
						 "type", "flags",      "mtu_bytes", "master",
						 "link", "link_netns", "vlan_id",   "name",
						 "kind", "mac",	       NULL };
	static const char *const netns[] = { "netns", "name", NULL };
	static const char *const cgroup[] = { "id", "path", NULL };
	static const char *const process_event[] = {
		"has",	     "time_ns",	 "start_ns",   "parent_start_ns",
		"cgroup_id", "pid",	 "parent_pid", "uid",
		"gid",	     "netns",	 "mntns",      "pidns",
		"exit_code", "what",	 "comm",       "exe",
		"args",	     "build_id", NULL
	};
	static const char *const owner[] = { "has",	 "flow_id",	 "from_ns", "to_ns",
					     "start_ns", "cgroup_id",	 "pid",	    "tid",
					     "what",	 "owner_source", "comm",    NULL };
	static const char *const total[] = { "has",	   "from_ns",	   "to_ns",
					     "flow_id",	   "start_ns",	   "events",
					     "packets",	   "bytes",	   "payload_bytes",
					     "wire_bytes", "pid",	   "netns",
					     "ifindex",	   "ethertype",	   "protocol",
					     "is_send",	   "owner_source", "link_header_bytes",
					     "flags",	   "cgroup_id",	   "comm",
					     NULL };
	static const char *const throughput[] = { "bytes", "pid", "is_send", "name", NULL };
	static const char *const counter[] = { "value", "cpu", "name", NULL };
	static const char *const loss[] = { "from_ns", "to_ns", "events", "bytes",
					    "cpu",     "cause", NULL };
	static const char *const interface_counter[] = {
		"time_ns",	"recv_bytes",	"recv_packets", "recv_dropped", "send_bytes",
		"send_packets", "send_dropped", "netns",	"ifindex",	NULL
	};
	static const char *const comment[] = { "time_ns", "text", NULL };
	static const char *const flow[] = { "has",	  "id",		 "netns",
					    "ethertype",  "protocol",	 "local_addr",
					    "local_port", "remote_addr", "remote_port",
					    NULL };
	static const char *const detail[] = { "time_ns", "detail", NULL };
	static const char *const *const all[] = {
		[NST_TABLE_SETTING] = setting,
		[NST_TABLE_INTERFACE] = interface,
		[NST_TABLE_NETNS] = netns,
		[NST_TABLE_CGROUP] = cgroup,
		[NST_TABLE_PROCESS_EVENT] = process_event,
		[NST_TABLE_OWNER] = owner,
		[NST_TABLE_TOTAL] = total,
		[NST_TABLE_THROUGHPUT] = throughput,
		[NST_TABLE_COUNTER] = counter,
		[NST_TABLE_LOSS] = loss,
		[NST_TABLE_INTERFACE_COUNTER] = interface_counter,
		[NST_TABLE_COMMENT] = comment,
		[NST_TABLE_TUPLE] = flow,
		[NST_TABLE_SUM] = total,
		[NST_TABLE_DETAIL] = detail,
	};

	return all[table];
}

static void mark_column(const struct nst_table_desc *desc, const struct nst_column *column,
			uint8_t *row, uint8_t *room)
{
	static const unsigned int bytes[] = {
		[NST_U8] = 1, [NST_U16] = 2, [NST_U32] = 4, [NST_U64] = 8
	};
	const char *name = column_name(desc->table, column->id, names_of(desc->table));
	uint8_t *at = row + column->offset;
	uint64_t number;

	if (desc->has_has && column->id == 1) {
		set_number(at, column->kind, desc->has_mask);
		return;
	}
	if (column->has && !(column->has & desc->has_mask))
		return; /* as flow_id of SUM, which it cannot have */
	if (column->kind == NST_U8 || !strcmp(name, "flags"))
		return; /* too small for a mark of its own, or with bits that are checked */
	printf("%s.%s=", table_name(desc->table), name);
	if (column->kind == NST_STRING) {
		struct nst_bytes mark = string_mark(desc->table, column, room);

		*(struct nst_bytes *)(void *)at = mark;
		print_bytes(mark.data, mark.len_bytes);
		return;
	}
	number = number_mark(bytes[column->kind]);
	set_number(at, column->kind, number);
	printf("%" PRIu64 "\n", number);
}

/* A row with a mark in each column. */
static void write_table(unsigned int table, enum nst_chunk_type type)
{
	const struct nst_table_desc *desc = nst_table_find(table);
	uint8_t *row = calloc(1, desc->row_size);
	uint8_t *room = calloc(desc->n_columns, 64);
	const struct nst_rows rows = { (enum nst_table)table, row, 1 };

	if (!row || !room)
		die("out of memory");
	for (size_t i = 0; i < desc->n_columns; i++)
		mark_column(desc, &desc->columns[i], row, room + 64 * i);
	if (nst_writer_rows(writer, type, &rows, 1))
		die("writing a table");
	free(row);
	free(room);
}

/* Marks in what is said in words, each where a rule might let it through. */
static void write_settings(void)
{
	static const char *const keys[] = {
		"host",
		"kernel",
		"kernel_version",
		"machine",
		"cpus",
		"page_bytes",
		"tool",
		"command_line",
		"command",
		"filters",
		"hooks",
		"clock",
		"ring_bytes",
		"rings",
		"max_flows",
		"level",
		"detail",
		"interval_ns",
		"recording",
		"part",
		"recovered_from",
		"recovered_missing",
		"recovered_metadata",
		"user.4141414",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char value[64];
		int n = snprintf(value, sizeof(value), "canary-s%u", next_mark++);
		const struct nst_setting setting = {
			{ keys[i], (uint32_t)strlen(keys[i]) },
			{ value, (uint32_t)n },
		};
		const struct nst_rows rows = { NST_TABLE_SETTING, &setting, 1 };

		printf("SETTING.value=\"%s\"\n", value);
		if (nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, &rows, 1))
			die("writing a setting");
	}
	puts("SETTING.key=\"user.4141414\"");
}

/* Strings that are made of several things: a mark in each of them. */
static void write_strings(void)
{
	static const char *const paths[] = {
		"/canaryslice.slice/docker-"
		"ca4a7100112233445566778899aabbccddeeff00112233445566778899aabbcc.scope",
		"/kubepods.slice/kubepods-burstable.slice/"
		"kubepods-burstable-podca4a7100_1122_3344_5566_77889900aabb.slice/"
		"cri-containerd-"
		"ca4a7200112233445566778899aabbccddeeff00112233445566778899aabbcc.scope",
		"/user.slice/user-4141415.slice/user@4141415.service/app.slice/canaryapp.service",
		"/lxc.payload.canarylxc/canaryinlxc",
	};
	static const char args[] = "/opt/canarydir/canaryexe\0--canary-option=1\0canarylast";
	struct nst_process_event process = {
		.pid = 1,
		.has = NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_ARGS,
		.exe = { "/opt/canarydir/canaryexe", 24 },
		.args = { args, sizeof(args) },
	};
	const struct nst_rows processes = { NST_TABLE_PROCESS_EVENT, &process, 1 };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct nst_cgroup cgroup = { i + 2, { paths[i], (uint32_t)strlen(paths[i]) } };
		const struct nst_rows rows = { NST_TABLE_CGROUP, &cgroup, 1 };

		if (nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, &rows, 1))
			die("writing a path");
		printf("CGROUP.path=\"%s\"\n", paths[i]);
	}
	if (nst_writer_rows(writer, NST_CHUNK_PROCESSES, &processes, 1))
		die("writing a command line");
	puts("PROCESS_EVENT.exe=\"/opt/canarydir/canaryexe\"");
}

/* ---- Events ------------------------------------------------------------ */

static void print_number(const char *name, uint64_t number)
{
	printf("%s=%" PRIu64 "\n", name, number);
}

static void write_event(void)
{
	struct net_event event = {
		.has = NST_FLOW_HAS | NST_LANE_HAS | NST_EVENT_HAS,
		.timestamp = START_NS + 12345678,
		.flow_id = number_mark(8),
		.start_ns = number_mark(8),
		.cgroup_id = number_mark(8),
		.pid = (uint32_t)number_mark(4),
		.tid = (uint32_t)number_mark(4),
		.bytes = (uint32_t)number_mark(4),
		.segments = (uint32_t)number_mark(4),
		.ifindex = (uint32_t)number_mark(4),
		.netns = (uint32_t)number_mark(4),
		.ethertype = 0x86dd,
		.sport = (uint16_t)number_mark(2),
		.dport = (uint16_t)number_mark(2),
		.vlan_id = (uint16_t)number_mark(2),
		.header_bytes = (uint16_t)number_mark(2),
		.protocol = 6,
		.is_send = 1,
		.owner_source = NST_OWNER_SOCKET,
		.comm_len = 12,
		.comm = "canary-event",
	};

	address_mark(event.saddr);
	address_mark(event.daddr);
	print_number("EVENT.timestamp", event.timestamp);
	print_number("FLOW.id", event.flow_id);
	print_number("PROCESS.start_ns", event.start_ns);
	print_number("LANE.cgroup_id", event.cgroup_id);
	print_number("PROCESS.pid", event.pid);
	print_number("EVENT.tid", event.tid);
	print_number("EVENT.bytes", event.bytes);
	print_number("EVENT.segments", event.segments);
	print_number("LANE.ifindex", event.ifindex);
	print_number("FLOW.netns", event.netns);
	print_number("FLOW.local_port", event.sport);
	print_number("FLOW.remote_port", event.dport);
	print_number("LANE.vlan_id", event.vlan_id);
	print_number("EVENT.header_bytes", event.header_bytes);
	puts("PROCESS.comm=\"canary-event\"");
	printf("FLOW.local_addr=");
	print_bytes(event.saddr, 16);
	printf("FLOW.remote_addr=");
	print_bytes(event.daddr, 16);
	if (nst_writer_event(writer, &event) || nst_writer_flush(writer))
		die("writing an event");
}

static void print_hex(const char *name, const uint8_t bytes[16])
{
	printf("%s=", name);
	for (int i = 0; i < 16; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
}

static struct nst_header make_header(void)
{
	struct nst_header header = { .start_ns = START_NS,
				     .start_realtime_ns = UINT64_C(1767323045123456789),
				     .clock = NST_CLOCK_BOOTTIME,
				     .writer = "canary-writer" };

	for (int i = 0; i < 16; i++) {
		header.uuid[i] = (uint8_t)(0xca + i);
		header.boot_id[i] = (uint8_t)(0xb0 + i);
	}
	print_hex("FILE.uuid", header.uuid);
	print_hex("FILE.boot_id", header.boot_id);
	print_number("FILE.start_ns", header.start_ns);
	print_number("FILE.start_realtime_ns", header.start_realtime_ns);
	printf("FILE.writer=%s\n", header.writer);
	return header;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_CREAT | O_TRUNC | O_WRONLY, 0600) : -1;
	struct nst_header header;

	if (fd < 0)
		die("usage: canaries TRACE");
	header = make_header();
	if (nst_writer_open(fd, &header, 3, &writer))
		die("beginning a trace");
	for (unsigned int table = NST_TABLE_SETTING; table < 256; table++)
		if (nst_table_find(table))
			write_table(table, NST_CHUNK_TOTALS);
	write_settings();
	write_strings();
	write_event();
	nst_writer_set_clock_sample(writer, START_NS + 777000111, UINT64_C(1767323045777000333));
	puts("CHUNK.sample=7001779003115,1767323045777000333");
	print_number("CHUNK.last", START_NS + 999000111);
	if (nst_writer_end(writer, START_NS + 999000111))
		die("ending it");
	nst_writer_close(writer);
	return close(fd) ? 1 : 0;
}
