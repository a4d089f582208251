/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The numbers of FORMAT.md: sizes, offsets, magics and caps, and the helpers
 * that move little-endian integers. Internal to the library.
 */
#ifndef NETSNOOP_FORMAT_LAYOUT_H
#define NETSNOOP_FORMAT_LAYOUT_H

#include <stdint.h>
#include <string.h>

#define NST_MAJOR 1
#define NST_MINOR 0
#define NST_INCOMPAT_RUNS 1u /* table RUN, encoding FLOAT, and what goes with them */
#define NST_KNOWN_INCOMPAT NST_INCOMPAT_RUNS

/* Caps: a reader refuses more, a writer never writes more. */
#define NST_FRAME_CAP (4u << 20)     /* bytes of a payload frame, packed or not */
#define NST_ROWS_CAP 65536u	     /* rows of a table in one chunk, events included */
#define NST_STRING_CAP 65536u	     /* bytes of a string */
#define NST_CHUNK_EVENTS_MAX 24576u  /* events of a chunk, when writing */
#define NST_HEADER_REPEAT 64u	     /* chunks between two file headers */
#define NST_INDEX_CAP (4u << 20)     /* bytes of the index frame's content */
#define NST_SKIPPABLE_CAP (8u << 20) /* bytes of any skippable frame's content, when reading */

/* Raw frame: zstd magic, descriptor, content size, header of one raw block. */
#define NST_ZSTD_MAGIC 0xfd2fb528u
#define NST_RAW_DESCRIPTOR 0x20
#define NST_RAW_OVERHEAD 9
#define NST_RAW_CONTENT_MAX 255
#define NST_RAW_FRAME_MAX (NST_RAW_OVERHEAD + NST_RAW_CONTENT_MAX)
#define NST_SKIPPABLE_MAGIC 0x184d2a50u /* the low four bits vary */
#define NST_SKIPPABLE_OVERHEAD 8

#define NST_FILE_MAGIC "NETSNOOP"
#define NST_FILE_HEADER_LEN 128
enum nst_file_header_offset {
	NST_FH_MAGIC = 0,
	NST_FH_LENGTH = 8,
	NST_FH_MAJOR = 10,
	NST_FH_MINOR = 12,
	NST_FH_RESERVED1 = 14,
	NST_FH_INCOMPAT = 16,
	NST_FH_COMPAT = 20,
	NST_FH_UUID = 24,
	NST_FH_BOOT_ID = 40,
	NST_FH_CLOCK = 56,
	NST_FH_RESERVED2 = 60,
	NST_FH_WRITER = 64,
	NST_FH_START = 96,
	NST_FH_START_REALTIME = 104,
	NST_FH_RESERVED3 = 112,
	NST_FH_END = 124, /* of what version 1 knows; the CRC is the last 4 bytes */
};

#define NST_CHUNK_MAGIC "NSCH"
#define NST_CHUNK_HEADER_LEN 224
enum nst_chunk_header_offset {
	NST_CH_MAGIC = 0,
	NST_CH_LENGTH = 4,
	NST_CH_TYPE = 6,
	NST_CH_UUID = 8,
	NST_CH_SEQUENCE = 24,
	NST_CH_INCOMPAT = 32,
	NST_CH_CLOCK = 36,
	NST_CH_RESERVED1 = 37,
	NST_CH_DICT_LEN = 40,
	NST_CH_DICT_RAW = 44,
	NST_CH_DICT_CRC = 48,
	NST_CH_COL_LEN = 52,
	NST_CH_COL_RAW = 56,
	NST_CH_COL_CRC = 60,
	NST_CH_COUNT = 64,
	NST_CH_RESERVED2 = 68,
	NST_CH_ORDINAL = 72,
	NST_CH_FIRST = 80,
	NST_CH_LAST = 88,
	NST_CH_SAMPLE_CLOCK = 96,
	NST_CH_SAMPLE_REALTIME = 104,
	NST_CH_LOST = 112,
	NST_CH_RESERVED3 = 208,
	NST_CH_END = 220,
};

