/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "events_encode.h"

#include "floats.h"

#include <errno.h>

static bool is_sorted(const struct nst_event_columns *events)
{
	for (uint32_t i = 1; i < events->n_events; i++) {
		if (events->timestamp[i] < events->timestamp[i - 1])
			return false;
	}
	return true;
}

static void merge(const uint64_t *time, const uint32_t *from, uint32_t *to, size_t begin,
		  size_t middle, size_t end)
{
	size_t left = begin, right = middle;

	for (size_t i = begin; i < end; i++) {
		if (left < middle && (right >= end || time[from[left]] <= time[from[right]]))
			to[i] = from[left++];
		else
			to[i] = from[right++];
	}
}

/* Bottom-up merge sort: stable, and without memory of its own. */
static const uint32_t *sort_order(struct nst_event_columns *events)
{
	uint32_t *from = events->order, *to = events->order_spare, *swap;
	size_t n = events->n_events;

	for (uint32_t i = 0; i < n; i++)
		from[i] = i;
	for (size_t run = 1; run < n; run *= 2) {
		for (size_t begin = 0; begin < n; begin += 2 * run) {
			size_t middle = begin + run < n ? begin + run : n;
			size_t end = begin + 2 * run < n ? begin + 2 * run : n;

			merge(events->timestamp, from, to, begin, middle, end);
		}
		swap = from;
		from = to;
		to = swap;
	}
	return from;
}

#define PERMUTE(column)                                                             \
	do {                                                                        \
		__typeof__(&events->column[0]) spare_ = (void *)events->scratch;    \
                                                                                    \
		for (uint32_t i = 0; i < events->n_events; i++)                     \
			spare_[i] = events->column[order[i]];                       \
		memcpy(events->column, spare_, events->n_events * sizeof(*spare_)); \
	} while (0)

void nst_events_sort(struct nst_event_columns *events)
{
	const uint32_t *order;

	if (is_sorted(events))
		return;
	order = sort_order(events);
	PERMUTE(timestamp);
	PERMUTE(lane);
	PERMUTE(bytes);
	PERMUTE(segments);
	PERMUTE(tid);
	PERMUTE(has);
	PERMUTE(header_bytes);
	PERMUTE(flags);
	PERMUTE(tcp_flags);
}

/* ---- The order in the file --------------------------------------------- */

/*
 * Flow by flow, and in a flow by time. order[k] becomes the event that stands at k,
 * order_spare[f] the place behind the last event of flow f. Writes the lengths of the runs.
 */
static int runs_encode(struct nst_event_columns *events, const struct nst_placed_lane *placed,
		       size_t n_flows, struct nst_buffer *out)
{
	uint32_t *end = events->order_spare, sum = 0, most = 0;
	size_t n = events->n_events;
	unsigned int width;
	uint8_t *at;

	memset(end, 0, n_flows * sizeof(*end));
	for (size_t i = 0; i < n; i++) {
		const struct nst_placed_lane *lane = &placed[events->lane[i]];

		events->stored_lane[i] = lane->lane;
		events->any[lane->lane] = (uint32_t)i;
		events->index[i] = lane->index;
		end[lane->flow]++;
	}
	for (size_t f = 0; f < n_flows; f++) {
		uint32_t count = end[f];

		events->scratch[f] = count;
		most = count > most ? count : most;
		end[f] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++)
		events->order[end[placed[events->lane[i]].flow]++] = i;
	width = nst_width(most);
	at = nst_section_add(out, NST_SECTION_ID(NST_TABLE_RUN, NST_RUN_EVENTS),
			     width > 1 ? NST_PLAIN | NST_PLANES : NST_PLAIN, width, n_flows,
			     n_flows * width);
	if (!at)
		return -E2BIG;
	nst_values_put(at, events->scratch, n_flows, width, true);
	return 0;
}

/*
 * Of each event, how long after the one before in its run; of the first ones, after that
 * of the run before or, as they need not be in order, before it.
 */
