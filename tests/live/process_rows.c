// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a trace says of processes, cgroups and devices' counters, row by row, fields between tabs:
 *
 *   process WHAT PID START PARENT PARENT_START UID GID CGROUP NETNS MNTNS PIDNS
 *           EXIT_CODE COMM EXE BUILD_ID N_ARGS ARGS
 *   cgroup ID PATH
 *   setting KEY VALUE
 *   counter NETNS IFINDEX TIME RECV_BYTES RECV_PACKETS RECV_DROPPED SEND_BYTES
 *           SEND_PACKETS SEND_DROPPED
 *
 * null is -; in strings a byte that does not print, a space or a backslash is
 * \xNN. EXIT_CODE as wait(2) has it.
 */
#include "format/trace.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_string(const struct nst_bytes *bytes, bool has)
{
	const unsigned char *text = bytes->data;

	putchar('\t');
	if (!has)
		putchar('-');
	for (uint32_t i = 0; has && i < bytes->len_bytes; i++) {
		if (isgraph(text[i]) && text[i] != '\\')
			putchar(text[i]);
		else
			printf("\\x%02x", text[i]);
	}
}

static void print_hex(const struct nst_bytes *bytes, bool has)
{
	const unsigned char *data = bytes->data;

	printf(has ? "\t" : "\t-");
	for (uint32_t i = 0; has && i < bytes->len_bytes; i++)
		printf("%02x", data[i]);
}

static void print_number(uint64_t number, bool has)
{
	if (has)
		printf("\t%" PRIu64, number);
	else
		printf("\t-");
}

static void print_process(const struct nst_process_event *row)
{
	static const char *const what[] = { "snapshot", "fork", "exec", "rename", "exit" };
	uint32_t has = row->has, n_args = 0;

	for (uint32_t i = 0; i < row->args.len_bytes; i++)
		n_args += !((const char *)row->args.data)[i];
	printf("process\t%s\t%" PRIu32, row->what < 5 ? what[row->what] : "?", row->pid);
	print_number(row->start_ns, true);
	print_number(row->parent_pid, has & NST_PROCESS_HAS_PARENT);
	print_number(row->parent_start_ns, has & NST_PROCESS_HAS_PARENT);
	print_number(row->uid, has & NST_PROCESS_HAS_UID);
	print_number(row->gid, has & NST_PROCESS_HAS_UID);
	print_number(row->cgroup_id, has & NST_PROCESS_HAS_CGROUP);
	print_number(row->netns, has & NST_PROCESS_HAS_NETNS);
	print_number(row->mntns, has & NST_PROCESS_HAS_MNTNS);
	print_number(row->pidns, has & NST_PROCESS_HAS_PIDNS);
	print_number(row->exit_code, has & NST_PROCESS_HAS_EXIT_CODE);
	print_string(&row->comm, has & NST_PROCESS_HAS_COMM);
	print_string(&row->exe, has & NST_PROCESS_HAS_EXE);
	print_hex(&row->build_id, has & NST_PROCESS_HAS_BUILD_ID);
	print_number(n_args, has & NST_PROCESS_HAS_ARGS);
	print_string(&row->args, has & NST_PROCESS_HAS_ARGS);
	putchar('\n');
}

static void print_processes(struct nst_reader *reader)
{
	const void *rows;
	size_t n;

	if (nst_reader_rows(reader, NST_TABLE_PROCESS_EVENT, &rows, &n))
		return;
	for (size_t i = 0; i < n; i++)
		print_process((const struct nst_process_event *)rows + i);
}

static void print_environment(struct nst_reader *reader)
{
	const void *rows;
	size_t n;

	if (!nst_reader_rows(reader, NST_TABLE_CGROUP, &rows, &n))
		for (size_t i = 0; i < n; i++) {
			const struct nst_cgroup *row = (const struct nst_cgroup *)rows + i;

			printf("cgroup\t%" PRIu64, row->id);
			print_string(&row->path, true);
			putchar('\n');
		}
	if (!nst_reader_rows(reader, NST_TABLE_SETTING, &rows, &n))
		for (size_t i = 0; i < n; i++) {
			const struct nst_setting *row = (const struct nst_setting *)rows + i;

			printf("setting");
			print_string(&row->key, true);
			print_string(&row->value, true);
			putchar('\n');
		}
}

static void print_counters(struct nst_reader *reader)
{
	const void *rows;
	size_t n;

	if (nst_reader_rows(reader, NST_TABLE_INTERFACE_COUNTER, &rows, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		const struct nst_interface_counter *row =
			(const struct nst_interface_counter *)rows + i;

		printf("counter\t%" PRIu32 "\t%" PRIu32, row->netns, row->ifindex);
		print_number(row->time_ns, true);
		print_number(row->recv_bytes, true);
		print_number(row->recv_packets, true);
		print_number(row->recv_dropped, true);
		print_number(row->send_bytes, true);
		print_number(row->send_packets, true);
		print_number(row->send_dropped, true);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	const struct nst_chunk *chunk;
	struct nst_reader *reader;
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1, more;

	if (fd < 0 || nst_reader_open(fd, &reader)) {
		fprintf(stderr, "process_rows: %s\n", argc == 2 ? strerror(errno) : "which trace?");
		return 1;
	}
	while ((more = nst_reader_next(reader, &chunk)) > 0) {
		if (chunk->type == NST_CHUNK_PROCESSES)
			print_processes(reader);
		if (chunk->type == NST_CHUNK_ENVIRONMENT)
			print_environment(reader);
		if (chunk->type == NST_CHUNK_INTERFACE_COUNTERS)
			print_counters(reader);
	}
	if (nst_reader_damaged(reader))
		more = -EBADMSG;
	nst_reader_close(reader);
	return more || fflush(stdout) ? 1 : 0;
}
