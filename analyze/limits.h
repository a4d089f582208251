/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How much of a trace is taken, so that a small file cannot make the program large. What nobody
 * has set grows with the size of the inputs: no recording comes near it, and what does was made
 * to.
 */
#ifndef NETSNOOP_ANALYZE_LIMITS_H
#define NETSNOOP_ANALYZE_LIMITS_H

#include "analyze/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct limits { /* 0: not set */
	uint64_t events, chunks, unpacked_bytes, processes, flows, database_bytes, cpu_ns;
};

/* From here on; and begin to count time. */
void limits_set(const struct limits *limits);

/*
 * An input was opened, or a database to add to: what is allowed by default of time and of a
 * database goes by the size of all of them.
 */
void limits_expect(int fd, bool is_database);
/* The file that an input is read from, now that all of its pipe was copied there. */
void limits_expect_copy(int fd);

/* Rows of an interval and a lane that are kept before the interval doubles. */
uint32_t limits_interval_rows(void);

/* Of a regular file, what is there: holes give nobody a claim on more. 0 for anything else. */
uint64_t limits_file_bytes(int fd);

/* What a pipe is copied to a file may be so large; and what is said of a larger one: -E2BIG. */
uint64_t limits_pipe_bytes(void);
int limits_say_pipe(const char *name);

uint64_t limits_database_bytes(void);

/*
 * What SQLite may take with what is kept of its answers, and what its temporary files may: of a
 * database as input much less than of a trace, whose queries are our own or the user's.
 */
uint64_t limits_memory_bytes(void);
uint64_t limits_temporary_bytes(void);

/* Say that the limit of a database's size is what is in the way of somebody; -E2BIG. */
int limits_say_database(const char *whose, const char *what, uint64_t most);

/* One reading of one or more inputs; zeros are an empty one. */
struct tally {
	const struct input *input; /* that is being read */
	uint64_t file_bytes;	   /* of all so far */
	bool is_endless;	   /* one was a pipe */
	uint64_t events, chunks, unpacked_bytes;
	uint64_t known_processes; /* that are not of the inputs */
};

/* Another input is going to be read. */
void tally_begin(struct tally *tally, const struct input *input);

/*
 * The reader has gone to a chunk: with what it unpacks to, the rows of metadata as they are in
 * memory. 0, -E2BIG once it was said, or what decoding them gives but -EBADMSG.
 */
int tally_chunk(struct tally *tally, struct nst_reader *reader, const struct nst_chunk *chunk);

/* So many processes, or lanes of flows, are known by now. 0, or -E2BIG once it was said. */
int tally_processes(const struct tally *tally, uint64_t n);
int tally_flows(const struct tally *tally, uint64_t n);

/* ---- The options, for the commands' tables: their settings begin with a struct limits. */

int apply_max_events(void *settings, const char *value);
int apply_max_chunks(void *settings, const char *value);
int apply_max_unpacked(void *settings, const char *value);
int apply_max_processes(void *settings, const char *value);
int apply_max_flows(void *settings, const char *value);
int apply_max_database(void *settings, const char *value);
int apply_max_time(void *settings, const char *value);

#define LIMITS_OF_READING                                                                         \
	{ "max-events", 0, "N", "refuse more events", apply_max_events },                         \
		{ "max-chunks", 0, "N", "refuse more chunks", apply_max_chunks },                 \
		{ "max-unpacked", 0, "SIZE", "refuse what unpacks to more", apply_max_unpacked }, \
	{                                                                                         \
		"max-time", 0, "DURATION", "end after so much CPU time", apply_max_time           \
	}
#define LIMITS_OF_TABLES                                                            \
	{ "max-processes", 0, "N", "refuse more processes", apply_max_processes },  \
		{ "max-flows", 0, "N", "refuse more flows", apply_max_flows },      \
	{                                                                           \
		"max-database", 0, "SIZE", "no larger database", apply_max_database \
	}

#endif
