/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths and ids of the cgroups of cgroup2, the default hierarchy. */
#ifndef NETSNOOP_RECORD_CGROUPS_H
#define NETSNOOP_RECORD_CGROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroups;

/* Also where cgroup2 is not mounted; then nothing is found. 0 or -ENOMEM. */
int cgroups_open(struct cgroups **ret_cgroups);
void cgroups_close(struct cgroups *cgroups); /* NULL is fine */

/* Where cgroup2 is mounted; NULL: nowhere. */
const char *cgroups_mount(const struct cgroups *cgroups);

/* One was made, with this path. The last ones made are remembered. 0 or -ENOMEM. */
int cgroups_note(struct cgroups *cgroups, uint64_t id, const char *path, size_t len);

/* Is it the first time that this id is asked for? Or it was long ago. */
bool cgroups_meet(struct cgroups *cgroups, uint64_t id);

/* The trace has this path of one that was met. 0 or -ENOMEM. */
int cgroups_tell(struct cgroups *cgroups, uint64_t id, const char *path);

/* All that were told, from the one met first on. 0, or what ends it. */
typedef int cgroup_sink(void *context, uint64_t id, const char *path);
int cgroups_told(const struct cgroups *cgroups, cgroup_sink *sink, void *context);

/* The path from the root of the hierarchy on, valid until the next call; NULL: not found. */
const char *cgroups_path(struct cgroups *cgroups, uint64_t id);

/* The same from what /proc says of a process; see proc_open(). */
const char *cgroups_path_of(struct cgroups *cgroups, uint64_t id, int process_fd);

/*
 * The directory of a cgroup that a user names: below the mount point, or from the
 * root of the hierarchy on. An O_PATH descriptor, -ENOTSUP where there is no cgroup2,
 * -EXDEV for a directory that is none of it, or what open(2) gives.
 */
int cgroups_find(const struct cgroups *cgroups, const char *name);

/* Call each with the id of the cgroup and those below it. 0, what it returned, or an errno. */
int cgroups_walk(int cgroup_fd, int (*each)(void *context, uint64_t id), void *context);

#endif
