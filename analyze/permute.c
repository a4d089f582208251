/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/permute.h"

#include <string.h>

#define ROUNDS 10 /* as many as NIST SP 800-38G takes for small domains */

void permutation_init(struct permutation *permutation, const uint8_t key[PERMUTE_KEY_BYTES])
{
	aes128_set_encrypt_key(&permutation->aes, key);
}

static uint32_t round_function(const struct permutation *permutation, unsigned int round,
			       uint64_t span, uint32_t half)
{
	uint8_t block[AES_BLOCK_SIZE] = { (uint8_t)round };
	uint32_t result;

	for (int i = 0; i < 8; i++)
		block[4 + i] = (uint8_t)(span >> 8 * i);
	for (int i = 0; i < 4; i++)
		block[12 + i] = (uint8_t)(half >> 8 * i);
	aes128_encrypt(&permutation->aes, sizeof(block), block, block);
	result = (uint32_t)block[0] | (uint32_t)block[1] << 8 | (uint32_t)block[2] << 16 |
		 (uint32_t)block[3] << 24;
	return result;
}

/* A permutation of all numbers of 2 * half_bits bits. */
static uint64_t feistel(const struct permutation *permutation, uint64_t span,
			unsigned int half_bits, uint64_t number)
{
	uint32_t mask = (uint32_t)((UINT64_C(1) << half_bits) - 1);
	uint32_t left = (uint32_t)(number >> half_bits) & mask, right = (uint32_t)number & mask;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint32_t mixed = round_function(permutation, round, span, right);
		uint32_t next = left ^ (mixed & mask);

		left = right;
		right = next;
	}
	return (uint64_t)left << half_bits | right;
}

uint64_t permute(const struct permutation *permutation, uint64_t number, uint64_t first,
		 uint64_t last)
{
	uint64_t span = last - first;
	unsigned int half_bits = 1;

	if (!span)
		return number;
	while (half_bits < 32 && span >> 2 * half_bits)
		half_bits++;
	number -= first;
	do /* at most four times as many numbers as wanted: it ends soon, and always ends */
		number = feistel(permutation, span, half_bits, number);
	while (number > span);
	return first + number;
}
