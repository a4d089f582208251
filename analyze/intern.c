/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct intern_item {
	UT_hash_handle hh;
	uint32_t index;
	_Alignas(8) uint8_t key[]; /* a struct of any type */
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

bool intern_find(const struct intern *intern, const void *key, size_t len, uint32_t *ret_index)
{
	struct intern_item *item;

	HASH_FIND(hh, intern->table, key, len, item);
	if (!item)
		return false;
	*ret_index = item->index;
	return true;
}

static int add(struct intern *intern, const void *key, size_t len, uint32_t *ret_index)
{
	struct intern_item *item;
	size_t n_allocated = intern->n_allocated;
	uint32_t before = HASH_COUNT(intern->table);

	if (intern->n == UINT32_MAX - 1)
		return -ENOMEM;
	if (array_reserve(&intern->by_index, &n_allocated, (size_t)intern->n + 1,
			  sizeof(*intern->by_index)))
		return -ENOMEM;
	intern->n_allocated = (uint32_t)n_allocated;
	item = malloc(sizeof(*item) + len);
	if (!item)
		return -ENOMEM;
	item->index = intern->n;
	memcpy(item->key, key, len);
	HASH_ADD_KEYPTR(hh, intern->table, item->key, len, item);
	if (HASH_COUNT(intern->table) == before) {
		free(item);
		return -ENOMEM;
	}
	intern->by_index[intern->n++] = item;
	*ret_index = item->index;
	return 0;
}

int intern_get(struct intern *intern, const void *key, size_t len, uint32_t *ret_index,
	       bool *ret_is_new)
{
	bool is_new = !intern_find(intern, key, len, ret_index);
	int err = is_new ? add(intern, key, len, ret_index) : 0;

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
	HASH_CLEAR(hh, intern->table);
	for (uint32_t i = 0; i < intern->n; i++)
		free(intern->by_index[i]);
	free(intern->by_index);
	*intern = (struct intern){ 0 };
}
