/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/collect.h"

#include "analyze/ahead.h"
#include "analyze/known.h"
#include "analyze/say.h"
#include "analyze/survey.h"
#include "analyze/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SKIPPED UINT32_MAX /* a trace that was read before */
#define TIME_MAX_NS (UINT64_MAX / 4)
#define SLICES_OF_RUNS 4 /* of a chunk, at most: each goes through all its runs */

int collector_init(struct collector *collector, sqlite3 *db, struct rollup_settings settings,
		   struct window window)
{
	int err;

	*collector = (struct collector){ .db = db, .window = window };
	rollup_init(&collector->rollup, settings);
	err = dims_init(&collector->dims);
	collector->tally.known_processes = collector->dims.processes.n; /* those that are none */
	collector->dims.tally = &collector->tally;
	return err;
}

void collector_free(struct collector *collector)
{
	dims_free(&collector->dims);
	rollup_free(&collector->rollup);
	foretelling_free(&collector->foretelling);
	rebind_free(&collector->rebind);
	totals_free(&collector->totals);
	reconcile_free(&collector->reconcile);
	free(collector->traces);
	free(collector->lanes);
	*collector = (struct collector){ 0 };
}

/* Of one input, which is read twice: its metadata and then everything. */
struct reading {
	struct collector *collector;
	const struct input *input;
	struct nst_reader *reader;
	uint32_t *numbers; /* of the reader's traces, among all traces */
	size_t n_numbers, n_numbers_allocated;
	struct intern uuids; /* of all its traces, with their numbers among all */
	uint32_t *known;
	size_t n_known_allocated;
	uint64_t metadata_end; /* offset behind which no metadata was taken over yet */
	size_t n_said;
	struct ahead *ahead;	 /* chunks of events on their way */
	struct nst_peeks *peeks; /* of the first reading; NULL: the second one does not hop */
	int err;		 /* of taking them back */
};

void collector_set_axis(struct collector *collector, uint32_t number, uint64_t start_ns)
{
	struct collected *trace = &collector->traces[number];
	const struct timeline *timeline = &collector->dims.traces[number].timeline;
	int64_t start_realtime_ns;

	start_ns = start_ns > TIME_MAX_NS ? 0 : start_ns;
	start_realtime_ns = timeline_realtime(timeline, start_ns);
	if (!collector->has_bounds) {
		collector->bounds = window_bounds(&collector->window, start_realtime_ns, 0);
		collector->has_bounds = true;
	}
	if (number == 0)
		collector->origin_realtime_ns = collector->bounds.has_from
							? collector->bounds.from_realtime_ns
							: start_realtime_ns;
	trace->has_axis = true;
	trace->axis.trace = number;
	trace->axis.start_ns = start_ns;
	trace->axis.origin_ns =
		collector->origin_realtime_ns - (start_realtime_ns - (int64_t)start_ns);
}

/* A trace that another input had, or that the database to be added to has. */
static int is_repeated(struct reading *reading, const struct nst_header *header,
		       bool *ret_is_repeated)
{
	struct collector *collector = reading->collector;
	char uuid[TEXT_UUID_MAX];
	uint32_t number;
	bool is_known = false, is_complete = false;
	int err = 0;

	if (dims_find_trace(&collector->dims, header->uuid, &number)) {
		is_complete = collector->traces[number].complete;
		say("%s: trace %s was read before and is not counted twice%s%s%s",
		    reading->input->name, text_uuid(header->uuid, uuid),
		    is_complete ? "" : "; if this copy is more complete than ",
		    is_complete ? "" : collector->traces[number].file,
		    is_complete ? "" : ", name it alone");
		*ret_is_repeated = true;
		return 0;
	}
	if (collector->check_known)
		err = known_trace(collector->db, header->uuid, &is_known, &is_complete);
	if (is_known)
		say("%s: trace %s is in the database already%s", reading->input->name,
		    text_uuid(header->uuid, uuid),
		    is_complete ? ""
				: ", but not complete: if this copy is, load it into a new one");
	if (!err)
		*ret_is_repeated = is_known;
	return err;
}

