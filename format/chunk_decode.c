/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "chunk_decode.h"

#include "events_decode.h"
#include "hash.h"
#include "problem.h"

#include <errno.h>
#include <stdlib.h>

int nst_decoder_new(struct nst_decoder **ret_decoder)
{
	struct nst_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return -ENOMEM;
	decoder->scratch = malloc(NST_EVENTS_SCRATCH * sizeof(*decoder->scratch));
	decoder->hashes = malloc(NST_ROWS_CAP * sizeof(*decoder->hashes));
	decoder->slots = malloc(2 * NST_ROWS_CAP * sizeof(*decoder->slots));
	decoder->order = malloc(NST_ROWS_CAP * sizeof(*decoder->order));
	decoder->ends = malloc(NST_ROWS_CAP * sizeof(*decoder->ends));
	decoder->by_time.keys = malloc(NST_ROWS_CAP * sizeof(*decoder->by_time.keys));
	decoder->by_time.spare = malloc(NST_ROWS_CAP * sizeof(*decoder->by_time.spare));
	if (!decoder->scratch || !decoder->hashes || !decoder->slots || !decoder->order ||
	    !decoder->ends || !decoder->by_time.keys || !decoder->by_time.spare) {
		nst_decoder_free(decoder);
		return -ENOMEM;
	}
	*ret_decoder = decoder;
	return 0;
}

void nst_decoder_free(struct nst_decoder *decoder)
{
	if (!decoder)
		return;
	for (size_t i = 0; i < NST_METADATA_TABLES; i++)
		nst_row_array_free(&decoder->metadata[i]);
	nst_row_array_free(&decoder->processes);
	nst_row_array_free(&decoder->flows);
	nst_row_array_free(&decoder->lanes);
	free(decoder->columns);
	free(decoder->scratch);
	free(decoder->hashes);
	free(decoder->slots);
	free(decoder->order);
	free(decoder->ends);
	free(decoder->by_time.keys);
	free(decoder->by_time.spare);
	free(decoder);
}

/* ---- Dictionaries ------------------------------------------------------ */

/* A column of a later version may be all that tells two rows apart. */
static bool has_unknown_column(const struct nst_sections *sections,
			       const struct nst_table_desc *desc)
{
	for (unsigned int column = 0; column <= UINT8_MAX; column++) {
		uint16_t id = NST_SECTION_ID(desc->table, column);

		if (sections->seen[id >> 3] & 1 << (id & 7) && !nst_table_column(desc, column))
			return true;
	}
	return false;
}

/*
 * Lanes in the order of their flows, few of each, as a writer leaves them, are compared
 * with those of their flow alone. False: there may be twins.
 */
#define LANES_COMPARED 8
static bool lanes_are_unique(const struct nst_lane *lanes, size_t n)
{
	size_t first = 0; /* of the flow */

	for (size_t i = 1; i < n; i++) {
		if (lanes[i].flow < lanes[i - 1].flow)
			return false;
		if (lanes[i].flow != lanes[i - 1].flow)
			first = i;
		if (i - first > LANES_COMPARED)
			return false;
		for (size_t k = first; k < i; k++)
			if (!memcmp(&lanes[k], &lanes[i], sizeof(lanes[i])))
				return false;
	}
	return true;
}

/*
 * Flows are told apart by their ids: few have the same one, and none where every flow has
 * but one row. False: there may be twins.
 */
static bool flows_are_unique(const struct nst_flow *flows, size_t n, uint32_t *slots,
			     size_t n_slots)
{
	uint64_t seed = nst_hash_seed();

	memset(slots, 0, n_slots * sizeof(*slots));
	for (size_t i = 0; i < n; i++) {
		size_t slot = nst_hash_mix(seed, flows[i].id) & (n_slots - 1);

		for (; slots[slot]; slot = (slot + 1) & (n_slots - 1))
			if (flows[slots[slot] - 1].id == flows[i].id)
				return false;
		slots[slot] = (uint32_t)i + 1;
	}
	return true;
}

static bool rows_are_unique(unsigned int table, const struct nst_row_array *array, uint32_t *slots,
			    size_t n_slots)
{
	switch (table) {
	case NST_TABLE_LANE:
		return lanes_are_unique(array->rows, array->n_rows);
	case NST_TABLE_FLOW:
		return flows_are_unique(array->rows, array->n_rows, slots, n_slots);
	default:
		return false;
	}
}

static int unique_rows_decode(struct nst_decoder *decoder, unsigned int table,
			      struct nst_row_array *array, struct nst_problem *ret_problem)
{
	const struct nst_table_desc *desc = nst_table_find(table);
	size_t n_slots = 2;
	int r;

