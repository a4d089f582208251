/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The loops over events: one pass a column, without branches in them, so that
 * the compiler makes vectors of them. What is wrong is collected and looked
 * at behind the loop.
 */
#include "events_decode.h"

#include "floats.h"
#include "problem.h"

#include <errno.h>

struct column_source {
	const struct nst_sections *sections;
	size_t n_events, n_lanes;
	const uint32_t *lane;  /* decoded and checked; NULL: not yet */
	const uint32_t *order; /* the place of each event in the columns; NULL: as they are */
	bool is_by_flow;       /* the chunk has table RUN */
	uint64_t *scratch;
	struct nst_problem *problem;
};

static int too_wide(const struct nst_section *section, struct nst_problem *problem)
{
	return nst_problem_set(problem, NST_PROBLEM_BAD_VALUE,
			       "section 0x%04x: a value is too large for its column", section->id);
}

/* Is the section one that this column of this chunk may have? */
static int section_check(const struct column_source *source, const struct nst_section *section)
{
	unsigned int kind = section->encoding & 0x0f;

	if (section->count != source->n_events)
		return nst_problem_set(source->problem, NST_PROBLEM_BAD_SECTION,
				       "section 0x%04x: count %u, but the chunk has %zu events",
				       section->id, section->count, source->n_events);
	if (kind == NST_PLAIN || kind == NST_CONST)
		return 0;
	if (kind != NST_BY_LANE || !source->lane)
		return nst_problem_set(source->problem, NST_PROBLEM_BAD_SECTION,
				       "section 0x%04x: encoding 0x%02x is not for this column",
				       section->id, section->encoding);
	if (section->len != source->n_lanes * section->width)
		return nst_problem_set(source->problem, NST_PROBLEM_BAD_SECTION,
				       "section 0x%04x: length %u, but there are %zu lanes",
				       section->id, section->len, source->n_lanes);
	return 0;
}

/* or of the bytes that do not fit into size bytes a value */
static uint8_t high_bytes(const struct nst_section *section, size_t n, size_t size)
{
	const uint8_t *at = section->data;
	uint8_t all = 0;

	if (section->encoding & NST_PLANES) {
		for (size_t i = size * n; i < section->width * n; i++)
			all |= at[i];
		return all;
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = size; k < section->width; k++)
			all |= at[i * section->width + k];
	}
	return all;
}

