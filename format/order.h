/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The order of values. Internal. */
#ifndef NETSNOOP_FORMAT_ORDER_H
#define NETSNOOP_FORMAT_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Room for the order of as many values. */
struct nst_order_room {
	uint64_t *keys, *spare;
};

/*
 * order[i] becomes the position of the i-th smallest of n values (at most 65,536), which
 * are at most max; equal ones stay in their order. The values are sorted in place.
 */
void nst_order(uint64_t *values, size_t n, uint64_t max, const struct nst_order_room *room,
	       uint32_t *order);

#endif
