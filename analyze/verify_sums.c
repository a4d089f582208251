/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/verify_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const sum_column_names[SUM_COLUMNS] = { "events", "packets", "bytes", "payload_bytes",
						    "wire_bytes" };

static int pair_get(struct sums_check *sums, const struct sum_key *key, struct sum_pair **ret_pair)
{
	uint32_t index;
	bool is_new;

	if (intern_get(&sums->keys, key, sizeof(*key), &index, &is_new) ||
	    array_reserve(&sums->pairs, &sums->n_pairs, (size_t)index + 1, sizeof(*sums->pairs)))
		return -ENOMEM;
	*ret_pair = &sums->pairs[index];
	return 0;
}

static void add(uint64_t to[SUM_COLUMNS], const uint64_t from[SUM_COLUMNS])
{
	for (int i = 0; i < SUM_COLUMNS; i++)
		to[i] += from[i];
}

/* ---- Events ------------------------------------------------------------ */

static void event_add(const struct nst_events *events, size_t i, unsigned int link_header_bytes,
		      uint64_t to[SUM_COLUMNS])
{
	bool has_headers = events->has[i] & NST_HAS_HEADER_BYTES;
	bool has_segments = events->has[i] & NST_HAS_SEGMENTS && events->segments[i];
	uint64_t bytes = events->bytes[i], segments = has_segments ? events->segments[i] : 1;
	uint64_t header_bytes = has_headers ? events->header_bytes[i] : 0;

	to[SUM_EVENTS]++;
	to[SUM_PACKETS] += segments;
	to[SUM_BYTES] += bytes;
	if (has_headers && bytes > header_bytes)
		to[SUM_PAYLOAD_BYTES] += bytes - header_bytes;
	if (has_headers || segments == 1)
		to[SUM_WIRE_BYTES] +=
			bytes + (segments - 1) * header_bytes + segments * link_header_bytes;
}

static struct sum_key lane_key(const struct nst_dictionaries *dictionaries,
			       const struct nst_lane *lane)
{
	const struct nst_flow *flow = &dictionaries->flows[lane->flow];
	struct sum_key key = {
		.ethertype = flow->ethertype,
		.flags = lane->flags,
		.is_send = lane->is_send,
		.owner_source = lane->owner_source,
	};

	if (lane->has & NST_HAS_LINK_HEADER)
		key.link_header_bytes = lane->link_header_bytes;
	if (lane->has & NST_HAS_OWNER) {
		key.has |= NST_TOTAL_HAS_OWNER;
		key.start_ns = dictionaries->processes[lane->process].start_ns;
		key.pid = dictionaries->processes[lane->process].pid;
	}
	if (lane->has & NST_HAS_IFINDEX) {
		key.has |= NST_TOTAL_HAS_IFINDEX;
		key.ifindex = lane->ifindex;
	}
	if (flow->has & NST_HAS_NETNS) {
		key.has |= NST_TOTAL_HAS_NETNS;
		key.netns = flow->netns;
	}
	if (flow->has & NST_HAS_PROTOCOL) {
		key.has |= NST_TOTAL_HAS_PROTOCOL;
		key.protocol = flow->protocol;
	}
	return key;
}

int sums_add_events(struct sums_check *sums, const struct nst_dictionaries *dictionaries,
		    const struct nst_events *events)
{
	size_t n = dictionaries->n_lanes;

	if (array_reserve(&sums->lanes, &sums->n_lanes, n, sizeof(*sums->lanes)))
		return -ENOMEM;
	memset(sums->lanes, 0, n * sizeof(*sums->lanes));
	for (size_t i = 0; i < events->n_events; i++) {
		const struct nst_lane *lane = &dictionaries->lanes[events->lane[i]];

		event_add(events, i, lane->has & NST_HAS_LINK_HEADER ? lane->link_header_bytes : 0,
			  sums->lanes[events->lane[i]]);
	}
	for (size_t i = 0; i < n; i++) {
		struct sum_key key = lane_key(dictionaries, &dictionaries->lanes[i]);
		struct sum_pair *pair;

		if (!sums->lanes[i][SUM_EVENTS])
			continue;
		if (pair_get(sums, &key, &pair))
			return -ENOMEM;
		add(pair->told, sums->lanes[i]);
	}
	return 0;
}

/* ---- Rows -------------------------------------------------------------- */

