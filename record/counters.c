// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/counters.h"

#include "format/trace.h"
#include "record/kernel.h"
#include "record/processes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_NAME_MAX 64
#define ROWS_A_CHUNK 32768 /* well within what a chunk can hold */

static struct nst_bytes bytes_of(const char *text, size_t room)
{
	return (struct nst_bytes){ .data = text, .len_bytes = (uint32_t)strnlen(text, room) };
}

/* Two rows a process at most: what it sent and what it received. */
static size_t fill_throughput(const struct throughput *from, size_t n_from,
			      struct nst_throughput *to)
{
	size_t n = 0;

	for (size_t i = 0; i < n_from; i++) {
		struct nst_throughput row = {
			.pid = from[i].pid, .name = bytes_of(from[i].name, sizeof(from[i].name))
		};

		if (from[i].send_bytes) {
			row.bytes = from[i].send_bytes;
			row.is_send = 1;
			to[n++] = row;
		}
		if (from[i].recv_bytes) {
			row.bytes = from[i].recv_bytes;
			row.is_send = 0;
			to[n++] = row;
		}
	}
	return n;
}

/* A row a count; those told by CPU, a row for each CPU that has something to tell. */
static size_t fill_counters(const struct counters_source *source, struct nst_counter *to)
{
	size_t n_cpus = kernel_cpus(source->kernel), n = 0;

	for (size_t i = 0; i < n_count_names; i++) {
		const struct count_name *name = &count_names[i];
		struct nst_counter row = { .name = bytes_of(name->name, COUNT_NAME_MAX) };

		for (size_t cpu = 0; name->by_cpu && cpu < n_cpus; cpu++) {
			row.cpu = (uint32_t)cpu;
			row.value = count_value(&source->by_cpu[cpu], name);
			if (row.value)
				to[n++] = row;
		}
		row.cpu = NST_ALL_CPUS;
		row.value = count_value(&source->counts, name);
		if (!name->by_cpu)
			to[n++] = row;
	}
	to[n++] = (struct nst_counter){
		.name = bytes_of("owners_forgotten", COUNT_NAME_MAX),
		.cpu = NST_ALL_CPUS,
		.value = source->owners_lost,
	};
	to[n++] = (struct nst_counter){
		.name = bytes_of("totals_merged", COUNT_NAME_MAX),
		.cpu = NST_ALL_CPUS,
		.value = source->totals_merged,
	};
	to[n++] = (struct nst_counter){
		.name = bytes_of("level_lowered", COUNT_NAME_MAX),
		.cpu = NST_ALL_CPUS,
		.value = source->level_lowered,
	};
	processes_counters(source->processes, to + n);
	return n + PROCESS_COUNTERS;
}

static int write_throughput(const struct counters_source *source, struct nst_writer *writer)
{
	struct throughput *rows = NULL;
	struct nst_throughput *throughput;
	size_t n_rows = 0, n;
	int err = kernel_throughput(source->kernel, &rows, &n_rows);

	if (err)
		return err;
	throughput = calloc(2 * n_rows + 1, sizeof(*throughput));
	n = throughput ? fill_throughput(rows, n_rows, throughput) : 0;
	err = throughput ? 0 : -ENOMEM;
	for (size_t i = 0; !err && i < n; i += ROWS_A_CHUNK) {
		const struct nst_rows table = { NST_TABLE_THROUGHPUT, throughput + i,
						n - i < ROWS_A_CHUNK ? n - i : ROWS_A_CHUNK };

		err = nst_writer_rows(writer, NST_CHUNK_TOTALS, &table, 1);
	}
	free(throughput);
	free(rows);
	return err;
}

static int write_counters(const struct counters_source *source, struct nst_writer *writer)
{
	size_t n_cpus = kernel_cpus(source->kernel);
	struct nst_counter *counters =
		calloc(n_count_names * (n_cpus + 1) + 3 + PROCESS_COUNTERS, sizeof(*counters));
	int err = -ENOMEM;

	if (counters) {
		const struct nst_rows table = { NST_TABLE_COUNTER, counters,
						fill_counters(source, counters) };

		err = nst_writer_rows(writer, NST_CHUNK_TOTALS, &table, 1);
	}
	free(counters);
	return err;
}

int counters_write(const struct counters_source *source, struct nst_writer *writer)
{
	int err = source->throughput ? write_throughput(source, writer) : 0;

	return err ?: write_counters(source, writer);
}
