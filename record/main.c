// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* netsnoop-record: records the network traffic of this machine into a trace. */
#include "record/options.h"
#include "record/session.h"

#include <stdio.h>
#include <stdlib.h>

#define EXIT_USAGE 2

static int flush_output(void)
{
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct settings settings;
	int status;

	/* a message is one write(2), also where others write to the same terminal */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	if (options_read(argc, argv, &settings)) {
		fputs("Try netsnoop-record --help\n", stderr);
		return EXIT_USAGE;
	}
	if (settings.help) {
		options_help();
		status = flush_output();
	} else if (settings.version) {
		puts("netsnoop-record " NETSNOOP_VERSION);
		status = flush_output();
	} else {
		status = session_run(&settings);
	}
	options_free(&settings);
	return status;
}
