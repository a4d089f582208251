/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes are where events are, and these may all be in the last seconds of hours: where the span
 * has to begin is told by the times of what was written, not by how long it is. They are taken
 * from what it was made of, since those of the output are too coarse by then.
 */
#include "analyze/publish_size.h"

#include <errno.h>
#include <stdlib.h>

#define SAMPLE_MAX 65536
#define SHORTEN_BY 0.93	 /* a little more than the sizes say: chunks differ */
#define LEAST 0.25	 /* of what the ratio of sizes says */
#define ENOUGH 0.8	 /* of what may be had */
#define SHORTENED_MAX 20 /* attempts until one fits */
#define TRIED_MAX 4	 /* and then, for more */

struct sampling {
	const struct selection *selection;
	bool is_part; /* else all of it is selected */
	int64_t from_ns, to_ns;
	struct nst_reader *reader;
	struct size_sample *sample;
	bool *wanted; /* lanes of the chunk at hand */
	size_t n_wanted;
};

/* ---- The sample -------------------------------------------------------- */

static void add_time(struct sampling *sampling, size_t trace, uint64_t clock_ns)
{
	struct size_sample *sample = sampling->sample;
	int64_t time_ns = timeline_realtime(&sampling->selection->traces[trace].timeline, clock_ns);

	/* a clock that was set back, and a row that goes on behind the span */
	if (time_ns >= sampling->to_ns)
		time_ns = sampling->to_ns - 1;
	if (time_ns < sampling->from_ns)
		time_ns = sampling->from_ns;
	if (!sample->n_seen || time_ns > sample->last_ns)
		sample->last_ns = time_ns;
	if (sample->n_seen++ % sample->stride)
		return;
	if (sample->n == SAMPLE_MAX) {
		for (size_t i = 0; i < SAMPLE_MAX / 2; i++)
			sample->times[i] = sample->times[2 * i];
		sample->n = SAMPLE_MAX / 2;
		sample->stride *= 2;
	}
	sample->times[sample->n++] = time_ns;
}

static int compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static int64_t begin_at(const struct size_sample *sample, size_t at)
{
	return at < sample->n ? sample->times[at] : sample->last_ns;
}

/* ---- What was written -------------------------------------------------- */

static bool has_wanted(void *context, const struct nst_chunk *chunk)
{
	const struct sampling *sampling = context;
	const struct selected_trace *trace;

	if (!sampling->is_part || chunk->trace >= sampling->selection->n_traces)
		return !sampling->is_part;
	trace = &sampling->selection->traces[chunk->trace];
	return selection_wants_trace(sampling->selection, chunk->trace) &&
	       chunk->first_ns < trace->to_ns && chunk->last_ns >= trace->from_ns;
}

static bool is_wanted(const struct sampling *sampling, const struct nst_events *events, size_t i,
		      size_t trace)
{
	const struct selected_trace *of = &sampling->selection->traces[trace];

	if (!sampling->is_part)
		return true;
	return sampling->wanted[events->lane[i]] && events->timestamp[i] >= of->from_ns &&
	       events->timestamp[i] < of->to_ns;
}

static int sample_events(struct sampling *sampling, size_t trace)
{
	const struct nst_dictionaries *dictionaries;
	const struct nst_events *events;
	int err = nst_reader_dictionaries(sampling->reader, &dictionaries)
			  ?: nst_reader_events(sampling->reader, &events)
			  ?: array_reserve(&sampling->wanted, &sampling->n_wanted,
					   dictionaries->n_lanes, sizeof(*sampling->wanted));

	if (err)
		return err;
	for (size_t i = 0; i < dictionaries->n_lanes && sampling->is_part; i++)
		sampling->wanted[i] = selection_wants_lane(sampling->selection, trace, dictionaries,
							   &dictionaries->lanes[i]);
	for (size_t i = 0; i < events->n_events; i++)
		if (is_wanted(sampling, events, i, trace))
			add_time(sampling, trace, events->timestamp[i]);
	return 0;
}

/* A total stays as long as some of its time does. */
static int sample_totals(struct sampling *sampling, size_t trace)
{
	const void *rows = NULL;
	const struct nst_total *totals;
	size_t n = 0;
	int err = nst_reader_rows(sampling->reader, NST_TABLE_TOTAL, &rows, &n);

	if (err)
		return err == -EINVAL ? 0 : err; /* END, or of an unknown type */
	totals = rows;
	for (size_t i = 0; i < n; i++)
		if (!sampling->is_part ||
		    selection_wants_row(sampling->selection, trace, NST_TABLE_TOTAL, &totals[i]))
			add_time(sampling, trace, totals[i].to_ns ? totals[i].to_ns - 1 : 0);
	return 0;
}

static int sample_chunk(struct sampling *sampling, const struct nst_chunk *chunk)
{
	if (chunk->trace >= sampling->selection->n_traces)
		return -EUCLEAN; /* it has changed meanwhile */
	if (chunk->type != NST_CHUNK_EVENTS)
		return sample_totals(sampling, chunk->trace);
	return has_wanted(sampling, chunk) ? sample_events(sampling, chunk->trace) : 0;
}

