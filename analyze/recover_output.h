/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that appears under its name only when it is whole. */
#ifndef NETSNOOP_ANALYZE_RECOVER_OUTPUT_H
#define NETSNOOP_ANALYZE_RECOVER_OUTPUT_H

#include <stdbool.h>

struct recover_output {
	const char *name; /* for messages */
	const char *path; /* NULL: standard output */
	char *beside;	  /* what is written until it is whole, ... */
	bool has_name;	  /* ... if the file system cannot do without a name for it */
	int fd;
	bool force;
};

/* "-": standard output. 0, or -errno once it was said. */
int recover_output_open(const char *path, bool force, struct recover_output *ret_output);

/* Put it in its place, or away if it is not whole. 0, or -errno once it was said. */
int recover_output_close(struct recover_output *output, bool is_whole);

#endif
