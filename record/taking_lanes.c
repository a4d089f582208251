// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events of lanes that are known: what is done for each of them, and what once a round. */
#include "record/drain.h"
#include "record/flows.h"
#include "record/kernel.h"
#include "record/lanes.h"
#include "record/options.h"
#include "record/owners.h"
#include "record/pages.h"
#include "record/recording_state.h"
#include "record/totals.h"
#include "record/translate.h"

#include <errno.h>
#include <string.h>

int open_lanes(struct recording *recording)
{
	int err = lanes_open(flows_slots(recording->settings->max_flows), &recording->lanes);
	uint32_t max;

	if (err)
		return err;
	max = recording->n_lanes = lanes_max(recording->lanes);
	recording->lane_states = pages_get(max, sizeof(*recording->lane_states));
	recording->met_lanes = pages_get(max, sizeof(*recording->met_lanes));
	if (!recording->lane_states || !recording->met_lanes)
		return -ENOMEM;
	lanes_expect(recording->lanes, recording->lane_states, sizeof(*recording->lane_states));
	drain_expect(kernel_drain(recording->kernel), lanes_fetch, recording->lanes);
	return 0;
}

void close_lanes(struct recording *recording)
{
	uint32_t max = recording->n_lanes;

	pages_put(recording->lane_states, max, sizeof(*recording->lane_states));
	pages_put(recording->met_lanes, max, sizeof(*recording->met_lanes));
	lanes_close(recording->lanes);
}

/* ---- Rounds -------------------------------------------------------------- */

void begin_round(struct recording *recording)
{
	if (!++recording->round)
		recording->round = 1;
	recording->n_met_lanes = 0;
}

/* The flow's last event is known, as if each had been told. */
static int tell_last(struct recording *recording, struct lane_state *lane)
{
	if (!lane->last_ns)
		return 0;
	return owners_met_known(recording->owners, lane->flow_id, lane->last_ns, &lane->flow);
}

int end_round(struct recording *recording)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < recording->n_met_lanes; i++) {
		struct lane_state *lane = &recording->lane_states[recording->met_lanes[i]];

		err = tell_last(recording, lane);
		lane->last_ns = 0;
	}
	recording->n_met_lanes = 0;
	return err;
}

static void note_round(struct recording *recording, struct lane_state *lane)
{
	if (lane->round == recording->round)
		return;
	lane->round = recording->round;
	recording->met_lanes[recording->n_met_lanes++] = (uint32_t)(lane - recording->lane_states);
}

/* ---- Lanes --------------------------------------------------------------- */

int begin_lane(struct recording *recording, struct lane_id id, struct nst_writer_lane **ret_row)
{
	struct lane_state *lane = &recording->lane_states[id.index];
	int err = tell_last(recording, lane); /* of the flow that had the lane before */

	if (err)
		return err;
	lane->last_ns = 0;
	lane->turn = id.turn;
	lane->row = (struct nst_writer_lane){ 0 };
	lane->flow_id = recording->event.flow_id;
	lane->flow = NULL;
	lane->part = recording->part_count;
	note_round(recording, lane);
	*ret_row = &lane->row;
	return 0;
}

/* recording->event becomes the whole event. False: nobody has announced its lane. */
static bool complete(struct recording *recording, struct lane_id id,
		     const struct nst_lane_event *own)
{
	const struct record *record =
		lanes_find(recording->lanes, id, kernel_drain(recording->kernel));
	struct net_event *event = &recording->event;

	if (!record)
		return false;
	translate(record, event);
	event->timestamp = own->timestamp;
	event->bytes = own->bytes;
	event->tid = own->tid;
	event->segments = own->segments;
	event->header_bytes = own->header_bytes;
	event->tcp_flags = own->tcp_flags;
	event->flags = (uint16_t)((event->flags & NST_LANE_FLAGS) | own->flags);
	return true;
}

/* Whose it is will never be known. */
static int lose_unknown(struct recording *recording, const struct nst_lane_event *own)
{
	recording->lost_recorder++;
	totals_lose(recording->totals, own->timestamp, own->timestamp + 1, 1, own->bytes);
	return 0;
}

/* The lane is not known here, or the writer does not know it any more, or it has changed since. */
static int take_whole(struct recording *recording, struct lane_id id,
		      const struct nst_lane_event *own)
{
	struct nst_writer_lane row, *lane_row = &row;
	int err = 0;

	if (!complete(recording, id, own))
		return lose_unknown(recording, own);
	if (lanes_is_current(recording->lanes, id))
		err = begin_lane(recording, id, &lane_row);
	return err ?: take_event(recording, lane_row);
}

/* The lane's first event in this round. */
static int meet_lane(struct recording *recording, struct lane_id id, struct lane_state *lane,
		     const struct nst_lane_event *own)
{
	note_round(recording, lane);
	if (lane->part == recording->part_count)
		return owners_met_known(recording->owners, lane->flow_id, own->timestamp,
					&lane->flow);
	lane->part = recording->part_count;
	return complete(recording, id, own) ? meet_event(recording) : 0;
}

/* What was written is the lane's first event in this round, or the first behind a full chunk. */
static int look(struct recording *recording, struct lane_id id, struct lane_state *lane,
		const struct nst_lane_event *own, bool has_written)
{
	int err = has_written ? adapt_level(recording) : 0;

	recording->event_ns = own->timestamp;
	if (!err && lane->round != recording->round)
		err = meet_lane(recording, id, lane, own);
	else
		lane->last_ns = own->timestamp;
	return err ?: has_room(recording) ? 0 : STALLED;
}

int take_short(struct recording *recording, struct lane_id id, const struct nst_lane_event *own)
{
	struct lane_state *lane;
	int r;

	if (id.index >= recording->n_lanes)
		return lose_unknown(recording, own);
	lane = &recording->lane_states[id.index];
	if (lane->turn != id.turn || !lane->round || part_is_full(recording))
		return take_whole(recording, id, own);
	r = nst_writer_lane_event(recording->writer, &lane->row, own);
	if (r == -ESTALE || r == -EAGAIN)
		return take_whole(recording, id, own);
	if (r < 0)
		return r;
	recording->events++;
	recording->bytes += own->bytes;
	if (r || lane->round != recording->round)
		return look(recording, id, lane, own, r);
	lane->last_ns = own->timestamp;
	return 0;
}
