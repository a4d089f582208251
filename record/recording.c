// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/recording.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/devices.h"
#include "record/environment.h"
#include "record/flows.h"
#include "record/followed.h"
#include "record/kernel.h"
#include "record/options.h"
#include "record/owner_change.h"
#include "record/owners.h"
#include "record/processes.h"
#include "record/totals.h"
#include "record/translate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIMIT_REACHED 1
/*
 * What a program takes from its clock reading to its record being there. Even
 * on a busy machine a hypervisor gives it back within that; if not, the chunk
 * sorts, and two chunks overlap.
 */
#define IN_FLIGHT_NS NS_PER_MS
#define FLUSH_NS (NS_PER_S / 2)
#define SAMPLE_NS NS_PER_S
#define LAST_DRAINS 20 /* a millisecond apart */

struct recording {
	struct kernel *kernel;
	struct nst_writer *writer;
	struct counts *by_cpu;
	struct counts counts; /* their sum */
	uint64_t max_events;
	uint64_t events, bytes; /* given to the writer */
	uint64_t lost_recorder;
	uint64_t sampled_ns;
	struct devices devices;
	struct processes *processes;
	uint64_t processes_missed; /* process records lost so far */
	struct process_news news;
	uint64_t until_ns; /* of the events taken in this round */
	struct owners *owners;
	struct flows *flows;
	struct followed *followed; /* NULL: nobody is */
	const uint64_t *gone;	   /* flows that were taken out in the last tick */
	size_t n_gone;
	struct net_event event; /* the one on its way */
};

static void sample_clock(struct recording *recording, uint64_t at_ns)
{
	recording->sampled_ns = at_ns;
	nst_writer_set_clock_sample(recording->writer, at_ns, clock_ns(CLOCK_REALTIME));
}

/* A drain_sink. */
static int take_process(void *context, const void *record)
{
	struct recording *recording = context;

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

/* An owner_sink. */
static int meet_consumer(void *context, const struct nst_owner *row, const char *comm)
{
	struct recording *recording = context;

	return meet_process(recording, recording->until_ns, row, comm);
}

/* The owner of the event on its way, as its process was at that time. */
static int meet_owner(struct recording *recording)
{
	const struct net_event *event = &recording->event;
	const struct nst_owner owner = {
		.pid = event->pid,
		.start_ns = event->start_ns,
		.cgroup_id = event->cgroup_id,
		.has = event->has & NST_HAS_CGROUP ? NST_OWNER_HAS_CGROUP : 0,
		.comm.len_bytes = event->comm_len,
	};

	if (!(event->has & NST_HAS_OWNER))
		return 0;
	return meet_process(recording, event->timestamp, &owner, event->comm);
}

/* A drain_sink. */
static int take(void *context, const void *record)
{
	struct recording *recording = context;
	int err;

	if (recording->max_events && recording->events == recording->max_events)
		return LIMIT_REACHED;
	translate(record, &recording->event);
	err = nst_writer_event(recording->writer, &recording->event);
	recording->events++;
	recording->bytes += recording->event.bytes;
	if (!err)
		err = owners_met(recording->owners, recording->event.flow_id,
				 recording->event.timestamp);
	if (!err)
		err = devices_meet(&recording->devices, recording->event.netns,
				   recording->event.ifindex);
	return err ?: meet_owner(recording);
}

/* Descendants come and go for as long as the recording goes on. */
static int follow(struct recording *recording, const struct settings *settings)
{
	int err;

	if (!settings->command && settings->filters.follow != FOLLOW_ALL)
		return 0;
	err = followed_open(kernel_followed_fd(recording->kernel), &recording->followed);
	if (!err)
		processes_tell_forgotten(recording->processes, followed_ended, recording->followed);
	return err;
}

int recording_open(struct kernel *kernel, const struct settings *settings,
		   const struct nst_header *header, int fd, struct recording **ret_recording)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	int err;

	if (!recording)
		return -ENOMEM;
	recording->kernel = kernel;
	recording->max_events = settings->max_events;
	recording->by_cpu = calloc(kernel_cpus(kernel), sizeof(*recording->by_cpu));
	err = devices_open(&recording->devices);
	if (!err && !recording->by_cpu)
		err = -ENOMEM;
	if (!err)
		err = nst_writer_open(fd, header, settings->level, &recording->writer);
	if (!err) {
		sample_clock(recording, now_ns());
		err = environment_write(recording->writer, settings, kernel, &recording->devices);
	}
	if (!err)
		err = owners_open(recording->writer, settings->max_flows, &recording->owners);
	if (!err)
		err = flows_open(kernel_flows_fd(kernel), settings->max_flows, &recording->flows);
	if (!err)
		err = processes_open(filters_by_process(&settings->filters) || settings->command,
				     &recording->processes);
	if (!err)
		err = follow(recording, settings);
	if (!err) {
		owners_tell(recording->owners, meet_consumer, recording);
		err = kernel_list_processes(kernel, take_process, recording);
	}
	if (err) {
		recording_close(recording);
		return err;
	}
	*ret_recording = recording;
	return 0;
}

static int drain(struct recording *recording, uint64_t until_ns)
{
	int err = drain_until(kernel_drain(recording->kernel), until_ns, take, recording);

	if (!err && recording->max_events && recording->events == recording->max_events)
		return LIMIT_REACHED;
	return err;
}

