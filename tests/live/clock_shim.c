/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * To be preloaded: the time of day of one program jumps forward by an hour and three
 * seconds as soon as the file $CLOCK_JUMP is there. No other clock does.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define JUMP_S 3603

int clock_gettime(clockid_t clock, struct timespec *now)
{
	const char *path = getenv("CLOCK_JUMP");
	int failed = (int)syscall(SYS_clock_gettime, clock, now);

	if (!failed && clock == CLOCK_REALTIME && path && !access(path, F_OK))
		now->tv_sec += JUMP_S;
	return failed;
}
