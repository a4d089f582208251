// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/total_table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

static bool is_same(const struct nst_total *a, const struct nst_total *b)
{
	return a->has == b->has && a->flow_id == b->flow_id && a->start_ns == b->start_ns &&
	       a->pid == b->pid && a->netns == b->netns && a->ifindex == b->ifindex &&
	       a->ethertype == b->ethertype && a->protocol == b->protocol &&
	       a->is_send == b->is_send && a->owner_source == b->owner_source &&
	       a->link_header_bytes == b->link_header_bytes && a->flags == b->flags;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t hash_of(const struct nst_total *key)
{
	uint64_t hash = mix(key->flow_id, key->start_ns);

	hash = mix(hash, (uint64_t)key->pid << 32 | key->ifindex);
	hash = mix(hash, (uint64_t)key->netns << 32 | (uint32_t)key->ethertype << 16 | key->flags);
	hash = mix(hash, (uint64_t)key->has << 32 | (uint32_t)key->protocol << 24 |
				 (uint32_t)key->is_send << 16 | (uint32_t)key->owner_source << 8 |
				 key->link_header_bytes);
	return hash;
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *slot_of(const struct total_table *table, const struct nst_total *key)
{
	size_t mask = table->n_slots - 1;

	for (size_t at = hash_of(key) & mask;; at = (at + 1) & mask) {
		uint32_t *slot = &table->slots[at];

		if (!*slot || is_same(&table->rows[*slot - 1].total, key))
			return slot;
	}
}

static void index_rows(struct total_table *table)
{
	memset(table->slots, 0, table->n_slots * sizeof(*table->slots));
	for (size_t i = 0; i < table->n; i++)
		*slot_of(table, &table->rows[i].total) = (uint32_t)i + 1;
}

static bool grow(struct total_table *table)
{
	size_t room = table->room ? 2 * table->room : FIRST_ROOM;
	struct total_row *rows = reallocarray(table->rows, room, sizeof(*rows));
	uint32_t *slots;

	if (!rows)
		return false;
	table->rows = rows;
	slots = reallocarray(table->slots, 2 * room, sizeof(*slots));
	if (!slots)
		return false;
	table->slots = slots;
	table->room = room;
	table->n_slots = 2 * room;
	index_rows(table);
	return true;
}

struct total_row *total_table_find(const struct total_table *table, const struct nst_total *key)
{
	uint32_t *slot = table->n ? slot_of(table, key) : NULL;

	return slot && *slot ? &table->rows[*slot - 1] : NULL;
}

struct total_row *total_table_get(struct total_table *table, const struct nst_total *key,
				  bool *ret_is_new)
{
	struct total_row *row = total_table_find(table, key);

	*ret_is_new = !row;
	if (row)
		return row;
	if (table->n == table->room && !grow(table))
		return NULL;
	row = &table->rows[table->n++];
	*row = (struct total_row){ .total = *key };
	row->total.events = row->total.packets = row->total.bytes = 0;
	row->total.payload_bytes = row->total.wire_bytes = 0;
	row->total.comm = (struct nst_bytes){ 0 };
	*slot_of(table, key) = (uint32_t)table->n;
	return row;
}

void total_table_drop(struct total_table *table, size_t n)
{
	if (!n)
		return;
	table->n -= n;
	memmove(table->rows, table->rows + n, table->n * sizeof(*table->rows));
	index_rows(table);
}

void total_table_free(struct total_table *table)
{
	free(table->rows);
	free(table->slots);
	*table = (struct total_table){ 0 };
}

void total_add(struct nst_total *to, const struct nst_total *from)
{
	if (from->from_ns < to->from_ns)
		to->from_ns = from->from_ns;
	if (from->to_ns > to->to_ns)
		to->to_ns = from->to_ns;
	to->events += from->events;
	to->packets += from->packets;
	to->bytes += from->bytes;
	to->payload_bytes += from->payload_bytes;
	to->wire_bytes += from->wire_bytes;
}
