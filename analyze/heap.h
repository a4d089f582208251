/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What memory SQLite takes, and what is kept of its answers: what a database's schema says can
 * be made to take any, since it is more than data. The bound is limits.h's.
 */
#ifndef NETSNOOP_ANALYZE_HEAP_H
#define NETSNOOP_ANALYZE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Before any other call of SQLite. */
void heap_prepare(void);

/* Something else is going to be kept: 0, or -E2BIG if that is too much. */
int heap_take(size_t bytes);

void heap_give(size_t bytes);

/* Has anybody been refused memory? */
bool heap_is_full(void);

#endif
