/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values by 64-bit id, several of one id in the order in which they came, and
 * all of them by age. Their number is bounded, they stay where they are, and
 * memory is only used up to the highest number that there ever was.
 */
#ifndef NETSNOOP_RECORD_IDMAP_H
#define NETSNOOP_RECORD_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap {		  /* all zero: not open, and fine to close */
	char *items;	  /* of item_bytes each; number 0 is none */
	uint32_t *chains; /* the first item of each */
	size_t item_bytes;
	uint32_t max, n;
	uint32_t touched; /* items that were ever in use */
	uint32_t free, oldest, newest;
	unsigned int shift; /* of the hash, down to a chain's number */
};

/* Room for max values of value_bytes. 0 or -ENOMEM. */
int idmap_open(struct idmap *map, size_t value_bytes, uint32_t max);
void idmap_close(struct idmap *map);

/* A new value, all zero, behind others of the same id; NULL: there is no room. */
void *idmap_add(struct idmap *map, uint64_t id);
void idmap_remove(struct idmap *map, void *value);

/* The first value of an id, and the next one of the same; NULL: none. */
void *idmap_find(const struct idmap *map, uint64_t id);
void *idmap_next(const struct idmap *map, const void *value);

/* The value that was added or renewed before all others, and the next one; NULL: there is none. */
void *idmap_oldest(const struct idmap *map);
void *idmap_newer(const struct idmap *map, const void *value);
void idmap_renew(struct idmap *map, void *value);

/* Of a value that is removed, until there is another one in its place: 0. */
uint64_t idmap_id(const void *value);

#endif