/* A trace that this input has not brought before. */
static int number_trace(struct reading *reading, const struct nst_header *header,
			uint32_t *ret_number)
{
	struct collector *collector = reading->collector;
	bool is_old;
	int err = is_repeated(reading, header, &is_old);

	if (err)
		return err;
	if (is_old) {
		*ret_number = SKIPPED;
		return 0;
	}
	err = array_reserve(&collector->traces, &collector->n_traces_allocated,
			    collector->dims.n_traces + 1, sizeof(*collector->traces));
	if (!err)
		err = dims_add_trace(&collector->dims, header, ret_number);
	if (!err)
		collector->traces[*ret_number] =
			(struct collected){ .header = *header, .file = reading->input->name };
	return err;
}

static int add_trace(struct reading *reading, const struct nst_header *header)
{
	uint32_t index;
	bool is_new;
	int err = array_reserve(&reading->numbers, &reading->n_numbers_allocated,
				reading->n_numbers + 1, sizeof(*reading->numbers));

	if (!err)
		err = array_reserve(&reading->known, &reading->n_known_allocated,
				    (size_t)reading->uuids.n + 1, sizeof(*reading->known));
	if (!err)
		err = intern_get(&reading->uuids, header->uuid, sizeof(header->uuid), &index,
				 &is_new);
	if (!err && is_new)
		err = number_trace(reading, header, &reading->known[index]);
	if (!err)
		reading->numbers[reading->n_numbers++] = reading->known[index];
	return err;
}

/* Traces that the reader met since the last time. */
static int add_new_traces(struct reading *reading)
{
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(reading->reader, &n);

	while (reading->n_numbers < n) {
		int err = add_trace(reading, &traces[reading->n_numbers].header);

		if (err)
			return err;
	}
	return 0;
}

/* The sums of a chunk, which is done, into the whole. */
static int take_sums(struct reading *reading, struct ahead_job *job)
{
	struct collector *collector = reading->collector;
	int err = job->err == -EBADMSG ? 0 : job->err;

	if (!err)
		err = nst_reader_settle(reading->reader, job->unpacker);
	if (err || job->err)
		return err;
	err = rebind_map_split(&collector->rebind.cache, &job->split, &job->charging,
			       &collector->dims, job->trace, job->dictionaries, &job->events,
			       &collector->lanes, &collector->n_lanes_allocated);
	if (!err)
		err = rollup_add_slices(&collector->rollup, &collector->dims, &job->slices,
					&job->events, collector->lanes);
	return err ? err
		   : reconcile_events(&collector->reconcile, &collector->dims, job->trace,
				      &job->events, job->from, job->to, collector->lanes);
}

/* Take back the oldest chunk that is on its way. True: there is one, and it is done. */
static bool take_oldest(struct reading *reading, bool wait)
{
	struct ahead_job *job = ahead_oldest(reading->ahead, wait);
	int err;

	if (!job)
		return false;
	if (!reading->err)
		reading->err = take_sums(reading, job);
	err = ahead_release(reading->ahead);
	if (!reading->err)
		reading->err = err;
	return true;
}

/* All of them, or those that are done. */
static int take_back(struct reading *reading, bool wait)
{
	while (take_oldest(reading, wait))
		;
	return reading->err;
}

/* The reader has to know of all chunks before whether they are damaged. */
static void catch_up(void *context)
{
	take_back(context, true);
}

static bool is_in_bounds(const struct collected *trace, const struct nst_chunk *chunk)
{
	return chunk->last_ns >= trace->bounds.from_ns && chunk->first_ns < trace->bounds.to_ns;
}

/* False: no event of the chunk is in the window, so that its header is enough. */
static bool is_wanted(void *context, const struct nst_chunk *chunk)
{
	struct reading *reading = context;
	struct collector *collector = reading->collector;
	struct collected *trace;
	uint32_t number;

	if (!reading->err)
		reading->err = add_new_traces(reading);
	if (reading->err)
		return true;
	number = reading->numbers[chunk->trace];
	if (number == SKIPPED || !collector->traces[number].has_axis ||
	    timeline_add(&collector->dims.traces[number].timeline, chunk->sample_clock_ns,
			 chunk->sample_realtime_ns))
		return true;
	trace = &collector->traces[number];
	window_clock_bounds(&collector->bounds, &collector->dims.traces[number].timeline,
			    &trace->bounds);
	return is_in_bounds(trace, chunk);
}

