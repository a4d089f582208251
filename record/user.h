/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A user of /etc/passwd, with its groups: no name service is asked, which could send. */
#ifndef NETSNOOP_RECORD_USER_H
#define NETSNOOP_RECORD_USER_H

#include <stdbool.h>

struct user;

/* By name, or by number. 0, -ENOMEM, or -ENOENT: there is none. */
int user_find(const char *name, struct user **ret_user);

/* Is it who runs this process, as nobody else? */
bool user_is_own(const struct user *user);

/*
 * Become that user, with its groups and no others; nothing to do is fine. The permitted
 * capabilities stay if PR_SET_KEEPCAPS is set. 0, or -EPERM without CAP_SETUID and CAP_SETGID.
 */
int user_become(const struct user *user);

/* Make the file that user's, with its group. 0 or what fchown(2) gives. */
int user_give(const struct user *user, int fd);

/* NULL is fine. */
void user_free(struct user *user);

#endif
