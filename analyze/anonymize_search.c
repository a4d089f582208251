/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The proof's second half: nothing of what was changed or dropped is in any string of the
 * output, and in its bytes, of which it knows no more than that zstd decompresses them.
 * Strings stand behind each other there, and the end of one with the beginning of the next
 * may be what is looked for: each by itself is searched first, and what is in none of them, but
 * across two, is what the output has to have.
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
	bool excuses;
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
	if (!err)
		err = needles_close(search->needles);
	if (!err)
		vocabulary_scan(search->of, search->needles);
	return err;
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

/* ---- Strings ----------------------------------------------------------- */

/* One by one, or, where that excuses, as they stand behind each other. */
static int search_column(struct search *search, const struct field *field, const void *rows,
			 size_t n_rows, size_t row_bytes)
{
	struct needle_hit hit;
	char where[64];
	int r = 0;

	needles_begin(search->needles, search->excuses);
	for (size_t i = 0; i < n_rows && !r; i++) {
		struct nst_bytes value = field_bytes(field, (const char *)rows + i * row_bytes);

		r = needles_scan(search->needles, value.data, value.len_bytes, &hit);
		if (!r && !search->excuses)
			r = needles_end(search->needles, &hit);
	}
	if (!r)
		r = needles_end(search->needles, &hit);
	if (!r)
		return 0;
	snprintf(where, sizeof(where), "all %s.%s", field_table_name(field->table), field->name);
	return complain(search, &hit, where);
}

static int search_table(struct search *search, unsigned int table, const void *rows, size_t n_rows,
			size_t row_bytes)
{
	size_t n;
	const struct field *first = fields_of(table, &n);
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		if (first[i].type == FIELD_BYTES)
			err = search_column(search, &first[i], rows, n_rows, row_bytes);
	return err;
}

static int search_dictionaries(struct search *search, struct nst_reader *reader)
{
	const struct nst_dictionaries *rows;
	int err = nst_reader_dictionaries(reader, &rows);

	return err ?: search_table(search, NST_TABLE_PROCESS, rows->processes, rows->n_processes,
				   sizeof(*rows->processes))
		   ?: search_table(search, NST_TABLE_FLOW, rows->flows, rows->n_flows,
				   sizeof(*rows->flows));
}

static int search_tables(struct search *search, struct nst_reader *reader)
{
	int err = 0;

	for (unsigned int table = NST_TABLE_SETTING; table <= NST_TABLE_LAST && !err; table++) {
		const void *rows = NULL;
		size_t n = 0;

		err = nst_reader_rows(reader, (enum nst_table)table, &rows, &n);
		if (!err)
			err = search_table(search, table, rows, n,
					   table_row_bytes((enum nst_table)table));
	}
	return err;
}

static int search_strings(struct search *search, bool excuses)
{
	struct nst_reader *reader;
	const struct nst_chunk *chunk;
	int more = 0, err = lseek(search->fd, 0, SEEK_SET) < 0
				    ? -errno
				    : nst_reader_open(search->fd, &reader);

	if (err)
		return err;
	search->excuses = excuses;
	while (!err && (more = nst_reader_next(reader, &chunk)) > 0)
		if (chunk->type != NST_CHUNK_END)
			err = chunk->type == NST_CHUNK_EVENTS ? search_dictionaries(search, reader)
							      : search_tables(search, reader);
	nst_reader_close(reader);
	return err ?: more;
}

static int search_said(struct search *search, const char *said)
{
	struct needle_hit hit;
	int r;

	needles_begin(search->needles, false);
	r = needles_scan(search->needles, said, strlen(said), &hit)
		    ?: needles_end(search->needles, &hit);
	return r ? complain(search, &hit, "the summary") : 0;
}

/* ---- Bytes ------------------------------------------------------------- */

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

int anonymize_search(struct anonymized *anonymized, int fd, const char *said)
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
		err = fill_needles(search) ?: search_strings(search, false);
	if (!err && said)
		err = search_said(search, said);
	if (!err)
		err = search_strings(search, true) ?: search_content(search);
	if (!err)
		err = search_file(search);
	needles_free(search->needles);
	ZSTD_freeDCtx(search->dctx);
	free(search);
	return err;
}
