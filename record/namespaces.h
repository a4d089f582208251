/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The network namespaces that can be found: our own, those of ip-netns(8), those of processes. */
#ifndef NETSNOOP_RECORD_NAMESPACES_H
#define NETSNOOP_RECORD_NAMESPACES_H

#include "record/interfaces.h"

struct nst_netns;

struct namespaces {
	struct nst_netns *rows;
	char **names; /* that the rows point to */
	int *fds;     /* open while they are read; -1: not */
	size_t n;
	struct interfaces interfaces; /* of all of them */
};

/* One more, without devices; fd stays the caller's on failure. 0 or -ENOMEM. */
int namespaces_append(struct namespaces *namespaces, uint32_t netns, const char *name, int fd);

/*
 * Find them and their devices; one that may not be entered keeps its row and
 * shows no devices. Only -ENOMEM is a failure.
 */
int namespaces_read(struct namespaces *ret_namespaces);

void namespaces_free(struct namespaces *namespaces);

#endif
