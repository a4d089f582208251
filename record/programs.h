/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel side as it is built in: the same programs and maps twice, see bpf/cast.h. */
#ifndef NETSNOOP_RECORD_PROGRAMS_H
#define NETSNOOP_RECORD_PROGRAMS_H

#include <stdbool.h>

struct netsnoop_bpf; /* of the skeleton */

/*
 * Open them, with casts or without; NULL and errno. Both are this skeleton's: it is to be
 * loaded and destroyed as any.
 */
struct netsnoop_bpf *programs_open(bool with_casts);

#endif
