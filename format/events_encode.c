/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "events_encode.h"

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

/*
 * One column of values of a type: a constant, or one value a lane where the
 * lane decides it, or else every value. Every lane has an event in the chunk.
 * Only lanes and times are in planes: of a mixed trace that saves 2 and 7 %,
 * while bytes and tid, whose values come back whole, would cost 2 % more each.
 */
#define DEFINE_COLUMN(type)                                                                   \
	static void put_##type(uint8_t *at, const type *values, size_t n, unsigned int width, \
			       bool planes)                                                   \
	{                                                                                     \
		size_t step = planes ? 1 : width, plane = planes ? n : 1;                     \
                                                                                              \
		for (unsigned int k = 0; k < width; k++, at += plane) {                       \
			for (size_t i = 0; i < n; i++)                                        \
				at[i * step] = (uint8_t)(values[i] >> 8 * k);                 \
		}                                                                             \
	}                                                                                     \
                                                                                              \
	static bool by_lane_##type(const uint32_t *lane, const type *values, size_t n,        \
				   type *by_lane)                                             \
	{                                                                                     \
		type differ = 0;                                                              \
                                                                                              \
		for (size_t i = 0; i < n; i++)                                                \
			by_lane[lane[i]] = values[i];                                         \
		for (size_t i = 0; i < n; i++)                                                \
			differ |= (type)(by_lane[lane[i]] ^ values[i]);                       \
		return !differ;                                                               \
	}                                                                                     \
                                                                                              \
	static int column_##type(struct nst_event_columns *events, unsigned int column,       \
				 const type *values, size_t n_lanes, struct nst_buffer *out)  \
	{                                                                                     \
		size_t n = events->n_events, n_values = n;                                    \
		unsigned int encoding = NST_PLAIN, width;                                     \
		type *by_lane = (type *)(void *)events->scratch;                              \
		type all = 0, differ = 0;                                                     \
		uint8_t *at;                                                                  \
                                                                                              \
		for (size_t i = 0; i < n; i++) {                                              \
			all |= values[i];                                                     \
			differ |= (type)(values[i] ^ values[0]);                              \
		}                                                                             \
		width = nst_width(all);                                                       \
		if (!differ) {                                                                \
			encoding = NST_CONST;                                                 \
			n_values = 1;                                                         \
		} else if (n_lanes < n && by_lane_##type(events->lane, values, n, by_lane)) { \
			encoding = NST_BY_LANE;                                               \
			n_values = n_lanes;                                                   \
			values = by_lane;                                                     \
		}                                                                             \
		if (width > 1 && encoding != NST_CONST && column == NST_EV_LANE)              \
			encoding |= NST_PLANES;                                               \
		at = nst_section_add(out, NST_SECTION_ID(NST_TABLE_EVENT, column), encoding,  \
				     width, n, n_values * width);                             \
		if (!at)                                                                      \
			return -E2BIG;                                                        \
		put_##type(at, values, n_values, width, encoding &NST_PLANES);                \
		return 0;                                                                     \
	}

DEFINE_COLUMN(uint8_t)
DEFINE_COLUMN(uint16_t)
DEFINE_COLUMN(uint32_t)

/* Zigzag of the difference to the time before. */
static int timestamps_encode(struct nst_event_columns *events, struct nst_buffer *out)
{
	const uint64_t *time = events->timestamp;
	uint64_t *delta = events->scratch, all = 0;
	size_t n = events->n_events;
	unsigned int width, encoding = NST_DELTA;
	uint8_t *at;

	delta[0] = 0;
	for (size_t i = 1; i < n; i++) {
		int64_t step = (int64_t)(time[i] - time[i - 1]);

		delta[i] = (uint64_t)step << 1 ^ (uint64_t)(step >> 63);
		all |= delta[i];
	}
	width = nst_width(all);
	if (width > 1)
		encoding |= NST_PLANES;
	at = nst_section_add(out, NST_SECTION_ID(NST_TABLE_EVENT, NST_EV_TIMESTAMP), encoding,
			     width, n, n * width);
	if (!at)
		return -E2BIG;
	nst_values_put(at, delta, n, width, true);
	return 0;
}

static int lanes_encode(struct nst_event_columns *events, struct nst_buffer *out)
{
	/* With no lanes to look a value up by, it is a constant or plain. */
	return column_uint32_t(events, NST_EV_LANE, events->lane, SIZE_MAX, out);
}

int nst_events_encode(struct nst_event_columns *events, size_t n_lanes, struct nst_buffer *out)
{
	if (column_uint16_t(events, NST_EV_HAS, events->has, n_lanes, out) ||
	    timestamps_encode(events, out) || lanes_encode(events, out) ||
	    column_uint32_t(events, NST_EV_BYTES, events->bytes, n_lanes, out) ||
	    column_uint16_t(events, NST_EV_HEADER_BYTES, events->header_bytes, n_lanes, out) ||
	    column_uint32_t(events, NST_EV_SEGMENTS, events->segments, n_lanes, out) ||
	    column_uint8_t(events, NST_EV_TCP_FLAGS, events->tcp_flags, n_lanes, out) ||
	    column_uint32_t(events, NST_EV_TID, events->tid, n_lanes, out) ||
	    column_uint8_t(events, NST_EV_FLAGS, events->flags, n_lanes, out))
		return -E2BIG;
	return 0;
}
