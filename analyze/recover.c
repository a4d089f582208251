/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The chunks of a trace in order of their sequence, wherever in the input they stand, with
 * frames as they are and headers of their own. verify() has found them by runs; each
 * run is read again from its first chunk on.
 */
#include "analyze/recover.h"

#include "analyze/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define LEVEL 3 /* of what is written anew, which is little */
#define ROWS_A_CHUNK 32768
#define NUMBER_MAX 24

struct recovery {
	const struct verified *verified;
	const struct nst_trace *summary; /* of the trace at hand */
	size_t trace;
	int in, out;

	struct nst_reader *reader; /* of the second reading */

	struct nst_writer *writer;
	uint64_t lost[NST_LOSS_SLOTS]; /* of the header written last */
	uint64_t copied_chunks, copied_events;
	uint64_t missing_events; /* that lost counts */
	bool is_output;		 /* what failed was writing */
};

/* ---- Reading again ----------------------------------------------------- */

static int reader_begin(struct recovery *recovery, uint64_t offset)
{
	nst_reader_close(recovery->reader);
	recovery->reader = NULL;
	if (lseek(recovery->in, recovery->verified->begins + (off_t)offset, SEEK_SET) < 0)
		return -errno;
	return nst_reader_open(recovery->in, &recovery->reader);
}

/* The next chunk that is whole. -ESTALE: there is none, where one was before. */
static int reader_next(struct recovery *recovery, const struct nst_chunk **ret_chunk)
{
	for (;;) {
		int r = nst_reader_next(recovery->reader, ret_chunk);

		if (r <= 0)
			return r == -EIO || r == -ENOMEM ? r : -ESTALE;
		r = verify_chunk(recovery->reader, *ret_chunk);
		if (r != -EBADMSG)
			return r;
	}
}

static bool is_wanted(const struct recovery *recovery, const struct nst_chunk *chunk,
		      uint64_t sequence, uint64_t ordinal)
{
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(recovery->reader, &n);

	return chunk->sequence == sequence && chunk->first_ordinal == ordinal &&
	       !memcmp(traces[chunk->trace].header.uuid, recovery->summary->header.uuid, 16);
}

/* ---- Writing ----------------------------------------------------------- */

/* Cumulative losses of the chunks to come; events up to here are those of the original. */
static void set_lost(struct recovery *recovery, const uint64_t lost[NST_LOSS_SLOTS],
		     uint64_t ordinal)
{
	recovery->missing_events = ordinal - recovery->copied_events;
	for (int i = 0; i < NST_LOSS_SLOTS; i++) {
		uint64_t count = lost[i] + (i == NST_LOST_DAMAGE ? recovery->missing_events : 0);

		if (count > recovery->lost[i])
			recovery->lost[i] = count;
	}
	nst_writer_set_lost(recovery->writer, recovery->lost);
}

static int copy_chunk(struct recovery *recovery, const struct nst_chunk *chunk)
{
	struct nst_bytes dictionaries, columns;
	int err = nst_reader_frames(recovery->reader, &dictionaries, &columns);

	if (err)
		return err;
	set_lost(recovery, chunk->lost, chunk->first_ordinal);
	nst_writer_set_clock_sample(recovery->writer, chunk->sample_clock_ns,
				    chunk->sample_realtime_ns);
	if (chunk->type == NST_CHUNK_END)
		return 0; /* written when all is there */
	err = nst_writer_copy(recovery->writer, chunk, dictionaries, columns);
	recovery->is_output = err && err != -EINVAL;
	recovery->copied_chunks++;
	recovery->copied_events += chunk->n_events;
	return err;
}

static int copy_run(struct recovery *recovery, const struct run *run)
{
	const struct nst_chunk *chunk;
	uint64_t sequence = run->first_sequence, ordinal = run->first_ordinal;
	int err = reader_begin(recovery, run->offset);

	while (!err && sequence <= run->last_sequence) {
		err = reader_next(recovery, &chunk);
		if (err || !is_wanted(recovery, chunk, sequence, ordinal))
			continue;
		err = copy_chunk(recovery, chunk);
		sequence++;
		ordinal += chunk->n_events;
	}
	return err;
}

/* ---- What is said of the rest ------------------------------------------ */