static int sample_all(struct sampling *sampling, const struct input *input)
{
	const struct nst_chunk *chunk;
	int more = 0, err = input_rewind(input) ?: nst_reader_open(input->fd, &sampling->reader);

	if (!err)
		nst_reader_set_choice(sampling->reader, has_wanted, sampling);
	while (!err && (more = nst_reader_next(sampling->reader, &chunk)) > 0)
		err = sample_chunk(sampling, chunk);
	nst_reader_close(sampling->reader);
	return err == -EBADMSG ? -EUCLEAN : err ?: more;
}

static int take_sample(struct publish_size *size, const struct selection *selection,
		       const struct input *input, int64_t from_ns, int64_t to_ns)
{
	struct size_sample *sample = &size->sample;
	struct sampling sampling = { .selection = selection,
				     .is_part = selection_is_given(selection),
				     .from_ns = from_ns,
				     .to_ns = to_ns,
				     .sample = sample };
	int err;

	if (!sample->times)
		sample->times = malloc(SAMPLE_MAX * sizeof(*sample->times));
	if (!sample->times)
		return -ENOMEM;
	*sample = (struct size_sample){ .times = sample->times, .stride = 1 };
	err = sample_all(&sampling, input);
	qsort(sample->times, sample->n, sizeof(*sample->times), compare_times);
	free(sampling.wanted);
	return err;
}

/* ---- How much of it ---------------------------------------------------- */

/*
 * If all of the bytes went by time, the ratio of sizes would be the part that fits. What of
 * them does not is told by two attempts, and then less fits; but what is left out with the first
 * rows of a flow or a process counts with these, so that is not trusted too far.
 */
static double part_that_fits(const struct publish_size *size)
{
	double rows = (double)size->sample.n_seen, bytes = (double)size->large_bytes;
	double wanted = SHORTEN_BY * (double)size->max_bytes, part = wanted / bytes, each, by_both;

	if (size->former_rows <= size->sample.n_seen || size->former_bytes <= size->large_bytes)
		return part;
	each = ((double)size->former_bytes - bytes) / ((double)size->former_rows - rows);
	by_both = 1 - (bytes - wanted) / (each * rows);
	if (by_both > part)
		return part;
	return by_both > LEAST * part ? by_both : LEAST * part;
}

/* This part of the sample, but without its first moment. */
static int cut_sample(struct publish_size *size, double part, int64_t *ret_begin_ns)
{
	const struct size_sample *sample = &size->sample;
	size_t n_kept = (size_t)(part * (double)sample->n), at = sample->n - (n_kept ? n_kept : 1);

	while (at < sample->n && sample->times[at] == sample->times[0])
		at++;
	if (begin_at(sample, at) == sample->times[0])
		return -ERANGE;
	size->large_at = 0;
	size->at = at;
	*ret_begin_ns = begin_at(sample, at);
	return 0;
}

/* Between one that is too large and one that fits. False: there is none. */
static bool find_between(struct publish_size *size, int64_t *ret_begin_ns)
{
	const struct size_sample *sample = &size->sample;
	double more = SHORTEN_BY * (double)size->max_bytes - (double)size->fits_bytes;
	double part = more / ((double)size->large_bytes - (double)size->fits_bytes);
	size_t at = size->fits_at - (size_t)(part * (double)(size->fits_at - size->large_at));
	int64_t fits_ns = begin_at(sample, size->fits_at);

	if (++size->n_tried > TRIED_MAX)
		return false;
	while (at > size->large_at && begin_at(sample, at) == fits_ns)
		at--;
	while (at < size->fits_at && sample->times[at] == sample->times[size->large_at])
		at++;
	if (begin_at(sample, at) == fits_ns)
		return false;
	size->at = at;
	*ret_begin_ns = begin_at(sample, at);
	return true;
}

int publish_size_smaller(struct publish_size *size, const struct selection *selection,
			 const struct input *input, uint64_t file_bytes, int64_t from_ns,
			 int64_t to_ns, int64_t *ret_begin_ns)
{
	int err;

	if (size->is_settled)
		return -ELOOP; /* what it is made of has changed meanwhile */
	if (size->fits_bytes) {
		size->large_at = size->at;
		size->large_bytes = file_bytes;
		size->is_settled = !find_between(size, ret_begin_ns);
		if (size->is_settled)
			*ret_begin_ns = begin_at(&size->sample, size->fits_at);
		return 0;
	}
	if (++size->n_shortened > SHORTENED_MAX)
		return -ELOOP;
	size->former_rows = size->sample.n_seen;
	size->former_bytes = size->large_bytes;
	size->large_bytes = file_bytes;
	err = take_sample(size, selection, input, from_ns, to_ns);
	if (err)
		return err;
	if (size->sample.n)
		return cut_sample(size, part_that_fits(size), ret_begin_ns);
	/* no row tells: some of the rest may still have to do with the span */
	*ret_begin_ns = to_ns - (int64_t)((double)(to_ns - from_ns) * part_that_fits(size));
	return 0;
}

bool publish_size_larger(struct publish_size *size, uint64_t file_bytes, int64_t *ret_begin_ns)
{
	if (!size->sample.n || size->is_settled)
		return false;
	size->fits_at = size->at;
	size->fits_bytes = file_bytes;
	return (double)file_bytes < ENOUGH * (double)size->max_bytes &&
	       find_between(size, ret_begin_ns);
}

void publish_size_free(struct publish_size *size)
{
	free(size->sample.times);
	*size = (struct publish_size){ 0 };
}
