/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keyed permutations of numbers: a Feistel network that is walked until it is in range. */
#ifndef NETSNOOP_ANALYZE_PERMUTE_H
#define NETSNOOP_ANALYZE_PERMUTE_H

#include <nettle/aes.h>
#include <stdint.h>

#define PERMUTE_KEY_BYTES AES128_KEY_SIZE

struct permutation {
	struct aes128_ctx aes;
};

void permutation_init(struct permutation *permutation, const uint8_t key[PERMUTE_KEY_BYTES]);

/* Another number of first..last for a number of it; each for exactly one. */
uint64_t permute(const struct permutation *permutation, uint64_t number, uint64_t first,
		 uint64_t last);

#endif