	r = nst_table_decode(desc, &decoder->sections, decoder->scratch, array, ret_problem);
	if (r || has_unknown_column(&decoder->sections, desc))
		return r;
	while (n_slots < 2 * array->n_rows)
		n_slots *= 2;
	if (!rows_are_unique(table, array, decoder->slots, n_slots) &&
	    nst_table_has_twins(desc, array, decoder->hashes, decoder->slots, n_slots))
		return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
				       "table %u: two rows are the same", table);
	return 0;
}

static bool addr_is_valid(const struct nst_bytes *addr, bool has)
{
	return has ? addr->len_bytes == 4 || addr->len_bytes == 16 : !addr->len_bytes;
}

static int flows_check(const struct nst_row_array *array, struct nst_problem *ret_problem)
{
	const struct nst_flow *flow = array->rows;

	for (size_t i = 0; i < array->n_rows; i++, flow++) {
		bool has = flow->has & NST_HAS_ADDR;

		if (!addr_is_valid(&flow->local_addr, has) ||
		    !addr_is_valid(&flow->remote_addr, has))
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
					       "flow %zu: addresses of %u and %u bytes, 4 or 16 "
					       "are allowed, and 0 without an address",
					       i, flow->local_addr.len_bytes,
					       flow->remote_addr.len_bytes);
	}
	return 0;
}

static int lanes_check(const struct nst_row_array *array, size_t n_flows, size_t n_processes,
		       struct nst_problem *ret_problem)
{
	const struct nst_lane *lane = array->rows;

	for (size_t i = 0; i < array->n_rows; i++, lane++) {
		if (lane->flow >= n_flows)
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
					       "lane %zu: flow %u, but there are %zu", i,
					       lane->flow, n_flows);
		if (lane->has & NST_HAS_OWNER && lane->process >= n_processes)
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
					       "lane %zu: process %u, but there are %zu", i,
					       lane->process, n_processes);
		if (lane->flags & ~NST_LANE_FLAGS)
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
					       "lane %zu: flags 0x%04x are not a lane's", i,
					       lane->flags);
	}
	return 0;
}

int nst_decode_dictionaries(struct nst_decoder *decoder, struct nst_bytes frame,
			    struct nst_problem *ret_problem)
{
	int r;

	r = nst_sections_parse(frame, NST_ROLE_DICTIONARIES, decoder->incompat, &decoder->sections,
			       ret_problem);
	if (!r)
		r = unique_rows_decode(decoder, NST_TABLE_PROCESS, &decoder->processes,
				       ret_problem);
	if (!r)
		r = unique_rows_decode(decoder, NST_TABLE_FLOW, &decoder->flows, ret_problem);
	if (!r)
		r = unique_rows_decode(decoder, NST_TABLE_LANE, &decoder->lanes, ret_problem);
	if (!r)
		r = flows_check(&decoder->flows, ret_problem);
	if (!r)
		r = lanes_check(&decoder->lanes, decoder->flows.n_rows, decoder->processes.n_rows,
				ret_problem);
	if (!r && !decoder->lanes.n_rows)
		r = nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
				    "a chunk of events without lanes");
	if (r)
		return r;
	decoder->dictionaries = (struct nst_dictionaries){
		.n_processes = decoder->processes.n_rows,
		.n_flows = decoder->flows.n_rows,
		.n_lanes = decoder->lanes.n_rows,
		.processes = decoder->processes.rows,
		.flows = decoder->flows.rows,
		.lanes = decoder->lanes.rows,
	};
	return 0;
}

/* ---- Events ------------------------------------------------------------ */

/* Columns of the widest type first, so that each begins aligned. */
static int columns_place(struct nst_decoder *decoder, size_t n, struct nst_event_room *ret_room)
{
	size_t need = n * (8 + 4 * 4 + 2 * 2 + 2);
	uint8_t *at;

	if (need > decoder->columns_cap) {
		free(decoder->columns);
		decoder->columns_cap = 0;
		decoder->columns = malloc(need);
		if (!decoder->columns)
			return -ENOMEM;
		decoder->columns_cap = need;
	}
	at = decoder->columns;
	ret_room->timestamp = (void *)at;
	ret_room->lane = (void *)(at + 8 * n);
	ret_room->bytes = ret_room->lane + n;
	ret_room->segments = ret_room->bytes + n;
	ret_room->tid = decoder->for_sums ? NULL : ret_room->segments + n;
	ret_room->has = (void *)(at + 24 * n);
	ret_room->header_bytes = ret_room->has + n;
	ret_room->flags = decoder->for_sums ? NULL : at + 28 * n;
	ret_room->tcp_flags = decoder->for_sums ? NULL : at + 29 * n;
	ret_room->keeps_runs = decoder->for_sums;
	ret_room->by_time = decoder->by_time;
	ret_room->order = decoder->order;
	ret_room->ends = decoder->ends;
	return 0;
}

