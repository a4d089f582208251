/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file that a recording goes to. */
#ifndef NETSNOOP_RECORD_OUTPUT_H
#define NETSNOOP_RECORD_OUTPUT_H

#include <stdbool.h>

struct output {
	int fd;
	char *name;	 /* for messages */
	char *path;	 /* NULL: standard output */
	char *temporary; /* the name that it has until output_begin(); NULL: it has its own */
	bool created;	 /* by us, in this run, and of that name */
};

/*
 * Open the file named on the command line (NULL: netsnoop-DATE-TIME.zst, "-":
 * standard output). A file is always a new one of mode 0600: one that exists is refused
 * without force, and with it is replaced by output_begin(). For a fifo, a device or a
 * descriptor see output_special.h. Every failure has been told to the user.
 */
int output_open(const char *path, bool force, struct output *ret_output);

/* netsnoop-DATE-TIME.zst, the caller's to free. NULL: no memory. */
char *output_default_name(void);

/*
 * Create a file with mode 0600, and never wait; with force it replaces a file that is there.
 * -EEXIST: the name is taken, by what is not to be replaced. Every failure has been told to
 * the user.
 */
int output_open_new(const char *path, bool force, struct output *ret_output);

/* Give the file its name, now that the recording is certain to begin. */
int output_begin(struct output *output);

/* A file without an event is nobody's wish: remove it, if it is of our making. */
void output_discard(struct output *output);

/* 0, or a negative errno once the user has been told. */
int output_close(struct output *output);

#endif