/* Bring what the kernel counted into the headers of the chunks to come. */
static int read_counts(struct recording *recording)
{
	uint64_t lost[NST_LOSS_SLOTS] = { 0 };
	size_t n_cpus = kernel_cpus(recording->kernel);
	int err = kernel_counts(recording->kernel, recording->by_cpu);

	if (err)
		return err;
	recording->counts = counts_sum(recording->by_cpu, n_cpus);
	lost[NST_LOST_RING_FULL] = recording->counts.ring_full_events;
	lost[NST_LOST_RECORDER] = recording->lost_recorder;
	lost[NST_LOST_OWNER_RING] =
		recording->counts.owner_ring_full + owners_lost(recording->owners);
	nst_writer_set_lost(recording->writer, lost);
	return 0;
}

static int take_owner(void *context, const struct owner_record *record)
{
	struct recording *recording = context;
	struct owner_change change;

	translate_owner(record, &change);
	return owners_take(recording->owners, &change);
}

/* What became known of owners; all events up to until_ns have been taken. */
static int settle_owners(struct recording *recording, uint64_t until_ns)
{
	int err;

	recording->until_ns = until_ns;
	err = kernel_owner_records(recording->kernel, take_owner, recording);

	return err ?: owners_settle(recording->owners, until_ns);
}

/*
 * Make room in the kernel's table. The flows of the last time are forgotten now:
 * what was still in the rings of them has been taken since.
 */
static int collect_flows(struct recording *recording, uint64_t at_ns)
{
	owners_gone(recording->owners, recording->gone, recording->n_gone);
	return flows_collect(recording->flows, at_ns, recording->counts.flows, &recording->gone,
			     &recording->n_gone);
}

static int flush_if_due(struct recording *recording, uint64_t at_ns)
{
	struct nst_writer_stats stats;

	nst_writer_stats(recording->writer, &stats);
	if (!stats.pending_events || at_ns < stats.pending_since_ns + FLUSH_NS)
		return 0;
	return nst_writer_flush(recording->writer);
}

/* Behind the events of the same time, so that these find their owners as they were. */
static int drain_processes(struct recording *recording, uint64_t until_ns, uint64_t at_ns)
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

int recording_tick(struct recording *recording)
{
	uint64_t at_ns = now_ns();
	int err = read_counts(recording);

	if (err)
		return err;
	if (at_ns >= recording->sampled_ns + SAMPLE_NS)
		sample_clock(recording, at_ns);
	err = drain(recording, at_ns - IN_FLIGHT_NS);
	if (!err)
		err = kernel_tick(recording->kernel, at_ns);
	if (!err)
		err = settle_owners(recording, at_ns - IN_FLIGHT_NS);
	if (!err)
		err = drain_processes(recording, at_ns - IN_FLIGHT_NS, at_ns);
	if (!err)
		err = collect_flows(recording, at_ns);
	if (!err)
		err = devices_refresh(&recording->devices, recording->writer, at_ns);
	return err ? err : flush_if_due(recording, at_ns);
}

/*
 * Every event that the programs counted is in a ring or lost: keep looking for
 * as long as a record is not there yet, and count it as lost if it never comes.
 */
static int drain_all(struct recording *recording)
{
	const struct timespec moment = { .tv_nsec = (long)NS_PER_MS };
	uint64_t in_rings;
	int err;

	for (int i = 0; i < LAST_DRAINS; i++) {
		err = read_counts(recording);
		if (!err)
			err = drain(recording, UINT64_MAX);
		if (err)
			return err == LIMIT_REACHED ? 0 : err;
		in_rings = recording->counts.events - recording->counts.ring_full_events;
		if (recording->events >= in_rings)
			return 0;
		nanosleep(&moment, NULL);
	}
	recording->lost_recorder += in_rings - recording->events;
	return read_counts(recording);
}

static int write_totals(struct recording *recording)
{
	const struct totals totals = {
		.kernel = recording->kernel,
		.by_cpu = recording->by_cpu,
		.counts = recording->counts,
		.owners_lost = owners_lost(recording->owners),
		.processes = recording->processes,
	};

	return totals_write(&totals, recording->writer);
}

int recording_finish(struct recording *recording, uint64_t end_ns)
{
	int err;

	/* at once: the last drain may take its time, and the two belong to one moment */
	sample_clock(recording, end_ns);
	err = drain_all(recording);
	if (!err)
		err = settle_owners(recording, UINT64_MAX);
	if (!err)
		err = drain_processes(recording, UINT64_MAX, UINT64_MAX);
	if (!err)
		err = nst_writer_flush(recording->writer);
	if (!err)
		err = devices_refresh(&recording->devices, recording->writer, UINT64_MAX);
	if (!err)
		err = write_totals(recording);
	if (!err)
		err = nst_writer_end(recording->writer, end_ns);
	return err;
}

void recording_abandon(struct recording *recording)
{
	uint64_t written = recording_written(recording), taken = recording->events;

	if (!read_counts(recording))
		taken = recording->counts.events - recording->counts.ring_full_events;
	recording->lost_recorder = taken - written;
	recording->events = written;
	recording->bytes = 0; /* not known of what is in the file */
}

void recording_status(const struct recording *recording, struct status *status)
{
	struct nst_writer_stats stats;

	nst_writer_stats(recording->writer, &stats);
	status->events = recording->events;
	status->bytes = recording->bytes;
	status->lost_recorder = recording->lost_recorder;
	status->lost_owners = recording->counts.owner_ring_full + owners_lost(recording->owners);
	status->file_bytes = stats.file_bytes;
	status->counts = recording->counts;
}

uint64_t recording_written(const struct recording *recording)
{
	struct nst_writer_stats stats;

	nst_writer_stats(recording->writer, &stats);
	return stats.events;
}

void recording_close(struct recording *recording)
{
	if (!recording)
		return;
	nst_writer_close(recording->writer);
	flows_close(recording->flows);
	followed_close(recording->followed);
	owners_close(recording->owners);
	devices_close(&recording->devices);
	processes_close(recording->processes);
	free(recording->by_cpu);
	free(recording);
}