/* A section of a decompressed frame: this header, then length bytes of data. */
#define NST_SECTION_HEADER_LEN 16
enum nst_section_offset {
	NST_SH_ID = 0,
	NST_SH_ENCODING = 2,
	NST_SH_WIDTH = 3,
	NST_SH_COUNT = 4,
	NST_SH_LENGTH = 8,
	NST_SH_RESERVED = 12,
};

enum nst_encoding {
	NST_PLAIN = 0,
	NST_CONST = 1,
	NST_DELTA = 2,
	NST_BY_LANE = 3,
	NST_BYTES = 4,
	NST_FLOAT = 5,
	NST_CODES = 6,
	NST_PLANES = 0x10, /* or-ed to PLAIN, DELTA, BY_LANE and BYTES */
};

#define NST_SECTION_ID(table, column) ((uint16_t)((table) << 8 | (column)))

enum nst_event_column {
	NST_EV_HAS = 1,
	NST_EV_TIMESTAMP = 2,
	NST_EV_LANE = 3,
	NST_EV_BYTES = 4,
	NST_EV_HEADER_BYTES = 5,
	NST_EV_SEGMENTS = 6,
	NST_EV_TCP_FLAGS = 7,
	NST_EV_TID = 8,
	NST_EV_FLAGS = 9,
	NST_EV_COLUMNS,
};

#define NST_RUN_EVENTS 1 /* the column of table RUN */

/* The bits of a row's has that its table may set. */
#define NST_FLOW_HAS \
	(NST_HAS_PROTOCOL | NST_HAS_ADDR | NST_HAS_PORT | NST_HAS_NETNS | NST_HAS_FLOW_ID)
#define NST_LANE_HAS \
	(NST_HAS_OWNER | NST_HAS_CGROUP | NST_HAS_VLAN | NST_HAS_IFINDEX | NST_HAS_LINK_HEADER)
#define NST_EVENT_HAS (NST_HAS_TID | NST_HAS_HEADER_BYTES | NST_HAS_TCP_FLAGS | NST_HAS_SEGMENTS)

/* Index: a skippable frame of entries and a trailer. */
#define NST_INDEX_MAGIC 0x184d2a5eu
#define NST_INDEX_TRAILER_MAGIC "NSIX"
#define NST_INDEX_ENTRY_LEN 40
#define NST_INDEX_TRAILER_LEN 32
enum nst_index_offset {
	NST_IE_OFFSET = 0,
	NST_IE_FIRST = 8,
	NST_IE_LAST = 16,
	NST_IE_SEQUENCE = 24,
	NST_IE_COUNT = 32,
	NST_IE_TYPE = 36,
	NST_IE_RESERVED = 38,
	NST_IT_UUID = 0,
	NST_IT_ENTRIES = 16,
	NST_IT_LENGTH = 20,
	NST_IT_CRC = 24,
	NST_IT_MAGIC = 28,
};

/* memcpy and a byte swap that is nothing on little-endian machines. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NST_LE16(value) (value)
#define NST_LE32(value) (value)
#define NST_LE64(value) (value)
#else
#define NST_LE16(value) __builtin_bswap16(value)
#define NST_LE32(value) __builtin_bswap32(value)
#define NST_LE64(value) __builtin_bswap64(value)
#endif

static inline uint16_t nst_get16(const void *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return NST_LE16(value);
}

static inline uint32_t nst_get32(const void *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return NST_LE32(value);
}

static inline uint64_t nst_get64(const void *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return NST_LE64(value);
}

static inline void nst_put16(void *at, uint16_t value)
{
	value = NST_LE16(value);
	memcpy(at, &value, sizeof(value));
}

static inline void nst_put32(void *at, uint32_t value)
{
	value = NST_LE32(value);
	memcpy(at, &value, sizeof(value));
}

static inline void nst_put64(void *at, uint64_t value)
{
	value = NST_LE64(value);
	memcpy(at, &value, sizeof(value));
}

#endif
