/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers things by their contents: the first is 0, the next new one is 1. */
#ifndef NETSNOOP_ANALYZE_INTERN_H
#define NETSNOOP_ANALYZE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern_item;
struct intern_slot;
struct intern_block;

struct intern { /* zeros are an empty one */
	struct intern_slot *slots;
	struct intern_item **by_index;
	uint32_t n, n_allocated, n_slots;
	struct intern_block *blocks; /* of keys, the newest first */
	uint8_t *room;		     /* what is left of it */
	size_t room_left;
};

/*
 * The number of key[len], which is compared byte by byte (padding included)
 * and copied when it is new. 0 or -ENOMEM.
 */
int intern_get(struct intern *intern, const void *key, size_t len, uint32_t *ret_index,
	       bool *ret_is_new);

/* True, and its number, if key[len] was met before. */
bool intern_find(const struct intern *intern, const void *key, size_t len, uint32_t *ret_index);

/* The key of a number, valid until intern_free(). */
const void *intern_key(const struct intern *intern, uint32_t index);

void intern_free(struct intern *intern);

/*
 * intern_find() in steps, for who looks for many: the hash of a key, which is another in
 * each process; the memory that finding it will take, one part after the other.
 */
uint32_t intern_hash(const void *key, size_t len);
void intern_fetch_slot(const struct intern *intern, uint32_t hash);
void intern_fetch_key(const struct intern *intern, uint32_t hash);
bool intern_find_hashed(const struct intern *intern, const void *key, size_t len, uint32_t hash,
			uint32_t *ret_index);

/*
 * Make room for n elements of size bytes, new ones zeroed. *array and
 * *n_allocated change only on success. 0 or -ENOMEM.
 */
int array_reserve(void *array, size_t *n_allocated, size_t n, size_t size);

#endif
