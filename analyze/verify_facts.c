/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/verify_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool bytes_are(const struct nst_bytes *bytes, const char *text)
{
	size_t len = strlen(text);

	return bytes->len_bytes == len && !memcmp(bytes->data, text, len);
}

static void take_settings(struct facts *facts, const struct nst_setting *rows, size_t n)
{
	for (; n > 0; n--, rows++) {
		if (!rows->key.len_bytes)
			continue;
		facts->is_part |= bytes_are(&rows->key, "part");
		facts->is_recovered |= bytes_are(&rows->key, "recovered_from");
		facts->lacks_metadata |= bytes_are(&rows->key, "recovered_metadata") &&
					 !bytes_are(&rows->value, "complete");
	}
}

static void take_counters(struct facts *facts, const struct nst_counter *rows, size_t n)
{
	for (; n > 0; n--, rows++) {
		if (!rows->name.len_bytes)
			continue;
		if (bytes_are(&rows->name, "events")) {
			facts->has_events_counter = true;
			facts->events_counter += rows->value;
		} else if (bytes_are(&rows->name, "summed_events")) {
			facts->summed_counter += rows->value;
		} else if (bytes_are(&rows->name, "flow_table_full") ||
			   bytes_are(&rows->name, "totals_merged")) {
			facts->merged += rows->value;
		} else if (bytes_are(&rows->name, "throughput_full_bytes")) {
			facts->throughput_full += rows->value;
		}
	}
}

static void take_losses(struct facts *facts, const struct nst_loss_interval *rows, size_t n)
{
	for (; n > 0; n--, rows++) {
		if (rows->cause < NST_LOSS_SLOTS)
			facts->loss_rows[rows->cause] += rows->events;
	}
}

static int take_throughput(struct facts *facts, const struct nst_throughput *rows, size_t n)
{
	for (; n > 0; n--, rows++) {
		const uint32_t key[2] = { rows->pid, rows->is_send };
		uint32_t index;
		bool is_new;

		if (intern_get(&facts->throughput_keys, key, sizeof(key), &index, &is_new) ||
		    array_reserve(&facts->throughput, &facts->n_throughput, (size_t)index + 1,
				  sizeof(*facts->throughput)))
			return -ENOMEM;
		facts->throughput[index] += rows->bytes;
	}
	return 0;
}

static int take_rows(struct facts *facts, enum nst_table table, const void *rows, size_t n)
{
	switch (table) {
	case NST_TABLE_SETTING:
		take_settings(facts, rows, n);
		return 0;
	case NST_TABLE_COUNTER:
		take_counters(facts, rows, n);
		return 0;
	case NST_TABLE_LOSS:
		take_losses(facts, rows, n);
		return 0;
	case NST_TABLE_THROUGHPUT:
		return take_throughput(facts, rows, n);
	case NST_TABLE_TOTAL:
		return sums_add_totals(&facts->sums, rows, n);
	case NST_TABLE_SUM:
		return sums_add_sums(&facts->sums, rows, n);
	default:
		return 0;
	}
}

int facts_add(struct facts *facts, struct nst_reader *reader, const struct nst_chunk *chunk)
{
	const struct nst_dictionaries *dictionaries;
	const struct nst_events *events;
	const void *rows;
	size_t n;
	int err = 0;

	if (chunk->type == NST_CHUNK_EVENTS)
		return nst_reader_dictionaries(reader, &dictionaries)
			       ?: nst_reader_events(reader, &events)
			       ?: sums_add_events(&facts->sums, dictionaries, events);
	for (int table = NST_TABLE_SETTING; table <= NST_TABLE_LAST && !err; table++)
		if (!nst_reader_rows(reader, (enum nst_table)table, &rows, &n))
			err = take_rows(facts, (enum nst_table)table, rows, n);
	return err;
}

void facts_free(struct facts *facts)
{
	sums_free(&facts->sums);
	intern_free(&facts->throughput_keys);
	free(facts->throughput);
	*facts = (struct facts){ 0 };
}
