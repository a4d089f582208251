// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench-timed FILE COMMAND ARGUMENT...: run it, and append to FILE one line: seconds by
 * the clock from before its process is made until it has ended, seconds of CPU, and the
 * most memory it had, in KiB. Exits as the command does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	FILE *file = argc > 2 ? fopen(argv[1], "ae") : NULL;
	double start = now();
	struct rusage usage;
	int status;
	pid_t pid;

	if (!file) {
		fputs("usage: bench-timed FILE COMMAND ARGUMENT..., and FILE can be written\n",
		      stderr);
		return 2;
	}
	pid = vfork();
	if (!pid) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
		perror("bench-timed");
		return 1;
	}
	fprintf(file, "%.6f %.6f %ld\n", now() - start,
		seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
	if (fclose(file)) {
		perror(argv[1]);
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
