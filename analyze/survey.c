/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/survey.h"

#include "analyze/intern.h"
#include "analyze/timeline.h"

#include <errno.h>
#include <stdlib.h>

struct surveyed { /* one trace: each has a clock of its own, they may be of different boots */
	struct timeline timeline;
	bool has_start, has_end;
	uint64_t start_ns;
	uint64_t end_ns;	/* of its END, else of its last event */
	uint64_t totals_end_ns; /* of its last row of totals */
};

uint64_t input_trace_start(const struct nst_header *header, const struct nst_chunk *chunk)
{
	if (header->start_ns)
		return header->start_ns;
	return chunk->n_events ? chunk->first_ns : chunk->sample_clock_ns;
}

void survey_open(struct survey *survey)
{
	*survey = (struct survey){ .start_ns = INT64_MAX, .end_ns = INT64_MIN };
}

/* Of a cut trace there may be no event. */
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

int survey_chunk(struct survey *survey, struct nst_reader *reader, const struct nst_chunk *chunk)
{
	const struct nst_header *header;
	struct surveyed *trace;
	size_t n;
	int err = array_reserve(&survey->traces, &survey->n_traces, chunk->trace + 1,
				sizeof(*survey->traces));

	if (err)
		return err;
	trace = &survey->traces[chunk->trace];
	header = &nst_reader_traces(reader, &n)[chunk->trace].header;
	err = timeline_add(&trace->timeline, header->start_ns, header->start_realtime_ns);
	if (!err)
		err = timeline_add(&trace->timeline, chunk->sample_clock_ns,
				   chunk->sample_realtime_ns);
	if (!trace->has_start)
		trace->start_ns = input_trace_start(header, chunk);
	trace->has_start = trace->start_ns || chunk->type == NST_CHUNK_EVENTS;
	if (chunk->type == NST_CHUNK_END ||
	    (chunk->type == NST_CHUNK_EVENTS && !trace->has_end && chunk->last_ns > trace->end_ns))
		trace->end_ns = chunk->last_ns;
	trace->has_end = trace->has_end || chunk->type == NST_CHUNK_END;
	if (!err && chunk->type == NST_CHUNK_TOTALS)
		err = survey_totals(trace, reader);
	return err;
}

void survey_end(struct survey *survey)
{
	for (size_t i = 0; i < survey->n_traces; i++) {
		struct surveyed *trace = &survey->traces[i];
		uint64_t last_ns = !trace->has_end && trace->totals_end_ns > trace->end_ns
					   ? trace->totals_end_ns
					   : trace->end_ns;
		int64_t start = timeline_realtime(&trace->timeline, trace->start_ns);
		int64_t end = timeline_realtime(&trace->timeline, last_ns);

		if (trace->has_start) { /* else nothing but a header is left of it */
			survey->start_ns = start < survey->start_ns ? start : survey->start_ns;
			survey->end_ns = end > survey->end_ns ? end : survey->end_ns;
		}
	}
	survey_close(survey);
}

void survey_close(struct survey *survey)
{
	for (size_t i = 0; i < survey->n_traces; i++)
		timeline_free(&survey->traces[i].timeline);
	free(survey->traces);
	survey->traces = NULL;
	survey->n_traces = 0;
}

/* The headers of events say all that is asked here. */
static bool is_wanted(void *unused, const struct nst_chunk *chunk)
{
	(void)unused;
	(void)chunk;
	return false;
}

int survey_input(struct survey *survey, const struct input *input)
{
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	int err = nst_reader_open(input->fd, &reader);

	if (!err)
		nst_reader_set_choice(reader, is_wanted, NULL);
	while (!err && nst_reader_next(reader, &chunk) > 0)
		err = survey_chunk(survey, reader, chunk);
	survey_end(survey);
	nst_reader_close(reader);
	return err ? err : input_rewind(input);
}
