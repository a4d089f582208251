/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From one frame to the next, and back into step after damage. Whenever the
 * next byte does not begin a header with a good checksum, or what a header
 * announces is not there, the stretch up to the next good header is passed
 * over and noted once. Bytes behind a good header are searched too: they may
 * hold other chunks.
 */
#include "crc32c.h"
#include "problem.h"
#include "reader.h"
#include "sniff.h"

#include <errno.h>
#include <stdio.h>

/* How far to look for a first header, and how much work may be wasted. */
#define GIVE_UP_BYTES (16u << 20)
#define SNIFF_BYTES (160u << 10) /* more than the largest first block of a zstd frame */
#define WORK_FREE (16u << 20)
#define WORK_FACTOR 4

enum { AGAIN = 2 }; /* of a step: neither a chunk, nor the end, nor an error */

/* ---- Stretches that are passed over ------------------------------------ */

static void lost_end(struct nst_reader *reader)
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
	lost_end(reader);
	reader->is_lost = true;
	reader->lost_at = *why;
	reader->lost_at.offset = reader->input.offset;
}

static int fail(struct nst_reader *reader, int error, struct nst_problem *problem)
{
	problem->offset = reader->input.offset;
	nst_reader_note(reader, problem);
	return error;
}

/* Is the rest of the input the beginning of a frame? */
static bool is_cut(const uint8_t *at, size_t len)
{
	uint8_t magic[4];

	nst_put32(magic, NST_ZSTD_MAGIC);
	if (!memcmp(at, magic, len < 4 ? len : 4))
		return len < 9 || (at[4] == NST_RAW_DESCRIPTOR && len < NST_RAW_OVERHEAD + (size_t)at[5]);
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
		nst_problem_set(ret_why, NST_PROBLEM_GARBAGE,
				"bytes that are no part of a trace");
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
			return fail(reader, -ENOMSG, &reader->sniffed);
	}
	if (!reader->registry.n && reader->input.offset > GIVE_UP_BYTES)
		return fail(reader, -ENOMSG, &reader->sniffed);
	if (!reader->is_lost) {
		describe_lost(reader, &why);
		lost_begin(reader, &why);
	}
	skip_to_candidate(&reader->input);
	return AGAIN;
}

/* ---- File headers ------------------------------------------------------ */

static int incompatible(struct nst_reader *reader, uint32_t incompat, const char *writer)
{
	uint32_t unknown = incompat & ~NST_KNOWN_INCOMPAT;
	struct nst_problem problem = { 0 };

	nst_problem_set(&problem, NST_PROBLEM_INCOMPATIBLE,
			"written by \"%.32s\" with incompatible feature bit %d (incompat 0x%x), "
			"which this version does not know",
			writer, __builtin_ctz(unknown), incompat);
	return fail(reader, -EPROTONOSUPPORT, &problem);
}

static int trace_of(struct nst_reader *reader, const uint8_t uuid[16], size_t *ret_trace)
{
	struct nst_problem problem = { 0 };
	int r = nst_registry_trace(&reader->registry, uuid, ret_trace);

	if (r != -EOVERFLOW)
		return r;
	nst_problem_set(&problem, NST_PROBLEM_TOO_MUCH_DAMAGE, "more traces than can be honest");
	return fail(reader, -EBADMSG, &problem);
}

/* A header that is whole and cannot be right: search behind it. */
static int refuse(struct nst_reader *reader, const struct nst_problem *why, size_t frame_len)
{
	lost_begin(reader, why);
	nst_input_consume(&reader->input, frame_len);
	return AGAIN;
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
	lost_end(reader);
	if (header.incompat & ~NST_KNOWN_INCOMPAT)
		return incompatible(reader, header.incompat, header.writer);
	if (fault) {
		nst_problem_set(&why, NST_PROBLEM_BAD_HEADER, "%s", fault);
		return refuse(reader, &why, frame_len);
	}
	r = trace_of(reader, header.uuid, &index);
	if (r)
		return r;
	trace = &reader->registry.traces[index];
	if ((trace->has_header && memcmp(&trace->header, &header, sizeof(header))) ||
	    (trace->header.clock && trace->header.clock != header.clock)) {
		nst_problem_set(&why, NST_PROBLEM_BAD_HEADER,
				"file header: not the same as this trace's headers before");
		return refuse(reader, &why, frame_len);
	}
	trace->header = header;
	trace->has_header = true;
	nst_input_consume(&reader->input, frame_len);
	return AGAIN;
}

