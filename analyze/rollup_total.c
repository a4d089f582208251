/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/rollup.h"

/*
 * More pieces than this are not made of one row, which is usually of a second:
 * one that claims to last for years must not take as long. Nor must many of them, of
 * which a few kilobytes can hold millions: once so many had more than a few pieces, no
 * row gets more than these.
 */
#define PIECES_MAX 4096
#define PIECES_FEW 16
#define PIECES_ENOUGH (1 << 24)
#define SECOND_NS UINT64_C(1000000000)

struct spread { /* a row of totals that is being cut up */
	const struct nst_total *total;
	uint64_t wire_bytes; /* less link headers */
	bool has_wire;
};

/*
 * How much of all came until then: what is between two times is the
 * difference, so that all pieces add up to the whole.
 */
static uint64_t until(const struct spread *spread, uint64_t all, uint64_t time_ns)
{
	uint64_t from_ns = spread->total->from_ns, to_ns = spread->total->to_ns;

	if (time_ns >= to_ns)
		return all;
	if (time_ns <= from_ns)
		return 0;
	return (uint64_t)((unsigned __int128)all * (time_ns - from_ns) / (to_ns - from_ns));
}

/* A row without a length lies wholly where it begins. */
static uint64_t between(const struct spread *spread, uint64_t all, uint64_t from_ns, uint64_t to_ns)
{
	if (spread->total->to_ns <= spread->total->from_ns)
		return all;
	return until(spread, all, to_ns) - until(spread, all, from_ns);
}

static struct sums piece(const struct spread *spread, uint64_t from_ns, uint64_t to_ns)
{
	const struct nst_total *total = spread->total;
	struct sums sums = { .first_ns = from_ns, .last_ns = to_ns };

	sums.events = between(spread, total->events, from_ns, to_ns);
	sums.packets = between(spread, total->packets, from_ns, to_ns);
	sums.bytes = between(spread, total->bytes, from_ns, to_ns);
	sums.total_events = sums.events;
	sums.total_bytes = sums.bytes;
	/* what is not IP has no header that could be read */
	if (total->has & NST_TOTAL_HAS_PROTOCOL) {
		sums.payload_events = sums.events;
		sums.payload_bytes = between(spread, total->payload_bytes, from_ns, to_ns);
	}
	if (spread->has_wire) {
		sums.wire_packets = sums.packets;
		sums.wire_bytes = between(spread, spread->wire_bytes, from_ns, to_ns);
	}
	return sums;
}

/* Of a piece that is longer than a second, what is in one. */
static uint64_t in_a_second(uint64_t bytes, uint64_t len_ns)
{
	return len_ns <= SECOND_NS ? bytes : bytes / (len_ns / SECOND_NS);
}

int rollup_add_total(struct rollup *rollup, struct dimensions *dims, const struct rollup_axis *axis,
		     uint32_t lane, const struct nst_total *total, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t link_bytes = total->packets * total->link_header_bytes;
	struct spread spread = { .total = total,
				 .has_wire = total->wire_bytes >= link_bytes && total->wire_bytes,
				 .wire_bytes = total->wire_bytes - link_bytes };
	uint64_t end_ns = total->to_ns > total->from_ns ? total->to_ns : total->from_ns + 1;
	uint64_t least_ns = (end_ns - total->from_ns) /
			    (rollup->n_pieces < PIECES_ENOUGH ? PIECES_MAX : PIECES_FEW);
	uint64_t at_ns = total->from_ns > from_ns ? total->from_ns : from_ns;
	int err = 0, n_pieces = 0;

	end_ns = end_ns < to_ns ? end_ns : to_ns;
	while (at_ns < end_ns && !err) {
		uint64_t second, next_ns;
		struct sums sums;
		int64_t period;

		axis_locate(axis, rollup->interval_ns, at_ns, &second, &period, &next_ns);
		if (next_ns < at_ns + least_ns)
			next_ns = at_ns + least_ns;
		next_ns = next_ns < end_ns ? next_ns : end_ns;
		rollup->n_pieces += ++n_pieces > PIECES_FEW;
		sums = piece(&spread, at_ns, next_ns);
		if (sums.events || sums.packets || sums.bytes)
			err = rollup_fold(rollup, dims, lane, &sums, period, second,
					  in_a_second(sums.bytes, next_ns - at_ns));
		if (!err)
			err = rollup_widen(rollup);
		at_ns = next_ns;
	}
	return err;
}
