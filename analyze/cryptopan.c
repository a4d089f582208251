/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bit i of the result is bit i of the address, flipped if the cipher says so of the i bits
 * in front of it: the first bit of the encrypted block that has those i bits, and the
 * padding behind them.
 */
#include "analyze/cryptopan.h"

#include <string.h>

void cryptopan_init(struct cryptopan *pan, const uint8_t key[CRYPTOPAN_KEY_BYTES])
{
	aes128_set_encrypt_key(&pan->aes, key);
	aes128_encrypt(&pan->aes, sizeof(pan->pad), pan->pad, key + AES128_KEY_SIZE);
}

/* The first n bits of address, and the padding's from there on. */
static void fill_block(const struct cryptopan *pan, const uint8_t *address, unsigned int n,
		       uint8_t block[AES_BLOCK_SIZE])
{
	uint8_t mask = (uint8_t)(0xff00 >> n % 8);

	memcpy(block, pan->pad, AES_BLOCK_SIZE);
	memcpy(block, address, n / 8);
	if (mask)
		block[n / 8] = (address[n / 8] & mask) | (block[n / 8] & (uint8_t)~mask);
}

void cryptopan_encrypt(const struct cryptopan *pan, const uint8_t *from, size_t len_bytes,
		       unsigned int n_kept, uint8_t *to)
{
	uint8_t blocks[8 * CRYPTOPAN_ADDRESS_MAX][AES_BLOCK_SIZE];
	unsigned int n_bits = 8 * (unsigned int)len_bytes;

	memmove(to, from, len_bytes);
	if (n_kept >= n_bits)
		return;
	for (unsigned int i = n_kept; i < n_bits; i++)
		fill_block(pan, to, i, blocks[i]);
	aes128_encrypt(&pan->aes, (size_t)(n_bits - n_kept) * AES_BLOCK_SIZE, blocks[n_kept],
		       blocks[n_kept]);
	for (unsigned int i = n_kept; i < n_bits; i++)
		to[i / 8] ^= (uint8_t)((blocks[i][0] & 0x80) >> i % 8);
}
