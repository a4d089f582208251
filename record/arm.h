/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the user's filters to the kernel's maps. */
#ifndef NETSNOOP_RECORD_ARM_H
#define NETSNOOP_RECORD_ARM_H

#include "record/filters.h"

struct filter_maps { /* descriptors */
	int snoop_proc, comm, interface, host_include, host_exclude, port, proto;
};

/* The program's constant `filters`. follow: a command's process is included, too. */
uint32_t filter_bits(const struct filters *filters, bool follow);

/* Fill the maps. 0, or what bpf(2) gives. */
int arm_filters(const struct filters *filters, const struct filter_maps *maps);

/* Include a process and all of its descendants from now on. */
int arm_follow(const struct filter_maps *maps, uint32_t pid);

#endif
