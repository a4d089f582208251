/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Small files that claim much, unpack to much, or make much work. */
#include "tests/bad/make_bad.h"

#include "format/crc32c.h"
#include "format/layout.h"
#include "format/trace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START UINT64_C(1000000000000)
#define FILE_FRAME (NST_RAW_OVERHEAD + NST_FILE_HEADER_LEN)
#define CHUNK_FRAME (NST_RAW_OVERHEAD + NST_CHUNK_HEADER_LEN)
#define FIRST_EVENTS 2 /* chunk of the trace */

/* ---- zstd -------------------------------------------------------------- */

/*
 * A frame that says how much it holds and begins to repeat one byte, 128 KiB a block of four
 * bytes, for as many blocks as asked for. The last is not said to be the last.
 */
static size_t make_rle(uint8_t *to, uint64_t content, size_t n_blocks)
{
	uint8_t *at = to;

	nst_put32(at, NST_ZSTD_MAGIC);
	at[4] = 0xe0; /* a single segment, its size in eight bytes */
	nst_put64(at + 5, content);
	at += 13;
	for (size_t i = 0; i < n_blocks; i++, at += 4) {
		nst_put32(at, 128 << 13 << 3 | 1 << 1); /* of RLE; the three bytes are the header */
		at[3] = 'x';
	}
	return (size_t)(at - to);
}

static void plain_bombs(void)
{
	enum {
		BLOCKS = 32768
	};
	uint8_t *bomb = malloc(13 + 4 * BLOCKS);
	size_t len;

	bad_must(bomb != NULL, "memory");
	len = make_rle(bomb, UINT64_C(4) << 30, 21);
	memset(bomb + len, 0, 100 - len);
	bad_write("zstd-claims-4g", bomb, 100);
	bad_write("zstd-unpacks-to-4g", bomb, make_rle(bomb, UINT64_C(4) << 30, BLOCKS));
	nst_put32(bomb, NST_SKIPPABLE_MAGIC);
	nst_put32(bomb + 4, UINT32_MAX);
	bad_write("skippable-4g", bomb, 100);
	memset(bomb, 0, 8192);
	for (size_t i = 0; i < 8192; i += 8)
		nst_put32(bomb + i, NST_SKIPPABLE_MAGIC);
	bad_write("skippable-only", bomb, 8192);
	free(bomb);
}

/* The dictionaries of an events chunk are a bomb: of what they claim, and what they are. */
static void bomb_in_a_chunk(const char *name, const uint8_t *trace, uint64_t content,
			    size_t n_blocks, uint32_t raw_len)
{
	uint8_t *bomb = malloc(FILE_FRAME + CHUNK_FRAME + 13 + 4 * n_blocks);
	const uint8_t *chunk = trace + FILE_FRAME;
	uint8_t *header = bomb + FILE_FRAME + NST_RAW_OVERHEAD;
	size_t len;

	bad_must(bomb != NULL, "memory");
	for (int i = 0; i < FIRST_EVENTS; i++)
		chunk += CHUNK_FRAME + nst_get32(chunk + NST_RAW_OVERHEAD + NST_CH_COL_LEN);
	memcpy(bomb, trace, FILE_FRAME);
	memcpy(bomb + FILE_FRAME, chunk, CHUNK_FRAME);
	len = make_rle(bomb + FILE_FRAME + CHUNK_FRAME, content, n_blocks);
	bomb[FILE_FRAME + CHUNK_FRAME + len - 4] |= 1; /* the last block */
	nst_put32(header + NST_CH_DICT_LEN, (uint32_t)len);
	nst_put32(header + NST_CH_DICT_RAW, raw_len);
	nst_put32(header + NST_CH_DICT_CRC, nst_crc32c(bomb + FILE_FRAME + CHUNK_FRAME, len));
	nst_put32(header + NST_CH_COL_LEN, (uint32_t)len);
	nst_put32(header + NST_CH_COL_RAW, raw_len);
	nst_put32(header + NST_CH_COL_CRC, nst_crc32c(bomb + FILE_FRAME + CHUNK_FRAME, len));
	nst_put32(header + NST_CHUNK_HEADER_LEN - 4, nst_crc32c(header, NST_CHUNK_HEADER_LEN - 4));
	bomb = realloc(bomb, FILE_FRAME + CHUNK_FRAME + 2 * len);
	bad_must(bomb != NULL, "memory");
	memcpy(bomb + FILE_FRAME + CHUNK_FRAME + len, bomb + FILE_FRAME + CHUNK_FRAME, len);
	bad_write(name, bomb, FILE_FRAME + CHUNK_FRAME + 2 * len);
	free(bomb);
}

