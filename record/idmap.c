// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/idmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* In front of each value. Chains are rings, so that their end is at hand, too. */
struct item {
	uint64_t id;
	uint32_t next, previous; /* in its chain; next alone where it is free */
	uint32_t older, newer;
};

static struct item *item_at(const struct idmap *map, uint32_t number)
{
	return (struct item *)(map->items + number * map->item_bytes);
}

static struct item *item_of(const void *value)
{
	return (struct item *)value - 1;
}

static uint32_t number_of(const struct idmap *map, const struct item *item)
{
	return (uint32_t)((size_t)((const char *)item - map->items) / map->item_bytes);
}

static uint32_t *chain_of(const struct idmap *map, uint64_t id)
{
	return &map->chains[id * UINT64_C(0x9e3779b97f4a7c15) >> map->shift];
}

int idmap_open(struct idmap *map, size_t value_bytes, uint32_t max)
{
	struct idmap opened = { .max = max, .shift = 63 };

	opened.item_bytes = (sizeof(struct item) + value_bytes + 7) / 8 * 8;
	while (UINT64_C(1) << (64 - opened.shift) < max)
		opened.shift--;
	opened.items = calloc((size_t)max + 1, opened.item_bytes);
	opened.chains = calloc((size_t)1 << (64 - opened.shift), sizeof(*opened.chains));
	if (!opened.items || !opened.chains) {
		idmap_close(&opened);
		return -ENOMEM;
	}
	*map = opened;
	return 0;
}

void idmap_close(struct idmap *map)
{
	free(map->items);
	free(map->chains);
	*map = (struct idmap){ 0 };
}

static void make_newest(struct idmap *map, struct item *item, uint32_t number)
{
	item->older = map->newest;
	item->newer = 0;
	if (map->newest)
		item_at(map, map->newest)->newer = number;
	else
		map->oldest = number;
	map->newest = number;
}

static void take_from_ages(struct idmap *map, const struct item *item)
{
	if (item->older)
		item_at(map, item->older)->newer = item->newer;
	else
		map->oldest = item->newer;
	if (item->newer)
		item_at(map, item->newer)->older = item->older;
	else
		map->newest = item->older;
}

void *idmap_add(struct idmap *map, uint64_t id)
{
	uint32_t *first = chain_of(map, id), number = map->free;
	struct item *item;

	if (map->n == map->max)
		return NULL;
	if (number)
		map->free = item_at(map, number)->next;
	else
		number = ++map->touched;
	map->n++;
	item = item_at(map, number);
	memset(item, 0, map->item_bytes);
	item->id = id;
	if (!*first) {
		*first = item->next = item->previous = number;
	} else {
		struct item *head = item_at(map, *first);

		item->next = *first;
		item->previous = head->previous;
		item_at(map, head->previous)->next = number;
		head->previous = number;
	}
	make_newest(map, item, number);
	return item + 1;
}

void idmap_remove(struct idmap *map, void *value)
{
	struct item *item = item_of(value);
	uint32_t *first = chain_of(map, item->id), number = number_of(map, item);

	take_from_ages(map, item);
	if (item->next == number) {
		*first = 0;
	} else {
		item_at(map, item->previous)->next = item->next;
		item_at(map, item->next)->previous = item->previous;
		if (*first == number)
			*first = item->next;
	}
	item->id = 0;
	item->next = map->free;
	map->free = number;
	map->n--;
}

void *idmap_find(const struct idmap *map, uint64_t id)
{
	uint32_t first = *chain_of(map, id), number = first;

	if (!first)
		return NULL;
	do {
		struct item *item = item_at(map, number);

		if (item->id == id)
			return item + 1;
		number = item->next;
	} while (number != first);
	return NULL;
}

void *idmap_next(const struct idmap *map, const void *value)
{
	const struct item *item = item_of(value);
	uint32_t first = *chain_of(map, item->id);

	for (uint32_t number = item->next; number != first;) {
		struct item *other = item_at(map, number);

		if (other->id == item->id)
			return other + 1;
		number = other->next;
	}
	return NULL;
}

void *idmap_oldest(const struct idmap *map)
{
	return map->oldest ? item_at(map, map->oldest) + 1 : NULL;
}

void *idmap_newer(const struct idmap *map, const void *value)
{
	uint32_t number = item_of(value)->newer;

	return number ? item_at(map, number) + 1 : NULL;
}

void idmap_renew(struct idmap *map, void *value)
{
	struct item *item = item_of(value);

	take_from_ages(map, item);
	make_newest(map, item, number_of(map, item));
}

uint64_t idmap_id(const void *value)
{
	return item_of(value)->id;
}