static struct nst_bytes bytes_of(const char *text)
{
	return (struct nst_bytes){ .data = text, .len_bytes = (uint32_t)strlen(text) };
}

static const struct verified_trace *trace_of(const struct recovery *recovery)
{
	return &recovery->verified->traces[recovery->trace];
}

static uint64_t missing_chunks(const struct nst_trace *summary)
{
	return summary->missing_chunks + summary->damaged_chunks;
}

/* Are the rows of all tables there, and only events missing? */
static bool has_all_metadata(const struct recovery *recovery)
{
	const struct verified_trace *trace = trace_of(recovery);
	bool all = recovery->summary->has_end && !recovery->verified->error &&
		   !trace->facts.lacks_metadata;

	for (size_t i = 0; i < trace->n_gaps; i++)
		all = all && !trace->gaps[i].has_metadata;
	return all;
}

static int write_settings(struct recovery *recovery)
{
	char uuid[TEXT_UUID_MAX], missing[NUMBER_MAX];
	int n = snprintf(missing, sizeof(missing), "%" PRIu64, missing_chunks(recovery->summary));
	const struct nst_setting rows[] = {
		{ bytes_of("recovered_from"),
		  bytes_of(text_uuid(recovery->summary->header.uuid, uuid)) },
		{ bytes_of("recovered_missing"), { missing, (uint32_t)n } },
		{ bytes_of("recovered_metadata"),
		  bytes_of(has_all_metadata(recovery) ? "complete" : "incomplete") },
	};
	const struct nst_rows table = { NST_TABLE_SETTING, rows, 3 };

	return nst_writer_rows(recovery->writer, NST_CHUNK_ENVIRONMENT, &table, 1);
}

/* A row for each gap with events, and one for earlier damage whose own rows are missing now. */
static int write_losses(struct recovery *recovery, uint64_t untold, uint64_t end_ns)
{
	const struct verified_trace *trace = trace_of(recovery);
	struct nst_loss_interval *rows = calloc(trace->n_gaps + 1, sizeof(*rows));
	size_t n = 0;
	int err = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < trace->n_gaps; i++) {
		const struct gap *gap = &trace->gaps[i];

		if (gap->events)
			rows[n++] = (struct nst_loss_interval){
				.from_ns = gap->from_ns,
				.to_ns = gap->to_ns == TIME_UNKNOWN ? gap->from_ns : gap->to_ns,
				.events = gap->events,
				.cpu = NST_ALL_CPUS,
				.cause = NST_LOST_DAMAGE,
			};
	}
	if (untold)
		rows[n++] = (struct nst_loss_interval){
			.from_ns = recovery->summary->header.start_ns,
			.to_ns = end_ns,
			.events = untold,
			.cpu = NST_ALL_CPUS,
			.cause = NST_LOST_DAMAGE,
		};
	for (size_t i = 0; !err && i < n; i += ROWS_A_CHUNK) {
		const struct nst_rows table = { NST_TABLE_LOSS, rows + i,
						n - i < ROWS_A_CHUNK ? n - i : ROWS_A_CHUNK };

		err = nst_writer_rows(recovery->writer, NST_CHUNK_TOTALS, &table, 1);
	}
	free(rows);
	return err;
}

static int write_comment(struct recovery *recovery, uint64_t end_ns)
{
	char text[400], uuid[TEXT_UUID_MAX];
	const struct nst_trace *summary = recovery->summary;
	struct nst_comment row = { .time_ns = end_ns };
	const struct nst_rows table = { NST_TABLE_COMMENT, &row, 1 };

	snprintf(text, sizeof(text),
		 "recovered by netsnoop-analyze " NETSNOOP_VERSION " from trace %s: %" PRIu64
		 " chunks with %" PRIu64 " events are here, %" PRIu64 " chunks with %" PRIu64
		 " events were missing or damaged%s",
		 text_uuid(summary->header.uuid, uuid), recovery->copied_chunks,
		 recovery->copied_events, missing_chunks(summary), summary->missing_events,
		 summary->has_end ? ""
				  : "; the recording was cut, and what came behind is unknown");
	row.text = bytes_of(text);
	return nst_writer_rows(recovery->writer, NST_CHUNK_COMMENT, &table, 1);
}

