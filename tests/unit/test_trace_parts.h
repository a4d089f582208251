/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Taking a small trace apart and putting it together again. Offsets and
 * numbers here are FORMAT.md's, typed again on purpose.
 */
#ifndef NETSNOOP_TESTS_TRACE_PARTS_H
#define NETSNOOP_TESTS_TRACE_PARTS_H

#include "format/crc32c.h"
#include "test_trace_fixture.h"

#define CHUNKS 3
#define EVENTS 6
#define TOTAL (CHUNKS * EVENTS)
#define FILE_FRAME 137
#define CHUNK_FRAME 233

static inline uint32_t get32(const uint8_t *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* Make a changed header's checksum right again. */
static inline void header_seal(uint8_t *frame)
{
	uint8_t *content = frame + 9;
	size_t len = frame[5];

	put32(content + len - 4, nst_crc32c(content, len - 4));
}

static inline size_t chunk_len(const uint8_t *frame)
{
	return CHUNK_FRAME + get32(frame + 9 + 40) + get32(frame + 9 + 52);
}

/* Offset of the n-th chunk header: each begins where the one before ends. */
static inline size_t chunk_at(const struct fixture_bytes *bytes, int n)
{
	size_t at = FILE_FRAME;

	while (n--)
		at += chunk_len(bytes->data + at);
	CHECK(at < bytes->len);
	return at;
}

static inline struct fixture_bytes bytes_join(const struct fixture_bytes *parts, size_t n)
{
	struct fixture_bytes all = { NULL, 0 };

	for (size_t i = 0; i < n; i++)
		all.len += parts[i].len;
	all.data = malloc(all.len ? all.len : 1);
	all.len = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(all.data + all.len, parts[i].data, parts[i].len);
		all.len += parts[i].len;
	}
	return all;
}

static inline struct fixture_bytes part(const struct fixture_bytes *bytes, size_t begin, size_t end)
{
	return (struct fixture_bytes){ bytes->data + begin, end - begin };
}

static inline struct fixture_result read_parts(const struct fixture_bytes *parts, size_t n)
{
	struct fixture_bytes all = bytes_join(parts, n);
	struct fixture_result result = fixture_read(all.data, all.len);

	free(all.data);
	return result;
}

#endif