/* Events in the order in which they are stored can be summed where all of them are. */
static bool wants_order(const struct collected *trace, const struct nst_chunk *chunk,
			uint64_t interval_ns)
{
	return chunk->first_ns < trace->bounds.from_ns || chunk->last_ns >= trace->bounds.to_ns ||
	       slices_count(interval_ns, chunk->first_ns, chunk->last_ns) > SLICES_OF_RUNS;
}

static int add_events(struct reading *reading, uint32_t number, const struct nst_chunk *chunk)
{
	struct collector *collector = reading->collector;
	struct collected *trace = &collector->traces[number];
	uint64_t *end_ordinal = &collector->dims.traces[number].end_ordinal;
	struct ahead_job *job;
	int err;

	if (chunk->first_ordinal + chunk->n_events > *end_ordinal)
		*end_ordinal = chunk->first_ordinal + chunk->n_events;
	if (chunk->last_ns > TIME_MAX_NS) {
		say("%s: chunk %" PRIu64 " claims impossible times: its %" PRIu32
		    " events are left out",
		    reading->input->name, chunk->sequence, chunk->n_events);
		collector->damaged = true;
		return 0;
	}
	window_clock_bounds(&collector->bounds, &collector->dims.traces[number].timeline,
			    &trace->bounds);
	if (!is_in_bounds(trace, chunk))
		return 0;
	while (!(job = ahead_begin(reading->ahead, (size_t)chunk->dictionaries_raw_bytes +
							   chunk->columns_raw_bytes)))
		take_oldest(reading, true);
	if (reading->err)
		return reading->err;
	err = nst_unpacker_take(job->unpacker, reading->reader);
	if (err)
		return err;
	job->trace = number;
	job->charging = charging_of(&collector->foretelling, trace->header.uuid, collector->view);
	job->axis = trace->axis;
	job->interval_ns = collector->rollup.interval_ns;
	job->from_ns = trace->bounds.from_ns;
	job->to_ns = trace->bounds.to_ns;
	job->in_order = wants_order(trace, chunk, job->interval_ns);
	ahead_submit(reading->ahead);
	return take_back(reading, false);
}

/*
 * Metadata is taken over before the events, which are grouped by it. Of a trace
 * that grows meanwhile, what came later is taken over with them.
 */
static int take_metadata(void *context, struct nst_reader *reader, const struct nst_chunk *chunk)
{
	struct reading *reading = context;
	struct collector *collector = reading->collector;
	uint32_t number;
	int err;

	reading->reader = reader;
	err = add_new_traces(reading);
	if (err)
		return err;
	reading->metadata_end = chunk->offset + 1;
	number = reading->numbers[chunk->trace];
	if (number == SKIPPED)
		return 0;
	err = reconcile_take(&collector->reconcile, number, reader);
	return err ? err
		   : metadata_store(collector->db, &collector->dims, number, reader, chunk,
				    collector->for_report);
}

/* Rows that were taken over before are decoded again, so that damage in them is noted. */
static int check_metadata(struct reading *reading)
{
	const void *rows;
	size_t n;
	int err = 0;

	for (int table = NST_TABLE_SETTING; table <= NST_TABLE_LAST && !err; table++)
		err = nst_reader_rows(reading->reader, (enum nst_table)table, &rows, &n);
	return err == -EBADMSG || err == -EINVAL ? 0 : err;
}

static int add_chunk(struct reading *reading, const struct nst_chunk *chunk)
{
	struct collector *collector = reading->collector;
	uint64_t start_ns;
	uint32_t number;
	int err = tally_chunk(&collector->tally, reading->reader, chunk);

	if (!err)
		err = add_new_traces(reading);
	if (err)
		return err;
	number = reading->numbers[chunk->trace];
	if (number == SKIPPED)
		return 0;
	err = timeline_add(&collector->dims.traces[number].timeline, chunk->sample_clock_ns,
			   chunk->sample_realtime_ns);
	if (err)
		return err;
	start_ns = input_trace_start(&collector->traces[number].header, chunk);
	if (!collector->traces[number].has_axis && (start_ns || chunk->type == NST_CHUNK_EVENTS))
		collector_set_axis(collector, number, start_ns);
	collector->dims.traces[number].end_sequence = chunk->sequence + 1;
	if (chunk->type == NST_CHUNK_EVENTS)
		return add_events(reading, number, chunk);
	err = totals_read(&collector->totals, reading->reader);
	if (!err && collector->totals.n)
		err = take_back(reading, true);
	if (!err && collector->totals.n)
		err = collector_add_totals(collector, number);
	if (err)
		return err;
	if (chunk->offset < reading->metadata_end)
		return check_metadata(reading);
	err = take_back(reading, true); /* what they count in depends on it */
	return err ? err : take_metadata(reading, reading->reader, chunk);
}

