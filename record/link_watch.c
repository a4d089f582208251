// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/link_watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

int link_watch_open(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int yes = 1, err;

	if (fd < 0)
		return -errno;
	/* best effort: without it, other namespaces are seen when they are read again */
	setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &yes, sizeof(yes));
	if (!bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

bool link_watch_changed(int fd)
{
	bool changed = false;
	char byte;

	/* what they say does not matter, nor that some were dropped: all is read again */
	while (recv(fd, &byte, sizeof(byte), MSG_TRUNC) >= 0 || errno == ENOBUFS)
		changed = true;
	return changed;
}