static struct sum_key total_key(const struct nst_total *row)
{
	struct sum_key key = {
		.has = row->has & (NST_TOTAL_HAS_OWNER | NST_TOTAL_HAS_IFINDEX |
				   NST_TOTAL_HAS_NETNS | NST_TOTAL_HAS_PROTOCOL),
		.ethertype = row->ethertype,
		.flags = row->flags,
		.is_send = row->is_send,
		.owner_source = row->owner_source,
		.link_header_bytes = row->link_header_bytes,
	};

	if (key.has & NST_TOTAL_HAS_OWNER) {
		key.start_ns = row->start_ns;
		key.pid = row->pid;
	}
	if (key.has & NST_TOTAL_HAS_IFINDEX)
		key.ifindex = row->ifindex;
	if (key.has & NST_TOTAL_HAS_NETNS)
		key.netns = row->netns;
	if (key.has & NST_TOTAL_HAS_PROTOCOL)
		key.protocol = row->protocol;
	return key;
}

static int rows_add(struct sums_check *sums, const struct nst_total *rows, size_t n_rows,
		    bool is_sum)
{
	for (size_t i = 0; i < n_rows; i++) {
		const uint64_t values[SUM_COLUMNS] = { rows[i].events, rows[i].packets,
						       rows[i].bytes, rows[i].payload_bytes,
						       rows[i].wire_bytes };
		struct sum_key key = total_key(&rows[i]);
		struct sum_pair *pair;

		if (pair_get(sums, &key, &pair))
			return -ENOMEM;
		add(is_sum ? pair->kernel : pair->told, values);
		pair->in_sum |= is_sum;
	}
	return 0;
}

int sums_add_totals(struct sums_check *sums, const struct nst_total *rows, size_t n_rows)
{
	return rows_add(sums, rows, n_rows, false);
}

int sums_add_sums(struct sums_check *sums, const struct nst_total *rows, size_t n_rows)
{
	sums->sum_rows += n_rows;
	return rows_add(sums, rows, n_rows, true);
}

/* ---- Comparing --------------------------------------------------------- */

/* The key by which something is looked for in the SUM. */
static struct sum_key folded(const struct sum_key *key, const struct sum_pair *pair,
			     enum sums_level level)
{
	struct sum_key fold = *key;

	if (level == SUMS_BY_DIRECTION)
		return (struct sum_key){ .is_send = key->is_send };
	/* a SUM that had no room for this owner has it in the row without one */
	if (level == SUMS_BY_INTERFACE || !pair->in_sum) {
		fold.has &= ~(uint32_t)NST_TOTAL_HAS_OWNER;
		fold.pid = 0;
		fold.start_ns = 0;
	}
	return fold;
}

static int fold_all(const struct sums_check *sums, enum sums_level level, struct sums_check *folds)
{
	for (uint32_t i = 0; i < sums->keys.n; i++) {
		const struct sum_pair *pair = &sums->pairs[i];
		struct sum_key key = folded(intern_key(&sums->keys, i), pair, level);
		struct sum_pair *fold;

		if (pair_get(folds, &key, &fold))
			return -ENOMEM;
		add(fold->told, pair->told);
		add(fold->kernel, pair->kernel);
	}
	return 0;
}

static int first_difference(const struct sum_pair *pair)
{
	for (int column = 0; column < SUM_COLUMNS; column++)
		if (pair->told[column] != pair->kernel[column])
			return column;
	return -1;
}

int sums_compare(const struct sums_check *sums, enum sums_level level,
		 struct sums_difference *ret_difference)
{
	struct sums_difference difference = { .column = -1 };
	struct sums_check folds = { 0 };
	int err = fold_all(sums, level, &folds);

	difference.n_keys = folds.keys.n;
	for (uint32_t i = 0; !err && i < folds.keys.n; i++) {
		int column = first_difference(&folds.pairs[i]);

		if (column < 0 || difference.n_differ++)
			continue;
		memcpy(&difference.key, intern_key(&folds.keys, i), sizeof(difference.key));
		difference.pair = folds.pairs[i];
		difference.column = column;
	}
	sums_free(&folds);
	if (!err)
		*ret_difference = difference;
	return err;
}

struct sum_pair sums_all(const struct sums_check *sums)
{
	struct sum_pair all = { 0 };

	for (uint32_t i = 0; i < sums->keys.n; i++) {
		add(all.told, sums->pairs[i].told);
		add(all.kernel, sums->pairs[i].kernel);
	}
	return all;
}

void sums_free(struct sums_check *sums)
{
	intern_free(&sums->keys);
	free(sums->pairs);
	free(sums->lanes);
	*sums = (struct sums_check){ 0 };
}