void collector_set_span(struct collector *collector, uint32_t number, uint64_t end_ns)
{
	struct collected *trace = &collector->traces[number];
	uint64_t start_ns = trace->axis.start_ns;

	if (!start_ns)
		start_ns = trace->summary.first_ns;
	if (end_ns > TIME_MAX_NS || end_ns < start_ns)
		end_ns = start_ns;
	window_clock_bounds(&collector->bounds, &collector->dims.traces[number].timeline,
			    &trace->bounds);
	trace->from_ns = trace->bounds.from_ns > start_ns ? trace->bounds.from_ns : start_ns;
	trace->to_ns = trace->bounds.to_ns < end_ns ? trace->bounds.to_ns : end_ns;
	if (trace->from_ns > trace->to_ns)
		trace->from_ns = trace->to_ns = start_ns;
}

/* Take over what the reader knows of its traces, now that it is at the end. */
static void finish(struct reading *reading)
{
	struct collector *collector = reading->collector;
	bool damaged = nst_reader_damaged(reading->reader), found = false;
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(reading->reader, &n);

	for (size_t i = 0; i < n && i < reading->n_numbers; i++) {
		struct collected *trace;

		if (reading->numbers[i] == SKIPPED)
			continue;
		trace = &collector->traces[reading->numbers[i]];
		trace->summary = traces[i];
		/* of a cut trace the reader knows the last event alone */
		if (!traces[i].has_end && trace->totals_end_ns > traces[i].end_ns)
			trace->summary.end_ns = trace->totals_end_ns;
		if (!trace->has_axis)
			collector_set_axis(collector, reading->numbers[i], trace->header.start_ns);
		trace->complete = traces[i].has_end && traces[i].has_header &&
				  !traces[i].missing_chunks && !traces[i].damaged_chunks;
		found = found || !trace->complete;
		collector_set_span(collector, reading->numbers[i], trace->summary.end_ns);
	}
	/* what only the metadata was read of, because damage ended the reading before */
	for (uint32_t i = 0; i < reading->uuids.n; i++) {
		uint32_t number = reading->known[i];

		if (number == SKIPPED || collector->traces[number].has_axis)
			continue;
		collector_set_axis(collector, number, collector->traces[number].header.start_ns);
		collector_set_span(collector, number, 0);
	}
	/* damage that belongs to no trace in particular puts all of them in doubt */
	for (size_t i = 0; i < reading->n_numbers && damaged && !found; i++)
		if (reading->numbers[i] != SKIPPED)
			collector->traces[reading->numbers[i]].complete = false;
	collector->damaged = collector->damaged || damaged;
}

static int read_chunks(struct reading *reading)
{
	const struct nst_chunk *chunk;
	int err;

	while ((err = nst_reader_next(reading->reader, &chunk)) > 0) {
		err = reading->err ? reading->err : add_chunk(reading, chunk);
		if (err)
			return err;
		if (reading->collector->on_chunk)
			reading->collector->on_chunk(reading->collector->on_chunk_context, chunk);
		input_say_problems(reading->input, reading->reader, &reading->n_said, 0);
		if (reading->collector->progress)
			reading->collector->progress(chunk->first_ordinal + chunk->n_events);
	}
	if (take_back(reading, true))
		return reading->err;
	input_say_problems(reading->input, reading->reader, &reading->n_said, err);
	input_say_more_problems(reading->input, reading->reader);
	if (!err || reading->n_numbers == 0)
		return err ? err : add_new_traces(reading);
	/* what was read up to here is worth reporting */
	reading->collector->damaged = true;
	return 0;
}

