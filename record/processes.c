// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/processes.h"

#include "record/clock.h"
#include "record/complete.h"
#include "record/keyset.h"
#include "record/proc.h"
#include "record/process_rows.h"
#include "record/process_table.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * What a process sends after it has ended (the rest of its connections) comes
 * within moments; where it comes later, its row is in the trace by then.
 */
#define DEAD_NS (10 * NS_PER_S)
#define DEAD_MAX 16384
#define RECENT 256
#define ASK_A_TICK 64 /* some 50 us each */
#define REMEMBERED_MAX 131072

struct recent {
	uint64_t start_ns, cgroup_id;
	uint32_t pid;
};

struct asked {
	uint64_t start_ns;
	uint32_t pid;
};

struct processes {
	struct process_table table;
	struct process_rows rows;
	struct complete *complete;
	struct recent recent[RECENT];
	struct keyset written, written_before; /* two generations, also of the dead */
	struct asked *to_ask;
	size_t n_to_ask;
	bool only_owners;
	uint64_t unknown, forgotten;
};

int processes_open(bool only_owners, struct opener *opener, struct processes **ret_processes)
{
	struct processes *processes = calloc(1, sizeof(*processes));

	if (!processes)
		return -ENOMEM;
	processes->only_owners = only_owners;
	if (complete_open(opener, &processes->complete)) {
		free(processes);
		return -ENOMEM;
	}
	*ret_processes = processes;
	return 0;
}

void processes_close(struct processes *processes)
{
	if (!processes)
		return;
	process_table_free(&processes->table);
	process_rows_free(&processes->rows);
	complete_close(processes->complete);
	keyset_free(&processes->written);
	keyset_free(&processes->written_before);
	free(processes->to_ask);
	free(processes);
}

void processes_tell_forgotten(struct processes *processes, process_sink sink, void *context)
{
	processes->table.forgotten = sink;
	processes->table.context = context;
}

