// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/total_rows.h"

#include "record/total_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Rows with flows or owners that are kept at once. Those without are bounded by the
 * machine's devices and protocols, but for MERGED_MAX of them nothing is kept apart.
 */
#define ROWS_MAX 65536
#define MERGED_MAX (ROWS_MAX + 4096)
#define FEW_ROWS 64	  /* for which there is room in a file that is full */
#define ROWS_A_CHUNK 8192 /* well within what a chunk can hold */
#define DETAILS_MAX 64	  /* changes that wait; of more, the last one is kept */

struct total_rows {
	struct total_table waiting, sums;
	struct nst_loss_interval *losses;    /* by CPU and cause; without events: none waits */
	struct nst_loss_interval *loss_rows; /* those that are being written */
	size_t n_losses;
	struct nst_detail_change details[DETAILS_MAX];
	size_t n_details;
	uint64_t merged;
	bool are_written;
	/* of a chunk */
	struct nst_total totals[ROWS_A_CHUNK];
	struct nst_flow tuples[ROWS_A_CHUNK];
};

int total_rows_open(size_t n_cpus, struct total_rows **ret_rows)
{
	struct total_rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	rows->n_losses = n_cpus * NST_LOSSES;
	rows->losses = calloc(rows->n_losses, sizeof(*rows->losses));
	rows->loss_rows = calloc(rows->n_losses, sizeof(*rows->loss_rows));
	if (!rows->losses || !rows->loss_rows) {
		total_rows_close(rows);
		return -ENOMEM;
	}
	*ret_rows = rows;
	return 0;
}

void total_rows_close(struct total_rows *rows)
{
	if (!rows)
		return;
	total_table_free(&rows->waiting);
	total_table_free(&rows->sums);
	free(rows->losses);
	free(rows->loss_rows);
	free(rows);
}

/* What is left of a key without flow and owner, and of that without anything but its direction. */
static struct nst_total without_owner(const struct nst_total *key)
{
	struct nst_total left = *key;

	left.has &= ~(uint32_t)(NST_TOTAL_HAS_FLOW | NST_TOTAL_HAS_OWNER);
	left.flow_id = left.start_ns = left.cgroup_id = 0;
	left.pid = 0;
	left.comm = (struct nst_bytes){ 0 };
	return left;
}

static struct nst_total direction_of(const struct nst_total *key)
{
	return (struct nst_total){ .is_send = key->is_send,
				   .from_ns = key->from_ns,
				   .to_ns = key->to_ns };
}

/* The row for this total, or for what is left of it where there are rows_max rows. */
static struct total_row *find_row(struct total_rows *rows, struct total_table *table,
				  const struct nst_total *total, size_t rows_max, bool *ret_is_new)
{
	struct total_row *row = total_table_find(table, total);
	struct nst_total key;

	*ret_is_new = false;
	if (row || table->n < rows_max)
		return row ?: total_table_get(table, total, ret_is_new);
	if (total->has & (NST_TOTAL_HAS_FLOW | NST_TOTAL_HAS_OWNER))
		rows->merged += total->events;
	key = without_owner(total);
	if (!total_table_find(table, &key) && table->n >= MERGED_MAX)
		key = direction_of(total);
	row = total_table_get(table, &key, ret_is_new);
	*ret_is_new = false; /* the rest is not told of it */
	return row;
}

static void describe(struct total_row *row, const struct nst_total *total,
		     const struct nst_flow *tuple)
{
	uint32_t comm_len = total->comm.len_bytes;

	if (comm_len > sizeof(row->comm))
		comm_len = sizeof(row->comm);
	if (comm_len)
		memcpy(row->comm, total->comm.data, comm_len);
	row->total.comm.len_bytes = comm_len;
	if (!tuple || !(total->has & NST_TOTAL_HAS_FLOW))
		return;
	row->tuple = *tuple;
	if (tuple->local_addr.len_bytes > sizeof(row->local) ||
	    tuple->remote_addr.len_bytes > sizeof(row->remote))
		return;
	if (tuple->local_addr.len_bytes)
		memcpy(row->local, tuple->local_addr.data, tuple->local_addr.len_bytes);
	if (tuple->remote_addr.len_bytes)
		memcpy(row->remote, tuple->remote_addr.data, tuple->remote_addr.len_bytes);
}

static int add(struct total_rows *rows, struct total_table *table, const struct nst_total *total,
	       const struct nst_flow *tuple, size_t rows_max)
{
	bool is_new;
	struct total_row *row = find_row(rows, table, total, rows_max, &is_new);

	if (!row)
		return -ENOMEM;
	if (is_new)
		describe(row, total, tuple);
	total_add(&row->total, total);
	return 0;
}

int total_rows_add(struct total_rows *rows, const struct nst_total *all,
		   const struct nst_total *untold, const struct nst_flow *tuple)
{
	struct nst_total sum = *all;
	int err;

	sum.has &= ~(uint32_t)NST_TOTAL_HAS_FLOW;
	sum.flow_id = sum.cgroup_id = 0;
	err = all->events ? add(rows, &rows->sums, &sum, NULL, ROWS_MAX) : 0;
	if (err || !untold->events)
		return err;
	return add(rows, &rows->waiting, untold, tuple, ROWS_MAX);
}

