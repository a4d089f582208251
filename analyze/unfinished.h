/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef NETSNOOP_ANALYZE_UNFINISHED_H
#define NETSNOOP_ANALYZE_UNFINISHED_H

/*
 * A file, one of two at most, that is removed when SIGINT, SIGTERM, SIGHUP or SIGQUIT ends the
 * program, unless it was told to ignore them. path stays the caller's.
 */
void unfinished_file(const char *path);

/* It is not to be removed any more; one that never was is none. */
void unfinished_done(const char *path);

/* Remove them, from a handler of another signal. */
void unfinished_remove(void);

#endif
