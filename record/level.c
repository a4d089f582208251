// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/level.h"

#include "record/clock.h"

/* --detail auto gives up events at 50 percent: the level has to go first. */
#define PRESSED_PERCENT 30
#define CALM_PERCENT 15
#define CALM_NS (2 * NS_PER_S)
#define USUAL 3 /* what is above it costs many times as much */

void level_begin(struct level *level, int asked)
{
	*level = (struct level){ .asked = asked, .now = asked };
}

int level_look(struct level *level, unsigned int ring_percent, uint64_t at_ns)
{
	if (ring_percent >= CALM_PERCENT) {
		level->calm_since_ns = 0;
		if (ring_percent >= PRESSED_PERCENT && level->now > 1)
			level->now = level->now > USUAL ? USUAL : level->now - 1;
		return level->now;
	}
	if (!level->calm_since_ns)
		level->calm_since_ns = at_ns;
	if (level->now < level->asked && at_ns >= level->calm_since_ns + CALM_NS) {
		level->now = level->now < USUAL ? level->now + 1 : level->asked;
		level->calm_since_ns = at_ns;
	}
	return level->now;
}
