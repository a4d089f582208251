/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each number of a range for exactly one of it, by a key. */
#include "analyze/permute.h"
#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdlib.h>

static struct permutation with_key(uint8_t number)
{
	uint8_t key[PERMUTE_KEY_BYTES] = { number };
	struct permutation permutation;

	permutation_init(&permutation, key);
	return permutation;
}

static void check_range(uint64_t first, uint64_t last)
{
	struct permutation permutation = with_key(1);
	uint64_t n = last - first + 1, stay = 0, twice = 0, outside = 0;
	bool *seen = calloc(n, sizeof(*seen));

	CHECK(seen);
	for (uint64_t number = first; seen && number <= last; number++) {
		uint64_t image = permute(&permutation, number, first, last);

		stay += image == number;
		outside += image < first || image > last;
		if (image < first || image > last)
			continue;
		twice += seen[image - first];
		seen[image - first] = true;
	}
	CHECK_INT(outside, 0);
	CHECK_INT(twice, 0);
	CHECK(n < 100 || stay < 10);
	free(seen);
}

static void every_range(void)
{
	check_range(5, 5);
	check_range(5, 6);
	check_range(1, 4094);
	check_range(32768, 65535);
	check_range(3, 1 << 17);
}

/* Ranges that are too large to count: the ends are in them, and differ. */
static void large_ranges(void)
{
	static const uint64_t lasts[] = { UINT32_MAX, INT64_MAX, UINT64_MAX };

	for (size_t i = 0; i < 3; i++) {
		struct permutation permutation = with_key(2);
		uint64_t a = permute(&permutation, 2, 2, lasts[i]);
		uint64_t b = permute(&permutation, lasts[i], 2, lasts[i]);

		CHECK(a >= 2 && a <= lasts[i]);
		CHECK(b >= 2 && b <= lasts[i]);
		CHECK(a != b);
		CHECK_INT(permute(&permutation, 2, 2, lasts[i]), a);
	}
}

static void key_decides(void)
{
	struct permutation a = with_key(3), b = with_key(4);
	int same = 0;

	for (uint64_t i = 0; i < 100; i++)
		same += permute(&a, i, 0, UINT32_MAX) == permute(&b, i, 0, UINT32_MAX);
	CHECK_INT(same, 0);
}

int main(void)
{
	RUN(every_range);
	RUN(large_ranges);
	RUN(key_decides);
	return test_result();
}
