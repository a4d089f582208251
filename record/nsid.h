/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How one network namespace numbers another one. */
#ifndef NETSNOOP_RECORD_NSID_H
#define NETSNOOP_RECORD_NSID_H

#include <stdint.h>

/*
 * Ask the namespace of socket_fd (AF_NETLINK, NETLINK_ROUTE) for its number of
 * the namespace netns_fd. -1: it has none, or does not tell.
 */
int32_t nsid_ask(int socket_fd, int netns_fd);

#endif
