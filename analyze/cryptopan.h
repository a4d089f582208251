/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address Anonymization, 2002): a
 * keyed permutation of addresses under which two addresses share as many leading bits as
 * they did before.
 */
#ifndef NETSNOOP_ANALYZE_CRYPTOPAN_H
#define NETSNOOP_ANALYZE_CRYPTOPAN_H

#include <nettle/aes.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTOPAN_KEY_BYTES 32
#define CRYPTOPAN_ADDRESS_MAX 16

struct cryptopan {
	struct aes128_ctx aes;
	uint8_t pad[AES_BLOCK_SIZE];
};

/* The first half of key is the cipher's, the second one makes the padding. */
void cryptopan_init(struct cryptopan *pan, const uint8_t key[CRYPTOPAN_KEY_BYTES]);

/*
 * Encrypt an address of len_bytes (4 for IPv4, 16 for IPv6), but for its first n_kept bits,
 * which stay; the others are what they are without it. from and to may be the same.
 */
void cryptopan_encrypt(const struct cryptopan *pan, const uint8_t *from, size_t len_bytes,
		       unsigned int n_kept, uint8_t *to);

#endif
