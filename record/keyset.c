// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/keyset.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_SLOTS 64

/* Where key is, or where it would go. There is always a free slot. */
static size_t slot_of(const struct keyset *set, uint64_t key)
{
	size_t mask = set->n_slots - 1;
	size_t slot = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;

	while (set->slots[slot] && set->slots[slot] != key)
		slot = (slot + 1) & mask;
	return slot;
}

bool keyset_has(const struct keyset *set, uint64_t key)
{
	return set->n_slots && set->slots[slot_of(set, key)] == key;
}

static int grow(struct keyset *set)
{
	struct keyset larger = { .n_slots = set->n_slots ? 2 * set->n_slots : FIRST_SLOTS,
				 .n_keys = set->n_keys };

	larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_slots; i++)
		if (set->slots[i])
			larger.slots[slot_of(&larger, set->slots[i])] = set->slots[i];
	free(set->slots);
	*set = larger;
	return 0;
}

int keyset_add(struct keyset *set, uint64_t key)
{
	size_t slot;

	if (2 * (set->n_keys + 1) > set->n_slots && grow(set))
		return -ENOMEM;
	slot = slot_of(set, key);
	set->n_keys += !set->slots[slot];
	set->slots[slot] = key;
	return 0;
}

void keyset_free(struct keyset *set)
{
	free(set->slots);
	*set = (struct keyset){ 0 };
}
