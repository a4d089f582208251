// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/process_table.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_BUCKETS 1024

static struct process **bucket_of(const struct process_table *table, uint32_t pid,
				  uint64_t start_ns)
{
	uint64_t key = (start_ns ^ pid) * UINT64_C(0x9e3779b97f4a7c15);

	return &table->buckets[(key >> 32) & (table->n_buckets - 1)];
}

struct process *process_table_find(const struct process_table *table, uint32_t pid,
				   uint64_t start_ns)
{
	struct process *process = table->n_buckets ? *bucket_of(table, pid, start_ns) : NULL;

	while (process && (process->event.pid != pid || process->event.start_ns != start_ns))
		process = process->next;
	return process;
}

static void insert(struct process_table *table, struct process *process)
{
	struct process **bucket = bucket_of(table, process->event.pid, process->event.start_ns);

	process->next = *bucket;
	*bucket = process;
}

static int grow(struct process_table *table)
{
	struct process_table larger = *table;

	larger.n_buckets = table->n_buckets ? 2 * table->n_buckets : FIRST_BUCKETS;
	larger.buckets = calloc(larger.n_buckets, sizeof(struct process *));
	if (!larger.buckets)
		return -ENOMEM;
	for (size_t i = 0; i < table->n_buckets; i++) {
		struct process *next, *process = table->buckets[i];

		for (; process; process = next) {
			next = process->next;
			insert(&larger, process);
		}
	}
	free(table->buckets);
	*table = larger;
	return 0;
}

struct process *process_table_add(struct process_table *table, uint32_t pid, uint64_t start_ns)
{
	struct process *process;

	if (table->n == table->n_buckets && grow(table))
		return NULL;
	process = calloc(1, sizeof(*process));
	if (!process)
		return NULL;
	process->image = image_new();
	if (!process->image) {
		free(process);
		return NULL;
	}
	process->event.pid = pid;
	process->event.start_ns = start_ns;
	insert(table, process);
	table->n++;
	return process;
}

void process_table_end(struct process_table *table, struct process *process, uint64_t at_ns)
{
	if (process->is_dead)
		return;
	process->is_dead = true;
	process->exit_ns = at_ns;
	process->next_dead = NULL;
	if (table->last_dead)
		table->last_dead->next_dead = process;
	else
		table->first_dead = process;
	table->last_dead = process;
	table->n_dead++;
}

static void drop(struct process *process)
{
	image_release(process->image);
	free(process);
}

static void forget_first(struct process_table *table)
{
	struct process *process = table->first_dead;
	struct process **at = bucket_of(table, process->event.pid, process->event.start_ns);

	while (*at != process)
		at = &(*at)->next;
	*at = process->next;
	table->first_dead = process->next_dead;
	if (!table->first_dead)
		table->last_dead = NULL;
	table->n_dead--;
	table->n--;
	if (table->forgotten)
		table->forgotten(table->context, process->event.pid, process->event.start_ns);
	drop(process);
}

size_t process_table_forget(struct process_table *table, uint64_t before_ns, size_t dead_max)
{
	size_t early = 0;

	while (table->first_dead && table->first_dead->exit_ns < before_ns)
		forget_first(table);
	for (; table->n_dead > dead_max; early++)
		forget_first(table);
	return early;
}

void process_table_free(struct process_table *table)
{
	for (size_t i = 0; i < table->n_buckets; i++) {
		struct process *next, *process = table->buckets[i];

		for (; process; process = next) {
			next = process->next;
			drop(process);
		}
	}
	free(table->buckets);
	*table = (struct process_table){ 0 };
}
