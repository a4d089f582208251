/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Not sqlite3_hard_heap_limit64(): that cannot tell its refusal from a machine without memory,
 * and only one of the two is mended by an option.
 */
#include "analyze/heap.h"

#include "analyze/limits.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>

static sqlite3_mem_methods usual;
static uint64_t taken_bytes;
static bool is_full;

int heap_take(size_t bytes)
{
	if (bytes > limits_memory_bytes() || taken_bytes > limits_memory_bytes() - bytes) {
		is_full = true;
		return -E2BIG;
	}
	taken_bytes += bytes;
	return 0;
}

void heap_give(size_t bytes)
{
	taken_bytes -= bytes;
}

bool heap_is_full(void)
{
	return is_full;
}

/* SQLite asks for less than 2 GiB at once. */
static void *allocate(int bytes)
{
	void *memory;

	if (heap_take((size_t)bytes))
		return NULL;
	memory = usual.xMalloc(bytes);
	heap_give((size_t)bytes);
	if (memory)
		taken_bytes += (size_t)usual.xSize(memory);
	return memory;
}

static void release(void *memory)
{
	if (memory)
		heap_give((size_t)usual.xSize(memory));
	usual.xFree(memory);
}

static void *resize(void *memory, int bytes)
{
	size_t before = (size_t)usual.xSize(memory);
	void *resized;

	if ((size_t)bytes > before) {
		if (heap_take((size_t)bytes - before))
			return NULL;
		heap_give((size_t)bytes - before);
	}
	resized = usual.xRealloc(memory, bytes);
	if (resized) {
		heap_give(before);
		taken_bytes += (size_t)usual.xSize(resized);
	}
	return resized;
}

void heap_prepare(void)
{
	sqlite3_mem_methods ours;

	if (usual.xMalloc || sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) != SQLITE_OK)
		return;
	ours = usual;
	ours.xMalloc = allocate;
	ours.xFree = release;
	ours.xRealloc = resize;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}
