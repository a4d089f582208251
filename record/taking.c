// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From the kernel's rings to the modules that know what to do with it. */
#include "record/drain.h"
#include "record/kernel.h"
#include "record/outlet.h"
#include "record/owner_change.h"
#include "record/owners.h"
#include "record/recording_state.h"
#include "record/totals.h"
#include "record/translate.h"

#include <errno.h>

int take_process(void *context, const void *record, uint32_t length_bytes)
{
	struct recording *recording = context;

	(void)length_bytes;
	translate_process(record, &recording->news);
	return processes_note(recording->processes, &recording->news);
}

/* A process owns something at this time: let it in as it was then. */
static int meet_process(struct recording *recording, uint64_t at_ns, const struct nst_owner *owner,
			const char *comm)
{
	uint64_t cgroup_id = owner->has & NST_OWNER_HAS_CGROUP ? owner->cgroup_id : 0;
	int err;

	if (processes_knows(recording->processes, owner->pid, owner->start_ns, cgroup_id))
		return 0;
	err = drain_until(kernel_process_drain(recording->kernel), at_ns, take_process, recording);
	return err
		       ?: processes_meet(recording->processes, at_ns, owner->pid, owner->start_ns,
					 cgroup_id, comm, owner->comm.len_bytes);
}

int meet_consumer(void *context, const struct nst_owner *row, const char *comm)
{
	struct recording *recording = context;

	return meet_process(recording, recording->until_ns, row, comm);
}

int meet_event(struct recording *recording)
{
	const struct net_event *event = &recording->event;
	const struct nst_owner owner = {
		.pid = event->pid,
		.start_ns = event->start_ns,
		.cgroup_id = event->cgroup_id,
		.has = event->has & NST_HAS_CGROUP ? NST_OWNER_HAS_CGROUP : 0,
		.comm.len_bytes = event->comm_len,
	};
	int err = owners_met(recording->owners, event->flow_id, event->timestamp);

	if (!err)
		err = devices_meet(&recording->devices, event->netns, event->ifindex);
	if (err || !(event->has & NST_HAS_OWNER))
		return err;
	return meet_process(recording, event->timestamp, &owner, event->comm);
}

/* All up to the end of the total's interval has been taken, but for what it tells itself. */
int meet_total(void *context, const struct nst_total *total)
{
	struct recording *recording = context;
	const struct nst_owner owner = {
		.pid = total->pid,
		.start_ns = total->start_ns,
		.cgroup_id = total->cgroup_id,
		.has = total->cgroup_id ? NST_OWNER_HAS_CGROUP : 0,
		.comm.len_bytes = total->comm.len_bytes,
	};
	uint64_t flow_id = total->has & NST_TOTAL_HAS_FLOW ? total->flow_id : 0;
	int err = owners_met_until(recording->owners, flow_id, total->to_ns);

	if (!err && total->has & NST_TOTAL_HAS_IFINDEX)
		err = devices_meet(&recording->devices, total->netns, total->ifindex);
	if (err || !(total->has & NST_TOTAL_HAS_OWNER))
		return err;
	return meet_process(recording, total->to_ns, &owner, total->comm.data);
}

bool has_room(const struct recording *recording)
{
	if (recording->flight)
		return flight_has_room(recording->flight);
	return !recording->outlet || outlet_has_room(recording->outlet);
}

int adapt_level(struct recording *recording)
{
	int before = recording->level.now;
	int level = level_look(&recording->level, drain_percent(kernel_drain(recording->kernel)),
			       now_ns());

	recording->level_lowered += level < before;
	return level == before ? 0 : nst_writer_set_level(recording->writer, level);
}

/* It is not written: a total in its place. 0, STALLED, or -ENOMEM. */
static int lose_event(struct recording *recording, bool is_full)
{
	int err = totals_lose_event(recording->totals, &recording->event, is_full);

	recording->lost_recorder++;
	return err ?: is_full ? 0 : STALLED;
}

int take_event(struct recording *recording, struct nst_writer_lane *ret_row)
{
	const struct net_event *event = &recording->event;
	bool is_full = part_is_full(recording);
	int written = is_full ? -EAGAIN : nst_writer_event_lane(recording->writer, event, ret_row);
	int err = 0;

	recording->event_ns = event->timestamp;
	if (written == -EAGAIN) { /* or a chunk was larger than those for which room is kept */
		written = lose_event(recording, is_full);
		if (written < 0 || is_full) /* then there is no room for more rows of others */
			return written;
	} else if (written < 0) {
		return written;
	} else {
		recording->events++;
		recording->bytes += event->bytes;
		err = written ? adapt_level(recording) : 0;
		written = 0;
	}
	if (!err)
		err = meet_event(recording);
	/* what is in the open chunk can always be written as long as there was room here */
	return err ?: written ?: has_room(recording) ? 0 : STALLED;
}

/* A drain_sink. */
static int take(void *context, const void *record, uint32_t length_bytes)
{
	struct recording *recording = context;
	struct nst_lane_event short_event;
	struct nst_writer_lane row, *lane_row = &row;
	struct lane_id id;
	int err = 0;

	if (recording->max_events && recording->events == recording->max_events)
		return LIMIT_REACHED;
	if (translate_short(record, length_bytes, &id, &short_event))
		return take_short(recording, id, &short_event);
	translate(record, &recording->event);
	if (lanes_announce(recording->lanes, record, &id))
		err = begin_lane(recording, id, &lane_row);
	return err ?: take_event(recording, lane_row);
}

int drain(struct recording *recording, uint64_t until_ns)
{
	int err, ended;

	begin_round(recording);
	err = has_room(recording)
		      ? drain_until(kernel_drain(recording->kernel), until_ns, take, recording)
		      : STALLED;
	ended = end_round(recording);
	if (!err)
		recording->taken_ns = until_ns;
	else if (err == STALLED && recording->event_ns > recording->taken_ns)
		recording->taken_ns = recording->event_ns - 1;
	if (ended)
		return ended;
	if (!err && recording->max_events && recording->events == recording->max_events)
		return LIMIT_REACHED;
	return err;
}

static int take_owner(void *context, const struct owner_record *record)
{
	struct recording *recording = context;
	struct owner_change change;

	translate_owner(record, &change);
	return owners_take(recording->owners, &change);
}

int settle_owners(struct recording *recording, uint64_t until_ns)
{
	int err;

	recording->until_ns = until_ns;
	err = kernel_owner_records(recording->kernel, take_owner, recording);

	return err ?: owners_settle(recording->owners, until_ns);
}

int drain_processes(struct recording *recording, uint64_t until_ns, uint64_t at_ns)
{
	uint64_t missed = recording->counts.process_ring_full;
	int err = drain_until(kernel_process_drain(recording->kernel), until_ns, take_process,
			      recording);

	if (err)
		return err;
	if (missed != recording->processes_missed)
		processes_missed(recording->processes, at_ns);
	recording->processes_missed = missed;
	err = processes_ask(recording->processes);
	return err ?: processes_write(recording->processes, recording->writer, at_ns);
}
