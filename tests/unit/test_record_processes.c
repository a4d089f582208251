// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The process table, without a kernel that tells it anything: pids here are no process's. */
#include "bpf/events.h"
#include "record/clock.h"
#include "record/proc.h"
#include "record/process_table.h"
#include "record/processes.h"
#include "record/translate.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOBODY 5000000 /* above the kernel's largest */

static void starts_are_compared_in_ticks(void)
{
	static const char stat[] = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
				   "123456 1000 10";

	CHECK(proc_is_start(stat, UINT64_C(1234560000000), 100));
	CHECK(proc_is_start(stat, UINT64_C(1234569999999), 100));
	CHECK(!proc_is_start(stat, UINT64_C(1234570000000), 100));
	CHECK(!proc_is_start(stat, UINT64_C(1234559999999), 100));
	CHECK(!proc_is_start("7 (a) S 1", 0, 100));
	CHECK(!proc_is_start("", 0, 100));
}

static void one_pid_is_many_processes(void)
{
	struct process_table table = { 0 };

	CHECK(!process_table_find(&table, 1, 1));
	for (uint64_t start_ns = 1; start_ns <= 5000; start_ns++)
		CHECK(process_table_add(&table, 77, start_ns));
	CHECK_INT(table.n, 5000);
	for (uint64_t start_ns = 1; start_ns <= 5000; start_ns++)
		CHECK_INT(process_table_find(&table, 77, start_ns)->event.start_ns, start_ns);
	CHECK(!process_table_find(&table, 78, 1));
	process_table_free(&table);
}

static void the_dead_are_forgotten(void)
{
	struct process_table table = { 0 };

	for (uint32_t pid = 1; pid <= 100; pid++)
		process_table_end(&table, process_table_add(&table, pid, 5), pid);
	CHECK(process_table_add(&table, 200, 5));
	CHECK_INT(process_table_forget(&table, 11, 1000), 0);
	CHECK(!process_table_find(&table, 10, 5));
	CHECK(process_table_find(&table, 11, 5));
	CHECK_INT(process_table_forget(&table, 11, 30), 60); /* more than there is room for */
	CHECK(!process_table_find(&table, 70, 5));
	CHECK(process_table_find(&table, 71, 5));
	CHECK_INT(process_table_forget(&table, UINT64_MAX, 30), 0);
	CHECK_INT(table.n, 1);
	CHECK(process_table_find(&table, 200, 5));
	process_table_free(&table);
}

/* ---- What gets into a trace */

static struct nst_process_event rows[64];
static size_t n_rows;
static char text[64 * 64];

static struct nst_bytes keep(struct nst_bytes from, char **at)
{
	struct nst_bytes bytes = { *at, from.len_bytes };

	if (from.len_bytes)
		memcpy(*at, from.data, from.len_bytes);
	*at += from.len_bytes;
	*(*at)++ = '\0';
	return bytes;
}

static int write_due(const struct processes *processes, struct nst_writer *writer, uint64_t at_ns)
{
	return processes_write((struct processes *)processes, writer, at_ns);
}

/* Have something written, and read all of it back into rows. */
static void read_what(int write(const struct processes *, struct nst_writer *, uint64_t),
		      const struct processes *processes, uint64_t at_ns)
{
	const struct nst_header header = { .uuid = { 1 }, .clock = NST_CLOCK_BOOTTIME };
	int fd = memfd_create("trace", 0);
	struct nst_writer *writer;
	struct nst_reader *reader;
	const struct nst_chunk *chunk;
	const void *found;
	char *at = text;
	size_t n;

	CHECK_INT(nst_writer_open(fd, &header, 1, &writer), 0);
	CHECK_INT(write(processes, writer, at_ns), 0);
	CHECK_INT(nst_writer_end(writer, 1), 0);
	nst_writer_close(writer);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	n_rows = 0;
	while (nst_reader_next(reader, &chunk) > 0) {
		if (chunk->type != NST_CHUNK_PROCESSES ||
		    nst_reader_rows(reader, NST_TABLE_PROCESS_EVENT, &found, &n))
			continue;
		for (size_t i = 0; i < n && n_rows < 64; i++) {
			struct nst_process_event row = ((const struct nst_process_event *)found)[i];

			row.comm = keep(row.comm, &at);
			row.exe = keep(row.exe, &at);
			row.args = keep(row.args, &at);
			rows[n_rows++] = row;
		}
	}
	nst_reader_close(reader);
	close(fd);
}

