/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the program gives up before it looks into a file that anybody may have made. Inputs
 * and outputs are opened first, and used by their descriptors: whoever takes the program
 * over from within then finds nothing else. Landlock (files, TCP, signals) and seccomp
 * (system calls) are used where the kernel has them; each alone forbids opening a file,
 * connecting and executing, as long as no database is read by its name.
 */
#ifndef NETSNOOP_ANALYZE_SANDBOX_H
#define NETSNOOP_ANALYZE_SANDBOX_H

#include <stdio.h>

struct sandbox_needs { /* beside what is open */
	/* SQLite opens it for reading, with its journals; NULL: none. */
	const char *database;
	/* A database that is open beside, and will be renamed, or removed; NULL: none. */
	const char *output;
	/* What is added to: opened again to roll back, its journal removed; NULL: none. */
	const char *updated;
};

/*
 * What the caller of the program had open, a socket perhaps, is open here too, unless it is closed
 * by an exec, as all that is opened here is. Inputs of such a name (/dev/fd/9) have to be open by
 * now, and no database: closing any descriptor of a file ends its locks (fcntl(2), F_SETLK).
 */
void sandbox_close_inherited(void);

/*
 * From here on, in this thread and all that it makes. NULL: nothing beside what is open.
 * Paths are those of the caller's directory; what of them is not there is not needed. 0, or
 * -errno once it was said: what the kernel offers and does not do then.
 */
int sandbox_enter(const struct sandbox_needs *needs);

/* Lines of --version -v: what the kernel offers, and what is used of it. */
void sandbox_print(FILE *out);

#endif
