/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The network devices of one namespace, asked of the kernel by rtnetlink(7). */
#ifndef NETSNOOP_RECORD_INTERFACES_H
#define NETSNOOP_RECORD_INTERFACES_H

#include <stddef.h>
#include <stdint.h>

struct nst_interface;
struct nst_interface_counter;

/* What the kernel calls a MAX_ADDR_LEN, an IFNAMSIZ and a kind. */
struct interface_text {
	char name[16];
	char kind[32];
	uint8_t mac[32];
	int32_t link_nsid; /* how its namespace numbers that of its link; -1: its own */
};

/* Rows, the texts that they point into, and what the devices have counted; all of them grow. */
struct interfaces {
	struct nst_interface *rows;
	struct interface_text *texts;
	struct nst_interface_counter *counters;
	size_t n;
};

/* One more device, all zero. 0 or -ENOMEM. */
int interfaces_append(struct interfaces *interfaces);

/*
 * Append the devices of the namespace that socket_fd (an AF_NETLINK socket of
 * NETLINK_ROUTE) was opened in; netns is its inode number. Their counters are
 * those of the moment when the kernel was asked. 0, -ENOMEM, -EBADMSG, or what the
 * kernel answers.
 */
int interfaces_read(int socket_fd, uint32_t netns, struct interfaces *interfaces);

/* Make the rows point to the texts, once all devices are there. */
void interfaces_link(struct interfaces *interfaces);

void interfaces_free(struct interfaces *interfaces);

#endif
