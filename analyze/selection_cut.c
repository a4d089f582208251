/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is taken tells of no other times than those of the span, but for since when something
 * is so.
 */
#include "analyze/selection_find.h"

static void cut_process(const struct selection *selection, size_t trace,
			struct nst_process_event *event)
{
	event->has = limits_process_has(selection, trace, event);
}

/* It has the flow as long as the part lasts; who is its first one only later, has it from then on. */
static void cut_owner(const struct selected_trace *trace, struct nst_owner *owner)
{
	if (owner->from_ns > trace->to_ns)
		owner->from_ns = trace->to_ns;
	if (!(owner->has & NST_OWNER_HAS_TO) || owner->to_ns < trace->to_ns)
		return;
	owner->has &= ~(uint32_t)NST_OWNER_HAS_TO;
	owner->to_ns = 0;
}

static void cut_loss(const struct selected_trace *trace, struct nst_loss_interval *loss)
{
	if (loss->from_ns < trace->from_ns)
		loss->from_ns = trace->from_ns;
	if (loss->to_ns > trace->to_ns)
		loss->to_ns = trace->to_ns;
}

void selection_cut_row(const struct selection *selection, size_t trace, enum nst_table table,
		       void *row)
{
	switch (table) {
	case NST_TABLE_PROCESS_EVENT:
		cut_process(selection, trace, row);
		break;
	case NST_TABLE_OWNER:
		cut_owner(&selection->traces[trace], row);
		break;
	case NST_TABLE_LOSS:
		cut_loss(&selection->traces[trace], row);
		break;
	default:
		break;
	}
}

void selection_cut_reading(const struct selection *selection, size_t trace, uint64_t *clock_ns,
			   uint64_t *realtime_ns)
{
	const struct selected_trace *selected = &selection->traces[trace];

	if (!*clock_ns || (*clock_ns >= selected->from_ns && *clock_ns < selected->to_ns))
		return;
	*clock_ns = *clock_ns < selected->from_ns ? selected->from_ns : selected->to_ns - 1;
	*realtime_ns = (uint64_t)timeline_realtime(&selected->timeline, *clock_ns);
}

void selection_cut_lost(const struct selection *selection, size_t trace,
			uint64_t lost[NST_LOSS_SLOTS])
{
	const uint64_t *outside = selection->traces[trace].lost_outside;

	for (int i = 0; i < NST_LOSS_SLOTS; i++)
		lost[i] = lost[i] > outside[i] ? lost[i] - outside[i] : 0;
}
