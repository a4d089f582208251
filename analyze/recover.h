/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes a whole trace of what is whole in a broken one. */
#ifndef NETSNOOP_ANALYZE_RECOVER_H
#define NETSNOOP_ANALYZE_RECOVER_H

#include "analyze/verify.h"

struct recovered { /* sums over all traces of the input */
	uint64_t traces, chunks, events;
	uint64_t missing_chunks, missing_events, missing_ns;
	uint64_t cut; /* traces that lacked their end */
};

/*
 * Write what verify() found whole, which is read a second time, to fd. 0, -ENODATA:
 * there is nothing, -ESTALE: the input has changed, -ENOMEM, or what reading or writing
 * gives; *ret_is_output tells which of the last two.
 */
int recover(const struct verified *verified, int fd, struct recovered *ret_recovered,
	    bool *ret_is_output);

#endif
