/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A process apart that gives a file its name when it is told to, and can do nothing else: it
 * is made before the sandbox is entered, so that whoever takes the program over from within
 * can name and remove nothing but the output itself.
 */
#ifndef NETSNOOP_ANALYZE_NAMER_H
#define NETSNOOP_ANALYZE_NAMER_H

#include <stdbool.h>

struct nameless {
	const char *path; /* what it will be called */
	char *beside; /* the same with six letters more, which has_name says it has until then */
	int fd;
	bool has_name;
	bool force; /* another file of that name is replaced */
};

struct namer {	 /* zeros are none */
	int pid; /* 0: none */
	int to, from;
};

/* The file stays the caller's. Threads must not be there yet. 0 or -errno. */
int namer_start(const struct nameless *file, struct namer *ret_namer);

/* Name it: 0, -EEXIST (without force, and something is called that), another -errno. */
int namer_place(const struct namer *namer);

/* Take its name away, whichever it has. 0 or -errno. */
int namer_remove(const struct namer *namer);

/* A file that was not placed is gone behind that, as it is when the program is killed. */
void namer_end(struct namer *namer);

#endif
