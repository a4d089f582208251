/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names that the traces' metadata give to numbers, and texts by number. */
#ifndef NETSNOOP_ANALYZE_LABEL_H
#define NETSNOOP_ANALYZE_LABEL_H

#include "analyze/dimensions.h"

#define NO_TEXT UINT32_MAX

enum label_kind {
	LABEL_USER,	 /* uid */
	LABEL_CGROUP,	 /* cgroup id */
	LABEL_NETNS,	 /* inode number */
	LABEL_INTERFACE, /* ifindex, in a namespace; namespace 0: any */
};

/* The number of a text; NO_TEXT for NULL. 0 or -ENOMEM. */
int dims_text(struct dimensions *dims, const char *text, uint32_t *ret_text);

/* The text of a number; NULL for NO_TEXT. */
const char *dims_text_of(const struct dimensions *dims, uint32_t text);

/* Something of a boot is called so from now on. 0 or -ENOMEM. */
int label_set(struct dimensions *dims, uint32_t boot, enum label_kind kind, uint32_t netns,
	      uint64_t number, const char *name);

/* The number of its name's text, or NO_TEXT. */
uint32_t label_text(const struct dimensions *dims, uint32_t boot, enum label_kind kind,
		    uint32_t netns, uint64_t number);

#endif
