/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sniff.h"

#include "layout.h"
#include "problem.h"

#include <stdbool.h>
#include <zstd.h>

/* Enough to hold a file header and the magic of the chunk behind it. */
#define PEEK_BYTES 1024

static const struct {
	const char *magic;
	uint8_t len;
	const char *what;
} known[] = {
	{ "\x1f\x8b", 2, "gzip data: a trace inside must be unpacked first (gzip -dc)" },
	{ "\xfd\x37zXZ", 6, "xz data: a trace inside must be unpacked first (xz -dc)" },
	{ "BZh", 3, "bzip2 data: a trace inside must be unpacked first (bzip2 -dc)" },
	{ "\x04\x22\x4d\x18", 4, "lz4 data: a trace inside must be unpacked first (lz4 -dc)" },
	{ "\xd4\xc3\xb2\xa1", 4, "a pcap capture, which is not a netsnoop trace" },
	{ "\xa1\xb2\xc3\xd4", 4, "a pcap capture, which is not a netsnoop trace" },
	{ "\x4d\x3c\xb2\xa1", 4, "a pcap capture, which is not a netsnoop trace" },
	{ "\xa1\xb2\x3c\x4d", 4, "a pcap capture, which is not a netsnoop trace" },
	{ "\x0a\x0d\x0d\x0a", 4, "a pcapng capture, which is not a netsnoop trace" },
	{ "SQLite format 3", 16, "an SQLite database, which is not a netsnoop trace" },
	{ "\x7f"
	  "ELF",
	  4, "an ELF file, which is not a netsnoop trace" },
	{ NST_FILE_MAGIC, 8,
	  "a trace that was decompressed: give the .zst file as it was recorded" },
	{ "\x28\xb5\x2f\xfd", 4, "zstd data without a netsnoop trace in it" },
};

/* A whole trace without its frames: file header, then a chunk's. */
static bool is_bare_trace(const uint8_t *at, size_t len)
{
	size_t header_len;

	if (len < NST_FILE_HEADER_LEN || memcmp(at, NST_FILE_MAGIC, 8))
		return false;
	header_len = nst_get16(at + NST_FH_LENGTH);
	return len >= header_len + 4 && !memcmp(at + header_len, NST_CHUNK_MAGIC, 4);
}

static bool is_framed_trace(const uint8_t *at, size_t len)
{
	return len >= NST_RAW_OVERHEAD + 8 && nst_get32(at) == NST_ZSTD_MAGIC &&
	       !memcmp(at + NST_RAW_OVERHEAD, NST_FILE_MAGIC, 8);
}

/* Is the first zstd frame something that holds a trace, or a trace's content? */
static bool is_recompressed(const void *data, size_t len)
{
	uint8_t content[PEEK_BYTES];
	ZSTD_inBuffer in = { data, len, 0 };
	ZSTD_outBuffer out = { content, sizeof(content), 0 };
	ZSTD_DCtx *dctx = ZSTD_createDCtx();
	size_t left = 1;

	if (!dctx)
		return false;
	while (left && !ZSTD_isError(left) && in.pos < in.size && out.pos < out.size)
		left = ZSTD_decompressStream(dctx, &out, &in);
	ZSTD_freeDCtx(dctx);
	return is_framed_trace(content, out.pos) || is_bare_trace(content, out.pos);
}

void nst_sniff(const void *data, size_t len, struct nst_problem *ret_problem)
{
	if (len >= 4 && nst_get32(data) == NST_ZSTD_MAGIC && is_recompressed(data, len)) {
		nst_problem_set(ret_problem, NST_PROBLEM_RECOMPRESSED,
				"a trace that was compressed again with zstd, which hides its "
				"parts: undo that, or use the file as it was recorded");
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (len >= known[i].len && !memcmp(data, known[i].magic, known[i].len)) {
			nst_problem_set(ret_problem, NST_PROBLEM_NOT_A_TRACE, "this is %s",
					known[i].what);
			return;
		}
	}
	nst_problem_set(ret_problem, NST_PROBLEM_NOT_A_TRACE,
			"no header of a netsnoop trace was found");
}
