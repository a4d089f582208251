/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells that some network device has changed. */
#ifndef NETSNOOP_RECORD_LINK_WATCH_H
#define NETSNOOP_RECORD_LINK_WATCH_H

#include <stdbool.h>

/* A descriptor that hears of our namespace and those that it has a number for, or -errno. */
int link_watch_open(void);

/* Has any device changed since the last call? */
bool link_watch_changed(int fd);

#endif