static int write_end(struct recovery *recovery)
{
	const struct nst_trace *summary = recovery->summary;
	uint64_t end_ns = summary->has_end ? summary->end_ns : trace_of(recovery)->life_ns;
	uint64_t told =
		trace_of(recovery)->facts.loss_rows[NST_LOST_DAMAGE] + summary->missing_events;
	int err;

	/* with those behind the last whole chunk */
	recovery->lost[NST_LOST_DAMAGE] += summary->missing_events - recovery->missing_events;
	if (recovery->lost[NST_LOST_DAMAGE] < told)
		recovery->lost[NST_LOST_DAMAGE] = told;
	nst_writer_set_lost(recovery->writer, recovery->lost);
	err = write_losses(recovery, recovery->lost[NST_LOST_DAMAGE] - told, end_ns);
	if (!err)
		err = write_comment(recovery, end_ns);
	return err ?: nst_writer_end(recovery->writer, end_ns);
}

/* ---- All of it --------------------------------------------------------- */

/* That of the original, with what is left of it where its headers are lost. */
static int make_header(const struct recovery *recovery, const struct run *run,
		       struct nst_header *ret_header)
{
	const struct verified_trace *trace = trace_of(recovery);
	struct nst_header header = recovery->summary->header;

	if (getrandom(header.uuid, sizeof(header.uuid), 0) != sizeof(header.uuid))
		return -EIO;
	header.uuid[6] = (header.uuid[6] & 0x0f) | 0x40; /* RFC 4122, random */
	header.uuid[8] = (header.uuid[8] & 0x3f) | 0x80;
	if (!recovery->summary->has_header) {
		header.start_ns = run->begins_ns == TIME_UNKNOWN ? run->life_ns : run->begins_ns;
		header.start_realtime_ns =
			(uint64_t)timeline_realtime(&trace->timeline, header.start_ns);
	}
	snprintf(header.writer, sizeof(header.writer), "netsnoop-analyze %s", NETSNOOP_VERSION);
	*ret_header = header;
	return 0;
}

static int recover_trace(struct recovery *recovery)
{
	const struct run *run;
	size_t n = runs_of(&recovery->verified->runs, recovery->trace, &run);
	struct nst_header header;
	int err;

	if (!n)
		return 0;
	memset(recovery->lost, 0, sizeof(recovery->lost));
	recovery->copied_chunks = recovery->copied_events = recovery->missing_events = 0;
	err = make_header(recovery, run, &header);
	if (err)
		return err;
	recovery->is_output = true;
	err = nst_writer_open(recovery->out, &header, LEVEL, &recovery->writer)
		      ?: write_settings(recovery);
	if (!err)
		recovery->is_output = false;
	for (size_t i = 0; !err && i < n; i++)
		err = copy_run(recovery, &run[i]);
	if (!err) {
		recovery->is_output = true;
		err = write_end(recovery);
	}
	nst_writer_close(recovery->writer);
	recovery->writer = NULL;
	return err;
}

static void count(struct recovered *recovered, const struct recovery *recovery)
{
	const struct verified_trace *trace = trace_of(recovery);
	const struct nst_trace *summary = recovery->summary;

	if (!summary->chunks)
		return;
	recovered->traces++;
	recovered->chunks += recovery->copied_chunks;
	recovered->events += recovery->copied_events;
	recovered->missing_chunks += missing_chunks(summary);
	recovered->missing_events += summary->missing_events;
	recovered->missing_ns += gaps_ns(trace->gaps, trace->n_gaps);
	recovered->cut += !summary->has_end;
}

int recover(const struct verified *verified, int fd, struct recovered *ret_recovered,
	    bool *ret_is_output)
{
	struct recovery recovery = { .verified = verified, .out = fd, .in = -1 };
	struct recovered recovered = { 0 };
	size_t n;
	const struct nst_trace *summaries = nst_reader_traces(verified->reader, &n);
	int err = verified->runs.n ? input_duplicate(verified->input, &recovery.in) : -ENODATA;

	for (size_t i = 0; !err && i < verified->n_traces; i++) {
		recovery.trace = i;
		recovery.summary = &summaries[i];
		err = recover_trace(&recovery);
		if (!err)
			count(&recovered, &recovery);
	}
	nst_reader_close(recovery.reader);
	if (recovery.in >= 0)
		close(recovery.in);
	*ret_is_output = recovery.is_output;
	if (!err)
		*ret_recovered = recovered;
	return err;
}
