/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/collect.h"

static int add_row(struct collector *collector, struct collected *trace, uint32_t lane,
		   const struct nst_total *total)
{
	int err = rollup_add_total(&collector->rollup, &collector->dims, &trace->axis, lane, total,
				   trace->bounds.from_ns, trace->bounds.to_ns);

	return err ? err : reconcile_total(&collector->reconcile, &collector->dims, lane, total);
}

int collector_add_totals(struct collector *collector, uint32_t number)
{
	struct collected *trace = &collector->traces[number];
	struct totals *totals = &collector->totals;
	struct charging charging;
	size_t n_lanes;
	int err;

	if (!trace->has_axis)
		collector_set_axis(collector, number, totals->rows[0]->from_ns);
	window_clock_bounds(&collector->bounds, &collector->dims.traces[number].timeline,
			    &trace->bounds);
	charging = charging_of(&collector->foretelling, trace->header.uuid, collector->view);
	err = rebind_map(&collector->rebind, &charging, &collector->dims, number,
			 &totals->dictionaries, &totals->events, &collector->lanes,
			 &collector->n_lanes_allocated, &n_lanes);
	for (size_t i = 0; i < totals->n && !err; i++) {
		const struct nst_total *total = totals->rows[i];

		trace->total_rows++;
		if (total->to_ns > trace->totals_end_ns)
			trace->totals_end_ns = total->to_ns;
		err = add_row(collector, trace, collector->lanes[totals->events.lane[i]], total);
	}
	return err;
}