/* ---- Chunk headers ----------------------------------------------------- */

static bool type_is_known(uint16_t type)
{
	return type == NST_CHUNK_EVENTS || type == NST_CHUNK_OWNERS ||
	       (type >= NST_CHUNK_ENVIRONMENT && type <= NST_CHUNK_END &&
		type != (NST_CHUNK_OWNERS & ~NST_CHUNK_CRITICAL));
}

/* Lengths and counts as the chunk's type must have them. NULL, or what is wrong. */
static const char *chunk_fault(const struct nst_chunk_header *header)
{
	bool no_dict = !header->dict_len && !header->dict_raw_len && !header->dict_crc;
	bool no_col = !header->col_len && !header->col_raw_len && !header->col_crc;

	if (header->type == NST_CHUNK_EVENTS) {
		if (!header->n_events || header->n_events > NST_ROWS_CAP)
			return "a chunk of events with none, or more than 65536";
		if (!header->dict_len || !header->col_len)
			return "a chunk of events without dictionaries or columns";
		return header->first_ns > header->last_ns ? "the last time is before the first"
							   : NULL;
	}
	if (header->n_events)
		return "events in a chunk of another type";
	if (!type_is_known(header->type))
		return NULL;
	if (!no_dict)
		return "dictionaries in a chunk without events";
	if (header->type == NST_CHUNK_END)
		return no_col && header->first_ns == header->last_ns
			       ? NULL
			       : "an END chunk with columns or two times";
	if (!header->col_len)
		return "a chunk of metadata without columns";
	return header->first_ns || header->last_ns ? "times in a chunk without events" : NULL;
}

static bool too_large(const struct nst_chunk_header *header)
{
	return header->dict_len > NST_FRAME_CAP || header->dict_raw_len > NST_FRAME_CAP ||
	       header->col_len > NST_FRAME_CAP || header->col_raw_len > NST_FRAME_CAP;
}

static void problem_of_chunk(struct nst_problem *problem, const struct nst_reader *reader)
{
	problem->offset = reader->input.offset;
	problem->has_sequence = true;
	problem->sequence = reader->header.sequence;
}

/* A chunk that is there and cannot be read: count it as damaged, search behind its header. */
static int chunk_damaged(struct nst_reader *reader, size_t trace, struct nst_problem *why)
{
	int r = 0;

	problem_of_chunk(why, reader);
	if (nst_registry_judge(&reader->registry, trace, &reader->header) == NST_CHUNK_NEW)
		r = nst_registry_add(&reader->registry, trace, &reader->header,
				     reader->input.offset, true);
	return r ? r : refuse(reader, why, reader->header_frame_len);
}

/* Are both frames there, with the right checksums? 0, AGAIN when not, or an error. */
static int payload_check(struct nst_reader *reader, size_t trace)
{
	const struct nst_chunk_header *header = &reader->header;
	size_t begin = reader->header_frame_len, payload = (size_t)header->dict_len + header->col_len;
	struct nst_input *input = &reader->input;
	struct nst_problem why = { 0 };
	const uint8_t *dict, *columns;
	int r;

	r = nst_input_need(input, begin + payload);
	if (r)
		return r;
	if (nst_input_len(input) < begin + payload) {
		nst_problem_set(&why, NST_PROBLEM_CUT,
				"the input ends inside chunk %llu: %zu of %zu bytes are there",
				(unsigned long long)header->sequence, nst_input_len(input),
				begin + payload);
		return chunk_damaged(reader, trace, &why);
	}
	reader->checksum_work += payload;
	if (reader->checksum_work >
	    WORK_FREE + WORK_FACTOR * (input->offset + nst_input_len(input))) {
		nst_problem_set(&why, NST_PROBLEM_TOO_MUCH_DAMAGE,
				"so many damaged chunks that finding good ones would take too long");
		return fail(reader, -EBADMSG, &why);
	}
	dict = nst_input_at(input) + begin;
	columns = dict + header->dict_len;
	if (header->dict_len && nst_crc32c(dict, header->dict_len) != header->dict_crc)
		nst_problem_set(&why, NST_PROBLEM_BAD_CHECKSUM,
				"chunk %llu: the dictionaries are damaged",
				(unsigned long long)header->sequence);
	else if (header->col_len && nst_crc32c(columns, header->col_len) != header->col_crc)
		nst_problem_set(&why, NST_PROBLEM_BAD_CHECKSUM,
				"chunk %llu: the columns are damaged",
				(unsigned long long)header->sequence);
	else
		return 0;
	return chunk_damaged(reader, trace, &why);
}

