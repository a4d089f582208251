/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Network devices that lie on each other: a packet that passes several of them
 * is an event on each, and counts on one only.
 */
#ifndef NETSNOOP_ANALYZE_STACK_H
#define NETSNOOP_ANALYZE_STACK_H

#include "format/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stack;

/* 0 or -ENOMEM. NULL is fine for stack_free(). */
int stack_new(struct stack **ret_stack);
void stack_free(struct stack *stack);

/* Rows of the trace's device table, in any order; no questions before stack_close(). */
int stack_add(struct stack *stack, const struct nst_interface *rows, size_t n);
int stack_close(struct stack *stack);

/* False: no device lies on another, so that every event counts where it was seen. */
bool stack_is_stacked(const struct stack *stack);

/*
 * Do the packets of a lane of this flow, at this time, count on another device?
 * What has a local address of the device, or is on loopback, counts there. Else
 * what is sent comes from the device above, if there is one, and what a port
 * of a bridge receives goes on to the bridge.
 */
bool stack_counts_elsewhere(const struct stack *stack, const struct nst_lane *lane,
			    const struct nst_flow *flow, uint64_t time_ns);

#endif
