/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define BLOCK_BYTES ((size_t)32 << 10) /* of keys; a longer key has a block of its own */
#define SLOTS_LEAST 16

struct intern_item {
	size_t len;
	_Alignas(8) uint8_t key[]; /* a struct of any type */
};

struct intern_slot {		  /* open addressing; at most two thirds are taken */
	struct intern_item *item; /* NULL: free */
	uint32_t hash;
	uint32_t number;
};

struct intern_block {
	struct intern_block *next;
	_Alignas(8) uint8_t room[];
};

int array_reserve(void *array, size_t *n_allocated, size_t n, size_t size)
{
	size_t wanted = *n_allocated ? *n_allocated : 16, old_bytes = *n_allocated * size;
	char *old, *new;

	if (n <= *n_allocated)
		return 0;
	while (wanted < n)
		if (__builtin_mul_overflow(wanted, 2, &wanted))
			return -ENOMEM;
	memcpy(&old, array, sizeof(old));
	new = reallocarray(old, wanted, size);
	if (!new)
		return -ENOMEM;
	memset(new + old_bytes, 0, wanted * size - old_bytes);
	memcpy(array, &new, sizeof(new));
	*n_allocated = wanted;
	return 0;
}

static uint64_t load64(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* The process's own, so that nobody can make a trace whose keys all collide. */
static uint64_t secrets[16];

/* Both halves of the product, or a difference in one word could be undone by another. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

__attribute__((constructor)) static void secrets_take(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	uint64_t seed[2] = { 0 };

	if (random)
		memcpy(seed, random, sizeof(seed));
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		seed[i % 2] += 0x9e3779b97f4a7c15u;
		secrets[i] = fold(seed[i % 2] ^ 0xbf58476d1ce4e5b9u, 0x94d049bb133111ebu) ^
			     seed[(i + 1) % 2];
	}
}

/*
 * Products of two words each, which do not wait for each other; after as many as there are
 * secrets for, the sum goes into the next.
 */
uint32_t intern_hash(const void *key, size_t len)
{
	const size_t n_secrets = sizeof(secrets) / sizeof(secrets[0]);
	const uint8_t *at = key, *end = at + len;
	uint64_t sum = len, last[2] = { 0 };
	size_t k = 2;

	for (; end - at > 16; at += 16, k += 2) {
		if (k == n_secrets) {
			sum = fold(sum ^ secrets[0], secrets[1]);
			k = 2;
		}
		sum += fold(load64(at) ^ secrets[k], load64(at + 8) ^ secrets[k + 1]);
	}
	/* of a long key some bytes once more, in place of a copy of the right length */
	if (len < sizeof(last)) {
		memcpy(last, at, len);
	} else { /* word by word, as it was written: else the CPU waits for the writing */
		last[0] = load64(end - 16);
		last[1] = load64(end - 8);
	}
	/* the first ones, which no word has met since the last time */
	return (uint32_t)fold(sum ^ fold(last[0] ^ secrets[0], last[1] ^ secrets[1]),
			      0x9e3779b97f4a7c15u);
}

static bool is_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (; len >= sizeof(uint64_t); len -= sizeof(uint64_t)) {
		if (load64(a) != load64(b))
			return false;
		a += sizeof(uint64_t);
		b += sizeof(uint64_t);
	}
	return !len || !memcmp(a, b, len);
}

/* The slot of a key, or the free one where it belongs. */
static struct intern_slot *find_slot(const struct intern *intern, const void *key, size_t len,
				     uint32_t hash)
{
	uint32_t mask = intern->n_slots - 1;

	for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
		struct intern_slot *slot = &intern->slots[i];

		if (!slot->item || (slot->hash == hash && slot->item->len == len &&
				    is_equal(slot->item->key, key, len)))
			return slot;
	}
}

bool intern_find_hashed(const struct intern *intern, const void *key, size_t len, uint32_t hash,
			uint32_t *ret_index)
{
	const struct intern_slot *slot;

	if (!intern->n)
		return false;
	slot = find_slot(intern, key, len, hash);
	if (!slot->item)
		return false;
	*ret_index = slot->number;
	return true;
}

bool intern_find(const struct intern *intern, const void *key, size_t len, uint32_t *ret_index)
{
	return intern->n && intern_find_hashed(intern, key, len, intern_hash(key, len), ret_index);
}

