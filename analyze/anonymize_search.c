/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The proof's second half: nothing of what was changed or dropped is in any string of the
 * output, and in its bytes, of which it knows no more than that they are zstd's frames, and
 * which of their sections are numbers. Strings stand behind each other there, and the end of one
 * with the beginning of the next may be what is looked for: each by itself is searched first, and
 * what is in none of them, but across two, is what the output has to have.
 */
#include "analyze/anonymize_vocabulary.h"

#include "common/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define SHOWN_BYTES 40
#define READ_BYTES (1 << 16)
#define FRAME_BYTES (1 << 22) /* FORMAT.md: no payload has more */
#define SKIPPED_HEADER_BYTES 8
#define SECTION_HEADER_BYTES 16

enum encoding { /* FORMAT.md, "Sections" */
	ENCODING_BYTES = 4,
	ENCODING_LAST = 6,
	ENCODING_PLANES = 0x10,
};

struct search {
	struct anonymized *of;
	struct needles *needles;
	int fd;
	bool excuses;
	ZSTD_DCtx *dctx;
	uint8_t packed[READ_BYTES], unpacked[FRAME_BYTES];
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

static uint32_t number_at(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

struct section {	/* FORMAT.md, "Sections" */
	size_t len;	/* with its header */
	size_t numbers; /* of these so many behind the header */
};

/*
 * Numbers spell words by chance, and lengths of packets do by the choice of whoever sends
 * them; each of them was checked by itself. So were addresses that stand byte by byte.
 */
static bool is_of_numbers(uint8_t encoding)
{
	return encoding == (ENCODING_BYTES | ENCODING_PLANES) ||
	       ((encoding & ~ENCODING_PLANES) <= ENCODING_LAST && encoding != ENCODING_BYTES);
}

static bool get_section(const uint8_t *at, size_t left, struct section *ret_section)
{
	size_t data;

	if (left < SECTION_HEADER_BYTES)
		return false;
	data = number_at(at + 8);
	ret_section->len = SECTION_HEADER_BYTES + data;
	ret_section->numbers = is_of_numbers(at[2])	 ? data
			       : at[2] == ENCODING_BYTES ? (size_t)number_at(at + 4) * at[3]
							 : 0;
	return data <= left - SECTION_HEADER_BYTES && ret_section->numbers <= data;
}

static bool is_all_sections(const uint8_t *at, size_t left)
{
	struct section section;

	for (; left; left -= section.len, at += section.len)
		if (!get_section(at, left, &section))
			return false;
	return true;
}

/* What zstd gave: a payload without its numbers, or all of what is none. 1: found. */
static int scan_content(struct search *search, size_t left, struct needle_hit *ret_hit)
{
	const uint8_t *at = search->unpacked;
	struct section section;
	int r = 0;

	if (!is_all_sections(at, left))
		return needles_scan(search->needles, at, left, ret_hit);
	for (; left && !r; left -= section.len, at += section.len) {
		const uint8_t *rest = at + SECTION_HEADER_BYTES;

		get_section(at, left, &section);
		rest += section.numbers;
		r = needles_scan(search->needles, at, SECTION_HEADER_BYTES, ret_hit)
			    ?: needles_scan(search->needles, rest,
					    (size_t)(at + section.len - rest), ret_hit);
	}
	return r;
}

/* What is at a place of the file. */
static ssize_t read_at(struct search *search, uint64_t offset)
{
	ssize_t n;

	do
		n = pread(search->fd, search->packed, sizeof(search->packed), (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int not_zstd(struct search *search, uint64_t offset)
{
	snprintf(search->of->fault, sizeof(search->of->fault),
		 "zstd does not unpack what is at byte %" PRIu64, offset);
	return -EBADMSG;
}

static int scan_frame(struct search *search, uint64_t *offset, struct needle_hit *ret_hit)
{
	ZSTD_outBuffer out = { search->unpacked, sizeof(search->unpacked), 0 };
	const uint64_t begin = *offset;
	size_t left = 1;

	while (left) {
		ssize_t n = read_at(search, *offset);
		ZSTD_inBuffer in = { search->packed, (size_t)n, 0 };
		size_t before = out.pos;

		if (n < 0)
			return (int)n;
		left = ZSTD_decompressStream(search->dctx, &out, &in);
		if (ZSTD_isError(left) || (left && !in.pos && out.pos == before))
			return not_zstd(search, begin);
		*offset += in.pos;
	}
	return scan_content(search, out.pos, ret_hit);
}

/* A frame that zstd passes over is what it is. */
static int scan_skipped(struct search *search, uint64_t *offset, struct needle_hit *ret_hit)
{
	uint64_t left = SKIPPED_HEADER_BYTES + (uint64_t)number_at(search->packed + 4);
	int r = 0;

	while (left && !r) {
		ssize_t n = read_at(search, *offset);

		if (n <= 0)
			return n ? (int)n : not_zstd(search, *offset);
		if ((uint64_t)n > left)
			n = (ssize_t)left;
		r = needles_scan(search->needles, search->packed, (size_t)n, ret_hit);
		*offset += (uint64_t)n;
		left -= (uint64_t)n;
	}
	return r;
}

/* Every byte of the file, frame by frame (RFC 8878, 3.1). */
static int search_file(struct search *search)
{
	struct needle_hit hit;
	uint64_t offset = 0;
	ssize_t n = 1;
	int r = 0;

	needles_begin(search->needles, false);
	while (!r && (n = read_at(search, offset)) > 0) {
		bool is_skipped = n >= SKIPPED_HEADER_BYTES &&
				  (number_at(search->packed) & ~0xfu) == ZSTD_MAGIC_SKIPPABLE_START;

		r = is_skipped ? scan_skipped(search, &offset, &hit)
			       : scan_frame(search, &offset, &hit);
	}
	if (!r)
		r = n < 0 ? (int)n : needles_end(search->needles, &hit);
	return r > 0 ? complain(search, &hit, "its content without the numbers") : r;
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
		err = search_strings(search, true) ?: search_file(search);
	needles_free(search->needles);
	ZSTD_freeDCtx(search->dctx);
	free(search);
	return err;
}
