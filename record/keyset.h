/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A set of numbers. */
#ifndef NETSNOOP_RECORD_KEYSET_H
#define NETSNOOP_RECORD_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keyset {		 /* all zero: empty */
	uint64_t *slots; /* open addressing; 0: free */
	size_t n_slots;	 /* a power of two */
	size_t n_keys;
};

bool keyset_has(const struct keyset *set, uint64_t key);

/* Add a key, which is not 0. 0 (also if it is there) or -ENOMEM. */
int keyset_add(struct keyset *set, uint64_t key);

void keyset_free(struct keyset *set);

#endif
