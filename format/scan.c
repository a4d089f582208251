/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From one frame to the next, and back into step after damage. Whenever the
 * next byte does not begin a header with a good checksum, or what a header
 * announces is not there, the stretch up to the next good header is passed
 * over and noted once. Bytes behind a good header are searched too: they may
 * hold other chunks.
 */
#include "scan.h"

#include "index.h"
#include "problem.h"
#include "sniff.h"

#include <errno.h>
#include <stdio.h>

/* How far to look for a first header. */
#define GIVE_UP_BYTES (16u << 20)
#define SNIFF_BYTES (160u << 10) /* more than the largest first block of a zstd frame */

/* ---- Stretches that are passed over ------------------------------------ */

void nst_scan_lost_end(struct nst_reader *reader)
{
	struct nst_problem *problem = &reader->lost_at;
	uint64_t len = reader->input.offset - problem->offset;
	size_t used;

	if (!reader->is_lost)
		return;
	reader->is_lost = false;
	used = strnlen(problem->text, sizeof(problem->text));
	if (problem->code != NST_PROBLEM_CUT)
		snprintf(problem->text + used, sizeof(problem->text) - used,
			 "; %llu bytes passed over", (unsigned long long)len);
	nst_reader_note(reader, problem);
}

/* Begin such a stretch at the next byte, unless one is being passed over. */
static void lost_begin(struct nst_reader *reader, const struct nst_problem *why)
{
	nst_scan_lost_end(reader);
	reader->is_lost = true;
	reader->lost_at = *why;
	reader->lost_at.offset = reader->input.offset;
}

int nst_scan_fail(struct nst_reader *reader, int error, struct nst_problem *problem)
{
	/* Of an input without a trace, the beginning is what is wrong. */
	problem->offset = reader->registry.n ? reader->input.offset : 0;
	nst_reader_note(reader, problem);
	return error;
}

/* Is the rest of the input the beginning of a frame? */
static bool is_cut(const uint8_t *at, size_t len)
{
	uint8_t magic[4];

	nst_put32(magic, NST_ZSTD_MAGIC);
	if (!memcmp(at, magic, len < 4 ? len : 4))
		return len < 9 ||
		       (at[4] == NST_RAW_DESCRIPTOR && len < NST_RAW_OVERHEAD + (size_t)at[5]);
	nst_put32(magic, NST_INDEX_MAGIC);
	if (len < 8)
		return !memcmp(at, magic, len < 4 ? len : 4);
	return false;
}

static void describe_lost(const struct nst_reader *reader, struct nst_problem *ret_why)
{
	const uint8_t *at = nst_input_at(&reader->input);
	size_t len = nst_input_len(&reader->input);
	const uint8_t *content = at + NST_RAW_OVERHEAD;

	if (reader->input.at_end && is_cut(at, len))
		nst_problem_set(ret_why, NST_PROBLEM_CUT,
				"the input ends inside a frame, %zu bytes behind its start", len);
	else if (len >= NST_RAW_OVERHEAD + 8 && nst_get32(at) == NST_ZSTD_MAGIC &&
		 (!memcmp(content, NST_FILE_MAGIC, 8) || !memcmp(content, NST_CHUNK_MAGIC, 4)))
		nst_problem_set(ret_why, NST_PROBLEM_BAD_CHECKSUM,
				"a %s header is damaged: its length or checksum is wrong",
				*content == 'N' && content[1] == 'E' ? "file" : "chunk");
	else
		nst_problem_set(ret_why, NST_PROBLEM_GARBAGE, "bytes that are no part of a trace");
}

/* Go on to the next place that could begin a raw frame. */
static void skip_to_candidate(struct nst_input *input)
{
	static const uint8_t prefix[5] = { 0x28, 0xb5, 0x2f, 0xfd, NST_RAW_DESCRIPTOR };
	const uint8_t *at = nst_input_at(input);
	size_t len = nst_input_len(input);
	const uint8_t *found = memmem(at + 1, len - 1, prefix, sizeof(prefix));

	if (found)
		nst_input_consume(input, (size_t)(found - at));
	else if (input->at_end)
		nst_input_consume(input, len);
	else
		nst_input_consume(input, len - (sizeof(prefix) - 1));
}

