/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/unfinished.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const char *volatile unfinished;

void unfinished_remove(void)
{
	const char *path = unfinished;

	if (path)
		unlink(path);
}

static void remove_unfinished(int signal_number)
{
	unfinished_remove();
	_exit(128 + signal_number);
}

void unfinished_file(const char *path)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP };

	unfinished = path;
	for (size_t i = 0; path && i < sizeof(ending) / sizeof(ending[0]); i++)
		if (signal(ending[i], remove_unfinished) == SIG_IGN)
			signal(ending[i], SIG_IGN); /* nohup */
}
