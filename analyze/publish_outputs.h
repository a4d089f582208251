/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where what is published goes: opened before anything of the input is read, named when it is whole. */
#ifndef NETSNOOP_ANALYZE_PUBLISH_OUTPUTS_H
#define NETSNOOP_ANALYZE_PUBLISH_OUTPUTS_H

#include "analyze/publish.h"
#include "analyze/recover_output.h"

struct publish_outputs {
	struct recover_output trace, map, new_key; /* without a path: none is made */
	int fd; /* what is made, until it was checked: the trace, or what is copied to it */
};

/* new_key: to be written; NULL: none. An exit status, said; any way it is closed then. */
int publish_outputs_open(const struct publishing *publishing, const struct input *input,
			 const struct anonymize_key *new_key, struct publish_outputs *to);

/*
 * Put all in its place, with the list of what stands for what, or, if status tells of a failure,
 * nothing of it anywhere. The status, or another one, said.
 */
int publish_outputs_close(struct publish_outputs *to, const struct anonymized *made, int status);

#endif
