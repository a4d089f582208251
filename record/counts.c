// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/counts.h"

#include "bpf/events.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define NAME(field, by_cpu) { #field, offsetof(struct counts, field), by_cpu }
/* clang-format on */
const struct count_name count_names[] = {
	NAME(events, false),
	NAME(ring_full_events, true),
	NAME(ring_full_bytes, true),
	NAME(summed_events, false),
	NAME(summed_bytes, false),
	NAME(throughput_full_bytes, false),
	NAME(flow_table_full, false),
	NAME(filtered, false),
	NAME(filtered_unknown, false),
	NAME(not_ip, false),
	NAME(bad_header, false),
	NAME(snoop_full, false),
	NAME(flows, false),
	NAME(owner_ring_full, false),
	NAME(process_ring_full, false),
};
const size_t n_count_names = sizeof(count_names) / sizeof(count_names[0]);

static int read_own(int map, size_t n_cpus, struct counts *by_cpu)
{
	struct own *own = calloc(n_cpus, sizeof(*own));
	uint32_t zero = 0;
	int err = own ? bpf_map_lookup_elem(map, &zero, own) : -ENOMEM;

	for (size_t i = 0; !err && i < n_cpus; i++) {
		const __u64 *value = own[i].counters.value;

		by_cpu[i] = (struct counts){
			.throughput_full_bytes = value[COUNTER_THROUGHPUT_FULL_BYTES],
			.flow_table_full = value[COUNTER_FLOW_TABLE_FULL],
			.filtered = value[COUNTER_FILTERED],
			.filtered_unknown = value[COUNTER_FILTERED_UNKNOWN],
			.not_ip = value[COUNTER_NOT_IP],
			.bad_header = value[COUNTER_BAD_HEADER],
			.snoop_full = value[COUNTER_SNOOP_FULL],
			.flows = value[COUNTER_FLOWS],
			.owner_ring_full = value[COUNTER_OWNER_RING_FULL],
			.process_ring_full = value[COUNTER_PROCESS_RING_FULL],
		};
	}
	free(own);
	return err;
}

static int add_intervals(int map, size_t n_cpus, struct counts *by_cpu)
{
	struct interval *intervals = calloc(n_cpus, sizeof(*intervals));
	int err = intervals ? 0 : -ENOMEM;

	for (uint32_t generation = 0; !err && generation < 2; generation++) {
		err = bpf_map_lookup_elem(map, &generation, intervals);
		for (size_t i = 0; !err && i < n_cpus; i++) {
			const __u64 *count = intervals[i].count;

			by_cpu[i].events += count[INTERVAL_EVENTS];
			by_cpu[i].ring_full_events += count[INTERVAL_RING_FULL_EVENTS];
			by_cpu[i].ring_full_bytes += count[INTERVAL_RING_FULL_BYTES];
			by_cpu[i].summed_events += count[INTERVAL_SUMMED_EVENTS];
			by_cpu[i].summed_bytes += count[INTERVAL_SUMMED_BYTES];
		}
	}
	free(intervals);
	return err;
}

int counts_read(const struct count_maps *maps, size_t n_cpus, struct counts *ret_by_cpu)
{
	int err = read_own(maps->own, n_cpus, ret_by_cpu);

	return err ?: add_intervals(maps->intervals, n_cpus, ret_by_cpu);
}

struct counts counts_sum(const struct counts *by_cpu, size_t n_cpus)
{
	struct counts sum = { 0 };

	for (size_t cpu = 0; cpu < n_cpus; cpu++)
		for (size_t i = 0; i < n_count_names; i++)
			*(uint64_t *)((char *)&sum + count_names[i].offset) +=
				count_value(&by_cpu[cpu], &count_names[i]);
	return sum;
}

int throughput_compare(const void *a, const void *b)
{
	const struct throughput *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return memcmp(x->name, y->name, sizeof(x->name));
}

struct rows {
	struct throughput *all;
	size_t n, room;
};

static int append(struct rows *rows, const struct throughput_key *key, uint64_t bytes, bool is_send)
{
	struct throughput *row;

	if (rows->n == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 64;

		row = reallocarray(rows->all, room, sizeof(*row));
		if (!row)
			return -ENOMEM;
		rows->all = row;
		rows->room = room;
	}
	row = &rows->all[rows->n++];
	*row = (struct throughput){ .pid = key->pid };
	memcpy(row->name, key->name, sizeof(row->name));
	*(is_send ? &row->send_bytes : &row->recv_bytes) = bytes;
	return 0;
}

/* Entries are only ever added, so that a walk by keys meets each one there was. */
static int read_map(int map, bool is_send, struct rows *rows)
{
	struct throughput_key key, *previous = NULL;
	uint64_t bytes;
	int err;

	while (!(err = bpf_map_get_next_key(map, previous, &key))) {
		err = bpf_map_lookup_elem(map, &key, &bytes);
		if (!err)
			err = append(rows, &key, bytes, is_send);
		if (err)
			return err;
		previous = &key;
	}
	return err == -ENOENT ? 0 : err;
}

/* What the CPUs have not added yet. */
static int read_runs(int map, size_t n_cpus, struct rows *rows)
{
	struct own *own = calloc(n_cpus, sizeof(*own));
	uint32_t zero = 0;
	int err = own ? bpf_map_lookup_elem(map, &zero, own) : -ENOMEM;

	for (size_t i = 0; !err && i < 2 * n_cpus; i++) {
		const struct throughput_run *run = &own[i / 2].runs[i % 2];
		struct throughput_key key = { .pid = run->pid };

		memcpy(key.name, run->name, sizeof(key.name));
		if (run->bytes)
			err = append(rows, &key, run->bytes, i % 2);
	}
	free(own);
	return err;
}

/* One row of all those that a process has. */
static size_t join(struct throughput *rows, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept && !throughput_compare(&rows[kept - 1], &rows[i])) {
			rows[kept - 1].send_bytes += rows[i].send_bytes;
			rows[kept - 1].recv_bytes += rows[i].recv_bytes;
		} else {
			rows[kept++] = rows[i];
		}
	}
	return kept;
}

int throughput_read(const struct throughput_maps *maps, size_t n_cpus, struct throughput **ret_rows,
		    size_t *ret_n_rows)
{
	struct rows rows = { 0 };
	int err;

	err = read_map(maps->send, true, &rows);
	if (!err)
		err = read_map(maps->recv, false, &rows);
	if (!err)
		err = read_runs(maps->own, n_cpus, &rows);
	if (err) {
		free(rows.all);
		return err;
	}
	if (rows.n)
		qsort(rows.all, rows.n, sizeof(*rows.all), throughput_compare);
	*ret_rows = rows.all;
	*ret_n_rows = join(rows.all, rows.n);
	return 0;
}