#define DEFINE_COLUMN(type)                                                                       \
	static void planes_##type(const uint8_t *restrict at, type *restrict to, size_t n,        \
				  unsigned int width)                                             \
	{                                                                                         \
		const uint8_t *b = at + n, *c = b + n, *d = c + n;                                \
                                                                                                  \
		if (width == 1) {                                                                 \
			for (size_t i = 0; i < n; i++)                                            \
				to[i] = at[i];                                                    \
		} else if (width == 2) {                                                          \
			for (size_t i = 0; i < n; i++)                                            \
				to[i] = (type)(at[i] | (uint32_t)b[i] << 8);                      \
		} else {                                                                          \
			for (size_t i = 0; i < n; i++)                                            \
				to[i] = (type)(at[i] | (uint32_t)b[i] << 8 |                      \
					       (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24);      \
		}                                                                                 \
	}                                                                                         \
                                                                                                  \
	static void plain_##type(const uint8_t *restrict at, type *restrict to, size_t n,         \
				 unsigned int width)                                              \
	{                                                                                         \
		if (width == 1) {                                                                 \
			for (size_t i = 0; i < n; i++)                                            \
				to[i] = at[i];                                                    \
		} else if (width == 2) {                                                          \
			for (size_t i = 0; i < n; i++)                                            \
				to[i] = (type)nst_get16(at + 2 * i);                              \
		} else {                                                                          \
			for (size_t i = 0; i < n; i++)                                            \
				to[i] = (type)nst_get32(at + width * i);                          \
		}                                                                                 \
	}                                                                                         \
                                                                                                  \
	/* n values, the high bytes of too wide ones cut off */                                   \
	static void values_##type(const struct nst_section *section, type *to, size_t n)          \
	{                                                                                         \
		if (section->encoding & NST_PLANES)                                               \
			planes_##type(section->data, to, n, section->width);                      \
		else                                                                              \
			plain_##type(section->data, to, n, section->width);                       \
	}                                                                                         \
                                                                                                  \
	static int column_##type(const struct column_source *source, unsigned int column,         \
				 type *to)                                                        \
	{                                                                                         \
		const struct nst_section *section =                                               \
			nst_section_find(source->sections, NST_TABLE_EVENT, column);              \
		size_t n = source->n_events, n_values;                                            \
		type *stored = (type *)(void *)source->scratch, one;                              \
		unsigned int kind;                                                                \
		int r;                                                                            \
                                                                                                  \
		if (!section) {                                                                   \
			if (to)                                                                   \
				memset(to, 0, n * sizeof(*to));                                   \
			return 0;                                                                 \
		}                                                                                 \
		r = section_check(source, section);                                               \
		if (r)                                                                            \
			return r;                                                                 \
		kind = section->encoding & 0x0f;                                                  \
		n_values = kind == NST_CONST ? 1 : kind == NST_BY_LANE ? source->n_lanes : n;     \
		if (section->width > sizeof(type) && high_bytes(section, n_values, sizeof(type))) \
			return too_wide(section, source->problem);                                \
		if (!to)                                                                          \
			return 0;                                                                 \
		if (kind == NST_CONST) {                                                          \
			values_##type(section, &one, 1);                                          \
			for (size_t i = 0; i < n; i++)                                            \
				to[i] = one;                                                      \
		} else if (kind == NST_BY_LANE) {                                                 \
			values_##type(section, stored, n_values);                                 \
			for (size_t i = 0; i < n; i++)                                            \
				to[i] = stored[source->lane[i]];                                  \
		} else if (source->order) {                                                       \
			values_##type(section, stored, n);                                        \
			for (size_t i = 0; i < n; i++)                                            \
				to[i] = stored[source->order[i]];                                 \
		} else {                                                                          \
			values_##type(section, to, n);                                            \
		}                                                                                 \
		return 0;                                                                         \
	}

DEFINE_COLUMN(uint8_t)
DEFINE_COLUMN(uint16_t)
DEFINE_COLUMN(uint32_t)

/* Sizes may have codes, in chunks where events stand by flow. */
static int bytes_decode(const struct column_source *source, uint32_t *bytes)
{
	const struct nst_section *section =
		nst_section_find(source->sections, NST_TABLE_EVENT, NST_EV_BYTES);
	uint32_t *stored = (uint32_t *)(void *)source->scratch, *room = stored + NST_ROWS_CAP;
	const char *fault;

	if (!section || section->encoding != NST_CODES || section->count != source->n_events ||
	    !source->is_by_flow)
		return column_uint32_t(source, NST_EV_BYTES, bytes);
	fault = nst_codes_decode(section, room, source->order ? stored : bytes);
	if (fault)
		return nst_problem_set(source->problem, NST_PROBLEM_BAD_SECTION,
				       "section 0x%04x: %s", section->id, fault);
	for (size_t i = 0; source->order && i < source->n_events; i++)
		bytes[i] = stored[source->order[i]];
	return 0;
}

static int lanes_decode(const struct column_source *source, uint32_t *lane)
{
	uint32_t highest = 0;
	int r;

	r = column_uint32_t(source, NST_EV_LANE, lane);
	if (r)
		return r;
	for (size_t i = 0; i < source->n_events; i++)
		highest = lane[i] > highest ? lane[i] : highest;
	if (highest >= source->n_lanes)
		return nst_problem_set(source->problem, NST_PROBLEM_BAD_VALUE,
				       "an event of lane %u, but there are %zu", highest,
				       source->n_lanes);
	return 0;
}

