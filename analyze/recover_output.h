/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that appears under its name only when it is whole. */
#ifndef NETSNOOP_ANALYZE_RECOVER_OUTPUT_H
#define NETSNOOP_ANALYZE_RECOVER_OUTPUT_H

#include "analyze/namer.h"

#include <stdbool.h>

struct recover_output {
	const char *name; /* for messages */
	const char *path; /* NULL: standard output */
	int fd;
	char *beside; /* as namer.h has it */
	struct namer namer;
};

/* "-": standard output. Before the sandbox is entered. 0, or -errno once it was said. */
int recover_output_open(const char *path, bool force, struct recover_output *ret_output);

/* It is whole: put it in its place. 0, or -errno once it was said. */
int recover_output_place(struct recover_output *output);

/* There is nothing more to do with it; keep: it stays in its place. */
void recover_output_end(struct recover_output *output, bool keep);

/* Put it in its place, or away if it is not whole, and end. 0, or -errno once it was said. */
int recover_output_close(struct recover_output *output, bool is_whole);

#endif