void intern_fetch_slot(const struct intern *intern, uint32_t hash)
{
	if (intern->n)
		__builtin_prefetch(&intern->slots[hash & (intern->n_slots - 1)]);
}

void intern_fetch_key(const struct intern *intern, uint32_t hash)
{
	uintptr_t item; /* which may be none */

	if (!intern->n)
		return;
	item = (uintptr_t)intern->slots[hash & (intern->n_slots - 1)].item;
	__builtin_prefetch((const void *)item);
	__builtin_prefetch((const void *)(item + 64));
}

static int grow_slots(struct intern *intern)
{
	uint32_t n_slots = intern->n_slots ? 2 * intern->n_slots : SLOTS_LEAST;
	struct intern_slot *slots = NULL;
	size_t n_allocated = 0;

	if ((uint64_t)(intern->n + 1) * 3 <= (uint64_t)intern->n_slots * 2)
		return 0;
	if (!n_slots)
		return -ENOMEM;
	/* not calloc(): pages that are read first and written then cost two faults each */
	if (array_reserve(&slots, &n_allocated, n_slots, sizeof(*slots)))
		return -ENOMEM;
	for (uint32_t old = 0; old < intern->n_slots; old++) {
		uint32_t i = intern->slots[old].hash & (n_slots - 1);

		if (!intern->slots[old].item)
			continue;
		while (slots[i].item)
			i = (i + 1) & (n_slots - 1);
		slots[i] = intern->slots[old];
	}
	free(intern->slots);
	intern->slots = slots;
	intern->n_slots = n_slots;
	return 0;
}

/* Room for an item, from the newest block or a new one. */
static struct intern_item *new_item(struct intern *intern, size_t len)
{
	size_t need = (sizeof(struct intern_item) + len + 7) & ~(size_t)7;
	struct intern_block *block;
	struct intern_item *item;

	if (need > intern->room_left) {
		size_t room = need > BLOCK_BYTES ? need : BLOCK_BYTES;

		/* the first ones are small: most tables stay so */
		if (need <= BLOCK_BYTES && intern->n < 64)
			room = need > 1024 ? need : 1024;
		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		block->next = intern->blocks;
		intern->blocks = block;
		intern->room = block->room;
		intern->room_left = room;
	}
	item = (struct intern_item *)(void *)intern->room;
	intern->room += need;
	intern->room_left -= need;
	return item;
}

static int add(struct intern *intern, const void *key, size_t len, uint32_t hash,
	       uint32_t *ret_index)
{
	struct intern_item *item;
	size_t n_allocated = intern->n_allocated;

	if (intern->n == UINT32_MAX - 1)
		return -ENOMEM;
	if (array_reserve(&intern->by_index, &n_allocated, (size_t)intern->n + 1,
			  sizeof(*intern->by_index)))
		return -ENOMEM;
	intern->n_allocated = (uint32_t)n_allocated;
	if (grow_slots(intern))
		return -ENOMEM;
	item = new_item(intern, len);
	if (!item)
		return -ENOMEM;
	item->len = len;
	memcpy(item->key, key, len);
	*find_slot(intern, key, len, hash) =
		(struct intern_slot){ .item = item, .hash = hash, .number = intern->n };
	intern->by_index[intern->n] = item;
	*ret_index = intern->n++;
	return 0;
}

int intern_get(struct intern *intern, const void *key, size_t len, uint32_t *ret_index,
	       bool *ret_is_new)
{
	uint32_t hash = intern_hash(key, len);
	const struct intern_slot *slot = intern->n ? find_slot(intern, key, len, hash) : NULL;
	bool is_new = !slot || !slot->item;
	int err = 0;

	if (is_new)
		err = add(intern, key, len, hash, ret_index);
	else
		*ret_index = slot->number;
	if (!err)
		*ret_is_new = is_new;
	return err;
}

const void *intern_key(const struct intern *intern, uint32_t index)
{
	return intern->by_index[index]->key;
}

void intern_free(struct intern *intern)
{
	while (intern->blocks) {
		struct intern_block *next = intern->blocks->next;

		free(intern->blocks);
		intern->blocks = next;
	}
	free(intern->slots);
	free(intern->by_index);
	*intern = (struct intern){ 0 };
}
