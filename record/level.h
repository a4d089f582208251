/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * At which level chunks are compressed: lower than was asked for while the rings fill up,
 * because what is larger is better than what is lost, and as asked for when they are calm.
 */
#ifndef NETSNOOP_RECORD_LEVEL_H
#define NETSNOOP_RECORD_LEVEL_H

#include <stdint.h>

struct level {
	int asked, now;
	uint64_t calm_since_ns; /* 0: they are not */
};

void level_begin(struct level *level, int asked);

/*
 * It is at_ns, and that much of the fullest ring is in use. To be called for each chunk and
 * whenever the rings were emptied. The level from now on.
 */
int level_look(struct level *level, unsigned int ring_percent, uint64_t at_ns);

#endif