/* Times rise and stay inside the chunk's range, so no sum can have overflowed. */
static int times_check(const uint64_t *time, const struct nst_chunk *chunk, bool falls,
		       struct nst_problem *problem)
{
	uint64_t last = time[chunk->n_events - 1];

	if (falls)
		return nst_problem_set(problem, NST_PROBLEM_BAD_VALUE,
				       "the events' times are not in order");
	if (time[0] < chunk->first_ns || last > chunk->last_ns)
		return nst_problem_set(problem, NST_PROBLEM_BAD_VALUE,
				       "times %llu to %llu, but the header says %llu to %llu",
				       (unsigned long long)time[0], (unsigned long long)last,
				       (unsigned long long)chunk->first_ns,
				       (unsigned long long)chunk->last_ns);
	return 0;
}

static int times_decode(const struct nst_sections *sections, const struct nst_chunk *chunk,
			uint64_t *time, struct nst_problem *problem)
{
	const struct nst_section *section =
		nst_section_find(sections, NST_TABLE_EVENT, NST_EV_TIMESTAMP);
	size_t n = chunk->n_events;
	unsigned int kind;
	bool falls = false;

	if (!section || section->count != n)
		return nst_problem_set(problem, NST_PROBLEM_BAD_SECTION,
				       "%u timestamps, but the chunk has %zu events",
				       section ? section->count : 0, n);
	kind = section->encoding & 0x0f;
	if (kind != NST_DELTA && kind != NST_PLAIN && kind != NST_CONST)
		return nst_problem_set(problem, NST_PROBLEM_BAD_SECTION,
				       "section 0x%04x: encoding 0x%02x is not for timestamps",
				       section->id, section->encoding);
	nst_values_get(section->data, time, kind == NST_CONST ? 1 : n, section->width,
		       section->encoding & NST_PLANES);
	if (kind == NST_DELTA) {
		uint64_t now = chunk->first_ns;

		for (size_t i = 0; i < n; i++) {
			uint64_t next = now + (time[i] >> 1 ^ -(time[i] & 1));

			falls |= next < now;
			time[i] = now = next;
		}
	} else {
		for (size_t i = 1; i < n; i++) {
			time[i] = kind == NST_CONST ? time[0] : time[i];
			falls |= time[i] < time[i - 1];
		}
	}
	return times_check(time, chunk, falls, problem);
}

/* has: only known bits, and not those of columns that are not there. */
static int has_decode(const struct column_source *source, uint16_t *has)
{
	static const struct {
		unsigned int column;
		uint16_t bit;
	} nullable[] = {
		{ NST_EV_HEADER_BYTES, NST_HAS_HEADER_BYTES },
		{ NST_EV_SEGMENTS, NST_HAS_SEGMENTS },
		{ NST_EV_TCP_FLAGS, NST_HAS_TCP_FLAGS },
		{ NST_EV_TID, NST_HAS_TID },
	};
	uint16_t all = 0, keep = 0xffff;
	int r;

	r = column_uint16_t(source, NST_EV_HAS, has);
	if (r)
		return r;
	for (size_t i = 0; i < sizeof(nullable) / sizeof(nullable[0]); i++) {
		if (!nst_section_find(source->sections, NST_TABLE_EVENT, nullable[i].column))
			keep &= (uint16_t)~nullable[i].bit;
	}
	for (size_t i = 0; i < source->n_events; i++) {
		all |= has[i];
		has[i] &= keep;
	}
	if (all & ~NST_EVENT_HAS)
		return nst_problem_set(source->problem, NST_PROBLEM_BAD_VALUE,
				       "unknown bits of an event's has: 0x%04x",
				       all & ~NST_EVENT_HAS & 0xffff);
	return 0;
}

/* ---- Events by flow ---------------------------------------------------- */

