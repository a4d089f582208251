/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CRC32C against published values, and its two ways against each other. */
#include "format/crc32c.h"

#include "test.h"

static void test_published_values(void)
{
	uint8_t block[32];

	CHECK_INT(nst_crc32c("123456789", 9), 0xe3069283);
	CHECK_INT(nst_crc32c_portable("123456789", 9), 0xe3069283);
	CHECK_INT(nst_crc32c("", 0), 0);
	/* RFC 3720, B.4 */
	memset(block, 0, sizeof(block));
	CHECK_INT(nst_crc32c(block, sizeof(block)), 0x8a9136aa);
	memset(block, 0xff, sizeof(block));
	CHECK_INT(nst_crc32c(block, sizeof(block)), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		block[i] = (uint8_t)i;
	CHECK_INT(nst_crc32c(block, sizeof(block)), 0x46dd794e);
}

static void test_both_ways_agree(void)
{
	static uint8_t data[20000];
	uint32_t state = 1;

	for (size_t i = 0; i < sizeof(data); i++) {
		state = state * 1664525 + 1013904223;
		data[i] = (uint8_t)(state >> 24);
	}
	for (size_t begin = 0; begin < 9; begin++) {
		/* all short ones, and then some in which stretches are taken side by side */
		for (size_t len = 0; begin + len <= sizeof(data); len += len < 300 ? 1 : 149)
			CHECK_INT(nst_crc32c(data + begin, len),
				  nst_crc32c_portable(data + begin, len));
	}
}

int main(void)
{
	RUN(test_published_values);
	RUN(test_both_ways_agree);
	return test_result();
}
