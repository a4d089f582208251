/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "registry.h"

#include "hash.h"

#include <errno.h>
#include <stdlib.h>

/* More of either is no honest input; the search for a gap is linear. */
#define TRACES_MAX 16384
#define GAPS_MAX 4096

void nst_registry_free(struct nst_registry *registry)
{
	for (size_t i = 0; i < registry->n; i++)
		free(registry->states[i].gaps);
	free(registry->slots);
	free(registry->states);
	free(registry->traces);
}

/* The slot of a uuid, or the empty one where it belongs. */
static uint32_t *slot_find(const struct nst_registry *registry, const uint8_t uuid[16])
{
	size_t mask = 2 * registry->cap - 1, i = nst_hash_bytes(uuid, 16, nst_hash_seed()) & mask;

	while (registry->slots[i] &&
	       memcmp(registry->traces[registry->slots[i] - 1].header.uuid, uuid, 16))
		i = (i + 1) & mask;
	return &registry->slots[i];
}

static int registry_grow(struct nst_registry *registry)
{
	size_t cap = registry->cap ? 2 * registry->cap : 4;
	struct nst_trace_state *states;
	struct nst_trace *traces;
	uint32_t *slots;

	if (registry->n < registry->cap)
		return 0;
	if (registry->n >= TRACES_MAX)
		return -EOVERFLOW;
	traces = realloc(registry->traces, cap * sizeof(*traces));
	if (!traces)
		return -ENOMEM;
	registry->traces = traces;
	states = realloc(registry->states, cap * sizeof(*states));
	if (!states)
		return -ENOMEM;
	registry->states = states;
	slots = calloc(2 * cap, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(registry->slots);
	registry->slots = slots;
	registry->cap = cap;
	for (size_t i = 0; i < registry->n; i++)
		*slot_find(registry, traces[i].header.uuid) = (uint32_t)i + 1;
	return 0;
}

int nst_registry_trace(struct nst_registry *registry, const uint8_t uuid[16], size_t *ret_trace)
{
	uint32_t *slot = registry->cap ? slot_find(registry, uuid) : NULL;
	size_t trace = registry->n;
	int r;

	if (slot && *slot) {
		*ret_trace = *slot - 1;
		return 0;
	}
	r = registry_grow(registry);
	if (r)
		return r;
	registry->traces[trace] = (struct nst_trace){ .has_header = false };
	registry->states[trace] = (struct nst_trace_state){ .gaps = NULL };
	memcpy(registry->traces[trace].header.uuid, uuid, 16);
	*slot_find(registry, uuid) = (uint32_t)++registry->n;
	*ret_trace = trace;
	return 0;
}

/* ---- Gaps -------------------------------------------------------------- */

static struct nst_gap *gap_find(const struct nst_trace_state *state, uint64_t sequence)
{
	for (size_t i = state->n_gaps; i-- > 0;) {
		struct nst_gap *gap = &state->gaps[i];

		if (sequence >= gap->first_sequence && sequence <= gap->last_sequence)
			return gap;
	}
	return NULL;
}

/* The counts of the trace change with each gap that comes (by 1) or goes (by -1). */
static void gap_count(struct nst_trace *trace, const struct nst_gap *gap, int by)
{
	uint64_t chunks = gap->last_sequence - gap->first_sequence + 1;
	uint64_t events = gap->end_ordinal - gap->first_ordinal;
	uint64_t *counted = gap->is_damage ? &trace->damaged_chunks : &trace->missing_chunks;

	*counted += by > 0 ? chunks : -chunks;
	trace->missing_events += by > 0 ? events : -events;
}

/* Forget the oldest gap when there are too many: it stays counted, and cannot be filled. */
static int gap_add(struct nst_trace *trace, struct nst_trace_state *state, struct nst_gap gap)
{
	if (state->n_gaps == GAPS_MAX) {
		state->n_gaps--;
		memmove(state->gaps, state->gaps + 1, state->n_gaps * sizeof(gap));
	}
	if (state->n_gaps == state->cap_gaps) {
		size_t cap = state->cap_gaps ? 2 * state->cap_gaps : 8;
		struct nst_gap *gaps = realloc(state->gaps, cap * sizeof(*gaps));

		if (!gaps)
			return -ENOMEM;
		state->gaps = gaps;
		state->cap_gaps = cap;
	}
	state->gaps[state->n_gaps++] = gap;
	gap_count(trace, &gap, 1);
	return 0;
}

static void gap_remove(struct nst_trace *trace, struct nst_trace_state *state, struct nst_gap *gap)
{
	gap_count(trace, gap, -1);
	*gap = state->gaps[--state->n_gaps];
}

static bool gap_fits(const struct nst_gap *gap, const struct nst_chunk_header *chunk)
{
	uint64_t end = chunk->first_ordinal + chunk->n_events;

	if (chunk->first_ordinal < gap->first_ordinal || end > gap->end_ordinal)
		return false;
	if (chunk->sequence == gap->first_sequence && chunk->first_ordinal != gap->first_ordinal)
		return false;
	return chunk->sequence != gap->last_sequence || end == gap->end_ordinal;
}

/* What is left of a gap on both sides of a chunk in its middle. */
static int gap_split(struct nst_trace *trace, struct nst_trace_state *state, struct nst_gap *found,
		     const struct nst_chunk_header *chunk)
{
	struct nst_gap left = *found, right = *found;
	int r = 0;

	left.last_sequence = chunk->sequence - 1;
	left.end_ordinal = chunk->first_ordinal;
	right.first_sequence = chunk->sequence + 1;
	right.first_ordinal = chunk->first_ordinal + chunk->n_events;
	gap_remove(trace, state, found);
	if (chunk->sequence != left.first_sequence)
		r = gap_add(trace, state, left);
	if (!r && chunk->sequence != right.last_sequence)
		r = gap_add(trace, state, right);
	return r;
}

/* ---- Chunks ------------------------------------------------------------ */

bool nst_registry_is_independent(const struct nst_registry *registry, size_t trace,
				 const struct nst_chunk_header *chunk)
{
	const struct nst_trace_state *state = &registry->states[trace];

	return state->is_sure && chunk->sequence == state->next_sequence &&
	       chunk->first_ordinal == state->next_ordinal;
}

enum nst_verdict nst_registry_judge(const struct nst_registry *registry, size_t trace,
				    const struct nst_chunk_header *chunk)
{
	const struct nst_trace_state *state = &registry->states[trace];
	const struct nst_gap *gap;
	uint64_t end;

	if (chunk->sequence == UINT64_MAX ||
	    __builtin_add_overflow(chunk->first_ordinal, chunk->n_events, &end))
		return NST_CHUNK_IMPOSSIBLE;
	if (chunk->sequence == state->next_sequence)
		return chunk->first_ordinal == state->next_ordinal ? NST_CHUNK_NEW
								   : NST_CHUNK_IMPOSSIBLE;
	if (chunk->sequence > state->next_sequence)
		return chunk->first_ordinal >= state->next_ordinal ? NST_CHUNK_NEW
								   : NST_CHUNK_IMPOSSIBLE;
	gap = gap_find(state, chunk->sequence);
	if (!gap)
		return NST_CHUNK_SEEN;
	return gap_fits(gap, chunk) ? NST_CHUNK_NEW : NST_CHUNK_IMPOSSIBLE;
}

static struct nst_gap damage_gap(const struct nst_chunk_header *chunk, uint64_t offset)
{
	return (struct nst_gap){
		.first_sequence = chunk->sequence,
		.last_sequence = chunk->sequence,
		.first_ordinal = chunk->first_ordinal,
		.end_ordinal = chunk->first_ordinal + chunk->n_events,
		.offset = offset,
		.is_damage = true,
	};
}

static void chunk_count(struct nst_trace *trace, const struct nst_chunk_header *chunk,
			bool is_highest)
{
	if (chunk->type == NST_CHUNK_EVENTS) {
		if (!trace->events || chunk->first_ns < trace->first_ns)
			trace->first_ns = chunk->first_ns;
		if (!trace->events || chunk->last_ns > trace->last_ns)
			trace->last_ns = chunk->last_ns;
		if (!trace->has_end)
			trace->end_ns = trace->last_ns;
	} else if (chunk->type == NST_CHUNK_END) {
		trace->has_end = true;
		trace->end_ns = chunk->last_ns;
	}
	trace->chunks++;
	trace->events += chunk->n_events;
	trace->compressed_bytes += (uint64_t)chunk->dict_len + chunk->col_len;
	trace->raw_bytes += (uint64_t)chunk->dict_raw_len + chunk->col_raw_len;
	if (is_highest)
		memcpy(trace->lost, chunk->lost, sizeof(trace->lost));
}

int nst_registry_add(struct nst_registry *registry, size_t index,
		     const struct nst_chunk_header *chunk, uint64_t offset, bool is_damaged)
{
	struct nst_trace_state *state = &registry->states[index];
	struct nst_trace *trace = &registry->traces[index];
	bool is_highest = chunk->sequence >= state->next_sequence;
	int r = 0;

	if (chunk->sequence > state->next_sequence) {
		struct nst_gap gap = {
			.first_sequence = state->next_sequence,
			.last_sequence = chunk->sequence - 1,
			.first_ordinal = state->next_ordinal,
			.end_ordinal = chunk->first_ordinal,
			.offset = offset,
		};

		r = gap_add(trace, state, gap);
	} else if (chunk->sequence < state->next_sequence) {
		r = gap_split(trace, state, gap_find(state, chunk->sequence), chunk);
	}
	if (!r && is_damaged)
		r = gap_add(trace, state, damage_gap(chunk, offset));
	if (r)
		return r;
	if (is_highest) {
		state->next_sequence = chunk->sequence + 1;
		state->next_ordinal = chunk->first_ordinal + chunk->n_events;
	}
	if (!is_damaged)
		chunk_count(trace, chunk, is_highest);
	return 0;
}

int nst_registry_revoke(struct nst_registry *registry, size_t index,
			const struct nst_chunk_header *chunk, uint64_t offset)
{
	struct nst_trace *trace = &registry->traces[index];

	trace->chunks--;
	trace->events -= chunk->n_events;
	trace->compressed_bytes -= (uint64_t)chunk->dict_len + chunk->col_len;
	trace->raw_bytes -= (uint64_t)chunk->dict_raw_len + chunk->col_raw_len;
	return gap_add(trace, &registry->states[index], damage_gap(chunk, offset));
}
