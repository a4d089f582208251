/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/input.h"
#include "analyze/intern.h"
#include "analyze/timeline.h"

#include <errno.h>
#include <stdlib.h>

struct surveyed { /* one trace */
	struct timeline timeline;
	bool has_start;
	uint64_t start_ns;
	uint64_t totals_end_ns; /* of its last row of totals */
};

uint64_t input_trace_start(const struct nst_header *header, const struct nst_chunk *chunk)
{
	if (header->start_ns)
		return header->start_ns;
	return chunk->n_events ? chunk->first_ns : chunk->sample_clock_ns;
}

static int survey_chunk(struct surveyed *trace, const struct nst_header *header,
			const struct nst_chunk *chunk)
{
	int err = timeline_add(&trace->timeline, header->start_ns, header->start_realtime_ns);

	if (!err)
		err = timeline_add(&trace->timeline, chunk->sample_clock_ns,
				   chunk->sample_realtime_ns);
	if (!trace->has_start)
		trace->start_ns = input_trace_start(header, chunk);
	trace->has_start = trace->start_ns || chunk->type == NST_CHUNK_EVENTS;
	return err;
}

/* Of a cut trace the reader knows the last event, and there may be none. */
static int survey_totals(struct surveyed *trace, struct nst_reader *reader)
{
	const struct nst_total *totals;
	const void *rows = NULL;
	size_t n = 0;
	int err = nst_reader_rows(reader, NST_TABLE_TOTAL, &rows, &n);

	totals = rows;
	for (size_t i = 0; i < n && !err; i++)
		if (totals[i].to_ns <= UINT64_MAX / 4 && totals[i].to_ns > trace->totals_end_ns)
			trace->totals_end_ns = totals[i].to_ns;
	return err == -EBADMSG || err == -EINVAL ? 0 : err;
}

/* Every trace has a clock of its own: they may be of different boots. */
static int survey_chunks(struct nst_reader *reader, struct surveyed **traces, size_t *n_allocated)
{
	const struct nst_chunk *chunk;
	size_t n;
	int err = 0;

	while (!err && nst_reader_next(reader, &chunk) > 0) {
		const struct nst_trace *read = nst_reader_traces(reader, &n);

		err = array_reserve(traces, n_allocated, n, sizeof(**traces));
		if (!err)
			err = survey_chunk(&(*traces)[chunk->trace], &read[chunk->trace].header,
					   chunk);
		if (!err && chunk->type == NST_CHUNK_TOTALS)
			err = survey_totals(&(*traces)[chunk->trace], reader);
	}
	return err;
}

/* The headers say all that is asked here. */
static bool is_wanted(void *unused, const struct nst_chunk *chunk)
{
	(void)unused;
	(void)chunk;
	return false;
}

int input_survey(const struct input *input, int64_t *start_ns, int64_t *end_ns)
{
	struct nst_reader *reader = NULL;
	struct surveyed *traces = NULL;
	const struct nst_trace *read;
	size_t n = 0, n_allocated = 0;
	int err = nst_reader_open(input->fd, &reader);

	if (!err) {
		nst_reader_set_choice(reader, is_wanted, NULL);
		err = survey_chunks(reader, &traces, &n_allocated);
	}
	read = err ? NULL : nst_reader_traces(reader, &n);
	for (size_t i = 0; i < n && i < n_allocated && !err; i++) {
		int64_t start = timeline_realtime(&traces[i].timeline, traces[i].start_ns);
		uint64_t last_ns = !read[i].has_end && traces[i].totals_end_ns > read[i].end_ns
					   ? traces[i].totals_end_ns
					   : read[i].end_ns;
		int64_t end = timeline_realtime(&traces[i].timeline, last_ns);

		/* nothing but a header is left of it */
		if (!traces[i].has_start)
			continue;
		*start_ns = start < *start_ns ? start : *start_ns;
		*end_ns = end > *end_ns ? end : *end_ns;
	}
	for (size_t i = 0; i < n_allocated; i++)
		timeline_free(&traces[i].timeline);
	free(traces);
	nst_reader_close(reader);
	return err ? err : input_rewind(input);
}
