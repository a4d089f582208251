/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The proof's second half, which knows nothing of traces: the output is bytes, and zstd
 * decompresses them.
 */
#include "analyze/anonymize_vocabulary.h"

#include "common/escape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define SHOWN_BYTES 40
#define READ_BYTES (1 << 16)

struct search {
	struct anonymized *of;
	struct needles *needles;
	int fd;
	ZSTD_DCtx *dctx;
	uint8_t packed[READ_BYTES], unpacked[READ_BYTES];
};

static int fill_needles(struct search *search)
{
	const struct anonymizer *anonymizer = &search->of->anonymizer;
	int err = needles_new(&search->needles);

	for (uint32_t i = 0; i < anonymizer->wanted.n && !err; i++) {
		bool is_text;
		struct nst_bytes string = anonymizer_wanted(anonymizer, i, &is_text);

		err = needles_add(search->needles, string, is_text);
	}
	return err ?: needles_close(search->needles) ?: vocabulary_scan(search->of, search->needles);
}

static int complain(struct search *search, const struct needle_hit *hit, const char *where)
{
	bool is_text;
	struct nst_bytes string = anonymizer_wanted(&search->of->anonymizer, hit->string, &is_text);
	char text[ESCAPED_MAX(SHOWN_BYTES)];
	size_t len = string.len_bytes < SHOWN_BYTES ? string.len_bytes : SHOWN_BYTES;

	escape_bytes(string.data, len, text);
	snprintf(search->of->fault, sizeof(search->of->fault),
		 "'%s'%s is still there, %s, at byte %llu of %s", text,
		 len < string.len_bytes ? "..." : "", needle_encoding_name(hit->encoding),
		 (unsigned long long)hit->offset, where);
	return -EBADMSG;
}

static ssize_t read_some(struct search *search)
{
	ssize_t n;

	do
		n = read(search->fd, search->packed, sizeof(search->packed));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int search_file(struct search *search)
{
	struct needle_hit hit;
	ssize_t n = 0;
	int r = lseek(search->fd, 0, SEEK_SET) < 0 ? -errno : 0;

	needles_begin(search->needles, false);
	while (!r && (n = read_some(search)) > 0)
		r = needles_scan(search->needles, search->packed, (size_t)n, &hit);
	if (!r)
		r = n < 0 ? (int)n : needles_end(search->needles, &hit);
	return r > 0 ? complain(search, &hit, "the file") : r;
}

/* What of the file was read, decompressed. 1: found. */
static int search_frames(struct search *search, size_t len, struct needle_hit *ret_hit)
{
	ZSTD_inBuffer in = { search->packed, len, 0 };
	int r = 0;

	do {
		ZSTD_outBuffer out = { search->unpacked, sizeof(search->unpacked), 0 };

		if (ZSTD_isError(ZSTD_decompressStream(search->dctx, &out, &in)))
			return -EBADMSG;
		r = needles_scan(search->needles, search->unpacked, out.pos, ret_hit);
		if (!r && in.pos == in.size && out.pos < out.size)
			break;
	} while (!r);
	return r;
}

static int search_content(struct search *search)
{
	struct needle_hit hit;
	ssize_t n = 0;
	int r = lseek(search->fd, 0, SEEK_SET) < 0 ? -errno : 0;

	needles_begin(search->needles, false);
	while (!r && (n = read_some(search)) > 0)
		r = search_frames(search, (size_t)n, &hit);
	if (!r)
		r = n < 0 ? (int)n : needles_end(search->needles, &hit);
	if (r == -EBADMSG)
		snprintf(search->of->fault, sizeof(search->of->fault), "zstd does not unpack it");
	return r > 0 ? complain(search, &hit, "its decompressed content") : r;
}

int anonymize_search(struct anonymized *anonymized, int fd)
{
	struct search *search = calloc(1, sizeof(*search));
	int err = search ? 0 : -ENOMEM;

	if (err)
		return err;
	search->of = anonymized;
	search->fd = fd;
	search->dctx = ZSTD_createDCtx();
	err = search->dctx ? vocabulary_check(anonymized) : -ENOMEM;
	if (!err)
		err = fill_needles(search);
	if (!err)
		err = search_content(search);
	if (!err)
		err = search_file(search);
	needles_free(search->needles);
	ZSTD_freeDCtx(search->dctx);
	free(search);
	return err;
}