static int timestamps_encode(struct nst_event_columns *events, size_t n_flows,
			     struct nst_buffer *out)
{
	const uint64_t *time = events->timestamp;
	uint64_t *delta = events->scratch, first = time[0];
	size_t k = 0;

	for (size_t f = 0; f < n_flows; f++) {
		uint64_t before, step;

		if (k == events->order_spare[f])
			continue;
		before = time[events->order[k]];
		step = before - first;
		first = before;
		delta[k++] = step << 1 ^ -(step >> 63);
		for (; k < events->order_spare[f]; k++) {
			uint64_t now = time[events->order[k]];

			delta[k] = now - before;
			before = now;
		}
	}
	return nst_floats_encode(NST_SECTION_ID(NST_TABLE_EVENT, NST_EV_TIMESTAMP), delta,
				 events->n_events, out);
}

/* ---- Columns ----------------------------------------------------------- */

#define LANE_STEP 256 /* events, after which a column may be found not to go by lane */

/*
 * One column of values of a type: a constant, or one value a lane where the
 * lane decides it, or else every value. Every lane has an event in the chunk.
 * No planes: bytes, whose values come back whole, would take 6 % more in them.
 */
#define DEFINE_COLUMN(type)                                                                     \
	static bool by_lane_##type(const struct nst_event_columns *events, const type *values)  \
	{                                                                                       \
		const uint32_t *lane = events->stored_lane, *any = events->any;                 \
		size_t n = events->n_events, i = 0;                                             \
		type differ = 0;                                                                \
                                                                                                \
		while (i < n && !differ) {                                                      \
			size_t end = i + LANE_STEP < n ? i + LANE_STEP : n;                     \
                                                                                                \
			for (; i < end; i++)                                                    \
				differ |= (type)(values[any[lane[i]]] ^ values[i]);             \
		}                                                                               \
		return !differ;                                                                 \
	}                                                                                       \
                                                                                                \
	/* How a column is to be written; what is, is in scratch. */                            \
	static unsigned int choose_##type(struct nst_event_columns *events, const type *values, \
					  size_t n_lanes, unsigned int *ret_width)              \
	{                                                                                       \
		type *stored = (type *)(void *)events->scratch;                                 \
		size_t n = events->n_events;                                                    \
		type all = 0, differ = 0;                                                       \
                                                                                                \
		for (size_t i = 0; i < n; i++) {                                                \
			all |= values[i];                                                       \
			differ |= (type)(values[i] ^ values[0]);                                \
		}                                                                               \
		*ret_width = nst_width(all);                                                    \
		stored[0] = values[0];                                                          \
		if (!differ)                                                                    \
			return NST_CONST;                                                       \
		if (n_lanes < n && by_lane_##type(events, values)) {                            \
			for (size_t i = 0; i < n_lanes; i++)                                    \
				stored[i] = values[events->any[i]];                             \
			return *ret_width > 1 ? NST_BY_LANE | NST_PLANES : NST_BY_LANE;         \
		}                                                                               \
		for (size_t i = 0; i < n; i++)                                                  \
			stored[i] = values[events->order[i]];                                   \
		return NST_PLAIN;                                                               \
	}                                                                                       \
                                                                                                \
	static void put_##type(uint8_t *restrict at, const type *restrict values, size_t n,     \
			       unsigned int width, bool planes)                                 \
	{                                                                                       \
		if (planes) {                                                                   \
			for (unsigned int k = 0; k < width; k++, at += n) {                     \
				for (size_t i = 0; i < n; i++)                                  \
					at[i] = (uint8_t)(values[i] >> 8 * k);                  \
			}                                                                       \
		} else if (width == 1) {                                                        \
			for (size_t i = 0; i < n; i++)                                          \
				at[i] = (uint8_t)values[i];                                     \
		} else if (width == 2) {                                                        \
			for (size_t i = 0; i < n; i++)                                          \
				nst_put16(at + 2 * i, (uint16_t)values[i]);                     \
		} else {                                                                        \
			for (size_t i = 0; i < n; i++)                                          \
				nst_put32(at + 4 * i, values[i]);                               \
		}                                                                               \
	}                                                                                       \
                                                                                                \
	static int write_##type(const struct nst_event_columns *events, unsigned int column,    \
				unsigned int encoding, unsigned int width, size_t n_lanes,      \
				struct nst_buffer *out)                                         \
	{                                                                                       \
		size_t n = events->n_events, n_values = n;                                      \
		uint8_t *at;                                                                    \
                                                                                                \
		if (encoding == NST_CONST)                                                      \
			n_values = 1;                                                           \
		else if (encoding != NST_PLAIN)                                                 \
			n_values = n_lanes;                                                     \
		at = nst_section_add(out, NST_SECTION_ID(NST_TABLE_EVENT, column), encoding,    \
				     width, n, n_values * width);                               \
		if (!at)                                                                        \
			return -E2BIG;                                                          \
		put_##type(at, (const type *)(const void *)events->scratch, n_values, width,    \
			   encoding &NST_PLANES);                                               \
		return 0;                                                                       \
	}                                                                                       \
                                                                                                \
	static int column_##type(struct nst_event_columns *events, unsigned int column,         \
				 const type *values, size_t n_lanes, struct nst_buffer *out)    \
	{                                                                                       \
		unsigned int width, encoding = choose_##type(events, values, n_lanes, &width);  \
                                                                                                \
		return write_##type(events, column, encoding, width, n_lanes, out);             \
	}

