/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A chunk header with a good checksum: can it be right, is its payload there, who gets it? */
#include "crc32c.h"
#include "problem.h"
#include "scan.h"

#include <errno.h>

/* How much work on payloads that overlap may be wasted. */
#define WORK_FREE (16u << 20)
#define WORK_FACTOR 4

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
	nst_reader_catch_up(reader);
	if (nst_registry_judge(&reader->registry, trace, &reader->header) == NST_CHUNK_NEW)
		r = nst_registry_add(&reader->registry, trace, &reader->header,
				     reader->input.offset, true);
	return r ? r : nst_scan_refuse(reader, why, reader->header_frame_len);
}

/* Are both frames there, with the right checksums? 0, NST_SCAN_AGAIN when not, or an error. */
static int payload_check(struct nst_reader *reader, size_t trace)
{
	const struct nst_chunk_header *header = &reader->header;
	size_t begin = reader->header_frame_len,
	       payload = (size_t)header->dict_len + header->col_len;
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
		nst_problem_set(
			&why, NST_PROBLEM_TOO_MUCH_DAMAGE,
			"so many damaged chunks that finding good ones would take too long");
		return nst_scan_fail(reader, -EBADMSG, &why);
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
int nst_scan_lands_well(struct nst_reader *reader, size_t ahead, bool *ret_well)
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

	if (nst_chunk_type_is_known(reader->header.type))
		return;
	if (type & NST_CHUNK_CRITICAL) /* damage even where it is too late to be listed */
		reader->problems.damaged = true;
	nst_reader_catch_up(reader); /* there is room for so many kinds: in the order of the file */
	if (!nst_reader_is_new_kind(reader, type))
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
		nst_input_hop(&reader->input, reader->header_frame_len + (size_t)header->dict_len +
						      header->col_len);
	return r ? r : NST_SCAN_AGAIN;
}

static void chunk_fill(struct nst_reader *reader, size_t trace)
{
	const struct nst_chunk_header *header = &reader->header;

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
		.incompat = header->incompat,
		.n_events = header->n_events,
		.dictionaries_bytes = header->dict_len,
		.columns_bytes = header->col_len,
		.dictionaries_raw_bytes = header->dict_raw_len,
		.columns_raw_bytes = header->col_raw_len,
		.type = header->type,
	};
	memcpy(reader->chunk.lost, header->lost, sizeof(reader->chunk.lost));
}

/* A chunk of which the header is enough. */
static int chunk_deliver_header(struct nst_reader *reader, size_t trace)
{
	const struct nst_chunk_header *header = &reader->header;
	int r;

	reader->duplicates_noted = false;
	r = nst_registry_add(&reader->registry, trace, header, reader->input.offset, false);
	if (!r)
		nst_input_hop(&reader->input, reader->header_frame_len + (size_t)header->dict_len +
						      header->col_len);
	return r ? r : 1;
}

static bool is_chosen(const struct nst_reader *reader)
{
	return !reader->is_wanted || reader->header.type != NST_CHUNK_EVENTS ||
	       reader->is_wanted(reader->choice_context, &reader->chunk);
}

/* The header is good, and so is its place among the others: read, skip or deliver. */
static int chunk_step(struct nst_reader *reader, size_t trace, bool is_new)
{
	const struct nst_chunk_header *header = &reader->header;
	bool well = false, is_skipped = !is_new || !in_window(reader), is_header;
	int r;

	chunk_fill(reader, trace);
	is_header = !is_skipped && !is_chosen(reader);
	if (is_skipped || is_header) {
		r = nst_scan_lands_well(reader,
					reader->header_frame_len + (size_t)header->dict_len +
						header->col_len,
					&well);
		if (r)
			return r;
		if (well && is_header)
			return chunk_deliver_header(reader, trace);
		if (well)
			return chunk_skip(reader, trace, is_new);
	}
	r = payload_check(reader, trace);
	if (r)
		return r;
	if (is_skipped)
		return chunk_skip(reader, trace, is_new);
	if (is_header)
		return chunk_deliver_header(reader, trace);
	reader->duplicates_noted = false;
	r = nst_registry_add(&reader->registry, trace, header, reader->input.offset, false);
	if (r)
		return r;
	note_unknown_type(reader);
	reader->has_chunk = true;
	return 1;
}

/* Why a header with a good checksum is refused, whatever its payload. */
static bool chunk_is_refused(const struct nst_chunk_header *header, const char *fault,
			     struct nst_problem *ret_why)
{
	unsigned long long sequence = header->sequence;

	if (fault) {
		nst_problem_set(ret_why, NST_PROBLEM_BAD_HEADER, "%s", fault);
	} else if (nst_chunk_too_large(header)) {
		nst_problem_set(ret_why, NST_PROBLEM_TOO_LARGE,
				"chunk %llu: frames of %u and %u bytes, %u and %u decompressed; "
				"at most %u are allowed",
				sequence, header->dict_len, header->col_len, header->dict_raw_len,
				header->col_raw_len, NST_FRAME_CAP);
	} else if (nst_chunk_fault(header)) {
		nst_problem_set(ret_why, NST_PROBLEM_BAD_VALUE, "chunk %llu: %s", sequence,
				nst_chunk_fault(header));
	} else {
		return false;
	}
	return true;
}

int nst_scan_chunk(struct nst_reader *reader, size_t frame_len)
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
	nst_scan_lost_end(reader);
	if (header->incompat & ~NST_KNOWN_INCOMPAT)
		return nst_scan_incompatible(reader, header->incompat, "a newer version");
	if (chunk_is_refused(header, fault, &why)) {
		problem_of_chunk(&why, reader);
		return nst_scan_refuse(reader, &why, frame_len);
	}
	r = nst_scan_trace(reader, header->uuid, &trace);
	if (r)
		return r;
	known = &reader->registry.traces[trace];
	if (!known->header.clock)
		known->header.clock = header->clock;
	if (!nst_registry_is_independent(&reader->registry, trace, header))
		nst_reader_catch_up(reader);
	verdict = nst_registry_judge(&reader->registry, trace, header);
	if (known->header.clock != header->clock || verdict == NST_CHUNK_IMPOSSIBLE) {
		problem_of_chunk(&why, reader);
		nst_problem_set(&why, NST_PROBLEM_BAD_VALUE,
				"chunk %llu: its %s contradicts the chunks before",
				(unsigned long long)header->sequence,
				verdict == NST_CHUNK_IMPOSSIBLE ? "place" : "clock");
		return nst_scan_refuse(reader, &why, frame_len);
	}
	return chunk_step(reader, trace, verdict == NST_CHUNK_NEW);
}