static uint64_t key_of(uint32_t pid, uint64_t start_ns)
{
	return (start_ns ^ (uint64_t)pid << 40) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

/* Remember that a row of it is in the trace, for longer than what it was. */
static int remember(struct processes *processes, const struct process *process)
{
	if (processes->written.n_keys == REMEMBERED_MAX) {
		keyset_free(&processes->written_before);
		processes->written_before = processes->written;
		processes->written = (struct keyset){ 0 };
	}
	return keyset_add(&processes->written, key_of(process->event.pid, process->event.start_ns));
}

static bool is_remembered(const struct processes *processes, uint32_t pid, uint64_t start_ns)
{
	uint64_t key = key_of(pid, start_ns);

	return keyset_has(&processes->written, key) || keyset_has(&processes->written_before, key);
}

static struct process_name name_of(const char *comm, size_t len)
{
	struct process_name name = { .len = (uint8_t)len };

	if (len > sizeof(name.bytes))
		name.len = sizeof(name.bytes);
	memcpy(name.bytes, comm, name.len);
	return name;
}

static struct nst_bytes bytes_of_name(const struct process_name *name)
{
	return (struct nst_bytes){ .data = name->bytes, .len_bytes = name->len };
}

static int add_rename(struct processes *processes, const struct process *process)
{
	struct nst_process_event row = { .time_ns = process->rename_ns,
					 .start_ns = process->event.start_ns,
					 .pid = process->event.pid,
					 .has = NST_PROCESS_HAS_COMM,
					 .what = NST_PROCESS_RENAME,
					 .comm = bytes_of_name(&process->name) };

	return process_rows_add(&processes->rows, &row);
}

static int add_exit(struct process_rows *rows, const struct process *process)
{
	struct nst_process_event row = { .time_ns = process->exit_ns,
					 .start_ns = process->event.start_ns,
					 .pid = process->event.pid,
					 .exit_code = process->exit_code,
					 .has = NST_PROCESS_HAS_EXIT_CODE,
					 .what = NST_PROCESS_EXIT };

	return process_rows_add(rows, &row);
}

/* Of a parent that is not in such a trace only the number is told. */
static void hide_parent(const struct processes *processes, struct nst_process_event *row)
{
	const struct process *parent =
		process_table_find(&processes->table, row->parent_pid, row->parent_start_ns);

	if (processes->only_owners && !(parent && parent->is_written))
		row->parent_start_ns = 0;
}

/* The whole of what it runs, under one of its names; the strings are the process's. */
static struct nst_process_event image_row(const struct processes *processes,
					  const struct process *process,
					  const struct process_name *name)
{
	const struct image *image = process->image;
	struct nst_process_event row = process->event;

	row.comm = bytes_of_name(name);
	row.has |= NST_PROCESS_HAS_COMM;
	if (image->exe) {
		row.exe = (struct nst_bytes){ image->exe, image->exe_len };
		row.has |= NST_PROCESS_HAS_EXE;
	}
	if (image->args) {
		row.args = (struct nst_bytes){ image->args, image->args_len };
		row.has |= NST_PROCESS_HAS_ARGS;
	}
	if (image->build_id_len) {
		row.build_id = (struct nst_bytes){ image->build_id, image->build_id_len };
		row.has |= NST_PROCESS_HAS_BUILD_ID;
	}
	hide_parent(processes, &row);
	return row;
}

static int add_image(struct processes *processes, struct process *process)
{
	struct nst_process_event row;
	int err = complete_process(processes->complete, process,
				   process_table_find(&processes->table, process->event.parent_pid,
						      process->event.parent_start_ns));

	if (err)
		return err;
	row = image_row(processes, process, &process->first_name);
	return process_rows_add(&processes->rows, &row);
}

/* A cgroup of the trace: say once where it is. */
static int meet_cgroup(struct processes *processes, const struct process *process, uint64_t id)
{
	const char *path = id ? complete_cgroup(processes->complete, process, id) : NULL;

	return path ? process_rows_add_cgroup(&processes->rows, id, path) : 0;
}

/* Let a process into the trace. */
static int write_one(struct processes *processes, struct process *process)
{
	int err = add_image(processes, process) ?: remember(processes, process);

	process->is_written = true;
	if (!err && process->event.has & NST_PROCESS_HAS_CGROUP)
		err = meet_cgroup(processes, process, process->event.cgroup_id);
	if (!err && process->rename_ns)
		err = add_rename(processes, process);
	if (!err && process->has_exit)
		err = add_exit(&processes->rows, process);
	return err;
}

/* NULL where nobody knows it: the iterator passed it over, or its fork was missed. */
static struct process *parent_of(struct processes *processes, const struct process *child)
{
	uint32_t pid = child->event.parent_pid;
	uint64_t start_ns = child->event.parent_start_ns;
	struct process *process = process_table_find(&processes->table, pid, start_ns);
	char comm[PROCESS_COMM_BYTES + 1];
	int fd, len;

	if (process || !(child->event.has & NST_PROCESS_HAS_PARENT) ||
	    is_remembered(processes, pid, start_ns))
		return process;
	fd = proc_open(pid, start_ns);
	if (fd < 0)
		return NULL;
	len = proc_comm(fd, comm, sizeof(comm));
	close(fd);
	process = len < 0 ? NULL : process_table_add(&processes->table, pid, start_ns);
	if (process)
		process->first_name = process->name = name_of(comm, (size_t)len);
	return process;
}

static int write_with_ancestors(struct processes *processes, struct process *process)
{
	int err = 0;

	while (!err && process && !process->is_written) {
		err = write_one(processes, process);
		process = processes->only_owners ? NULL : parent_of(processes, process);
	}
	return err;
}

static int set_image(struct process *process, const struct process_news *news)
{
	struct image *image = image_new();
	int err = image ? 0 : -ENOMEM;

	if (!err && news->event.has & NST_PROCESS_HAS_EXE)
		err = image_set_exe(image, &news->event.exe);
	if (!err && news->event.has & NST_PROCESS_HAS_ARGS)
		err = image_set_args(image, &news->event.args);
	if (err) {
		image_release(image);
		return err;
	}
	image->is_cut = news->is_args_cut;
	image->exe_device = news->exe_device;
	image->exe_inode = news->exe_inode;
	image->exe_filesystem = news->exe_filesystem;
	image_release(process->image);
	process->image = image;
	return 0;
}

/* A child runs what its parent runs. */
static int inherit_image(struct processes *processes, struct process *process,
			 const struct process_news *news)
{
	struct process *parent = process_table_find(&processes->table, news->event.parent_pid,
						    news->event.parent_start_ns);

	if (!parent || parent->image->exe_inode != news->exe_inode ||
	    parent->image->exe_device != news->exe_device)
		return set_image(process, news);
	image_release(process->image);
	process->image = image_share(parent->image);
	return 0;
}

/* All but the strings, and the parent that it was first seen with: it may be gone. */
static void take_event(struct process *process, const struct nst_process_event *event)
{
	const struct nst_process_event before = process->event;

	process->event = *event;
	process->event.comm = process->event.exe = process->event.args = (struct nst_bytes){ 0 };
	process->event.has &=
		~(uint32_t)(NST_PROCESS_HAS_COMM | NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_ARGS);
	if (before.has & NST_PROCESS_HAS_PARENT) {
		process->event.parent_pid = before.parent_pid;
		process->event.parent_start_ns = before.parent_start_ns;
	}
}

/* It begins, or another program does in it. */
static int note_image(struct processes *processes, struct process *process,
		      const struct process_news *news)
{
	int err = news->event.what == NST_PROCESS_FORK ? inherit_image(processes, process, news)
						       : set_image(process, news);

	if (err)
		return err;
	take_event(process, &news->event);
	process->first_name = process->name =
		name_of(news->event.comm.data, news->event.comm.len_bytes);
	process->rename_ns = 0;
	process->is_asked = false;
	return process->is_written ? add_image(processes, process) : 0;
}

static int note_rename(struct processes *processes, struct process *process,
		       const struct process_news *news)
{
	process->name = name_of(news->event.comm.data, news->event.comm.len_bytes);
	process->rename_ns = news->event.time_ns;
	return process->is_written ? add_rename(processes, process) : 0;
}

static int note_exit(struct processes *processes, struct process *process,
		     const struct process_news *news)
{
	if (process->is_dead)
		return 0;
	process_table_end(&processes->table, process, news->event.time_ns);
	process->exit_code = news->event.exit_code;
	process->has_exit = true;
	return process->is_written ? add_exit(&processes->rows, process) : 0;
}

static int add_to_ask(struct processes *processes, const struct process *process)
{
	size_t n = processes->n_to_ask;
	struct asked *larger = processes->to_ask;

	if (!(n & (n - 1))) /* as many as there is room for: 1, 2, 4 ... */
		larger = reallocarray(larger, n ? 2 * n : 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	processes->to_ask = larger;
	larger[processes->n_to_ask++] =
		(struct asked){ process->event.start_ns, process->event.pid };
	return 0;
}

int processes_ask(struct processes *processes)
{
	int err = 0;

	for (int i = 0; !err && i < ASK_A_TICK && processes->n_to_ask; i++) {
		const struct asked *asked = &processes->to_ask[--processes->n_to_ask];
		struct process *process =
			process_table_find(&processes->table, asked->pid, asked->start_ns);

		err = process ? complete_image(processes->complete, process) : 0;
	}
	return err;
}

static int note_first(struct processes *processes, struct process *process,
		      const struct process_news *news)
{
	int err = note_image(processes, process, news);

	if (err || news->event.what != NST_PROCESS_SNAPSHOT || processes->only_owners)
		return err;
	return add_to_ask(processes, process);
}

int processes_note(struct processes *processes, const struct process_news *news)
{
	const struct nst_process_event *event = &news->event;
	struct process *process;
	bool is_new;

	if (news->is_cgroup)
		return complete_note_cgroup(processes->complete, event->cgroup_id, &event->exe);
	process = process_table_find(&processes->table, event->pid, event->start_ns);
	is_new = !process;
	if (is_new)
		process = process_table_add(&processes->table, event->pid, event->start_ns);
	if (!process)
		return -ENOMEM;
	switch (event->what) {
	case NST_PROCESS_SNAPSHOT:
	case NST_PROCESS_FORK:
		/* one that is found at the start may be told of by its fork as well */
		return is_new ? note_first(processes, process, news) : 0;
	case NST_PROCESS_EXEC:
		return note_image(processes, process, news);
	case NST_PROCESS_RENAME:
		return note_rename(processes, process, news);
	default:
		return note_exit(processes, process, news);
	}
}

static struct recent *recent_of(struct processes *processes, uint32_t pid)
{
	return &processes->recent[pid % RECENT];
}

bool processes_knows(const struct processes *processes, uint32_t pid, uint64_t start_ns,
		     uint64_t cgroup_id)
{
	const struct recent *recent = recent_of((struct processes *)processes, pid);

	return recent->pid == pid && recent->start_ns == start_ns && recent->cgroup_id == cgroup_id;
}

/* One that was never told of: its record was lost, or it ended long ago. */
static struct process *add_unknown(struct processes *processes, uint64_t at_ns, uint32_t pid,
				   uint64_t start_ns, const char *comm, size_t comm_len)
{
	struct process *process = process_table_add(&processes->table, pid, start_ns);

	if (!process)
		return NULL;
	processes->unknown++;
	process->event.time_ns = at_ns;
	process->event.what = NST_PROCESS_SNAPSHOT;
	process->first_name = process->name = name_of(comm, comm_len);
	if (kill((pid_t)pid, 0) && errno == ESRCH)
		process_table_end(&processes->table, process, at_ns);
	return process;
}

int processes_meet(struct processes *processes, uint64_t at_ns, uint32_t pid, uint64_t start_ns,
		   uint64_t cgroup_id, const char *comm, size_t comm_len)
{
	struct process *process = process_table_find(&processes->table, pid, start_ns);
	int err;

	if (!process && is_remembered(processes, pid, start_ns))
		return 0;
	if (!process)
		process = add_unknown(processes, at_ns, pid, start_ns, comm, comm_len);
	if (!process)
		return -ENOMEM;
	err = write_with_ancestors(processes, process);
	if (!err)
		err = meet_cgroup(processes, process, cgroup_id);
	if (!err)
		*recent_of(processes, pid) = (struct recent){ start_ns, cgroup_id, pid };
	return err;
}

int processes_write(struct processes *processes, struct nst_writer *writer, uint64_t at_ns)
{
	if (at_ns != UINT64_MAX && at_ns > DEAD_NS)
		processes->forgotten +=
			process_table_forget(&processes->table, at_ns - DEAD_NS, DEAD_MAX);
	if (!process_rows_are_due(&processes->rows, at_ns))
		return 0;
	return process_rows_write(&processes->rows, writer);
}

/* As it is now: rows that say how it came to be so are in an earlier file. */
static int describe_one(const struct processes *processes, struct process_rows *rows,
			const struct process *process, uint64_t at_ns)
{
	struct nst_process_event row = image_row(processes, process, &process->name);
	int err;

	row.what = NST_PROCESS_SNAPSHOT;
	row.time_ns = process->is_dead && process->exit_ns < at_ns ? process->exit_ns : at_ns;
	err = process_rows_add(rows, &row);
	return err || !process->has_exit ? err : add_exit(rows, process);
}

/* A cgroup_sink. */
static int describe_cgroup(void *rows, uint64_t id, const char *path)
{
	return process_rows_add_cgroup(rows, id, path);
}

/* Of those that the table has forgotten no row is there. */
void processes_move(struct processes *processes)
{
	memset(processes->recent, 0, sizeof(processes->recent));
	keyset_free(&processes->written);
	keyset_free(&processes->written_before);
	keyset_free(&processes->rows.users_met);
	processes->unknown = processes->forgotten = processes->rows.lost = 0;
}

int processes_describe(const struct processes *processes, struct nst_writer *writer, uint64_t at_ns)
{
	const struct process_table *table = &processes->table;
	struct process_rows rows = { 0 };
	int err = complete_cgroups_told(processes->complete, describe_cgroup, &rows);

	for (size_t i = 0; !err && i < table->n_buckets; i++)
		for (const struct process *process = table->buckets[i]; !err && process;
		     process = process->next)
			if (process->is_written)
				err = describe_one(processes, &rows, process, at_ns)
					      ?: process_rows_are_due(&rows, 0)
						 ? process_rows_write(&rows, writer)
						 : 0;
	if (!err)
		err = process_rows_write(&rows, writer);
	process_rows_free(&rows);
	return err;
}

/* When it ended nobody knows, nor how: no row says so. */
void processes_missed(struct processes *processes, uint64_t at_ns)
{
	struct process_table *table = &processes->table;

	for (size_t i = 0; i < table->n_buckets; i++)
		for (struct process *process = table->buckets[i]; process; process = process->next)
			if (!process->is_dead && kill((pid_t)process->event.pid, 0) &&
			    errno == ESRCH)
				process_table_end(table, process, at_ns);
}

void processes_counters(const struct processes *processes,
			struct nst_counter counters[PROCESS_COUNTERS])
{
	static const char unknown[] = "processes_unknown", forgotten[] = "processes_forgotten",
			  lost[] = "process_rows_lost";

	counters[0] = (struct nst_counter){ .value = processes->unknown,
					    .cpu = NST_ALL_CPUS,
					    .name = { unknown, sizeof(unknown) - 1 } };
	counters[1] = (struct nst_counter){ .value = processes->forgotten,
					    .cpu = NST_ALL_CPUS,
					    .name = { forgotten, sizeof(forgotten) - 1 } };
	counters[2] = (struct nst_counter){ .value = processes->rows.lost,
					    .cpu = NST_ALL_CPUS,
					    .name = { lost, sizeof(lost) - 1 } };
}
