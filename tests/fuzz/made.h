/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What holds of a trace that was made of another. */
#ifndef NETSNOOP_TESTS_FUZZ_MADE_H
#define NETSNOOP_TESTS_FUZZ_MADE_H

#include <stdint.h>

/* verify finds so many events, and has this status for it. */
void fuzz_check_made(int fd, uint64_t events, int status);
void fuzz_check_equal(int a, int b);

#endif
