/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chunks of one event each, with dictionaries that it hardly needs. */
#include "tests/bad/make_bad.h"

#include "format/crc32c.h"
#include "format/layout.h"
#include "format/trace.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define FILE_FRAME (NST_RAW_OVERHEAD + NST_FILE_HEADER_LEN)
#define CHUNK_FRAME (NST_RAW_OVERHEAD + NST_CHUNK_HEADER_LEN)
#define FIRST_EVENTS 2 /* chunk of the trace */
#define ROWS 65536U
#define CHUNKS 100
#define CHUNK_ROOM ((size_t)16 << 10) /* packed */

/* Columns, as FORMAT.md numbers them. */
enum {
	PROCESS_PID = 1,
	PROCESS_START = 2,
	FLOW_HAS = 1,
	FLOW_ETHERTYPE = 4,
	LANE_HAS = 1,
	LANE_FLOW = 2,
	LANE_IFINDEX = 6,
	LANE_CGROUP = 8,
};

enum what {
	PROCESSES, /* that no lane is of, others in each chunk */
	LANES,	   /* that differ in what none of them has */
};

struct sections {
	uint8_t bytes[1 << 20];
	size_t len;
};

static void section(struct sections *to, uint32_t id, unsigned int encoding, unsigned int width,
		    uint32_t count, uint32_t len)
{
	uint8_t *at = to->bytes + to->len;

	nst_put16(at, (uint16_t)id);
	at[2] = (uint8_t)encoding;
	at[3] = (uint8_t)width;
	nst_put32(at + 4, count);
	nst_put32(at + 8, len);
	nst_put32(at + 12, 0);
	to->len += 16;
}

/* All rows alike. */
static void same(struct sections *to, uint32_t table, uint32_t column, unsigned int width,
		 uint32_t count, uint64_t value)
{
	uint8_t bytes[8];

	section(to, NST_SECTION_ID(table, column), NST_CONST, width, count, width);
	nst_put64(bytes, value);
	memcpy(to->bytes + to->len, bytes, width);
	to->len += width;
}

/* 0, 1, 2 ... */
static void counted(struct sections *to, uint32_t table, uint32_t column)
{
	uint8_t *at;

	section(to, NST_SECTION_ID(table, column), NST_PLAIN | NST_PLANES, 2, ROWS, 2 * ROWS);
	at = to->bytes + to->len;
	for (uint32_t i = 0; i < ROWS; i++) {
		at[i] = (uint8_t)i;
		at[ROWS + i] = (uint8_t)(i >> 8);
	}
	to->len += 2 * (size_t)ROWS;
}

static void dictionaries(struct sections *to, enum what what, uint32_t k)
{
	uint32_t n_lanes = what == LANES ? ROWS : 1;

	to->len = 0;
	if (what == PROCESSES) {
		same(to, NST_TABLE_PROCESS, PROCESS_PID, 4, ROWS, k);
		counted(to, NST_TABLE_PROCESS, PROCESS_START);
	}
	same(to, NST_TABLE_FLOW, FLOW_HAS, 1, 1, 0);
	same(to, NST_TABLE_FLOW, FLOW_ETHERTYPE, 2, 1, 0x0800);
	same(to, NST_TABLE_LANE, LANE_HAS, 1, n_lanes, 0);
	same(to, NST_TABLE_LANE, LANE_FLOW, 1, n_lanes, 0);
	if (what == LANES) {
		counted(to, NST_TABLE_LANE, LANE_IFINDEX);
		same(to, NST_TABLE_LANE, LANE_CGROUP, 8, n_lanes, k);
	}
}

/* Compress a part of a chunk, and tell its header; at: the three fields. */
static size_t put_part(uint8_t *at, const struct sections *from, uint8_t *to)
{
	size_t len = ZSTD_compress(to, CHUNK_ROOM, from->bytes, from->len, 3);

	bad_must(!ZSTD_isError(len), "zstd");
	nst_put32(at, (uint32_t)len);
	nst_put32(at + 4, (uint32_t)from->len);
	nst_put32(at + 8, nst_crc32c(to, len));
	return len;
}

static uint8_t *put_chunk(uint8_t *at, const uint8_t *model, enum what what, uint32_t k)
{
	static struct sections rows, columns;
	uint8_t *header = at + NST_RAW_OVERHEAD;
	uint64_t first_ns = nst_get64(model + NST_RAW_OVERHEAD + NST_CH_FIRST);

	columns.len = 0;
	same(&columns, NST_TABLE_EVENT, NST_EV_TIMESTAMP, 8, 1, first_ns);
	same(&columns, NST_TABLE_EVENT, NST_EV_LANE, 1, 1, 0);
	same(&columns, NST_TABLE_EVENT, NST_EV_BYTES, 1, 1, 40);
	dictionaries(&rows, what, k);
	memcpy(at, model, CHUNK_FRAME);
	nst_put64(header + NST_CH_SEQUENCE, k);
	nst_put64(header + NST_CH_ORDINAL, k);
	nst_put32(header + NST_CH_COUNT, 1);
	nst_put32(header + NST_CH_INCOMPAT, 0);
	at += CHUNK_FRAME;
	at += put_part(header + NST_CH_DICT_LEN, &rows, at);
	at += put_part(header + NST_CH_COL_LEN, &columns, at);
	nst_put32(header + NST_CHUNK_HEADER_LEN - 4, nst_crc32c(header, NST_CHUNK_HEADER_LEN - 4));
	return at;
}

static void write_trace(const char *name, const uint8_t *trace, enum what what)
{
	uint8_t *file = malloc(FILE_FRAME + CHUNKS * (CHUNK_FRAME + 2 * CHUNK_ROOM));
	const uint8_t *model = trace + FILE_FRAME;
	uint8_t *at;

	bad_must(file != NULL, "memory");
	for (int i = 0; i < FIRST_EVENTS; i++)
		model += CHUNK_FRAME + nst_get32(model + NST_RAW_OVERHEAD + NST_CH_COL_LEN);
	memcpy(file, trace, FILE_FRAME);
	at = file + FILE_FRAME;
	for (uint32_t k = 0; k < CHUNKS; k++)
		at = put_chunk(at, model, what, k);
	bad_write(name, file, (size_t)(at - file));
	free(file);
}

void bad_dictionaries(const uint8_t *trace)
{
	write_trace("unused-processes", trace, PROCESSES);
	write_trace("lanes-alike", trace, LANES);
}
