/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How short a span has to be so that what is made of it is small enough, and not much smaller. */
#ifndef NETSNOOP_ANALYZE_PUBLISH_SIZE_H
#define NETSNOOP_ANALYZE_PUBLISH_SIZE_H

#include "analyze/selection.h"

struct size_sample { /* times of the day of rows */
	int64_t *times;
	size_t n;
	uint64_t n_seen, stride; /* each stride-th was taken */
	int64_t last_ns;	 /* of all that were seen */
};

struct publish_size { /* zeros, but max_bytes: nothing was made of a shorter span yet */
	uint64_t max_bytes;
	struct size_sample sample; /* of the last span that was too long, before one fitted */
	uint64_t large_bytes, fits_bytes;   /* the best so far; fits_bytes 0: none fits */
	uint64_t former_rows, former_bytes; /* of the span before, which was too long as well */
	size_t large_at, fits_at, at;	    /* where these, and the last one, begin in the sample */
	unsigned int n_shortened, n_tried;  /* attempts until one fits, and then */
	bool is_settled;		    /* it stays with the one that fits */
};

/*
 * When the next span has to begin, after one from..to (times of day) of what is selected made
 * file_bytes, which is too large. 0; -ERANGE: what goes by time is all of one moment, -ELOOP:
 * it was tried often enough; -EUCLEAN: damaged, -ENOMEM or what reading gives.
 */
int publish_size_smaller(struct publish_size *size, const struct selection *selection,
			 const struct input *input, uint64_t file_bytes, int64_t from_ns,
			 int64_t to_ns, int64_t *ret_begin_ns);

/* After one that fits: true if another one, earlier, would fit as well and hold much more. */
bool publish_size_larger(struct publish_size *size, uint64_t file_bytes, int64_t *ret_begin_ns);

void publish_size_free(struct publish_size *size);

#endif