static void read_back(struct processes *processes)
{
	read_what(write_due, processes, UINT64_MAX);
}

struct told { /* a record as the ring has it */
	struct process_record record;
	char text[64];
};

static void tell(struct processes *processes, uint8_t kind, uint64_t at_ns, uint32_t pid,
		 uint32_t parent, const char *comm)
{
	static const char path[] = "prog\0bin\0usr", args[] = "prog\0a b\nc";
	struct told told = { .record = { .timestamp = at_ns,
					 .kind = kind,
					 .pid = NOBODY + pid,
					 .start_ns = pid,
					 .parent_pid = NOBODY + parent,
					 .parent_start_ns = parent,
					 .uid = 7,
					 .exit_code = 256 } };
	struct process_news news;

	memcpy(told.record.comm, comm, strlen(comm));
	if (kind == PROCESS_EXEC) {
		told.record.path_len = sizeof(path);
		told.record.args_len = told.record.args_bytes = sizeof(args);
		told.record.has_args = 1;
		memcpy(told.text, path, sizeof(path));
		memcpy(told.text + sizeof(path), args, sizeof(args));
	}
	translate_process(&told, &news);
	CHECK_INT(processes_note(processes, &news), 0);
}

static void meet(struct processes *processes, uint32_t pid)
{
	CHECK_INT(processes_meet(processes, 1000, NOBODY + pid, pid, 0, "unknown", 7), 0);
}

static void check_row(size_t i, uint8_t what, uint32_t pid, const char *comm)
{
	CHECK_INT(rows[i].what, what);
	CHECK_INT(rows[i].pid, NOBODY + pid);
	CHECK_INT(rows[i].start_ns, pid);
	CHECK_INT(rows[i].comm.len_bytes, strlen(comm));
	CHECK(!memcmp(rows[i].comm.data, comm, strlen(comm)));
}

/* 1 is the parent of 2, and 2 of 3; 4 has nothing to do with them. */
static struct processes *family(bool only_owners)
{
	struct processes *processes = NULL;

	CHECK_INT(processes_open(only_owners, NULL, &processes), 0);
	tell(processes, PROCESS_SNAPSHOT, 10, 1, 0, "first");
	tell(processes, PROCESS_SNAPSHOT, 10, 4, 0, "other");
	tell(processes, PROCESS_FORK, 20, 2, 1, "first");
	tell(processes, PROCESS_EXEC, 30, 2, 1, "prog");
	tell(processes, PROCESS_RENAME, 40, 2, 1, "renamed");
	tell(processes, PROCESS_FORK, 50, 3, 2, "renamed");
	tell(processes, PROCESS_EXIT, 60, 3, 2, "");
	return processes;
}

static void owners_and_their_ancestors(void)
{
	struct processes *processes = family(false);

	read_back(processes);
	CHECK_INT(n_rows, 0); /* nobody owns anything */
	meet(processes, 3);
	meet(processes, 3);
	read_back(processes);
	CHECK_INT(n_rows, 5);
	check_row(0, NST_PROCESS_FORK, 3, "renamed");
	CHECK_INT(rows[0].parent_pid, NOBODY + 2);
	CHECK_INT(rows[0].parent_start_ns, 2);
	CHECK_INT(rows[0].exe.len_bytes, 13); /* what its parent had become */
	CHECK(!memcmp(rows[0].exe.data, "/usr/bin/prog", 13));
	check_row(1, NST_PROCESS_EXIT, 3, "");
	CHECK_INT(rows[1].exit_code, 256);
	CHECK_INT(rows[1].time_ns, 60);
	check_row(2, NST_PROCESS_EXEC, 2, "prog");
	CHECK_INT(rows[2].time_ns, 30);
	CHECK_INT(rows[2].uid, 7);
	CHECK_INT(rows[2].args.len_bytes, 11);
	CHECK(!memcmp(rows[2].args.data, "prog\0a b\nc", 11));
	check_row(3, NST_PROCESS_RENAME, 2, "renamed");
	check_row(4, NST_PROCESS_SNAPSHOT, 1, "first");
	tell(processes, PROCESS_EXIT, 70, 2, 1, "");
	tell(processes, PROCESS_EXIT, 70, 4, 1, "");
	read_back(processes);
	CHECK_INT(n_rows, 1);
	check_row(0, NST_PROCESS_EXIT, 2, "");
	processes_close(processes);
}

