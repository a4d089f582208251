// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/keyset.h"

#include "tests/unit/test.h"

static void holds_what_was_added(void)
{
	struct keyset set = { 0 };

	CHECK(!keyset_has(&set, 1));
	for (uint64_t key = 1; key <= 10000; key++)
		CHECK_INT(keyset_add(&set, key << 32 | 7), 0);
	CHECK_INT(keyset_add(&set, UINT64_C(1) << 32 | 7), 0);
	CHECK_INT(set.n_keys, 10000);
	for (uint64_t key = 1; key <= 10000; key++)
		CHECK(keyset_has(&set, key << 32 | 7));
	CHECK(!keyset_has(&set, UINT64_C(10001) << 32 | 7));
	CHECK(!keyset_has(&set, UINT64_C(1) << 32 | 8));
	keyset_free(&set);
	CHECK(!keyset_has(&set, UINT64_C(1) << 32 | 7));
}

int main(void)
{
	RUN(holds_what_was_added);
	return test_result();
}
