/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/verify.h"

#include "analyze/say.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int verify_chunk(struct nst_reader *reader, const struct nst_chunk *chunk)
{
	const struct nst_events *events;
	const void *rows;
	size_t n;
	int err = 0;

	if (chunk->type == NST_CHUNK_EVENTS)
		return nst_reader_events(reader, &events);
	for (int table = NST_TABLE_SETTING; table <= NST_TABLE_LAST && !err; table++)
		err = nst_reader_rows(reader, (enum nst_table)table, &rows, &n);
	return err == -EINVAL ? 0 : err; /* END, or of an unknown type */
}

static uint64_t count_problems(const struct verified *verified)
{
	size_t n_kept;
	uint64_t n;

	nst_reader_problems(verified->reader, &n_kept, &n);
	return n;
}

static int take_chunk(struct verified *verified, const struct nst_chunk *chunk)
{
	struct verified_trace *trace;
	/* what the reader passed over in between, it may take for a chunk if it begins there */
	bool is_next = count_problems(verified) == verified->n_problems;
	int err = tally_chunk(&verified->tally, verified->reader, chunk);

	if (!err)
		err = verify_chunk(verified->reader, chunk);
	if (err)
		return err == -EBADMSG ? 0 : err;
	verified->n_problems = count_problems(verified);
	if (array_reserve(&verified->traces, &verified->n_allocated, chunk->trace + 1,
			  sizeof(*verified->traces)))
		return -ENOMEM;
	trace = &verified->traces[chunk->trace];
	return runs_add(&verified->runs, chunk, is_next)
		       ?: timeline_add(&trace->timeline, chunk->sample_clock_ns,
				       chunk->sample_realtime_ns)
		       ?: facts_add(&trace->facts, verified->reader, chunk);
}

/* All chunks; what ends the reading too early stays in verified->error. */
static int read_chunks(struct verified *verified)
{
	const struct nst_chunk *chunk;
	int more, err = 0;

	while (!err && (more = nst_reader_next(verified->reader, &chunk)) > 0) {
		err = take_chunk(verified, chunk);
		input_say_problems(verified->input, verified->reader, &verified->n_said, 0);
	}
	if (err == -EOVERFLOW) {
		say("%s: in so many pieces that putting them in order would take too much memory",
		    verified->input->name);
		verified->error = err;
		return 0;
	}
	if (err)
		return err;
	verified->error = more;
	input_say_problems(verified->input, verified->reader, &verified->n_said, more);
	input_say_more_problems(verified->input, verified->reader);
	return 0;
}

/* Is there anything worse than an end that came too early? */
static bool is_worse_than_cut(const struct verified *verified)
{
	uint64_t n_total;
	size_t n;
	const struct nst_problem *problems = nst_reader_problems(verified->reader, &n, &n_total);

	for (size_t i = 0; i < n; i++)
		if (problems[i].code != NST_PROBLEM_CUT && problems[i].code != NST_PROBLEM_NO_END &&
		    (nst_problem_is_damage(&problems[i]) ||
		     problems[i].code == NST_PROBLEM_BAD_INDEX))
			return true;
	return n_total > n;
}

static int judge_trace(struct verified *verified, size_t i, const struct nst_trace *summary)
{
	struct verified_trace *trace = &verified->traces[i];
	bool chunks_whole = !verified->error && summary->has_end && !summary->missing_chunks &&
			    !summary->damaged_chunks;
	bool only_cut = !verified->error && summary->has_header && !summary->has_end;
	int err = runs_gaps(&verified->runs, i, summary, &trace->gaps, &trace->n_gaps);

	if (err)
		return err;
	err = timeline_add(&trace->timeline, summary->header.start_ns,
			   summary->header.start_realtime_ns);
	if (!err)
		err = facts_check(&trace->facts, summary, chunks_whole,
				  runs_lost_rises(&verified->runs, i), trace->findings);
	trace->life_ns = runs_life(&verified->runs, i, summary);
	trace->whole = chunks_whole && summary->has_header;
	for (size_t g = 0; g < trace->n_gaps; g++)
		only_cut = only_cut && trace->gaps[g].to_ns == TIME_UNKNOWN;
	for (int c = 0; c < N_CHECKS; c++) {
		if (trace->findings[c].state != FINDING_DIFFERS)
			continue;
		trace->whole = only_cut = false;
		say("%s: %s: %s", verified->input->name, check_names[c], trace->findings[c].text);
	}
	trace->cut = only_cut;
	return err;
}

static int judge(struct verified *verified)
{
	const struct nst_trace *traces = nst_reader_traces(verified->reader, &verified->n_traces);
	int err = array_reserve(&verified->traces, &verified->n_allocated, verified->n_traces,
				sizeof(*verified->traces));
	bool whole;

	runs_sort(&verified->runs);
	verified->only_cut = !verified->error && !is_worse_than_cut(verified);
	whole = verified->only_cut && !nst_reader_damaged(verified->reader);
	for (size_t i = 0; i < verified->n_traces && !err; i++) {
		err = judge_trace(verified, i, &traces[i]);
		whole = whole && verified->traces[i].whole;
	}
	if (verified->n_traces)
		verified->status = whole ? STATUS_DONE : STATUS_DAMAGED;
	return err;
}

int verify(const struct input *input, struct verified *ret_verified)
{
	int err;

	*ret_verified = (struct verified){ .input = input, .status = STATUS_FAILED };
	if (input->can_seek)
		ret_verified->begins = lseek(input->fd, 0, SEEK_CUR);
	tally_begin(&ret_verified->tally, input);
	err = nst_reader_open(input->fd, &ret_verified->reader);
	if (!err)
		err = read_chunks(ret_verified);
	if (!err)
		err = judge(ret_verified);
	if (err && err != -E2BIG)
		say("%s: out of memory", input->name);
	return err;
}

void verified_free(struct verified *verified)
{
	for (size_t i = 0; i < verified->n_allocated; i++) {
		facts_free(&verified->traces[i].facts);
		timeline_free(&verified->traces[i].timeline);
		free(verified->traces[i].gaps);
	}
	free(verified->traces);
	runs_free(&verified->runs);
	nst_reader_close(verified->reader);
	*verified = (struct verified){ 0 };
}
