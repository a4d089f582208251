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
__attribute__((target("sse4.2"))) static uint32_t update_fast(uint32_t crc, const uint8_t *at,
							      size_t len)
{
	uint64_t wide = crc;

	for (; len >= 8; len -= 8, at += 8)
		wide = _mm_crc32_u64(wide, nst_get64(at));
	crc = (uint32_t)wide;
	while (len--)
		crc = _mm_crc32_u8(crc, *at++);
	return crc;
}

static bool have_fast(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#elif defined(__ARM_FEATURE_CRC32)
static uint32_t update_fast(uint32_t crc, const uint8_t *at, size_t len)
{
	for (; len >= 8; len -= 8, at += 8)
		crc = __crc32cd(crc, nst_get64(at));
	while (len--)
		crc = __crc32cb(crc, *at++);
	return crc;
}

static bool have_fast(void)
{
	return true;
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
