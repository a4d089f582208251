/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the path of a control group says about whose it is. */
#ifndef NETSNOOP_ANALYZE_CGROUP_H
#define NETSNOOP_ANALYZE_CGROUP_H

#define CGROUP_NAME_MAX 256 /* a part of a path is at most 255 bytes */

struct cgroup_parts {			 /* "" where the path says nothing of the kind */
	char container[CGROUP_NAME_MAX]; /* its id; of LXC its name */
	char pod[CGROUP_NAME_MAX];	 /* the uid of Kubernetes' or the id of Podman's */
	char unit[CGROUP_NAME_MAX];	 /* of systemd: a service, scope, socket, mount or swap */
};

/*
 * Containers of Docker, containerd, CRI-O, Podman and LXC, with either cgroup
 * driver; of several inside each other, the innermost. A runtime's own
 * processes beside the container (conmon, the monitor of LXC) are in none.
 */
void cgroup_parse(const char *path, struct cgroup_parts *ret_parts);

#endif
