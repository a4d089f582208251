// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/detail.h"

#include "record/clock.h"

#define WINDOW_NS NS_PER_S
#define FULL_PERCENT 50
#define CALM_WINDOWS 5
/*
 * What was too much may have been the disk's fault, or a busy machine's: the limit is
 * doubled after a while, so that events are tried again.
 */
#define PATIENCE_NS (30 * NS_PER_S)
#define LIMIT_MAX (UINT64_MAX / 4)

static uint64_t rate_of(uint64_t events, uint64_t ns)
{
	return ns ? (uint64_t)((double)events * NS_PER_S / (double)ns) : 0;
}

/* Half of what there was when it became too much is taken to be well possible. */
static void give_up_events(struct detail *detail, const struct pressure *pressure)
{
	uint64_t rate = rate_of(pressure->events - detail->window_events,
				pressure->at_ns - detail->window_ns);

	detail->is_flows = true;
	detail->limit = (rate > detail->rate ? rate : detail->rate) / 2;
	detail->since_ns = pressure->at_ns;
	detail->calm = 0;
}

/* A second is over. */
static void end_window(struct detail *detail, const struct pressure *pressure)
{
	detail->rate = rate_of(pressure->events - detail->window_events,
			       pressure->at_ns - detail->window_ns);
	detail->window_ns = pressure->at_ns;
	detail->window_events = pressure->events;
	if (!detail->is_flows)
		return;
	if (pressure->at_ns >= detail->since_ns + PATIENCE_NS) {
		detail->since_ns = pressure->at_ns;
		detail->limit = detail->limit < LIMIT_MAX ? 2 * detail->limit + 1 : LIMIT_MAX;
	}
	detail->calm = detail->rate <= detail->limit ? detail->calm + 1 : 0;
}

void detail_begin(struct detail *detail, bool is_flows, uint64_t start_ns)
{
	*detail = (struct detail){ .is_flows = is_flows, .window_ns = start_ns };
}

bool detail_look(struct detail *detail, const struct pressure *pressure)
{
	bool is_pressed = pressure->ring_percent > FULL_PERCENT ||
			  pressure->lost_events > detail->lost_events;
	bool was_flows = detail->is_flows;

	detail->lost_events = pressure->lost_events;
	if (is_pressed && !detail->is_flows)
		give_up_events(detail, pressure);
	else if (is_pressed)
		detail->calm = 0; /* the rings have not been emptied yet */
	if (pressure->at_ns >= detail->window_ns + WINDOW_NS)
		end_window(detail, pressure);
	if (detail->is_flows && detail->calm >= CALM_WINDOWS)
		detail->is_flows = false;
	return detail->is_flows != was_flows;
}
