/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/input.h"
#include "analyze/timeline.h"

int input_survey(const struct input *input, int64_t *start_ns, int64_t *end_ns)
{
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	const struct nst_trace *traces;
	struct timeline timeline = { 0 };
	size_t n = 0;
	int err = nst_reader_open(input->fd, &reader);

	if (err)
		return err;
	while (!err && nst_reader_next(reader, &chunk) > 0) {
		traces = nst_reader_traces(reader, &n);
		err = timeline_add(&timeline, traces[chunk->trace].header.start_ns,
				   traces[chunk->trace].header.start_realtime_ns);
		if (!err)
			err = timeline_add(&timeline, chunk->sample_clock_ns,
					   chunk->sample_realtime_ns);
	}
	traces = nst_reader_traces(reader, &n);
	for (size_t i = 0; i < n && !err; i++) {
		int64_t start = timeline_realtime(&timeline, traces[i].header.start_ns);
		int64_t end = timeline_realtime(&timeline, traces[i].end_ns);

		*start_ns = start < *start_ns ? start : *start_ns;
		*end_ns = end > *end_ns ? end : *end_ns;
	}
	timeline_free(&timeline);
	nst_reader_close(reader);
	return err ? err : input_rewind(input);
}
