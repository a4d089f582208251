/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hostile: a trace on standard output in which every text is meant to do something to whoever
 * prints it: a process, a device, a namespace, a control group and a setting for each of texts[].
 */
#include "format/trace.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START UINT64_C(1000000000000)
#define MS UINT64_C(1000000)

static const char *const texts[] = {
	"\033]0;owned\007",
	"\033[2J\033[1;1H",
	"\033P+q\033\\",
	"\302\2332J",
	"\b\b\b\bx",
	"one\rtwo",
	"one\ntwo",
	"\ttab",
	"=1+1",
	"=cmd|' /C calc'!A0",
	"+1+1",
	"-1+1",
	"@SUM(1)",
	"\357\274\2351+1",
	"\n=1+1",
	"\342\200\256txt.exe",
	"\342\201\246isolated",
	"\342\200\213hidden",
	"\363\240\201\201tag",
	"\342\200\250line",
	"\314\201\314\201\314\201first",
	"e\314\201\314\201\314\201\314\201\314\201z",
	"\346\274\242\345\255\227",
	"\377\376\200",
	"\355\240\200",
	"\300\257",
	"'; DROP TABLE event; --",
	"\"quoted\", twice",
	"<script>alert(1)</script>",
	"| a | `b` | [c](javascript:1)",
	"%s%n%s%n",
	"\\x1b\\",
	"--output=/tmp/x",
	"../../etc/passwd",
};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

static struct nst_writer *writer;

static struct nst_bytes bytes_of(const char *text)
{
	return (struct nst_bytes){ text, (uint32_t)strlen(text) };
}

static void must(int err)
{
	if (err)
		exit(1);
}

static void put(enum nst_chunk_type type, enum nst_table table, const void *rows)
{
	const struct nst_rows it = { table, rows, N_TEXTS };

	must(nst_writer_rows(writer, type, &it, 1));
}

static void put_environment(void)
{
	static const char *const keys[] = { "host",	 "kernel", "writer", "detail",
					    "recording", "part",   "hooks",  "filter" };
	struct nst_setting settings[N_TEXTS];
	struct nst_interface interfaces[N_TEXTS] = { 0 };
	struct nst_netns namespaces[N_TEXTS];
	struct nst_cgroup cgroups[N_TEXTS];

	for (uint32_t i = 0; i < N_TEXTS; i++) {
		bool is_known = i < sizeof(keys) / sizeof(keys[0]);

		settings[i] = (struct nst_setting){ bytes_of(is_known ? keys[i] : texts[i]),
						    bytes_of(texts[i]) };
		interfaces[i].netns = 1;
		interfaces[i].ifindex = i + 1;
		interfaces[i].name = interfaces[i].kind = interfaces[i].mac = bytes_of(texts[i]);
		namespaces[i] = (struct nst_netns){ i + 1, bytes_of(texts[i]) };
		cgroups[i] = (struct nst_cgroup){ i + 1, bytes_of(texts[i]) };
	}
	put(NST_CHUNK_ENVIRONMENT, NST_TABLE_SETTING, settings);
	put(NST_CHUNK_ENVIRONMENT, NST_TABLE_INTERFACE, interfaces);
	put(NST_CHUNK_ENVIRONMENT, NST_TABLE_NETNS, namespaces);
	put(NST_CHUNK_ENVIRONMENT, NST_TABLE_CGROUP, cgroups);
}

static void put_processes(void)
{
	struct nst_process_event rows[N_TEXTS] = { 0 };

	for (uint32_t i = 0; i < N_TEXTS; i++) {
		rows[i].time_ns = START;
		rows[i].start_ns = START - 1;
		rows[i].pid = i + 1;
		rows[i].cgroup_id = i + 1;
		rows[i].has = NST_PROCESS_HAS_COMM | NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_ARGS |
			      NST_PROCESS_HAS_BUILD_ID | NST_PROCESS_HAS_CGROUP;
		rows[i].comm = rows[i].exe = rows[i].build_id = bytes_of(texts[i]);
		rows[i].args = (struct nst_bytes){ texts[i], (uint32_t)strlen(texts[i]) + 1 };
	}
	put(NST_CHUNK_PROCESSES, NST_TABLE_PROCESS_EVENT, rows);
}

static void put_sums(void)
{
	struct nst_throughput sent[N_TEXTS];
	struct nst_counter counters[N_TEXTS];
	struct nst_comment comments[N_TEXTS];

	for (uint32_t i = 0; i < N_TEXTS; i++) {
		sent[i] = (struct nst_throughput){ 1000, i + 1, 1, bytes_of(texts[i]) };
		counters[i] = (struct nst_counter){ 1, NST_ALL_CPUS, bytes_of(texts[i]) };
		comments[i] = (struct nst_comment){ START, bytes_of(texts[i]) };
	}
	put(NST_CHUNK_TOTALS, NST_TABLE_THROUGHPUT, sent);
	put(NST_CHUNK_TOTALS, NST_TABLE_COUNTER, counters);
	put(NST_CHUNK_COMMENT, NST_TABLE_COMMENT, comments);
}

static void put_event(uint32_t i)
{
	struct net_event event = {
		.timestamp = START + (i + 1) * MS,
		.has = NST_HAS_OWNER | NST_HAS_CGROUP | NST_HAS_IFINDEX | NST_HAS_NETNS,
		.pid = i + 1,
		.start_ns = START - 1,
		.cgroup_id = i + 1,
		.ifindex = i + 1,
		.netns = 1,
		.ethertype = 0x0800,
		.bytes = 1000,
		.is_send = 1,
		.owner_source = NST_OWNER_SOCKET,
	};

	event.comm_len = (uint8_t)strlen(texts[i]);
	memcpy(event.comm, texts[i], event.comm_len);
	must(nst_writer_event(writer, &event));
}

int main(void)
{
	struct nst_header header = { .uuid = { 7 },
				     .start_ns = START,
				     .start_realtime_ns = 1767323045 * UINT64_C(1000000000),
				     .clock = NST_CLOCK_BOOTTIME,
				     .writer = "\033[31mevil\n=1" };

	must(nst_writer_open(STDOUT_FILENO, &header, 3, &writer));
	put_environment();
	put_processes();
	for (uint32_t i = 0; i < N_TEXTS; i++)
		put_event(i);
	must(nst_writer_flush(writer));
	put_sums();
	must(nst_writer_end(writer, START + 100 * MS));
	nst_writer_close(writer);
	return 0;
}
