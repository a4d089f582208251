/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses, encrypted so that prefixes stay together, special ranges stay what they are,
 * and no two become one.
 */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_ADDRESS_H
#define NETSNOOP_ANALYZE_ANONYMIZE_ADDRESS_H

#include "analyze/anonymize_key.h"
#include "analyze/cryptopan.h"

struct address_map {
	struct cryptopan v4, v6;
	bool keep_all;	   /* but what an interface's own address may be told from */
	bool keep_private; /* ranges */
};

void address_map_init(struct address_map *map, const struct anonymize_key *key, bool keep_all,
		      bool keep_private);

/* How many of the first bits of an address of 4 or 16 bytes stay. */
unsigned int address_kept_bits(const struct address_map *map, const uint8_t *address,
			       size_t len_bytes);

/* Another address for one of 4 or 16 bytes. */
void address_map(const struct address_map *map, const uint8_t *address, size_t len_bytes,
		 uint8_t *to);

#endif