/* ---- Files that are none of ours, or hardly ---------------------------- */

static void others(const uint8_t *trace, size_t len)
{
	uint8_t *file = calloc(1, 3 * len + (1 << 20));

	bad_must(file != NULL, "memory");
	bad_write("empty", "", 0);
	bad_write("one-byte", trace, 1);
	bad_write("magic-alone", trace, 4);
	bad_write("header-cut", trace, 100);
	bad_write("header-alone", trace, FILE_FRAME);
	bad_write("text", "\033[2Jhello\n", 10);
	bad_write("gzip", "\x1f\x8b\x08\0\0\0\0\0\0\xff\xff\xff\xff", 13);
	memcpy(file, "SQLite format 3", 16);
	memset(file + 16, 0xff, 4080);
	bad_write("database", file, 4096);
	memset(file, 0, 1 << 20);
	bad_write("zeros", file, 1 << 20);
	for (size_t i = 0; i < 1 << 20; i += 4)
		nst_put32(file + i, NST_ZSTD_MAGIC);
	bad_write("magics", file, 1 << 20);
	memcpy(file, trace, len);
	memset(file + len, 0xee, 1000);
	memcpy(file + len + 1000, trace, len);
	bad_write("twice-with-garbage", file, 2 * len + 1000);
	free(file);
}

/* A megabyte of chunk headers, each with a claim on the four megabytes behind it. */
static void overlapping(const uint8_t *trace)
{
	size_t n = 4000;
	uint8_t *file = malloc(FILE_FRAME + n * CHUNK_FRAME);

	bad_must(file != NULL, "memory");
	memcpy(file, trace, FILE_FRAME);
	for (size_t i = 0; i < n; i++) {
		uint8_t *frame = file + FILE_FRAME + i * CHUNK_FRAME;
		uint8_t *header = frame + NST_RAW_OVERHEAD;
		size_t behind = (n - i - 1) * CHUNK_FRAME;

		memcpy(frame, trace + FILE_FRAME, CHUNK_FRAME);
		nst_put64(header + NST_CH_SEQUENCE, i);
		nst_put32(header + NST_CH_COL_LEN, (uint32_t)(behind ?: 1));
		nst_put32(header + NST_CHUNK_HEADER_LEN - 4,
			  nst_crc32c(header, NST_CHUNK_HEADER_LEN - 4));
	}
	bad_write("overlapping", file, FILE_FRAME + n * CHUNK_FRAME);
	free(file);
}

static void many_traces(const uint8_t *trace)
{
	size_t n = 20000;
	uint8_t *file = malloc(n * FILE_FRAME);

	bad_must(file != NULL, "memory");
	for (size_t i = 0; i < n; i++) {
		uint8_t *header = file + i * FILE_FRAME + NST_RAW_OVERHEAD;

		memcpy(file + i * FILE_FRAME, trace, FILE_FRAME);
		nst_put64(header + NST_FH_UUID, i);
		nst_put32(header + NST_FILE_HEADER_LEN - 4,
			  nst_crc32c(header, NST_FILE_HEADER_LEN - 4));
	}
	bad_write("many-traces", file, n * FILE_FRAME);
	free(file);
}

/* ---- Traces that are whole, and too much ------------------------------- */

