/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clocks of a recording, in ns. */
#ifndef NETSNOOP_RECORD_CLOCK_H
#define NETSNOOP_RECORD_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	/* fails for a clock that the kernel does not have; it has those used here */
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The clock of the events. */
static inline uint64_t now_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

#endif
