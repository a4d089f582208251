/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the recorder may do, and gives up once everything is attached. */
#ifndef NETSNOOP_RECORD_PRIVILEGES_H
#define NETSNOOP_RECORD_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>

struct user;

/* Is this capability, CAP_*, in effect? */
bool privileges_has(unsigned int capability);

/*
 * Become user if it is not NULL, and give up every capability for good, in all
 * sets, but those of this mask (1 << CAP_*), as far as they were there. Of the
 * calling thread alone. 0 or -errno.
 */
int privileges_keep(uint64_t capabilities, const struct user *user);

/*
 * The user of that name, whom this process may become: NULL for NULL. 0, or a
 * negative errno once the user has been told why.
 */
int privileges_find_user(const char *run_as, struct user **ret_user);

/*
 * May run_as, if it is not NULL, be become, and make more files beside that one (NULL:
 * there will be none)? 0, or a negative errno once the user has been told why.
 */
int privileges_check(const char *run_as, const char *beside);

/*
 * A file that was made before privileges_drop() belongs to who makes the next ones, and may
 * delete it where only its owner may. A failure is told, and is none until then.
 */
void privileges_give(const char *run_as, int fd, const char *name);

/*
 * Give up what is not needed any more, and become the user of that name if it is
 * not NULL. beside is NULL, or a file in whose directory more files will be made: where
 * that takes CAP_DAC_OVERRIDE, as in a directory of the user who ran sudo, it stays, unless
 * run_as was asked for. 0, or a negative errno once the user has been told why. There
 * must be no other thread yet.
 */
int privileges_drop(const char *run_as, const char *beside);

#endif
