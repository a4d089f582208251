/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Outputs that are no new files: what the command line names on purpose. */
#ifndef NETSNOOP_RECORD_OUTPUT_SPECIAL_H
#define NETSNOOP_RECORD_OUTPUT_SPECIAL_H

/*
 * The number of the descriptor that the path stands for (/dev/stdout, /dev/fd/N,
 * /proc/self/fd/N); -1: it is a path like any other.
 */
int output_special_number(const char *path);

/* Has the caller given this program such a descriptor to write to? 0 or -EBADF. */
int output_special_check(int number);

/* A descriptor that the caller has given to this program. A failure has been told to the user. */
int output_special_take(const char *path, int number, int *ret_fd);

/*
 * A fifo or a character device that is there, if nobody else can have put it there. A fifo
 * waits for its reader, until a signal ends the program. A failure has been told to the user.
 */
int output_special_open(const char *path, int *ret_fd);

#endif
