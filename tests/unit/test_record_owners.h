/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What becomes known about owners, given as the kernel gives it, and the rows read back. */
#ifndef NETSNOOP_TESTS_TEST_RECORD_OWNERS_H
#define NETSNOOP_TESTS_TEST_RECORD_OWNERS_H

#include "bpf/events.h"
#include "format/trace.h"
#include "record/owner_change.h"
#include "record/owners.h"
#include "record/translate.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_FLOWS 64
#define ROWS_MAX 4096

static struct nst_writer *writer;
static struct owners *owners;
static int fd;

static char rows[ROWS_MAX][96]; /* as text, in the order of the file */
static size_t n_rows, n_chunks;

static void set_up(void)
{
	const struct nst_header header = { .uuid = { 1 }, .clock = NST_CLOCK_BOOTTIME };

	fd = memfd_create("trace", 0);
	CHECK_INT(nst_writer_open(fd, &header, 1, &writer), 0);
	CHECK_INT(owners_open(writer, MAX_FLOWS, &owners), 0);
	n_rows = n_chunks = 0;
}

/* "FLOW c|h FROM PID SOURCE", and the fields that only one test has a word about */
static void read_rows(struct nst_reader *reader)
{
	const struct nst_owner *found;
	const void *table;
	size_t n;

	CHECK_INT(nst_reader_rows(reader, NST_TABLE_OWNER, &table, &n), 0);
	n_chunks++;
	found = table;
	for (size_t i = 0; i < n && n_rows < ROWS_MAX; i++, n_rows++) {
		CHECK(!(found[i].has & NST_OWNER_HAS_TO));
		CHECK_INT(found[i].start_ns, found[i].pid * 1000);
		snprintf(rows[n_rows], sizeof(rows[0]), "%" PRIu64 " %c %" PRIu64 " %u %s",
			 found[i].flow_id, found[i].what == NST_OWNER_HELD ? 'h' : 'c',
			 found[i].from_ns, found[i].pid,
			 nst_owner_source_name(found[i].owner_source));
	}
}

static void read_trace(void)
{
	struct nst_reader *reader;
	const struct nst_chunk *chunk;

	n_rows = n_chunks = 0;
	CHECK_INT(nst_writer_end(writer, 1), 0);
	nst_writer_close(writer);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	while (nst_reader_next(reader, &chunk) > 0)
		if (chunk->type == NST_CHUNK_OWNERS)
			read_rows(reader);
	CHECK(!nst_reader_damaged(reader));
	nst_reader_close(reader);
	close(fd);
}

static void finish(void)
{
	CHECK_INT(owners_settle(owners, UINT64_MAX), 0);
	owners_close(owners);
	read_trace();
}

/* All rows, one a line. */
static inline const char *all_rows(void)
{
	static char text[4096];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n_rows && at < sizeof(text) - 100; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? "\n" : "",
				       rows[i]);
	return text;
}

static inline struct owner_record record_of(uint64_t at, enum owner_record_kind kind, uint64_t flow,
					    uint64_t socket, uint32_t pid, uint64_t used)
{
	struct owner_record record = {
		.timestamp = at,
		.flow_id = flow,
		.socket_id = socket,
		.used_ns = used,
		.owner = { .pid = pid, .start_ns = pid * 1000ull },
		.kind = (uint8_t)kind,
		.source = SOURCE_FLOW,
	};

	snprintf(record.owner.comm, sizeof(record.owner.comm), "p%u", pid);
	return record;
}

static void give(const struct owner_record *record)
{
	struct owner_change change;

	translate_owner(record, &change);
	CHECK_INT(owners_take(owners, &change), 0);
}

static void flow_of(uint64_t at, uint64_t flow, uint64_t socket, uint32_t pid, uint64_t used)
{
	const struct owner_record record = record_of(at, OWNER_OF_FLOW, flow, socket, pid, used);

	give(&record);
}

static void joins(uint64_t at, uint64_t flow, uint64_t socket)
{
	const struct owner_record record = record_of(at, SOCKET_OF_FLOW, flow, socket, 0, 0);

	give(&record);
}

static void socket_of(uint64_t at, uint64_t socket, uint32_t pid, uint64_t used)
{
	const struct owner_record record = record_of(at, OWNER_OF_SOCKET, 0, socket, pid, used);

	give(&record);
}

static void shares(uint64_t at, uint64_t flow, uint64_t socket, uint32_t pid, uint64_t since)
{
	struct owner_record record =
		record_of(at, pid ? OWNER_OF_FLOW : SOCKET_OF_FLOW, flow, socket, pid, since);

	record.is_shared = 1;
	give(&record);
}

static void met(uint64_t flow, uint64_t at)
{
	CHECK_INT(owners_met(owners, flow, at), 0);
}

static void settle(uint64_t until)
{
	CHECK_INT(owners_settle(owners, until), 0);
}

#endif