/* Where the run of each flow ends, and that all runs together are the chunk's events. */
static int runs_decode(const struct nst_section *section, const struct nst_dictionaries *rows,
		       size_t n_events, uint64_t *scratch, uint32_t *ret_ends,
		       struct nst_problem *problem)
{
	unsigned int kind = section->encoding & 0x0f;
	uint64_t sum = 0;

	if (section->count != rows->n_flows)
		return nst_problem_set(problem, NST_PROBLEM_BAD_SECTION,
				       "%u runs of events, but the chunk has %zu flows",
				       section->count, rows->n_flows);
	if (kind != NST_PLAIN && kind != NST_CONST)
		return nst_problem_set(problem, NST_PROBLEM_BAD_SECTION,
				       "section 0x%04x: encoding 0x%02x is not for runs",
				       section->id, section->encoding);
	nst_values_get(section->data, scratch, kind == NST_CONST ? 1 : section->count,
		       section->width, section->encoding & NST_PLANES);
	for (size_t f = 0; f < rows->n_flows; f++) {
		uint64_t count = scratch[kind == NST_CONST ? 0 : f];

		if (count > n_events - sum)
			return nst_problem_set(problem, NST_PROBLEM_BAD_VALUE,
					       "runs of more than the chunk's %zu events",
					       n_events);
		sum += count;
		ret_ends[f] = (uint32_t)sum;
	}
	if (sum != n_events)
		return nst_problem_set(problem, NST_PROBLEM_BAD_VALUE,
				       "runs of %llu events, but the chunk has %zu",
				       (unsigned long long)sum, n_events);
	return 0;
}

/* From an event's lane among those of its flow to its lane. Lanes stand flow by flow. */
static int run_lanes_decode(const struct column_source *source, const struct nst_dictionaries *rows,
			    const uint32_t *ends, uint32_t *lane)
{
	size_t k = 0, first = 0, next = 0;
	uint32_t beyond = 0;
	int r;

	r = column_uint32_t(source, NST_EV_LANE, lane);
	if (r)
		return r;
	for (size_t f = 0; f < rows->n_flows; f++, first = next) {
		const size_t end = ends[f];
		uint32_t count;

		while (next < rows->n_lanes && rows->lanes[next].flow == f)
			next++;
		count = (uint32_t)(next - first);
		for (; k < end; k++) {
			beyond |= lane[k] >= count;
			lane[k] += (uint32_t)first;
		}
	}
	if (next != rows->n_lanes)
		return nst_problem_set(source->problem, NST_PROBLEM_BAD_VALUE,
				       "the lanes are not in the order of their flows");
	if (beyond)
		return nst_problem_set(source->problem, NST_PROBLEM_BAD_VALUE,
				       "an event of a lane that its flow does not have");
	return 0;
}

/* Times as they stand, counted from `from` on, which is that of the header's first one. */
static int run_times_decode(const struct nst_section *section, const uint32_t *ends, size_t n_flows,
			    uint64_t from, uint64_t span, uint64_t *scratch, uint64_t *time,
			    struct nst_problem *problem)
{
	const char *fault = nst_floats_decode(section, scratch, time);
	uint64_t first = from, until = from + span;
	bool is_beyond = false;
	size_t k = 0;

	if (fault)
		return nst_problem_set(problem, NST_PROBLEM_BAD_SECTION, "section 0x%04x: %s",
				       section->id, fault);
	for (size_t f = 0; f < n_flows; f++) {
		const size_t end = ends[f];
		uint64_t now;

		if (k == end)
			continue;
		first += time[k] >> 1 ^ -(time[k] & 1);
		is_beyond |= first - from > span;
		time[k++] = now = first;
		for (; k < end; k++) {
			is_beyond |= time[k] > until - now;
			time[k] = now += time[k];
		}
	}
	if (is_beyond)
		return nst_problem_set(problem, NST_PROBLEM_BAD_VALUE,
				       "a time behind the last one of the header");
	return 0;
}