static void nothing_of_others(void)
{
	struct processes *processes = family(true);

	meet(processes, 3);
	read_back(processes);
	CHECK_INT(n_rows, 2);
	check_row(0, NST_PROCESS_FORK, 3, "renamed");
	CHECK_INT(rows[0].parent_pid, NOBODY + 2);
	CHECK_INT(rows[0].parent_start_ns, 0);
	tell(processes, PROCESS_EXIT, 70, 2, 1, "");
	read_back(processes);
	CHECK_INT(n_rows, 0);
	processes_close(processes);
}

static int compare_pids(const void *a, const void *b)
{
	const struct nst_process_event *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->what - y->what;
}

/* As it is now, and nothing that would be told of again. */
static void another_file(void)
{
	struct processes *processes = family(false);

	meet(processes, 3);
	read_back(processes);
	read_what(processes_describe, processes, 900);
	CHECK_INT(n_rows, 4);
	qsort(rows, n_rows, sizeof(rows[0]), compare_pids);
	check_row(0, NST_PROCESS_SNAPSHOT, 1, "first");
	check_row(1, NST_PROCESS_SNAPSHOT, 2, "renamed");
	CHECK_INT(rows[1].time_ns, 900);
	CHECK_INT(rows[1].uid, 7);
	CHECK_INT(rows[1].parent_pid, NOBODY + 1);
	CHECK_INT(rows[1].args.len_bytes, 11);
	CHECK_INT(rows[1].exe.len_bytes, 13);
	CHECK(!memcmp(rows[1].exe.data, "/usr/bin/prog", 13));
	check_row(2, NST_PROCESS_SNAPSHOT, 3, "renamed");
	CHECK_INT(rows[2].time_ns, 60); /* it has ended */
	check_row(3, NST_PROCESS_EXIT, 3, "");
	CHECK_INT(rows[3].exit_code, 256);
	read_back(processes);
	CHECK_INT(n_rows, 0);
	processes_close(processes);
}

static void an_owner_that_nobody_told_of(void)
{
	struct processes *processes = family(false);
	struct nst_counter counters[PROCESS_COUNTERS];

	meet(processes, 9);
	meet(processes, 9);
	CHECK(processes_knows(processes, NOBODY + 9, 9, 0));
	CHECK(!processes_knows(processes, NOBODY + 9, 8, 0));
	CHECK(!processes_knows(processes, NOBODY + 9, 9, 1));
	read_back(processes);
	CHECK_INT(n_rows, 1);
	check_row(0, NST_PROCESS_SNAPSHOT, 9, "unknown");
	CHECK_INT(rows[0].has, NST_PROCESS_HAS_COMM);
	processes_counters(processes, counters);
	CHECK_INT(counters[0].value, 1);
	processes_close(processes);
}

static void a_path_and_what_was_cut(void)
{
	struct told told = { .record = { .kind = PROCESS_EXEC,
					 .path_len = 4,
					 .args_len = 2,
					 .args_bytes = 3,
					 .has_args = 1 },
			     .text = "b\0a\0xy" };
	struct process_news news;

	translate_process(&told, &news);
	CHECK_INT(news.event.exe.len_bytes, 4);
	CHECK(!memcmp(news.event.exe.data, "/a/b", 4));
	CHECK(news.is_args_cut);
	CHECK_INT(news.event.args.len_bytes, 2);
	told.record.path_len = 0;
	told.record.args_bytes = 2;
	translate_process(&told, &news);
	CHECK(!(news.event.has & NST_PROCESS_HAS_EXE));
	CHECK(!news.is_args_cut);
}

int main(void)
{
	RUN(starts_are_compared_in_ticks);
	RUN(one_pid_is_many_processes);
	RUN(the_dead_are_forgotten);
	RUN(owners_and_their_ancestors);
	RUN(nothing_of_others);
	RUN(another_file);
	RUN(an_owner_that_nobody_told_of);
	RUN(a_path_and_what_was_cut);
	return test_result();
}