static struct nst_writer *begin(const char *name, int *ret_fd)
{
	struct nst_header header = { .uuid = { 9 },
				     .start_ns = START,
				     .start_realtime_ns = 1767323045 * UINT64_C(1000000000),
				     .clock = NST_CLOCK_BOOTTIME };
	struct nst_writer *writer = NULL;

	*ret_fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bad_must(*ret_fd >= 0 && !nst_writer_open(*ret_fd, &header, 3, &writer), name);
	return writer;
}

static void finish(struct nst_writer *writer, int fd)
{
	bad_must(!nst_writer_end(writer, START + 1000) && !close(fd), "the end");
	nst_writer_close(writer);
}

enum many {
	FLOWS,
	LANES,
	PROCESSES
};

/* Each event is the first of another of these. */
static void many(const char *name, enum many what, uint32_t n)
{
	int fd;
	struct nst_writer *writer = begin(name, &fd);
	struct net_event event = { .timestamp = START, .ethertype = 0x0800, .bytes = 40 };

	event.has = NST_HAS_FLOW_ID | NST_HAS_CGROUP | NST_HAS_OWNER;
	for (uint32_t i = 0; i < n; i++) {
		event.flow_id = what == FLOWS ? i : 1;
		event.cgroup_id = what == LANES ? i : 1;
		event.pid = what == PROCESSES ? i + 1 : 1;
		bad_must(nst_writer_event(writer, &event) >= 0, name);
	}
	finish(writer, fd);
}

static void many_rows(const char *name, enum nst_chunk_type type, enum nst_table table,
		      size_t n_chunks)
{
	enum {
		ROWS = 65536
	};
	struct nst_owner *owners = calloc(ROWS, sizeof(*owners));
	struct nst_process_event *processes = calloc(ROWS, sizeof(*processes));
	int fd;
	struct nst_writer *writer = begin(name, &fd);
	struct nst_rows rows = { table, owners, ROWS };

	bad_must(owners && processes, "memory");
	if (table == NST_TABLE_PROCESS_EVENT)
		rows.rows = processes;
	for (size_t k = 0; k < n_chunks; k++) {
		for (uint32_t i = 0; i < ROWS; i++) {
			owners[i].flow_id = k * ROWS + i;
			owners[i].pid = 1;
			processes[i].pid = (uint32_t)(k * ROWS) + i + 1;
		}
		bad_must(!nst_writer_rows(writer, type, &rows, 1), name);
	}
	finish(writer, fd);
	free(owners);
	free(processes);
}

/* One name for a control group takes 64 KiB, and nothing when it is compressed. */
static void long_texts(const char *name)
{
	static char text[NST_STRING_CAP];
	struct nst_cgroup rows[60];
	struct nst_rows table = { NST_TABLE_CGROUP, rows, 60 };
	int fd;
	struct nst_writer *writer = begin(name, &fd);

	memset(text, 'a', sizeof(text));
	for (uint64_t k = 0; k < 20; k++) {
		for (uint64_t i = 0; i < 60; i++)
			rows[i] = (struct nst_cgroup){ 60 * k + i, { text, sizeof(text) - 1 } };
		bad_must(!nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, &table, 1), name);
	}
	finish(writer, fd);
}

void bad_bombs(const uint8_t *trace, size_t len)
{
	others(trace, len);
	plain_bombs();
	bomb_in_a_chunk("chunk-frame-claims-4g", trace, UINT64_C(4) << 30, 1, 1 << 20);
	bomb_in_a_chunk("chunk-frame-unpacks-to-more", trace, 1 << 20, 30000, 1 << 20);
	bomb_in_a_chunk("chunk-frame-unpacks-to-4m", trace, 4 << 20, 32, 4 << 20);
	overlapping(trace);
	many_traces(trace);
	many("many-flows", FLOWS, 700000);
	many("many-lanes", LANES, 100000);
	many("many-processes", PROCESSES, 150000);
	many_rows("many-owners", NST_CHUNK_OWNERS, NST_TABLE_OWNER, 20);
	many_rows("many-process-rows", NST_CHUNK_PROCESSES, NST_TABLE_PROCESS_EVENT, 20);
	long_texts("long-texts");
}
