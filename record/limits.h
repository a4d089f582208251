/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When a file has to be ended so that it stays within its limits: what is on its way
 * until then, and what its end takes, is foreseen by what was so before.
 */
#ifndef NETSNOOP_RECORD_LIMITS_H
#define NETSNOOP_RECORD_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

struct limits {
	uint64_t bytes, ns; /* of one file; 0: no limit */
	uint64_t wait_ns;   /* from the wish to end a file to its end */
	uint64_t least_wait_ns;
	uint64_t end_bytes; /* what is written then */
	uint64_t start_ns;
	uint64_t since_ns, since_bytes; /* of the growth that is being measured */
	uint64_t rate;			/* bytes a second, as it was last measured */
};

/* wait_ns: what ending one takes, until it is known to be more. */
void limits_open(struct limits *limits, uint64_t bytes, uint64_t ns, uint64_t wait_ns);

/* A file begins; what it has to begin with is no growth. */
void limits_begin(struct limits *limits, uint64_t start_ns, uint64_t bytes);

/* It has this many bytes by now. Is it time to end it? */
bool limits_reached(struct limits *limits, uint64_t at_ns, uint64_t bytes);

/* It was ended; that took this long, and so many bytes of its own. */
void limits_ended(struct limits *limits, uint64_t waited_ns, uint64_t end_bytes);

/* What the index of so many chunks takes behind the end of a file. */
uint64_t limits_index_bytes(uint64_t n_chunks);

#endif