static void say_left_out(struct collector *collector, const struct input *input, uint64_t n)
{
	if (!n)
		return;
	say("%s: %" PRIu64 " rows of totals claim impossible times or numbers: they are left out",
	    input->name, n);
	collector->damaged = true;
}

/* A window may hang on the start or the end of all traces of the inputs. */
static bool needs_survey(const struct collector *collector)
{
	return !collector->has_bounds && window_is_relative(&collector->window);
}

static void resolve_window(struct collector *collector, const struct survey *survey)
{
	/* no trace in any: reading them will say so */
	bool is_empty = survey->start_ns > survey->end_ns;

	collector->bounds = window_bounds(&collector->window, is_empty ? 0 : survey->start_ns,
					  is_empty ? 0 : survey->end_ns);
	collector->has_bounds = true;
}

/* With what is foretold, from when to when it is. */
static int survey_on_the_way(void *context, struct nst_reader *reader,
			     const struct nst_chunk *chunk)
{
	if (chunk)
		return survey_chunk(context, reader, chunk);
	survey_end(context);
	return 0;
}

struct foretelling_one { /* input, before its events are read */
	struct reading *reading;
	struct survey *survey; /* NULL: it is not asked for */
};

static int take_foretold(void *context, struct nst_reader *reader, const struct nst_chunk *chunk)
{
	struct foretelling_one *one = context;
	int err = one->survey ? survey_on_the_way(one->survey, reader, chunk) : 0;

	if (err || !chunk || chunk->type == NST_CHUNK_EVENTS)
		return err;
	return take_metadata(one->reading, reader, chunk);
}

static int foretell_input(struct reading *reading)
{
	struct collector *collector = reading->collector;
	struct survey survey;
	struct foretelling_one one = { .reading = reading,
				       .survey = needs_survey(collector) ? &survey : NULL };
	int err;

	survey_open(&survey);
	err = window_is_given(&collector->window) ? nst_peeks_new(&reading->peeks) : 0;
	collector->foretelling.peeks = reading->peeks;
	if (!err)
		err = foretell(&collector->foretelling, reading->input, 1, take_foretold, &one);
	collector->foretelling.peeks = NULL;
	if (!err && one.survey)
		resolve_window(collector, &survey);
	survey_close(&survey);
	return err;
}

int collector_read(struct collector *collector, struct input *input)
{
	uint64_t left_out = collector->totals.n_left_out;
	struct reading reading = { .collector = collector, .input = input };
	int err = input_spool(input);

	if (!err)
		tally_begin(&collector->tally, input);
	reconcile_open(&collector->reconcile);
	if (!err)
		err = foretell_input(&reading);
	if (!err)
		err = reconcile_close(&collector->reconcile);
	reading.reader = NULL;
	reading.n_numbers = 0;
	if (!err)
		err = nst_reader_open(input->fd, &reading.reader);
	if (!err)
		err = ahead_open(&reading.ahead);
	if (!err) {
		nst_reader_set_ahead(reading.reader, catch_up, &reading);
		nst_reader_set_peeks(reading.reader, reading.peeks);
		if (window_is_given(&collector->window))
			nst_reader_set_choice(reading.reader, is_wanted, &reading);
		err = read_chunks(&reading);
	}
	if (!err)
		finish(&reading);
	say_left_out(collector, input, collector->totals.n_left_out - left_out);
	if (err == -ENOMEM)
		say("%s: out of memory", input->name);
	ahead_close(reading.ahead);
	nst_reader_close(reading.reader);
	nst_peeks_free(reading.peeks);
	intern_free(&reading.uuids);
	free(reading.known);
	free(reading.numbers);
	return err;
}

int collector_foretell(struct collector *collector, struct input *inputs, size_t n_inputs)
{
	bool needs = needs_survey(collector);
	struct survey survey;
	int err = 0;

	for (size_t i = 0; i < n_inputs && !err; i++)
		err = input_spool(&inputs[i]);
	/* reading a single one tells the rest */
	if (err || n_inputs < 2)
		return err;
	survey_open(&survey);
	err = foretell(&collector->foretelling, inputs, n_inputs, needs ? survey_on_the_way : NULL,
		       &survey);
	if (!err && needs)
		resolve_window(collector, &survey);
	survey_close(&survey);
	if (err == -ENOMEM)
		say("out of memory");
	return err;
}
