/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What SQLite opens without a name: files for what is too much to be sorted in memory, and
 * random numbers. Both come from here, because the sandbox lets nothing be opened later.
 */
#ifndef NETSNOOP_ANALYZE_SCRATCH_H
#define NETSNOOP_ANALYZE_SCRATCH_H

#include <stdbool.h>

/*
 * An unnamed file in a directory (TMPDIR, else /tmp). It is gone when it is closed. The
 * descriptor, or -errno.
 */
int scratch_file(void);

/* Where that is. */
const char *scratch_directory(void);

/* Before the sandbox and before any database: SQLite's files are of this number of unnamed ones,
 * and further ones are in memory. */
void scratch_prepare(void);

/* Has SQLite wanted to write more than limits.h allows? */
bool scratch_is_full(void);

#endif