/* The next byte begins no header. */
static int search_step(struct nst_reader *reader)
{
	struct nst_problem why = { 0 };
	int r;

	if (!reader->registry.n && !reader->sniffed.code) {
		r = nst_input_need(&reader->input, SNIFF_BYTES);
		if (r)
			return r;
		nst_sniff(nst_input_at(&reader->input), nst_input_len(&reader->input),
			  &reader->sniffed);
		if (reader->sniffed.code == NST_PROBLEM_RECOMPRESSED)
			return nst_scan_fail(reader, -ENOMSG, &reader->sniffed);
	}
	if (!reader->registry.n && reader->input.offset > GIVE_UP_BYTES)
		return nst_scan_fail(reader, -ENOMSG, &reader->sniffed);
	if (!reader->is_lost) {
		describe_lost(reader, &why);
		lost_begin(reader, &why);
	}
	skip_to_candidate(&reader->input);
	return NST_SCAN_AGAIN;
}

/* ---- File headers ------------------------------------------------------ */

int nst_scan_incompatible(struct nst_reader *reader, uint32_t incompat, const char *writer)
{
	uint32_t unknown = incompat & ~NST_KNOWN_INCOMPAT;
	struct nst_problem problem = { 0 };

	nst_problem_set(&problem, NST_PROBLEM_INCOMPATIBLE,
			"written by \"%.32s\" with incompatible feature bit %d (incompat 0x%x), "
			"which this version does not know",
			writer, __builtin_ctz(unknown), incompat);
	return nst_scan_fail(reader, -EPROTONOSUPPORT, &problem);
}

int nst_scan_trace(struct nst_reader *reader, const uint8_t uuid[16], size_t *ret_trace)
{
	struct nst_problem problem = { 0 };
	int r = nst_registry_trace(&reader->registry, uuid, ret_trace);

	if (r != -EOVERFLOW)
		return r;
	nst_problem_set(&problem, NST_PROBLEM_TOO_MUCH_DAMAGE, "more traces than can be honest");
	return nst_scan_fail(reader, -EBADMSG, &problem);
}

/* A header that is whole and cannot be right: search behind it. */
int nst_scan_refuse(struct nst_reader *reader, const struct nst_problem *why, size_t frame_len)
{
	/* If nothing better comes, this says more of the input than that no trace is in it. */
	if (!reader->registry.n && !reader->sniffed.code && why->code != NST_PROBLEM_CUT)
		reader->sniffed = *why;
	lost_begin(reader, why);
	nst_input_consume(&reader->input, frame_len);
	return NST_SCAN_AGAIN;
}

static int file_header_step(struct nst_reader *reader, size_t frame_len)
{
	struct nst_problem why = { 0 };
	struct nst_header header;
	const char *fault;
	struct nst_trace *trace;
	size_t index;
	int r;

	fault = nst_file_header_get(nst_input_at(&reader->input), &header);
	nst_scan_lost_end(reader);
	if (header.incompat & ~NST_KNOWN_INCOMPAT)
		return nst_scan_incompatible(reader, header.incompat, header.writer);
	if (fault) {
		nst_problem_set(&why, NST_PROBLEM_BAD_HEADER, "%s", fault);
		return nst_scan_refuse(reader, &why, frame_len);
	}
	r = nst_scan_trace(reader, header.uuid, &index);
	if (r)
		return r;
	trace = &reader->registry.traces[index];
	if ((trace->has_header && memcmp(&trace->header, &header, sizeof(header))) ||
	    (trace->header.clock && trace->header.clock != header.clock)) {
		nst_problem_set(&why, NST_PROBLEM_BAD_HEADER,
				"file header: not the same as this trace's headers before");
		return nst_scan_refuse(reader, &why, frame_len);
	}
	trace->header = header;
	trace->has_header = true;
	nst_input_consume(&reader->input, frame_len);
	return NST_SCAN_AGAIN;
}

/* ---- Skippable frames -------------------------------------------------- */

/* It can be rebuilt from the headers: a damaged one is worth a word and nothing more. */
static void check_index(struct nst_reader *reader, const uint8_t *content, size_t len)
{
	struct nst_problem problem = { .offset = reader->input.offset };
	const char *fault = nst_index_fault(content, len);

	if (!fault || !reader->registry.n)
		return;
	nst_problem_set(&problem, NST_PROBLEM_BAD_INDEX, "the index is damaged: %s", fault);
	nst_reader_note(reader, &problem);
}

