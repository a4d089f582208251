/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hashing of what others chose: the traces of an input, the rows of a chunk,
 * the flows of a host. The seed is the process's own, so that nobody can aim
 * at collisions. Internal.
 */
#ifndef NETSNOOP_FORMAT_HASH_H
#define NETSNOOP_FORMAT_HASH_H

#include "layout.h"

#include <stddef.h>
#include <sys/auxv.h>

static inline uint64_t nst_hash_seed(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	return random ? nst_get64(random) : 0;
}

/*
 * Both halves of the product: of the lower one alone, a bit flipped at the top changes the
 * same bits whatever the seed, and the next word could undo it.
 */
static inline uint64_t nst_hash_mix(uint64_t hash, uint64_t value)
{
	unsigned __int128 product = (unsigned __int128)(hash ^ value) * 0x9e3779b97f4a7c15u;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t nst_hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const uint8_t *at = data;
	uint64_t hash = nst_hash_mix(seed, len), word;

	for (; len >= sizeof(word); len -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = nst_hash_mix(hash, word);
	}
	if (len) {
		word = 0;
		memcpy(&word, at, len);
		hash = nst_hash_mix(hash, word);
	}
	return hash;
}

#endif
