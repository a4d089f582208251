/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/verify_runs.h"

#include "analyze/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX (1u << 20)    /* more pieces than that are no honest damage */
#define CHUNK_EVENTS_CAP 65536 /* of any chunk, by FORMAT.md */

static bool lost_falls(const uint64_t before[NST_LOSS_SLOTS], const uint64_t after[NST_LOSS_SLOTS])
{
	for (int i = 0; i < NST_LOSS_SLOTS; i++)
		if (after[i] < before[i])
			return true;
	return false;
}

static void run_extend(struct run *run, const struct nst_chunk *chunk)
{
	bool has_times = chunk->type == NST_CHUNK_EVENTS || chunk->type == NST_CHUNK_END;
	uint64_t life_ns = has_times && chunk->last_ns > chunk->sample_clock_ns
				   ? chunk->last_ns
				   : chunk->sample_clock_ns;

	run->last_sequence = chunk->sequence;
	run->end_ordinal = chunk->first_ordinal + chunk->n_events;
	if (has_times && run->begins_ns == TIME_UNKNOWN)
		run->begins_ns = chunk->first_ns;
	if (life_ns > run->life_ns)
		run->life_ns = life_ns;
	run->lost_falls |= lost_falls(run->last_lost, chunk->lost);
	memcpy(run->last_lost, chunk->lost, sizeof(run->last_lost));
}

static int run_begin(struct runs *runs, const struct nst_chunk *chunk)
{
	struct run *run;

	if (runs->n == RUNS_MAX)
		return -EOVERFLOW;
	if (array_reserve(&runs->list, &runs->n_allocated, runs->n + 1, sizeof(*runs->list)))
		return -ENOMEM;
	run = &runs->list[runs->n++];
	*run = (struct run){
		.trace = chunk->trace,
		.offset = chunk->offset,
		.first_sequence = chunk->sequence,
		.first_ordinal = chunk->first_ordinal,
		.begins_ns = TIME_UNKNOWN,
	};
	memcpy(run->first_lost, chunk->lost, sizeof(run->first_lost));
	memcpy(run->last_lost, chunk->lost, sizeof(run->last_lost));
	run_extend(run, chunk);
	return 0;
}

int runs_add(struct runs *runs, const struct nst_chunk *chunk, bool is_next)
{
	struct run *run = runs->n ? &runs->list[runs->n - 1] : NULL;

	if (!run || !is_next || run->trace != chunk->trace ||
	    chunk->sequence != run->last_sequence + 1 || chunk->first_ordinal != run->end_ordinal)
		return run_begin(runs, chunk);
	run_extend(run, chunk);
	return 0;
}

static int run_compare(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	if (x->trace != y->trace)
		return x->trace < y->trace ? -1 : 1;
	return x->first_sequence < y->first_sequence ? -1 : x->first_sequence > y->first_sequence;
}

void runs_sort(struct runs *runs)
{
	if (runs->n)
		qsort(runs->list, runs->n, sizeof(*runs->list), run_compare);
}

size_t runs_of(const struct runs *runs, size_t trace, const struct run **ret_first)
{
	size_t low = 0, high = runs->n, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (runs->list[middle].trace < trace)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < runs->n && runs->list[end].trace == trace;)
		end++;
	*ret_first = runs->n ? runs->list + low : NULL;
	return end - low;
}

void runs_free(struct runs *runs)
{
	free(runs->list);
	*runs = (struct runs){ 0 };
}

/* ---- What is not there ------------------------------------------------- */

static void gap_add(struct gap *gaps, size_t *n, const struct gap *gap)
{
	uint64_t chunks = gap->last_sequence - gap->first_sequence + 1;

	gaps[*n] = *gap;
	gaps[(*n)++].has_metadata = gap->events <= (chunks - 1) * CHUNK_EVENTS_CAP;
}

/* The other side of gaps that only metadata without a time has followed so far. */
static void gaps_close(struct gap *gaps, size_t n, uint64_t at_ns)
{
	while (n-- > 0 && gaps[n].to_ns == TIME_UNKNOWN)
		gaps[n].to_ns = at_ns > gaps[n].from_ns ? at_ns : gaps[n].from_ns;
}

int runs_gaps(const struct runs *runs, size_t trace, const struct nst_trace *summary,
	      struct gap **ret_gaps, size_t *ret_n_gaps)
{
	const struct run *run;
	size_t n_runs = runs_of(runs, trace, &run), n = 0;
	struct gap *gaps = calloc(n_runs + 1, sizeof(*gaps));
	uint64_t end_sequence = summary->chunks + summary->missing_chunks + summary->damaged_chunks;
	uint64_t end_ordinal = summary->events + summary->missing_events;
	struct gap gap = { .from_ns = summary->header.start_ns, .to_ns = TIME_UNKNOWN };
	uint64_t ordinal = 0;

	if (!gaps)
		return -ENOMEM;
	for (size_t i = 0; i < n_runs; i++, run++) {
		gap.last_sequence = run->first_sequence - 1;
		gap.events = run->first_ordinal - ordinal;
		if (run->first_sequence > gap.first_sequence)
			gap_add(gaps, &n, &gap);
		if (run->begins_ns != TIME_UNKNOWN)
			gaps_close(gaps, n, run->begins_ns);
		gap.first_sequence = run->last_sequence + 1;
		ordinal = run->end_ordinal;
		if (run->life_ns > gap.from_ns)
			gap.from_ns = run->life_ns;
	}
	gaps_close(gaps, n, gap.from_ns);
	gap.last_sequence = end_sequence - 1;
	gap.events = end_ordinal - ordinal;
	if (end_sequence > gap.first_sequence)
		gap_add(gaps, &n, &gap);
	*ret_gaps = gaps;
	*ret_n_gaps = n;
	return 0;
}

uint64_t gap_ns(const struct gap *gap)
{
	return gap->events && gap->to_ns != TIME_UNKNOWN ? gap->to_ns - gap->from_ns : 0;
}

uint64_t gaps_ns(const struct gap *gaps, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += gap_ns(&gaps[i]);
	return sum;
}

uint64_t runs_life(const struct runs *runs, size_t trace, const struct nst_trace *summary)
{
	const struct run *run;
	size_t n = runs_of(runs, trace, &run);
	uint64_t life_ns = summary->header.start_ns;

	for (; n > 0; n--, run++)
		if (run->life_ns > life_ns)
			life_ns = run->life_ns;
	return life_ns;
}

bool runs_lost_rises(const struct runs *runs, size_t trace)
{
	const struct run *run;
	size_t n = runs_of(runs, trace, &run);

	for (size_t i = 0; i < n; i++)
		if (run[i].lost_falls || (i && lost_falls(run[i - 1].last_lost, run[i].first_lost)))
			return false;
	return true;
}