int total_rows_add_lost(struct total_rows *rows, const struct nst_total *total,
			const struct nst_flow *tuple, bool is_full)
{
	return add(rows, &rows->waiting, total, tuple, is_full ? FEW_ROWS : ROWS_MAX);
}

void total_rows_lose(struct total_rows *rows, const struct nst_loss_interval *loss)
{
	size_t cpu = loss->cpu == NST_ALL_CPUS ? 0 : loss->cpu;
	struct nst_loss_interval *waiting = &rows->losses[cpu * NST_LOSSES + loss->cause];

	if (!loss->events)
		return;
	if (!waiting->events) {
		*waiting = *loss;
		return;
	}
	if (loss->from_ns < waiting->from_ns)
		waiting->from_ns = loss->from_ns;
	if (loss->to_ns > waiting->to_ns)
		waiting->to_ns = loss->to_ns;
	waiting->events += loss->events;
	waiting->bytes += loss->bytes;
}

void total_rows_detail(struct total_rows *rows, uint64_t time_ns, enum nst_detail detail)
{
	if (rows->n_details == DETAILS_MAX)
		rows->n_details--;
	rows->details[rows->n_details++] =
		(struct nst_detail_change){ .time_ns = time_ns, .detail = (uint8_t)detail };
}

static int by_flow(const void *a, const void *b)
{
	const struct nst_flow *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* The first n rows as the library takes them, and each of their flows once. How many flows. */
static size_t fill_chunk(struct total_rows *rows, const struct total_table *from, size_t n)
{
	size_t n_tuples = 0, kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct total_row *row = &from->rows[i];

		rows->totals[i] = row->total;
		rows->totals[i].comm.data = row->comm;
		if (!(row->total.has & NST_TOTAL_HAS_FLOW))
			continue;
		row->tuple.local_addr.data = row->local;
		row->tuple.remote_addr.data = row->remote;
		rows->tuples[n_tuples++] = row->tuple;
	}
	if (n_tuples)
		qsort(rows->tuples, n_tuples, sizeof(rows->tuples[0]), by_flow);
	for (size_t i = 0; i < n_tuples; i++)
		if (!kept || rows->tuples[kept - 1].id != rows->tuples[i].id)
			rows->tuples[kept++] = rows->tuples[i];
	return kept;
}

static int write_table(struct total_rows *rows, struct nst_writer *writer, struct total_table *from,
		       enum nst_table table)
{
	int err = 0;

	while (!err && from->n) {
		size_t n = from->n < ROWS_A_CHUNK ? from->n : ROWS_A_CHUNK;
		const struct nst_rows tables[] = {
			{ NST_TABLE_TUPLE, rows->tuples, fill_chunk(rows, from, n) },
			{ table, rows->totals, n },
		};

		err = nst_writer_rows(writer, NST_CHUNK_TOTALS, tables, 2);
		if (!err)
			total_table_drop(from, n);
		rows->are_written |= !err;
	}
	return err;
}

/* Few and small: all of them in one chunk. */
static int write_changes(struct total_rows *rows, struct nst_writer *writer)
{
	size_t n_losses = 0;
	int err;

	for (size_t i = 0; i < rows->n_losses; i++)
		if (rows->losses[i].events)
			rows->loss_rows[n_losses++] = rows->losses[i];
	if (n_losses || rows->n_details) {
		const struct nst_rows tables[] = {
			{ NST_TABLE_LOSS, rows->loss_rows, n_losses },
			{ NST_TABLE_DETAIL, rows->details, rows->n_details },
		};

		err = nst_writer_rows(writer, NST_CHUNK_TOTALS, tables, 2);
		if (err)
			return err;
	}
	for (size_t i = 0; i < rows->n_losses; i++)
		rows->losses[i].events = 0;
	rows->n_details = 0;
	return 0;
}

int total_rows_write(struct total_rows *rows, struct nst_writer *writer)
{
	int err = write_changes(rows, writer);

	return err ?: write_table(rows, writer, &rows->waiting, NST_TABLE_TOTAL);
}

int total_rows_end(struct total_rows *rows, struct nst_writer *writer, uint64_t from_ns,
		   uint64_t to_ns)
{
	int err = total_rows_write(rows, writer);

	for (size_t i = 0; i < rows->sums.n; i++) {
		rows->sums.rows[i].total.from_ns = from_ns;
		rows->sums.rows[i].total.to_ns = to_ns;
	}
	return err ?: write_table(rows, writer, &rows->sums, NST_TABLE_SUM);
}

void total_rows_forget_sums(struct total_rows *rows)
{
	total_table_drop(&rows->sums, rows->sums.n);
}

bool total_rows_wait(const struct total_rows *rows)
{
	bool waits = rows->waiting.n || rows->n_details;

	for (size_t i = 0; !waits && i < rows->n_losses; i++)
		waits = rows->losses[i].events;
	return waits;
}

uint64_t total_rows_merged(const struct total_rows *rows)
{
	return rows->merged;
}

bool total_rows_are_written(const struct total_rows *rows)
{
	return rows->are_written;
}
