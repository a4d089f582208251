/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The decoder of chunks, beneath checksums and compression. Input: u32 count
 * of events (its highest bit: with all incompat bits that are known; the next:
 * within a second), u32 length of the dictionaries, dictionaries, columns; with
 * no events, the rest is one frame of metadata.
 */
#include "format/chunk_decode.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ALL_INCOMPAT (1u << 31)
#define IN_A_SECOND (1u << 30)

static void check_problem(int r, const struct nst_problem *problem)
{
	MUST(r == 0 || r == -EBADMSG);
	MUST(!r || (problem->code && problem->text[0]));
}

static void decode_events(const struct nst_chunk *chunk, struct nst_bytes dictionaries,
			  struct nst_bytes columns)
{
	struct nst_problem problem = { 0 };
	int r = nst_decode_events_chunk(chunk, dictionaries, columns, &problem);

	check_problem(r, &problem);
	MUST(!r || problem.sequence == chunk->sequence);
}

/* What was accepted must be usable without another check. */
static void check_events(const struct nst_chunk *chunk, struct nst_bytes dictionaries,
			 struct nst_bytes columns, bool for_sums)
{
	struct nst_decoder *decoder = NULL;
	struct nst_problem problem = { 0 };

	MUST(!nst_decoder_new(&decoder));
	decoder->incompat = chunk->incompat;
	decoder->for_sums = for_sums;
	if (!nst_decode_dictionaries(decoder, dictionaries, &problem) &&
	    !nst_decode_events(decoder, chunk, columns, &problem)) {
		const struct nst_events *events = &decoder->events;
		uint64_t first_ns = UINT64_MAX, last_ns = 0;
		size_t run = 0;

		MUST(events->first_ns >= chunk->first_ns && events->last_ns <= chunk->last_ns);
		MUST(for_sums || events->n_runs == 1);
		MUST(events->run_ends[events->n_runs - 1] == events->n_events);
		for (size_t i = 0; i < events->n_events; i++) {
			bool begins = !i;

			for (; i == events->run_ends[run]; begins = true)
				run++;
			MUST(events->lane[i] < decoder->dictionaries.n_lanes);
			if (events->timestamp[i] < first_ns)
				first_ns = events->timestamp[i];
			if (events->timestamp[i] > last_ns)
				last_ns = events->timestamp[i];
			MUST(begins || events->timestamp[i] >= events->timestamp[i - 1]);
			MUST(!(events->has[i] & ~NST_EVENT_HAS));
		}
		MUST(events->first_ns == first_ns && events->last_ns == last_ns);
	}
	nst_decoder_free(decoder);
}

static void decode_metadata(struct nst_bytes frame, uint32_t incompat)
{
	struct nst_decoder *decoder = NULL;
	struct nst_problem problem = { 0 };
	const struct nst_row_array *rows;
	int r;

	MUST(!nst_decoder_new(&decoder));
	decoder->incompat = incompat;
	r = nst_decode_metadata(decoder, frame, &problem);
	check_problem(r, &problem);
	for (unsigned int table = NST_TABLE_SETTING; !r && table <= NST_TABLE_LAST; table++) {
		int bad = nst_decode_rows(decoder, nst_table_find(table), &rows, &problem);

		check_problem(bad, &problem);
		MUST(bad || rows->n_rows <= NST_ROWS_CAP);
	}
	nst_decoder_free(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nst_chunk chunk = { .first_ns = 1000, .last_ns = UINT64_MAX - 1000, .sequence = 7 };
	struct nst_bytes dictionaries, columns;

	if (size < 8 || size > NST_FRAME_CAP)
		return 0;
	chunk.n_events = nst_get32(data) & ~(ALL_INCOMPAT | IN_A_SECOND);
	if (nst_get32(data) & IN_A_SECOND)
		chunk.last_ns = chunk.first_ns + 1000000000;
	if (nst_get32(data) & ALL_INCOMPAT)
		chunk.incompat = NST_KNOWN_INCOMPAT;
	dictionaries = (struct nst_bytes){ data + 8, nst_get32(data + 4) };
	if (dictionaries.len_bytes > size - 8)
		dictionaries.len_bytes = (uint32_t)size - 8;
	columns = (struct nst_bytes){ data + 8 + dictionaries.len_bytes,
				      (uint32_t)size - 8 - dictionaries.len_bytes };
	if (!chunk.n_events) {
		decode_metadata(columns, chunk.incompat);
		return 0;
	}
	decode_events(&chunk, dictionaries, columns);
	check_events(&chunk, dictionaries, columns, false);
	check_events(&chunk, dictionaries, columns, true);
	return 0;
}
