// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* netsnoop-record: records the network traffic of this machine into a trace. */
#include "record/options.h"
#include "record/session.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_USAGE 2

static int flush_output(void)
{
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define LARGE_BYTES (1 << 20)

/*
 * Each file of a recording has large buffers of its own. glibc would sooner or later take
 * them from the heap, which they leave full of holes: what is large is mapped instead,
 * and unmapped again.
 */
static void keep_heap_small(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	mallopt(M_TRIM_THRESHOLD, 4 * LARGE_BYTES);
}

int main(int argc, char **argv)
{
	struct settings settings;
	int status;

	keep_heap_small();
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