/* Does something that belongs behind a chunk stand there, ahead bytes from here? */
static int lands_well(struct nst_reader *reader, size_t ahead, bool *ret_well)
{
	uint8_t room[NST_RAW_FRAME_MAX];
	const uint8_t *at = NULL;
	size_t frame_len;
	ssize_t n = nst_input_peek(&reader->input, ahead, room, sizeof(room), &at);

	if (n < 0)
		return (int)n;
	*ret_well = nst_header_find(at, (size_t)n, &frame_len) != NST_FRAME_NONE ||
		    (n >= 4 && (nst_get32(at) & ~0xfu) == NST_SKIPPABLE_MAGIC);
	return 0;
}

static bool in_window(const struct nst_reader *reader)
{
	return reader->header.type != NST_CHUNK_EVENTS ||
	       (reader->header.last_ns >= reader->from_ns &&
		reader->header.first_ns < reader->to_ns);
}

static void note_unknown_type(struct nst_reader *reader)
{
	unsigned int type = reader->header.type;
	struct nst_problem problem = { 0 };

	if (type_is_known(reader->header.type) || !nst_reader_is_new_kind(reader, type))
		return;
	problem_of_chunk(&problem, reader);
	if (type & NST_CHUNK_CRITICAL)
		nst_problem_set(&problem, NST_PROBLEM_UNKNOWN_CRITICAL,
				"chunks of the unknown critical type 0x%04x: skipped, so that "
				"what is read may be wrong",
				type);
	else
		nst_problem_set(&problem, NST_PROBLEM_UNKNOWN,
				"chunks of the unknown type 0x%04x: skipped", type);
	nst_reader_note(reader, &problem);
}

static void note_duplicate(struct nst_reader *reader)
{
	struct nst_problem problem = { 0 };

	if (reader->duplicates_noted)
		return;
	reader->duplicates_noted = true;
	problem_of_chunk(&problem, reader);
	nst_problem_set(&problem, NST_PROBLEM_DUPLICATE_CHUNK,
			"from chunk %llu on: seen before, not counted again",
			(unsigned long long)reader->header.sequence);
	nst_reader_note(reader, &problem);
}

/* A whole chunk that is not delivered. */
static int chunk_skip(struct nst_reader *reader, size_t trace, bool is_new)
{
	const struct nst_chunk_header *header = &reader->header;
	int r = 0;

	if (is_new)
		r = nst_registry_add(&reader->registry, trace, header, reader->input.offset, false);
	else
		note_duplicate(reader);
	if (!r)
		r = nst_input_hop(&reader->input, reader->header_frame_len +
							  (size_t)header->dict_len +
							  header->col_len);
	return r ? r : AGAIN;
}

static void chunk_fill(struct nst_reader *reader, size_t trace)
{
	const struct nst_chunk_header *header = &reader->header;

	reader->has_chunk = true;
	reader->decoded = NST_DECODED_NOTHING;
	reader->chunk = (struct nst_chunk){
		.offset = reader->input.offset,
		.sequence = header->sequence,
		.first_ordinal = header->first_ordinal,
		.first_ns = header->first_ns,
		.last_ns = header->last_ns,
		.sample_clock_ns = header->sample_clock_ns,
		.sample_realtime_ns = header->sample_realtime_ns,
		.trace = trace,
		.n_events = header->n_events,
		.dictionaries_bytes = header->dict_len,
		.columns_bytes = header->col_len,
		.dictionaries_raw_bytes = header->dict_raw_len,
		.columns_raw_bytes = header->col_raw_len,
		.type = header->type,
	};
	memcpy(reader->chunk.lost, header->lost, sizeof(reader->chunk.lost));
}

/* The header is good, and so is its place among the others: read, skip or deliver. */
static int chunk_step(struct nst_reader *reader, size_t trace, bool is_new)
{
	const struct nst_chunk_header *header = &reader->header;
	bool well = false;
	int r;

	if (!is_new || !in_window(reader)) {
		r = lands_well(reader,
			       reader->header_frame_len + (size_t)header->dict_len +
				       header->col_len,
			       &well);
		if (r)
			return r;
		if (well)
			return chunk_skip(reader, trace, is_new);
	}
	r = payload_check(reader, trace);
	if (r)
		return r;
	if (!is_new || !in_window(reader))
		return chunk_skip(reader, trace, is_new);
	reader->duplicates_noted = false;
	r = nst_registry_add(&reader->registry, trace, header, reader->input.offset, false);
	if (r)
		return r;
	note_unknown_type(reader);
	chunk_fill(reader, trace);
	return 1;
}