/* Hop over one only when what follows is in its place: its length has no checksum. */
static int skippable_step(struct nst_reader *reader)
{
	uint32_t content_len = nst_get32(nst_input_at(&reader->input) + 4);
	size_t len = NST_SKIPPABLE_OVERHEAD + (size_t)content_len;
	struct nst_problem why = { 0 };
	bool well = false;
	int r;

	if (content_len > NST_SKIPPABLE_CAP) /* where size_t has 32 bits, len is wrong then */
		return search_step(reader);
	r = nst_input_need(&reader->input, len + 1); /* or else know that the end is there */
	if (!r)
		r = nst_scan_lands_well(reader, len, &well);
	if (r)
		return r;
	if (well || (nst_input_len(&reader->input) == len)) {
		if (nst_get32(nst_input_at(&reader->input)) == NST_INDEX_MAGIC)
			check_index(reader, nst_input_at(&reader->input) + NST_SKIPPABLE_OVERHEAD,
				    content_len);
		nst_input_consume(&reader->input, len);
		return NST_SCAN_AGAIN;
	}
	if (nst_input_len(&reader->input) < len) {
		nst_problem_set(
			&why, NST_PROBLEM_CUT,
			"the input ends inside a skippable frame: %zu of %zu bytes are there",
			nst_input_len(&reader->input), len);
		return nst_scan_refuse(reader, &why, NST_SKIPPABLE_OVERHEAD);
	}
	return search_step(reader);
}

/* ---- The end ----------------------------------------------------------- */

static void note_missing(struct nst_reader *reader, const struct nst_gap *gap)
{
	struct nst_problem problem = {
		.offset = gap->offset,
		.has_sequence = true,
		.sequence = gap->first_sequence,
	};

	if (gap->is_damage)
		return;
	nst_problem_set(&problem, NST_PROBLEM_MISSING_CHUNKS,
			"chunks %llu to %llu are missing, with %llu events",
			(unsigned long long)gap->first_sequence,
			(unsigned long long)gap->last_sequence,
			(unsigned long long)(gap->end_ordinal - gap->first_ordinal));
	nst_reader_note(reader, &problem);
}

/* What can only be said of a trace when all of it has been seen. */
static void note_trace(struct nst_reader *reader, size_t i)
{
	const struct nst_trace_state *state = &reader->registry.states[i];
	const struct nst_trace *trace = &reader->registry.traces[i];
	struct nst_problem problem = { .offset = reader->input.offset };

	for (size_t g = 0; g < state->n_gaps; g++)
		note_missing(reader, &state->gaps[g]);
	if (!trace->has_header) {
		nst_problem_set(&problem, NST_PROBLEM_BAD_HEADER,
				"a trace without a file header: when it began, where and by what "
				"it was written are not known");
		nst_reader_note(reader, &problem);
	}
	if (!trace->has_end) {
		nst_problem_set(&problem, NST_PROBLEM_NO_END,
				"a trace without its END chunk: the recording was cut short");
		nst_reader_note(reader, &problem);
	}
}

static int finish(struct nst_reader *reader)
{
	struct nst_problem problem = { 0 };

	nst_reader_catch_up(reader);
	if (!reader->input.offset) {
		nst_problem_set(&problem, NST_PROBLEM_EMPTY, "the input is empty");
		return nst_scan_fail(reader, -ENODATA, &problem);
	}
	if (!reader->registry.n) {
		if (!reader->sniffed.code) /* skippable frames and nothing else */
			nst_sniff(NULL, 0, &reader->sniffed);
		return nst_scan_fail(reader, -ENOMSG, &reader->sniffed);
	}
	nst_scan_lost_end(reader);
	for (size_t i = 0; i < reader->registry.n; i++)
		note_trace(reader, i);
	return 0;
}

static int step(struct nst_reader *reader)
{
	struct nst_input *input = &reader->input;
	size_t frame_len;
	int r;

	r = nst_input_need(input, NST_RAW_FRAME_MAX);
	if (r)
		return r;
	if (!nst_input_len(input))
		return finish(reader);
	switch (nst_header_find(nst_input_at(input), nst_input_len(input), &frame_len)) {
	case NST_FRAME_FILE:
		return file_header_step(reader, frame_len);
	case NST_FRAME_CHUNK:
		return nst_scan_chunk(reader, frame_len);
	case NST_FRAME_NONE:
		break;
	}
	if (!reader->is_lost && nst_input_len(input) >= NST_SKIPPABLE_OVERHEAD &&
	    (nst_get32(nst_input_at(input)) & ~0xfu) == NST_SKIPPABLE_MAGIC)
		return skippable_step(reader);
	return search_step(reader);
}

int nst_scan_next(struct nst_reader *reader)
{
	int r;

	if (reader->has_chunk) {
		reader->has_chunk = false;
		nst_input_consume(&reader->input, reader->header_frame_len +
							  (size_t)reader->header.dict_len +
							  reader->header.col_len);
	}
	do {
		r = step(reader);
	} while (r == NST_SCAN_AGAIN);
	return r;
}
