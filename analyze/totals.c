/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/totals.h"

#include "analyze/intern.h"

#include <errno.h>
#include <stdlib.h>

#define TIME_MAX_NS (UINT64_MAX / 4)
/* Of all rows together: whatever is added to it or multiplied by the bytes of a header fits. */
#define BYTES_MAX (UINT64_C(1) << 60)
#define PACKETS_MAX (UINT64_C(1) << 51)

void totals_free(struct totals *totals)
{
	free(totals->rows);
	free(totals->processes);
	free(totals->flows);
	free(totals->lanes);
	free(totals->tuples);
	free(totals->timestamps);
	free(totals->numbers);
	*totals = (struct totals){ 0 };
}

static int reserve(struct totals *totals, size_t n)
{
	int err = array_reserve(&totals->rows, &totals->n_rows_allocated, n, sizeof(*totals->rows));

	if (!err)
		err = array_reserve(&totals->processes, &totals->n_processes_allocated, n,
				    sizeof(*totals->processes));
	if (!err)
		err = array_reserve(&totals->flows, &totals->n_flows_allocated, n,
				    sizeof(*totals->flows));
	if (!err)
		err = array_reserve(&totals->lanes, &totals->n_lanes_allocated, n,
				    sizeof(*totals->lanes));
	if (!err)
		err = array_reserve(&totals->timestamps, &totals->n_timestamps_allocated, n,
				    sizeof(*totals->timestamps));
	if (!err)
		err = array_reserve(&totals->numbers, &totals->n_numbers_allocated, n,
				    sizeof(*totals->numbers));
	return err;
}

static int compare_tuples(const void *a, const void *b)
{
	uint64_t x = (*(const struct nst_flow *const *)a)->id;
	uint64_t y = (*(const struct nst_flow *const *)b)->id;

	return (x > y) - (x < y);
}

static int sort_tuples(struct totals *totals, const struct nst_flow *tuples, size_t n)
{
	int err = array_reserve(&totals->tuples, &totals->n_tuples_allocated, n,
				sizeof(*totals->tuples));

	if (err || !n)
		return err;
	for (size_t i = 0; i < n; i++)
		totals->tuples[i] = &tuples[i];
	qsort(totals->tuples, n, sizeof(*totals->tuples), compare_tuples);
	return 0;
}

/* What is counted without a flow, or of one that nothing describes, has its protocol alone. */
static struct nst_flow flow_of(const struct totals *totals, size_t n_tuples,
			       const struct nst_total *row)
{
	const struct nst_flow wanted = { .id = row->flow_id }, *key = &wanted;
	const struct nst_flow **found = NULL;
	struct nst_flow flow = { .netns = row->netns,
				 .ethertype = row->ethertype,
				 .protocol = row->protocol };

	if (row->has & NST_TOTAL_HAS_FLOW && n_tuples)
		found = bsearch(&key, totals->tuples, n_tuples, sizeof(*totals->tuples),
				compare_tuples);
	if (found)
		flow = **found;
	else if (row->has & NST_TOTAL_HAS_FLOW)
		flow.id = row->flow_id;
	flow.has |= row->has & NST_TOTAL_HAS_FLOW ? NST_HAS_FLOW_ID : 0;
	if (!found) {
		flow.has |= row->has & NST_TOTAL_HAS_PROTOCOL ? NST_HAS_PROTOCOL : 0;
		flow.has |= row->has & NST_TOTAL_HAS_NETNS ? NST_HAS_NETNS : 0;
	}
	return flow;
}

static struct nst_lane lane_of(uint32_t number, const struct nst_total *row)
{
	struct nst_lane lane = { .has = NST_HAS_LINK_HEADER,
				 .flow = number,
				 .process = number,
				 .cgroup_id = row->cgroup_id,
				 .ifindex = row->ifindex,
				 .flags = row->flags & NST_LANE_FLAGS,
				 .is_send = row->is_send,
				 .owner_source = row->owner_source,
				 .link_header_bytes = row->link_header_bytes };

	lane.has |= row->has & NST_TOTAL_HAS_OWNER ? NST_HAS_OWNER : 0;
	lane.has |= row->has & NST_TOTAL_HAS_IFINDEX ? NST_HAS_IFINDEX : 0;
	lane.has |= row->cgroup_id ? NST_HAS_CGROUP : 0;
	return lane;
}

static void take_row(struct totals *totals, size_t n_tuples, uint32_t i)
{
	const struct nst_total *row = totals->rows[i];

	totals->processes[i] = (struct nst_process){ row->start_ns, row->pid, row->comm };
	totals->flows[i] = flow_of(totals, n_tuples, row);
	totals->lanes[i] = lane_of(i, row);
	totals->timestamps[i] = row->from_ns;
	totals->numbers[i] = i;
}

static int compare_rows(const void *a, const void *b)
{
	const struct nst_total *x = *(const struct nst_total *const *)a;
	const struct nst_total *y = *(const struct nst_total *const *)b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	return (x > y) - (x < y); /* as in the file */
}

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool is_possible(struct totals *totals, const struct nst_total *row)
{
	uint64_t bytes = greater(row->bytes, greater(row->payload_bytes, row->wire_bytes));
	uint64_t packets = greater(row->events, row->packets);

	if (row->from_ns > TIME_MAX_NS || row->to_ns > TIME_MAX_NS ||
	    bytes > BYTES_MAX - totals->bytes || packets > PACKETS_MAX - totals->packets)
		return false;
	totals->bytes += bytes;
	totals->packets += packets;
	return true;
}

static void sort_rows(struct totals *totals, const struct nst_total *rows, size_t n)
{
	bool is_sorted = true;

	for (size_t i = 0; i < n; i++) {
		if (!is_possible(totals, &rows[i])) {
			totals->n_left_out++;
			continue;
		}
		is_sorted = is_sorted &&
			    (!totals->n || totals->rows[totals->n - 1]->from_ns <= rows[i].from_ns);
		totals->rows[totals->n++] = &rows[i];
	}
	if (!is_sorted)
		qsort(totals->rows, totals->n, sizeof(*totals->rows), compare_rows);
}

int totals_read(struct totals *totals, struct nst_reader *reader)
{
	const void *rows = NULL, *tuples = NULL;
	size_t n = 0, n_tuples = 0;
	int err = nst_reader_rows(reader, NST_TABLE_TOTAL, &rows, &n);

	totals->n = 0;
	if (!err && n)
		err = nst_reader_rows(reader, NST_TABLE_TUPLE, &tuples, &n_tuples);
	if (err == -EBADMSG || err == -EINVAL)
		return 0;
	if (err || !n)
		return err;
	err = reserve(totals, n);
	if (!err)
		err = sort_tuples(totals, tuples, n_tuples);
	if (err)
		return err;
	sort_rows(totals, rows, n);
	for (size_t i = 0; i < totals->n; i++)
		take_row(totals, n_tuples, (uint32_t)i);
	totals->dictionaries = (struct nst_dictionaries){ .n_processes = totals->n,
							  .n_flows = totals->n,
							  .n_lanes = totals->n,
							  .processes = totals->processes,
							  .flows = totals->flows,
							  .lanes = totals->lanes };
	totals->events = (struct nst_events){ .n_events = totals->n,
					      .timestamp = totals->timestamps,
					      .lane = totals->numbers };
	if (totals->n) {
		totals->events.first_ns = totals->timestamps[0];
		totals->events.last_ns = totals->timestamps[totals->n - 1];
	}
	return 0;
}
