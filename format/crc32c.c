/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "crc32c.h"

#include "layout.h"

#include <stdbool.h>

#if defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

/* x^32 + ... of Castagnoli, bits reflected. */
#define POLYNOMIAL 0x82f63b78u

/* table[k][b]: the effect of byte b, k bytes before the end of a group of 8. */
static uint32_t table[8][256];

/*
 * The same bytes are checksummed in three stretches side by side, since each step of one waits
 * for the step before: behind[k][b] is what byte k of value b becomes when STRETCH zeros follow.
 */
#define STRETCH 2048
static uint32_t behind[4][256];

/* What is left of a checksum, whose bits become those of becomes[], when as much again follows. */
static uint32_t follow(const uint32_t becomes[32], uint32_t crc)
{
	uint32_t sum = 0;

	for (int bit = 0; crc; bit++, crc >>= 1)
		sum ^= crc & 1 ? becomes[bit] : 0;
	return sum;
}

static void behind_fill(void)
{
	uint32_t becomes[32], twice[32];

	for (int bit = 0; bit < 32; bit++) /* one byte of zeros */
		becomes[bit] = 1u << bit >> 8 ^ table[0][1u << bit & 0xff];
	for (unsigned int len = 1; len < STRETCH; len *= 2) {
		for (int bit = 0; bit < 32; bit++)
			twice[bit] = follow(becomes, becomes[bit]);
		memcpy(becomes, twice, sizeof(becomes));
	}
	for (uint32_t byte = 1; byte < 256; byte++)
		for (int k = 0; k < 4; k++)
			behind[k][byte] =
				behind[k][byte & (byte - 1)] ^ becomes[8 * k + __builtin_ctz(byte)];
}

/* Before main(), so that handles of different threads need no lock. */
__attribute__((constructor)) static void table_fill(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		table[0][byte] = crc;
	}
	for (int k = 1; k < 8; k++) {
		for (uint32_t byte = 0; byte < 256; byte++) {
			uint32_t before = table[k - 1][byte];

			table[k][byte] = before >> 8 ^ table[0][before & 0xff];
		}
	}
	behind_fill();
}

static uint32_t update_portable(uint32_t crc, const uint8_t *at, size_t len)
{
	for (; len >= 8; len -= 8, at += 8) {
		uint64_t word = nst_get64(at) ^ crc;

		crc = 0;
		for (int k = 0; k < 8; k++)
			crc ^= table[7 - k][word >> 8 * k & 0xff];
	}
	while (len--)
		crc = crc >> 8 ^ table[0][(crc ^ *at++) & 0xff];
	return crc;
}

uint32_t nst_crc32c_portable(const void *data, size_t len_bytes)
{
	return ~update_portable(~0u, data, len_bytes);
}

#if defined(__x86_64__)
#define WITH_CRC __attribute__((target("sse4.2")))
static inline WITH_CRC uint64_t take_word(uint64_t crc, uint64_t word)
{
	return _mm_crc32_u64(crc, word);
}

static inline WITH_CRC uint32_t take_byte(uint32_t crc, uint8_t byte)
{
	return _mm_crc32_u8(crc, byte);
}

static bool have_fast(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#elif defined(__ARM_FEATURE_CRC32)
#define WITH_CRC
static inline uint64_t take_word(uint64_t crc, uint64_t word)
{
	return __crc32cd((uint32_t)crc, word);
}

static inline uint32_t take_byte(uint32_t crc, uint8_t byte)
{
	return __crc32cb(crc, byte);
}

static bool have_fast(void)
{
	return true;
}
#endif

#ifdef WITH_CRC
/* A checksum that STRETCH zeros follow. */
static uint32_t take_stretch(uint32_t crc)
{
	return behind[0][crc & 0xff] ^ behind[1][crc >> 8 & 0xff] ^ behind[2][crc >> 16 & 0xff] ^
	       behind[3][crc >> 24];
}

static WITH_CRC uint32_t update_fast(uint32_t begin, const uint8_t *at, size_t len)
{
	uint64_t crc = begin;

	for (; len >= 3 * STRETCH; len -= 3 * STRETCH, at += 3 * STRETCH) {
		uint64_t second = 0, third = 0;

		for (size_t i = 0; i < STRETCH; i += 8) {
			crc = take_word(crc, nst_get64(at + i));
			second = take_word(second, nst_get64(at + STRETCH + i));
			third = take_word(third, nst_get64(at + 2 * STRETCH + i));
		}
		crc = take_stretch(take_stretch((uint32_t)crc) ^ (uint32_t)second) ^
		      (uint32_t)third;
	}
	for (; len >= 8; len -= 8, at += 8)
		crc = take_word(crc, nst_get64(at));
	begin = (uint32_t)crc;
	while (len--)
		begin = take_byte(begin, *at++);
	return begin;
}
#else
static uint32_t update_fast(uint32_t crc, const uint8_t *at, size_t len)
{
	return update_portable(crc, at, len);
}

static bool have_fast(void)
{
	return false;
}
#endif

uint32_t nst_crc32c(const void *data, size_t len_bytes)
{
	if (have_fast())
		return ~update_fast(~0u, data, len_bytes);
	return nst_crc32c_portable(data, len_bytes);
}
