/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What holds of a trace that was made of another. */
#ifndef NETSNOOP_TESTS_FUZZ_MADE_H
#define NETSNOOP_TESTS_FUZZ_MADE_H

#include <stdbool.h>
#include <stdint.h>

/* verify finds so many events, and nothing wrong; or, is_sound false, sums that were wrong before. */
void fuzz_check_made(int fd, uint64_t events, bool is_sound);
void fuzz_check_equal(int a, int b);

#endif