DEFINE_COLUMN(uint8_t)
DEFINE_COLUMN(uint16_t)
DEFINE_COLUMN(uint32_t)

/* Some sizes come again and again: these get codes, and the others stand apart from them. */
static int bytes_encode(struct nst_event_columns *events, size_t n_lanes, struct nst_buffer *out)
{
	const uint32_t *stored = (const uint32_t *)(const void *)events->scratch;
	unsigned int width, encoding = choose_uint32_t(events, events->bytes, n_lanes, &width);
	int r = 0;

	if (encoding == NST_PLAIN && width > 1)
		r = nst_codes_encode(&events->coder, NST_SECTION_ID(NST_TABLE_EVENT, NST_EV_BYTES),
				     stored, events->n_events, width, out);
	if (r)
		return r < 0 ? r : 0;
	return write_uint32_t(events, NST_EV_BYTES, encoding, width, n_lanes, out);
}

/* By flow, a lane is one of few. With no lanes to look it up by, it is a constant or plain. */
static int lanes_encode(struct nst_event_columns *events, struct nst_buffer *out)
{
	return column_uint32_t(events, NST_EV_LANE, events->index, SIZE_MAX, out);
}

int nst_events_encode(struct nst_event_columns *events, const struct nst_dictionaries *rows,
		      const struct nst_placed_lane *placed, struct nst_buffer *out)
{
	size_t n_lanes = rows->n_lanes;

	if (runs_encode(events, placed, rows->n_flows, out) ||
	    timestamps_encode(events, rows->n_flows, out) || lanes_encode(events, out) ||
	    column_uint16_t(events, NST_EV_HAS, events->has, n_lanes, out) ||
	    bytes_encode(events, n_lanes, out) ||
	    column_uint16_t(events, NST_EV_HEADER_BYTES, events->header_bytes, n_lanes, out) ||
	    column_uint32_t(events, NST_EV_SEGMENTS, events->segments, n_lanes, out) ||
	    column_uint8_t(events, NST_EV_TCP_FLAGS, events->tcp_flags, n_lanes, out) ||
	    column_uint32_t(events, NST_EV_TID, events->tid, n_lanes, out) ||
	    column_uint8_t(events, NST_EV_FLAGS, events->flags, n_lanes, out))
		return -E2BIG;
	return 0;
}
