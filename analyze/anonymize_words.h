/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What says nothing of its owner, because it is the same everywhere: it may stay. */
#ifndef NETSNOOP_ANALYZE_ANONYMIZE_WORDS_H
#define NETSNOOP_ANALYZE_ANONYMIZE_WORDS_H

#include "format/trace.h"

#include <stdbool.h>

#define COMM_LEN 15 /* to which the kernel cuts the name of a process */

enum word_list {
	WORDS_PROGRAMS, /* names of programs, and of units by them */
	WORDS_DIRECTORIES,
	WORDS_USERS,
	WORDS_INTERFACES,
	WORDS_DEVICE_KINDS,
	WORDS_COUNTERS,
	WORDS_HOOKS,
	WORDS_MACHINES,
	WORDS_STATES,	/* values of settings that are words */
	WORDS_RELEASE,	/* parts of names of kernels' releases */
	WORDS_FILTERS,	/* the recorder's options */
	WORDS_CGROUPS,	/* components of paths */
	WORDS_RUNTIMES, /* what stands in front of a container's or a pod's id */
	WORDS_SETTINGS, /* keys that stay */
	WORD_LISTS,
};

bool word_is(enum word_list list, struct nst_bytes word);

/* Word i of a list; NULL behind the last. */
const char *word_get(enum word_list list, size_t i);

#endif
