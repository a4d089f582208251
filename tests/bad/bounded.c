/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bounded SECONDS MEGABYTES COMMAND...: run a command with its exit status, and say on standard
 * error if it took more time, or more memory at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double cpu_seconds(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       1e-6 * (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	double seconds, megabytes;
	int status;
	pid_t pid;

	if (argc < 4)
		return 2;
	pid = fork();
	if (!pid) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 126;
	seconds = cpu_seconds(&usage);
	megabytes = (double)usage.ru_maxrss / 1024;
	if (seconds > atof(argv[1]) || megabytes > atof(argv[2]))
		fprintf(stderr, "TOO MUCH: %.2f s, %.0f MB\n", seconds, megabytes);
	if (getenv("BOUNDED_TELLS"))
		fprintf(stderr, "%.2f s, %.0f MB\n", seconds, megabytes);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