/* Why a header with a good checksum is refused, whatever its payload. */
static bool chunk_is_refused(const struct nst_chunk_header *header, const char *fault,
			     struct nst_problem *ret_why)
{
	unsigned long long sequence = header->sequence;

	if (fault) {
		nst_problem_set(ret_why, NST_PROBLEM_BAD_HEADER, "%s", fault);
	} else if (too_large(header)) {
		nst_problem_set(ret_why, NST_PROBLEM_TOO_LARGE,
				"chunk %llu: frames of %u and %u bytes, %u and %u decompressed; "
				"at most %u are allowed",
				sequence, header->dict_len, header->col_len, header->dict_raw_len,
				header->col_raw_len, NST_FRAME_CAP);
	} else if (chunk_fault(header)) {
		nst_problem_set(ret_why, NST_PROBLEM_BAD_VALUE, "chunk %llu: %s", sequence,
				chunk_fault(header));
	} else {
		return false;
	}
	return true;
}

static int chunk_header_step(struct nst_reader *reader, size_t frame_len)
{
	struct nst_chunk_header *header = &reader->header;
	struct nst_problem why = { 0 };
	struct nst_trace *known;
	enum nst_verdict verdict;
	const char *fault;
	size_t trace;
	int r;

	fault = nst_chunk_header_get(nst_input_at(&reader->input), header);
	reader->header_frame_len = frame_len;
	lost_end(reader);
	if (header->incompat & ~NST_KNOWN_INCOMPAT)
		return incompatible(reader, header->incompat, "a newer version");
	if (chunk_is_refused(header, fault, &why)) {
		problem_of_chunk(&why, reader);
		return refuse(reader, &why, frame_len);
	}
	r = trace_of(reader, header->uuid, &trace);
	if (r)
		return r;
	known = &reader->registry.traces[trace];
	if (!known->header.clock)
		known->header.clock = header->clock;
	verdict = nst_registry_judge(&reader->registry, trace, header);
	if (known->header.clock != header->clock || verdict == NST_CHUNK_IMPOSSIBLE) {
		problem_of_chunk(&why, reader);
		nst_problem_set(&why, NST_PROBLEM_BAD_VALUE,
				"chunk %llu: its %s contradicts the chunks before",
				(unsigned long long)header->sequence,
				verdict == NST_CHUNK_IMPOSSIBLE ? "place" : "clock");
		return refuse(reader, &why, frame_len);
	}
	return chunk_step(reader, trace, verdict == NST_CHUNK_NEW);
}

/* ---- Skippable frames -------------------------------------------------- */

/* Hop over one only when what follows is in its place: its length has no checksum. */
static int skippable_step(struct nst_reader *reader)
{
	size_t len = NST_SKIPPABLE_OVERHEAD + (size_t)nst_get32(nst_input_at(&reader->input) + 4);
	struct nst_problem why = { 0 };
	bool well = false;
	int r;

	if (len > NST_INPUT_CAP - NST_RAW_FRAME_MAX)
		return search_step(reader);
	r = nst_input_need(&reader->input, len + 1); /* or else know that the end is there */
	if (!r)
		r = lands_well(reader, len, &well);
	if (r)
		return r;
	if (well || (nst_input_len(&reader->input) == len)) {
		nst_input_consume(&reader->input, len);
		return AGAIN;
	}
	if (nst_input_len(&reader->input) < len) {
		nst_problem_set(&why, NST_PROBLEM_CUT,
				"the input ends inside a skippable frame: %zu of %zu bytes are there",
				nst_input_len(&reader->input), len);
		return refuse(reader, &why, NST_SKIPPABLE_OVERHEAD);
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

	if (!reader->input.offset) {
		nst_problem_set(&problem, NST_PROBLEM_EMPTY, "the input is empty");
		return fail(reader, -ENODATA, &problem);
	}
	if (!reader->registry.n)
		return fail(reader, -ENOMSG, &reader->sniffed);
	lost_end(reader);
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
		return chunk_header_step(reader, frame_len);
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
	} while (r == AGAIN);
	return r;
}