int nst_decode_events(struct nst_decoder *decoder, const struct nst_chunk *chunk,
		      struct nst_bytes frame, struct nst_problem *ret_problem)
{
	struct nst_event_room room;
	int r;

	if (!chunk->n_events || chunk->n_events > NST_ROWS_CAP)
		return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
				       "%u events, 1 to %u are allowed", chunk->n_events,
				       NST_ROWS_CAP);
	r = nst_sections_parse(frame, NST_ROLE_EVENTS, decoder->incompat, &decoder->sections,
			       ret_problem);
	if (!r)
		r = columns_place(decoder, chunk->n_events, &room);
	if (!r)
		r = nst_event_columns_decode(&decoder->sections, chunk, &decoder->dictionaries,
					     decoder->scratch, &room, ret_problem);
	if (r)
		return r;
	decoder->events = (struct nst_events){
		.n_events = chunk->n_events,
		.n_runs = room.n_runs,
		.first_ns = room.first_ns,
		.last_ns = room.last_ns,
		.run_ends = room.ends,
		.timestamp = room.timestamp,
		.lane = room.lane,
		.bytes = room.bytes,
		.segments = room.segments,
		.has = room.has,
		.header_bytes = room.header_bytes,
		.tid = room.tid,
		.flags = room.flags,
		.tcp_flags = room.tcp_flags,
	};
	return 0;
}

/* ---- Metadata ---------------------------------------------------------- */

static int totals_check(const struct nst_row_array *array, struct nst_problem *ret_problem)
{
	const struct nst_total *total = array->rows;

	for (size_t i = 0; i < array->n_rows; i++, total++) {
		if (total->flags & ~NST_LANE_FLAGS)
			return nst_problem_set(ret_problem, NST_PROBLEM_BAD_VALUE,
					       "total %zu: flags 0x%04x are not a lane's", i,
					       total->flags);
	}
	return 0;
}

/* What single columns do not tell. */
static int rows_check(unsigned int table, const struct nst_row_array *array,
		      struct nst_problem *ret_problem)
{
	switch (table) {
	case NST_TABLE_TUPLE:
		return flows_check(array, ret_problem);
	case NST_TABLE_TOTAL:
	case NST_TABLE_SUM:
		return totals_check(array, ret_problem);
	default:
		return 0;
	}
}

int nst_decode_metadata(struct nst_decoder *decoder, struct nst_bytes frame,
			struct nst_problem *ret_problem)
{
	memset(decoder->metadata_done, 0, sizeof(decoder->metadata_done));
	return nst_sections_parse(frame, NST_ROLE_METADATA, decoder->incompat, &decoder->sections,
				  ret_problem);
}

int nst_decode_rows(struct nst_decoder *decoder, const struct nst_table_desc *desc,
		    const struct nst_row_array **ret_rows, struct nst_problem *ret_problem)
{
	size_t i = (size_t)desc->table - NST_TABLE_SETTING;
	int r;

	if (!decoder->metadata_done[i]) {
		r = nst_table_decode(desc, &decoder->sections, decoder->scratch,
				     &decoder->metadata[i], ret_problem);
		if (!r)
			r = rows_check(desc->table, &decoder->metadata[i], ret_problem);
		if (r)
			return r;
		decoder->metadata_done[i] = true;
	}
	*ret_rows = &decoder->metadata[i];
	return 0;
}

int nst_decode_events_chunk(const struct nst_chunk *chunk, struct nst_bytes dictionaries,
			    struct nst_bytes columns, struct nst_problem *ret_problem)
{
	struct nst_decoder *decoder = NULL;
	struct nst_problem problem = { 0 };
	int r;

	r = nst_decoder_new(&decoder);
	if (r)
		return r;
	decoder->incompat = chunk->incompat;
	r = nst_decode_dictionaries(decoder, dictionaries, &problem);
	if (!r)
		r = nst_decode_events(decoder, chunk, columns, &problem);
	if (r == -EBADMSG) {
		problem.offset = chunk->offset;
		problem.has_sequence = true;
		problem.sequence = chunk->sequence;
		*ret_problem = problem;
	}
	nst_decoder_free(decoder);
	return r;
}
