/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/limits.h"

#include "analyze/say.h"
#include "analyze/unfinished.h"
#include "common/units.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define S UINT64_C(1000000000)
#define PARTS_MAX 65536 /* of a file with holes, that are looked at */
#define ROW_BYTES 64	/* of a row of metadata, about */

/* What is allowed unless it was set: so much, and so much for each KiB of the inputs. */
#define EVENTS (UINT64_C(10) << 20)
#define EVENTS_A_KIB (100 << 10)
#define CHUNKS (UINT64_C(100) << 20)
#define UNPACKED (UINT64_C(32) << 20)
#define UNPACKED_A_KIB (100 << 10)
#define PROCESSES (UINT64_C(32) << 10)
#define PROCESSES_A_KIB 256
#define FLOWS (UINT64_C(128) << 10)
#define FLOWS_A_KIB 512
#define INTERVAL_ROWS (UINT64_C(64) << 10) /* some 1.7 KB each, when they are printed */
#define INTERVAL_ROWS_MAX (UINT64_C(256) << 10)
#define INTERVAL_BYTES_A_ROW 4
#define PIPE (UINT64_C(64) << 30)
#define DATABASE (UINT64_C(64) << 30)
#define DATABASE_A_BYTE 64
/* of a database that is read: an answer's table takes some 20 bytes for one of the file */
#define MEMORY (UINT64_C(128) << 20)
#define TEMPORARY (UINT64_C(64) << 20)
#define WORK (UINT64_C(32) << 20) /* of SQLite itself, beside a database in memory */
#define CPU_S 3600
#define CPU_DATABASE_S 60 /* whose schema may ask for anything */
#define CPU_S_A_MIB 10

static struct limits set;
static uint64_t opened_bytes; /* of all inputs that are files */
static bool has_database;     /* among them */
static size_t n_pipes;	      /* that are not copied yet */

/* ---- Time -------------------------------------------------------------- */

static char over_time[96];

static void end(int signal_number)
{
	ssize_t n = write(STDERR_FILENO, over_time, strlen(over_time));

	(void)signal_number;
	(void)n;
	unfinished_remove();
	_exit(STATUS_FAILED);
}

/* Of all threads; who waits for a pipe uses none. */
static void limit_time(uint64_t seconds)
{
	static struct rlimit before; /* what who called the program has set */
	static bool is_known;
	struct rlimit limit;

	if (!is_known && getrlimit(RLIMIT_CPU, &before))
		return;
	is_known = true;
	limit = before;
	if (seconds < before.rlim_cur) { /* RLIM_INFINITY is more than any */
		snprintf(over_time, sizeof(over_time),
			 "netsnoop-analyze: over %" PRIu64
			 " s of CPU time: --max-time allows more\n",
			 seconds);
		signal(SIGXCPU, end);
		limit.rlim_cur = seconds;
	}
	setrlimit(RLIMIT_CPU, &limit);
}

void limits_set(const struct limits *limits)
{
	set = *limits;
	limit_time(set.cpu_ns ? (set.cpu_ns + S - 1) / S : CPU_S);
}

static bool is_regular(int fd)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISREG(status.st_mode);
}

/* By its parts, and not by its blocks: those can be fewer than its bytes, where it is compressed or
 * was just written. A file system without SEEK_DATA has one part. */
uint64_t limits_file_bytes(int fd)
{
	off_t place = lseek(fd, 0, SEEK_CUR), from = 0, to = 0;
	uint64_t bytes = 0;

	if (!is_regular(fd) || place < 0)
		return 0;
	for (size_t i = 0; i < PARTS_MAX && to >= 0; i++) {
		from = lseek(fd, to, SEEK_DATA);
		to = from < 0 ? -1 : lseek(fd, from, SEEK_HOLE);
		bytes += to > from ? (uint64_t)(to - from) : 0;
	}
	lseek(fd, place, SEEK_SET);
	return bytes;
}

void limits_expect(int fd, bool is_database)
{
	bool is_file = is_regular(fd);
	uint64_t seconds;

	has_database |= is_database;
	n_pipes += !is_file && !is_database;
	opened_bytes += limits_file_bytes(fd);
	if (set.cpu_ns)
		return;
	seconds = (has_database ? CPU_DATABASE_S : CPU_S) + CPU_S_A_MIB * (opened_bytes >> 20);
	/* a pipe may go on for weeks */
	limit_time(n_pipes ? UINT64_MAX : seconds);
}

void limits_expect_copy(int fd)
{
	n_pipes--;
	limits_expect(fd, false);
}

uint32_t limits_interval_rows(void)
{
	uint64_t rows = INTERVAL_ROWS + opened_bytes / INTERVAL_BYTES_A_ROW;

	return (uint32_t)(rows < INTERVAL_ROWS_MAX ? rows : INTERVAL_ROWS_MAX);
}

uint64_t limits_pipe_bytes(void)
{
	return set.unpacked_bytes ?: PIPE;
}

int limits_say_pipe(const char *name)
{
	say("%s: over %" PRIu64
	    " bytes to be copied; no more are allowed: --max-unpacked allows more",
	    name, limits_pipe_bytes());
	return -E2BIG;
}

uint64_t limits_database_bytes(void)
{
	return set.database_bytes ?: DATABASE + DATABASE_A_BYTE * opened_bytes;
}

uint64_t limits_memory_bytes(void)
{
	if (has_database && !set.database_bytes)
		return MEMORY + DATABASE_A_BYTE * opened_bytes;
	return limits_database_bytes() + WORK;
}

