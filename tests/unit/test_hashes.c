// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Hashes of what others chose: no difference that can be undone by the next word. */
#include "analyze/intern.h"
#include "format/hash.h"

#include "tests/unit/test.h"

#include <string.h>

#define WORDS 32
#define TOP (UINT64_C(1) << 63)

/*
 * Keys whose words i and i + stride were changed, each as the lower half of a product by an
 * odd number would need it: with such a hash all of them are one.
 */
static void make(uint64_t key[WORDS], unsigned int number, size_t stride)
{
	memset(key, 0x5a, WORDS * sizeof(*key));
	for (size_t i = 0; i + stride < WORDS; i += 2 * stride) {
		if (number & 1) {
			key[i] ^= TOP;
			key[i + stride] ^= TOP | UINT64_C(1) << 31;
		}
		number >>= 1;
	}
}

static size_t count_same(size_t stride, uint64_t (*hash)(const uint64_t key[WORDS]))
{
	uint64_t first, key[WORDS];
	size_t same = 0;

	make(key, 0, stride);
	first = hash(key);
	for (unsigned int number = 1; number < 256; number++) {
		make(key, number, stride);
		same += hash(key) == first;
	}
	return same;
}

static uint64_t of_bytes(const uint64_t key[WORDS])
{
	return nst_hash_bytes(key, WORDS * sizeof(*key), nst_hash_seed());
}

static uint64_t of_intern(const uint64_t key[WORDS])
{
	return intern_hash(key, WORDS * sizeof(*key));
}

static void differ(void)
{
	CHECK_INT(count_same(1, of_bytes), 0);
	CHECK_INT(count_same(1, of_intern), 0);
	CHECK_INT(count_same(2, of_intern), 0);
}

int main(void)
{
	RUN(differ);
	return test_result();
}
