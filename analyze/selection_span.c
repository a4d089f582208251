/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The span of time that is asked for, on the clocks of the traces. */
#include "analyze/selection_find.h"

#include "analyze/limits.h"

#include <errno.h>
#include <string.h>

/* The headers say all that is asked here. */
static bool no_events(void *unused, const struct nst_chunk *chunk)
{
	(void)unused;
	(void)chunk;
	return false;
}

static int note_clock(struct selection *selection, struct nst_reader *reader,
		      const struct nst_chunk *chunk)
{
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(reader, &n);
	const struct nst_header *header = &traces[chunk->trace].header;
	int err = array_reserve(&selection->traces, &selection->cap_traces, n,
				sizeof(*selection->traces));
	struct selected_trace *trace;

	if (err)
		return err;
	trace = &selection->traces[chunk->trace];
	selection->n_traces = n;
	trace->start_ns = input_trace_start(header, chunk);
	return timeline_add(&trace->timeline, header->start_ns, header->start_realtime_ns)
		       ?: timeline_add(&trace->timeline, chunk->sample_clock_ns,
				       chunk->sample_realtime_ns);
}

int selection_read_clocks(struct selection *selection, const struct input *input)
{
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	struct tally tally = { 0 };
	int more = 0, err = input_rewind(input) ?: nst_reader_open(input->fd, &reader);
	size_t n;

	tally_begin(&tally, input);
	if (!err)
		nst_reader_set_choice(reader, no_events, NULL);
	while (!err && (more = nst_reader_next(reader, &chunk)) > 0) {
		err = tally_chunk(&tally, reader, chunk);
		selection->is_said = err == -E2BIG;
		if (!err)
			err = note_clock(selection, reader, chunk);
	}
	if (!err && more >= 0) {
		const struct nst_trace *traces = nst_reader_traces(reader, &n);

		for (size_t i = 0; i < selection->n_traces; i++)
			selection->traces[i].end_ns = traces[i].end_ns;
	}
	if (!err && more < 0) {
		size_t n_said = 0;

		input_say_problems(input, reader, &n_said, more);
		selection->is_said = true;
	}
	if (!err && !more && !selection->n_traces)
		err = -ENODATA;
	nst_reader_close(reader);
	return err ?: more < 0 ? more : 0;
}

/* Of all traces together. */
static void whole_span(const struct selection *selection, int64_t *ret_start_ns,
		       int64_t *ret_end_ns)
{
	*ret_start_ns = INT64_MAX;
	*ret_end_ns = INT64_MIN;
	for (size_t i = 0; i < selection->n_traces; i++) {
		const struct selected_trace *trace = &selection->traces[i];
		int64_t start = timeline_realtime(&trace->timeline, trace->start_ns);
		int64_t end = timeline_realtime(&trace->timeline, trace->end_ns);

		*ret_start_ns = start < *ret_start_ns ? start : *ret_start_ns;
		*ret_end_ns = end > *ret_end_ns ? end : *ret_end_ns;
	}
}

void selection_set_spans(struct selection *selection)
{
	int64_t start_ns, end_ns;

	whole_span(selection, &start_ns, &end_ns);
	selection->bounds = window_bounds(&selection->window, start_ns, end_ns);
	for (size_t i = 0; i < selection->n_traces; i++) {
		struct selected_trace *trace = &selection->traces[i];

		trace->bounds = (struct clock_bounds){ 0 };
		window_clock_bounds(&selection->bounds, &trace->timeline, &trace->bounds);
		trace->from_ns = trace->bounds.from_ns;
		trace->to_ns = trace->bounds.to_ns;
		trace->detail_ns = 0;
		memset(trace->lost_outside, 0, sizeof(trace->lost_outside));
	}
}

int selection_span(struct selection *selection, const struct input *input, int64_t *ret_from_ns,
		   int64_t *ret_to_ns)
{
	int64_t start_ns, end_ns;
	int err = selection->n_traces ? 0 : selection_read_clocks(selection, input);

	if (err)
		return err;
	whole_span(selection, &start_ns, &end_ns);
	selection->bounds = window_bounds(&selection->window, start_ns, end_ns);
	if (selection->bounds.has_from && selection->bounds.from_realtime_ns > start_ns)
		start_ns = selection->bounds.from_realtime_ns;
	if (selection->bounds.has_to && selection->bounds.to_realtime_ns < end_ns)
		end_ns = selection->bounds.to_realtime_ns;
	*ret_from_ns = start_ns;
	*ret_to_ns = end_ns;
	return 0;
}

bool selection_wants_trace(const struct selection *selection, size_t trace)
{
	const struct selected_trace *of = &selection->traces[trace];

	return of->from_ns < of->to_ns && of->start_ns < of->to_ns && of->end_ns >= of->from_ns;
}

bool selection_has_span(const struct selection *selection)
{
	for (size_t i = 0; i < selection->n_traces; i++)
		if (selection_wants_trace(selection, i))
			return true;
	return false;
}
