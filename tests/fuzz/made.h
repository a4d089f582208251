/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What holds of a trace that was made of another. */
#ifndef NETSNOOP_TESTS_FUZZ_MADE_H
#define NETSNOOP_TESTS_FUZZ_MADE_H

#include "analyze/verify.h"

#include <stdbool.h>
#include <stdint.h>

enum made {
	MADE_AS_IT_WAS, /* wrong where the input is */
	MADE_READABLE,	/* what it claims may be wrong, but nothing of it is damaged or missing */
	MADE_SOUND,
};

/* verify finds so many events, and what it is; chunks of unknown critical types it may have. */
void fuzz_check_made(int fd, uint64_t events, enum made what);
/* Sums of it are not equal that should be. */
bool fuzz_has_contradiction(const struct verified *verified);

void fuzz_check_equal(int a, int b);

#endif
