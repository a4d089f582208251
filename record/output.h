/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file that a recording goes to. */
#ifndef NETSNOOP_RECORD_OUTPUT_H
#define NETSNOOP_RECORD_OUTPUT_H

#include <stdbool.h>

struct output {
	int fd;
	char *name;   /* for messages */
	char *path;   /* NULL: standard output */
	bool created; /* by us, in this run */
};

/*
 * Open the file named on the command line (NULL: netsnoop-DATE-TIME.zst, "-":
 * standard output), with mode 0600 if it is new. One that exists is refused
 * without force, and with it is left as it is until output_begin(). Every
 * failure has been told to the user.
 */
int output_open(const char *path, bool force, struct output *ret_output);

/* netsnoop-DATE-TIME.zst, the caller's to free. NULL: no memory. */
char *output_default_name(void);

/*
 * Create a file with mode 0600; one that is there is an error, or, with force, deleted.
 * Every failure has been told to the user.
 */
int output_open_new(const char *path, bool force, struct output *ret_output);

/* Empty the file, now that the recording is certain to begin. */
int output_begin(struct output *output);

/* A file without an event is nobody's wish: remove it, if it is of our making. */
void output_discard(struct output *output);

/* 0, or a negative errno once the user has been told. */
int output_close(struct output *output);

#endif
