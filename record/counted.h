/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices of one time, and what they have counted since. */
#ifndef NETSNOOP_RECORD_COUNTED_H
#define NETSNOOP_RECORD_COUNTED_H

#include <stddef.h>

struct counted_device;
struct namespaces;
struct nst_interface_counter;

struct counted { /* all zero: none */
	struct counted_device *devices;
	size_t n;
};

/* Those that are there now, instead of those before. 0 or -ENOMEM. */
int counted_begin(struct counted *counted, const struct namespaces *seen);

/*
 * What they have counted by now. One that is not there any more, or has counted less
 * than before, has gone: what has its number now is another one.
 */
void counted_update(struct counted *counted, const struct namespaces *seen);

/* Copy the rows to be written, n at most; returns how many. */
size_t counted_rows(const struct counted *counted, struct nst_interface_counter *rows);

/* They are written: of those that have gone there is nothing to be told any more. */
void counted_written(struct counted *counted);

void counted_free(struct counted *counted);

#endif
