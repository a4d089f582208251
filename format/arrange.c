/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "arrange.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define ROWS NST_CHUNK_EVENTS_MAX

/*
 * More flows have few events each in a chunk: what their order saves in the dictionaries
 * it costs in times, and sorting them takes as long as all else.
 */
#define FLOWS_SORTED 6000

/*
 * What flows are sorted by: the family and the local address, the protocol, and the port that is
 * the service's; then the other address and the other port.
 */
struct flow_key {
	uint64_t service, peer;
	uint32_t row;
};

struct nst_arrangement {
	struct flow_key keys[ROWS], spare[ROWS];
	uint32_t new_flow[ROWS];
	uint32_t lane_at[ROWS + 1]; /* by new flow: where its next lane goes */
	uint32_t first_lane[ROWS];
	struct nst_placed_lane placed[ROWS];
	struct nst_flow flows[ROWS];
	struct nst_lane lanes[ROWS];
};

int nst_arrangement_new(struct nst_arrangement **ret_arrangement)
{
	struct nst_arrangement *arrangement = malloc(sizeof(*arrangement));

	if (!arrangement)
		return -ENOMEM;
	*ret_arrangement = arrangement;
	return 0;
}

void nst_arrangement_free(struct nst_arrangement *arrangement)
{
	free(arrangement);
}

/* In the order of memcmp() for those of one length; of long ones the last bytes differ most. */
static uint32_t addr_end(const struct nst_bytes *addr)
{
	const uint8_t *at = addr->data;
	uint32_t value = 0;

	for (uint32_t i = addr->len_bytes < 4 ? 0 : addr->len_bytes - 4; i < addr->len_bytes; i++)
		value = value << 8 | at[i];
	return value;
}

/* The lower port is the service's. */
static struct flow_key key_of(const struct nst_flow *flow, uint32_t row)
{
	bool is_server = flow->local_port < flow->remote_port;
	uint64_t service = is_server ? flow->local_port : flow->remote_port;
	uint64_t other = is_server ? flow->remote_port : flow->local_port;

	return (struct flow_key){
		.service = (uint64_t)(flow->local_addr.len_bytes > 4) << 63 |
			   (uint64_t)addr_end(&flow->local_addr) << 31 |
			   (uint64_t)(flow->protocol & 0x3f) << 25 | (uint64_t)is_server << 24 |
			   service << 8,
		.peer = (uint64_t)addr_end(&flow->remote_addr) << 32 | other,
		.row = row,
	};
}

static bool comes_first(const struct flow_key *a, const struct flow_key *b)
{
	return a->service < b->service || (a->service == b->service && a->peer <= b->peer);
}

static void merge(const struct flow_key *from, struct flow_key *to, size_t begin, size_t middle,
		  size_t end)
{
	size_t left = begin, right = middle;

	for (size_t i = begin; i < end; i++) {
		if (left < middle && (right >= end || comes_first(&from[left], &from[right])))
			to[i] = from[left++];
		else
			to[i] = from[right++];
	}
}

static const struct flow_key *flows_sort(struct nst_arrangement *arrangement,
					 const struct nst_flow *flows, size_t n)
{
	struct flow_key *from = arrangement->keys, *to = arrangement->spare, *swap;

	for (uint32_t i = 0; i < n; i++)
		from[i] = key_of(&flows[i], i);
	if (n > FLOWS_SORTED)
		return from;
	for (size_t run = 1; run < n; run *= 2) {
		for (size_t begin = 0; begin < n; begin += 2 * run) {
			size_t middle = begin + run < n ? begin + run : n;
			size_t end = begin + 2 * run < n ? begin + 2 * run : n;

			merge(from, to, begin, middle, end);
		}
		swap = from;
		from = to;
		to = swap;
	}
	return from;
}

/* Lanes by their flow; those of one flow stay in their order. */
static void lanes_place(struct nst_arrangement *arrangement, const struct nst_lane *lanes,
			size_t n_lanes, size_t n_flows)
{
	uint32_t *lane_at = arrangement->lane_at, sum = 0;

	memset(lane_at, 0, n_flows * sizeof(*lane_at));
	for (size_t i = 0; i < n_lanes; i++)
		lane_at[arrangement->new_flow[lanes[i].flow]]++;
	for (size_t f = 0; f < n_flows; f++) {
		uint32_t count = lane_at[f];

		lane_at[f] = arrangement->first_lane[f] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n_lanes; i++) {
		uint32_t flow = arrangement->new_flow[lanes[i].flow], lane = lane_at[flow]++;

		arrangement->placed[i] = (struct nst_placed_lane){
			.lane = lane,
			.flow = flow,
			.index = lane - arrangement->first_lane[flow],
		};
		arrangement->lanes[lane] = lanes[i];
		arrangement->lanes[lane].flow = flow;
	}
}

const struct nst_placed_lane *nst_arrange(struct nst_arrangement *arrangement,
					  const struct nst_dictionaries *rows,
					  struct nst_dictionaries *ret_rows)
{
	const struct flow_key *sorted = flows_sort(arrangement, rows->flows, rows->n_flows);

	for (uint32_t f = 0; f < rows->n_flows; f++) {
		arrangement->new_flow[sorted[f].row] = f;
		arrangement->flows[f] = rows->flows[sorted[f].row];
	}
	lanes_place(arrangement, rows->lanes, rows->n_lanes, rows->n_flows);
	*ret_rows = *rows;
	ret_rows->flows = arrangement->flows;
	ret_rows->lanes = arrangement->lanes;
	return arrangement->placed;
}
