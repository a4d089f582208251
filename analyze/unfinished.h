/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef NETSNOOP_ANALYZE_UNFINISHED_H
#define NETSNOOP_ANALYZE_UNFINISHED_H

/*
 * The file that is removed when SIGINT, SIGTERM or SIGHUP ends the program, unless it was told
 * to ignore them. path stays the caller's; NULL: none any more.
 */
void unfinished_file(const char *path);

/* Remove it, from a handler of another signal. */
void unfinished_remove(void);

#endif
