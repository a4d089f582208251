/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/unfinished.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const char *volatile unfinished[3]; /* what is made, a list of what is in it, a key */

void unfinished_remove(void)
{
	for (size_t i = 0; i < N(unfinished); i++) {
		const char *path = unfinished[i];

		if (path)
			unlink(path);
	}
}

static void remove_unfinished(int signal_number)
{
	unfinished_remove();
	_exit(128 + signal_number);
}

void unfinished_file(const char *path)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < N(unfinished); i++)
		if (!unfinished[i]) {
			unfinished[i] = path;
			break;
		}
	for (size_t i = 0; i < N(ending); i++)
		if (signal(ending[i], remove_unfinished) == SIG_IGN)
			signal(ending[i], SIG_IGN); /* nohup */
}

void unfinished_done(const char *path)
{
	for (size_t i = 0; i < N(unfinished); i++)
		if (unfinished[i] == path)
			unfinished[i] = NULL;
}