uint64_t limits_temporary_bytes(void)
{
	if (has_database && !set.database_bytes)
		return TEMPORARY + DATABASE_A_BYTE * opened_bytes;
	return limits_database_bytes();
}

int limits_say_database(const char *whose, const char *what, uint64_t most)
{
	bool has_name = whose && *whose;

	say("%s%s%s %" PRIu64 " bytes; no more are allowed: --max-database allows more",
	    has_name ? whose : "", has_name ? ": " : "", what, most);
	return -E2BIG;
}

/* ---- What is read ------------------------------------------------------ */

static uint64_t allowed(const struct tally *tally, uint64_t of_option, uint64_t base,
			uint64_t a_kib)
{
	if (of_option)
		return of_option;
	return a_kib && tally->is_endless ? UINT64_MAX : base + a_kib * (tally->file_bytes >> 10);
}

void tally_begin(struct tally *tally, const struct input *input)
{
	input = input->made_of ?: input;
	tally->input = input;
	tally->file_bytes += limits_file_bytes(input->fd);
	tally->is_endless |= !is_regular(input->fd); /* a pipe may bring any number */
}

static int check(const struct tally *tally, uint64_t found, uint64_t most, const char *what,
		 const char *option)
{
	if (found <= most)
		return 0;
	say("%s: %" PRIu64 " %s; at most %" PRIu64 " are allowed: --%s allows more",
	    tally->input ? tally->input->name : "input", found, what, most, option);
	return -E2BIG;
}

/* Decoding them here costs nothing: who reads them next finds them decoded. */
static int count_rows(struct nst_reader *reader, const struct nst_chunk *chunk, uint64_t *ret_rows)
{
	uint64_t rows = 0;
	int err = 0;

	for (int table = NST_TABLE_SETTING;
	     chunk->type != NST_CHUNK_EVENTS && table <= NST_TABLE_LAST && !err; table++) {
		const void *of_table;
		size_t n = 0;

		err = nst_reader_rows(reader, (enum nst_table)table, &of_table, &n);
		rows += err ? 0 : n;
	}
	*ret_rows = rows;
	return err == -EBADMSG || err == -EINVAL ? 0 : err; /* damaged, or without rows */
}

int tally_chunk(struct tally *tally, struct nst_reader *reader, const struct nst_chunk *chunk)
{
	uint64_t rows;
	int err = count_rows(reader, chunk, &rows);

	tally->chunks++;
	tally->events += chunk->n_events;
	tally->unpacked_bytes += (uint64_t)chunk->dictionaries_raw_bytes +
				 chunk->columns_raw_bytes + ROW_BYTES * rows;
	if (!err)
		err = check(tally, tally->chunks, allowed(tally, set.chunks, CHUNKS, 0), "chunks",
			    "max-chunks");
	if (!err)
		err = check(tally, tally->events, allowed(tally, set.events, EVENTS, EVENTS_A_KIB),
			    "events", "max-events");
	if (!err)
		err = check(tally, tally->unpacked_bytes,
			    allowed(tally, set.unpacked_bytes, UNPACKED, UNPACKED_A_KIB),
			    "bytes unpacked", "max-unpacked");
	return err;
}

int tally_processes(const struct tally *tally, uint64_t n)
{
	return check(tally, n - tally->known_processes,
		     allowed(tally, set.processes, PROCESSES, PROCESSES_A_KIB), "processes",
		     "max-processes");
}

int tally_flows(const struct tally *tally, uint64_t n)
{
	return check(tally, n, allowed(tally, set.flows, FLOWS, FLOWS_A_KIB), "flows", "max-flows");
}

/* ---- Options ----------------------------------------------------------- */

static int apply_number(const char *option, const char *value, uint64_t *number)
{
	int err = parse_number(value, 1, INT64_MAX, number);

	if (err)
		say("--%s %s: not a number, 1 or more", option, value);
	return err ? -EINVAL : 0;
}

static int apply_size(const char *option, const char *value, uint64_t *bytes)
{
	int err = parse_size(value, 1, INT64_MAX, bytes);

	if (err)
		say("--%s %s: not a size, like 4096, 64k, 8M or 1G", option, value);
	return err ? -EINVAL : 0;
}

int apply_max_events(void *settings, const char *value)
{
	return apply_number("max-events", value, &((struct limits *)settings)->events);
}

int apply_max_chunks(void *settings, const char *value)
{
	return apply_number("max-chunks", value, &((struct limits *)settings)->chunks);
}

int apply_max_unpacked(void *settings, const char *value)
{
	return apply_size("max-unpacked", value, &((struct limits *)settings)->unpacked_bytes);
}

int apply_max_processes(void *settings, const char *value)
{
	return apply_number("max-processes", value, &((struct limits *)settings)->processes);
}

int apply_max_flows(void *settings, const char *value)
{
	return apply_number("max-flows", value, &((struct limits *)settings)->flows);
}

int apply_max_database(void *settings, const char *value)
{
	return apply_size("max-database", value, &((struct limits *)settings)->database_bytes);
}

int apply_max_time(void *settings, const char *value)
{
	int err = parse_duration(value, S, 365 * 86400 * S, &((struct limits *)settings)->cpu_ns);

	if (err)
		say("--max-time %s: not a duration from 1 to 365d, like 10, 5m, 1h", value);
	return err ? -EINVAL : 0;
}