/* Times and lanes of events that stand flow by flow, and the order of time where it is wanted. */
static int by_flow_decode(struct column_source *source, const struct nst_section *runs,
			  const struct nst_chunk *chunk, const struct nst_dictionaries *rows,
			  struct nst_event_room *room)
{
	const struct nst_section *times =
		nst_section_find(source->sections, NST_TABLE_EVENT, NST_EV_TIMESTAMP);
	uint32_t *stored = room->keeps_runs ? room->lane : (uint32_t *)(void *)room->by_time.keys;
	uint64_t span = chunk->last_ns - chunk->first_ns;
	size_t n = chunk->n_events;
	int r;

	if (!times || times->count != n || times->encoding != NST_FLOAT)
		return nst_problem_set(source->problem, NST_PROBLEM_BAD_SECTION,
				       "no timestamps in the encoding of runs");
	r = runs_decode(runs, rows, n, source->scratch, room->ends, source->problem);
	if (!r)
		r = run_times_decode(times, room->ends, rows->n_flows,
				     room->keeps_runs ? chunk->first_ns : 0, span, source->scratch,
				     room->timestamp, source->problem);
	if (!r && !room->keeps_runs)
		nst_order(room->timestamp, n, span, &room->by_time, room->order);
	if (!r)
		r = run_lanes_decode(source, rows, room->ends, stored);
	if (r || room->keeps_runs)
		return r;
	for (size_t i = 0; i < n; i++) {
		room->timestamp[i] += chunk->first_ns;
		room->lane[i] = stored[room->order[i]];
	}
	source->order = room->order;
	return 0;
}

/* Say how the events stand. Within each run times do not fall. */
static void runs_set(struct nst_event_room *room, size_t n_events, size_t n_runs)
{
	uint32_t begin = 0;

	if (n_runs == 1)
		room->ends[0] = (uint32_t)n_events;
	room->n_runs = n_runs;
	room->first_ns = UINT64_MAX;
	room->last_ns = 0;
	for (size_t i = 0; i < n_runs; begin = room->ends[i++]) {
		uint32_t end = room->ends[i];

		if (begin == end)
			continue;
		if (room->timestamp[begin] < room->first_ns)
			room->first_ns = room->timestamp[begin];
		if (room->timestamp[end - 1] > room->last_ns)
			room->last_ns = room->timestamp[end - 1];
	}
}

int nst_event_columns_decode(const struct nst_sections *sections, const struct nst_chunk *chunk,
			     const struct nst_dictionaries *rows, uint64_t *scratch,
			     struct nst_event_room *room, struct nst_problem *ret_problem)
{
	const struct nst_section *runs = nst_section_find(sections, NST_TABLE_RUN, NST_RUN_EVENTS);
	struct column_source source = {
		.sections = sections,
		.n_events = chunk->n_events,
		.n_lanes = rows->n_lanes,
		.is_by_flow = runs,
		.scratch = scratch,
		.problem = ret_problem,
	};
	int r;

	if (runs) {
		r = by_flow_decode(&source, runs, chunk, rows, room);
	} else {
		r = times_decode(sections, chunk, room->timestamp, ret_problem);
		if (!r)
			r = lanes_decode(&source, room->lane);
	}
	if (r)
		return r;
	runs_set(room, chunk->n_events, runs && room->keeps_runs ? rows->n_flows : 1);
	source.lane = room->lane;
	r = has_decode(&source, room->has);
	if (!r)
		r = bytes_decode(&source, room->bytes);
	if (!r)
		r = column_uint16_t(&source, NST_EV_HEADER_BYTES, room->header_bytes);
	if (!r)
		r = column_uint32_t(&source, NST_EV_SEGMENTS, room->segments);
	if (!r)
		r = column_uint8_t(&source, NST_EV_TCP_FLAGS, room->tcp_flags);
	if (!r)
		r = column_uint32_t(&source, NST_EV_TID, room->tid);
	if (!r)
		r = column_uint8_t(&source, NST_EV_FLAGS, room->flags);
	return r;
}
