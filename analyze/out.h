/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Standard output, with every write checked: a full disk is an error, a
 * reader that went away is not.
 */
#ifndef NETSNOOP_ANALYZE_OUT_H
#define NETSNOOP_ANALYZE_OUT_H

#include <stdbool.h>
#include <stdio.h>

/* A stream to standard output, or NULL once it was said why not. */
FILE *out_open(void);

/* True once a write has failed: go on writing is idle. */
bool out_failed(void);

/*
 * Flush and close. status, or STATUS_FAILED once it was said what failed, or
 * STATUS_DONE where the reader went away.
 */
int out_close(FILE *out, int status);

#endif
