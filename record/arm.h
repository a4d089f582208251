/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the user's filters to the kernel's maps. */
#ifndef NETSNOOP_RECORD_ARM_H
#define NETSNOOP_RECORD_ARM_H

#include "record/filters.h"

struct filter_maps { /* descriptors */
	int snoop_proc, comm, interface, host_include, host_exclude, port, proto, cgroup, user;
};

/* The program's constant `filters`. follow: a command's process is included, too. */
uint32_t filter_bits(const struct filters *filters, bool follow);

/* Fill the maps, all but that of cgroups. 0, or what bpf(2) gives. */
int arm_filters(const struct filters *filters, const struct filter_maps *maps);

/*
 * Add the cgroups named and all below them. Once to see that they are there, and
 * once more when new ones add themselves, for those made between. Every failure
 * has been told to the user.
 */
int arm_cgroups(const struct filters *filters, const struct filter_maps *maps);

/* Include a process, and with follow all of its descendants from now on. */
int arm_command(const struct filter_maps *maps, uint32_t pid, bool follow);

#endif
