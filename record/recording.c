// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/recording.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/environment.h"
#include "record/flows.h"
#include "record/followed.h"
#include "record/kernel.h"
#include "record/options.h"
#include "record/outlet.h"
#include "record/output.h"
#include "record/owners.h"
#include "record/part.h"
#include "record/readings.h"
#include "record/recording_state.h"
#include "record/rotation.h"
#include "record/totals.h"
#include "record/watcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a program takes from its clock reading to its record being there. Even
 * on a busy machine a hypervisor gives it back within that; if not, the chunk
 * sorts, and two chunks overlap.
 */
#define IN_FLIGHT_NS NS_PER_MS
#define FLUSH_NS (NS_PER_S / 2)
#define SAMPLE_NS NS_PER_S
#define LEAST_WAIT_NS (NS_PER_S / 4)   /* from the wish to end a file to its end, if not more */
#define LAST_MOMENT_NS (NS_PER_S / 20) /* from the wish to end the recording to its end */

void sample_clock(struct recording *recording, uint64_t at_ns)
{
	recording->sampled_ns = at_ns;
	nst_writer_set_clock_sample(recording->writer, at_ns, clock_ns(CLOCK_REALTIME));
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

/* Everything that is written into, whatever is the current file. */
static int open_modules(struct recording *recording, struct watcher *watcher, uint64_t start_ns)
{
	const struct settings *settings = recording->settings;
	struct kernel *kernel = recording->kernel;
	struct flows_maps maps;
	int err = open_lanes(recording);

	kernel_flows_maps(kernel, &maps);
	if (!err)
		err = owners_open(recording->writer, settings->max_flows, &recording->owners);
	if (!err)
		err = flows_open(&maps, settings->max_flows, &recording->flows);
	if (!err)
		err = totals_open(kernel, settings, start_ns, &recording->totals);
	if (!err)
		err = readings_open(watcher, &recording->readings);
	if (!err)
		err = readings_write(recording->readings, recording->writer);
	if (!err)
		err = processes_open(filters_by_process(&settings->filters) || settings->command,
				     watcher_opener(watcher), &recording->processes);
	if (!err)
		err = follow(recording, settings);
	if (!err) {
		owners_tell(recording->owners, meet_consumer, recording);
		totals_tell(recording->totals, meet_total, recording);
		err = kernel_list_processes(kernel, take_process, recording);
	}
	return err;
}

static int open_first_part(struct recording *recording, const struct nst_header *header,
			   struct output *output)
{
	const struct settings *settings = recording->settings;
	struct part *part;
	int err;

	if (recording->flight)
		err = part_open_flight(recording->flight, header, settings->level, &part);
	else
		err = part_open(output, header, settings, recording->rotation, &part);
	if (err)
		return err;
	memcpy(recording->id.recording, header->uuid, sizeof(recording->id.recording));
	begin_part(recording, part, header->start_ns);
	sample_clock(recording, now_ns());
	/* what is written of a flight begins with the settings: what is kept needs none */
	if (recording->flight)
		return devices_write(&recording->devices, recording->writer, NULL, 0);
	return environment_write(recording->writer, settings, recording->kernel,
				 &recording->devices, part_id(recording));
}

int recording_open(struct kernel *kernel, const struct settings *settings,
		   const struct nst_header *header, struct rotation *rotation,
		   struct output *output, struct flight *flight, struct watcher *watcher,
		   struct recording **ret_recording)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	size_t n_cpus = kernel_cpus(kernel);
	int err;

	if (!recording)
		return -ENOMEM;
	recording->settings = settings;
	recording->cancel_fd = -1;
	recording->kernel = kernel;
	recording->rotation = rotation;
	recording->flight = flight;
	recording->max_events = settings->max_events;
	level_begin(&recording->level, settings->level);
	recording->by_cpu = calloc(n_cpus, sizeof(*recording->by_cpu));
	recording->base.by_cpu = calloc(n_cpus, sizeof(*recording->base.by_cpu));
	limits_open(&recording->limits, rotation_part_bytes(rotation), settings->rotate_ns,
		    rotation_is_on(rotation) ? LEAST_WAIT_NS : LAST_MOMENT_NS);
	err = devices_open(&recording->devices, watcher);
	if (!err && (!recording->by_cpu || !recording->base.by_cpu))
		err = -ENOMEM;
	if (!err)
		err = open_first_part(recording, header, output);
	if (!err)
		err = open_modules(recording, watcher, header->start_ns);
	if (err) {
		recording_close(recording, true);
		return err;
	}
	*ret_recording = recording;
	return 0;
}

int recording_describe(const struct recording *recording, struct nst_writer *writer)
{
	int err = environment_describe(writer, recording->settings, recording->kernel,
				       &recording->devices, part_id(recording));

	if (!err)
		err = processes_describe(recording->processes, writer, now_ns());
	return err ?: owners_describe(recording->owners, writer);
}

uint64_t lost_owners(const struct recording *recording)
{
	return recording->counts.owner_ring_full + owners_lost(recording->owners);
}

uint64_t lost_in_flight(const struct recording *recording)
{
	struct flight_stats stats = { 0 };

	if (recording->flight)
		flight_stats(recording->flight, &stats);
	return stats.lost;
}

const struct part_id *part_id(const struct recording *recording)
{
	return rotation_is_on(recording->rotation) ? &recording->id : NULL;
}

void get_lost(const struct recording *recording, uint64_t lost[NST_LOSS_SLOTS])
{
	memset(lost, 0, NST_LOSS_SLOTS * sizeof(*lost));
	totals_lost(recording->totals, lost);
	lost[NST_LOST_RECORDER] += recording->lost_recorder - recording->base.lost_recorder;
	lost[NST_LOST_RECORDER] += lost_in_flight(recording);
	lost[NST_LOST_OWNER_RING] = lost_owners(recording) - recording->base.lost_owners;
}

int read_counts(struct recording *recording)
{
	uint64_t lost[NST_LOSS_SLOTS];
	size_t n_cpus = kernel_cpus(recording->kernel);
	int err = kernel_counts(recording->kernel, recording->by_cpu);

	if (err)
		return err;
	totals_correct(recording->totals, recording->by_cpu);
	recording->counts = counts_sum(recording->by_cpu, n_cpus);
	get_lost(recording, lost);
	nst_writer_set_lost(recording->writer, lost);
	return 0;
}

/*
 * Make room in the kernel's table. The flows of the last time are forgotten now:
 * what was still in the rings of them has been taken since.
 */
static int collect_flows(struct recording *recording, uint64_t at_ns)
{
	owners_gone(recording->owners, recording->gone, recording->n_gone, at_ns,
		    totals_taken_ns(recording->totals));
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

int recording_tick(struct recording *recording)
{
	uint64_t at_ns = now_ns(), until_ns = at_ns - IN_FLIGHT_NS;
	int err = recording->outlet ? outlet_error(recording->outlet) : 0;
	bool is_behind;

	if (!err)
		err = close_ended(recording);
	if (!err)
		err = read_counts(recording);
	if (err)
		return err;
	if (at_ns >= recording->sampled_ns + SAMPLE_NS)
		sample_clock(recording, at_ns);
	if (recording->flight)
		flight_tick(recording->flight, at_ns);
	err = drain(recording,
		    until_ns <= part_end_ns(recording) ? until_ns : part_end_ns(recording));
	if (err == STALLED)
		err = 0;
	is_behind = recording->taken_ns < until_ns;
	if (!err)
		err = adapt_level(recording);
	if (!err)
		err = kernel_tick(recording->kernel, at_ns);
	if (!err)
		err = or_later(settle_owners(recording, recording->taken_ns));
	if (!err)
		err = or_later(drain_processes(recording, recording->taken_ns, at_ns));
	if (!err && !is_behind) /* no event of a flow that is forgotten may still be to come */
		err = collect_flows(recording, at_ns);
	if (!err)
		err = or_later(devices_refresh(&recording->devices, recording->writer, at_ns));
	if (!err)
		err = or_later(
			totals_tick(recording->totals, recording->writer, recording->taken_ns));
	if (!err)
		err = or_later(readings_tick(recording->readings, recording->writer, at_ns));
	if (!err)
		err = or_later(flush_if_due(recording, at_ns));
	if (err)
		return err;
	return recording->flight ? mark_flight_if_due(recording, at_ns)
				 : end_part_if_due(recording, at_ns);
}

void recording_cancel_by(struct recording *recording, int fd)
{
	recording->cancel_fd = fd;
}

/* Of all files there were. */
static struct outlet_written written(const struct recording *recording)
{
	struct outlet_written sum = { 0 }, ended = { 0 };

	if (recording->flight) {
		struct nst_writer_stats stats;

		nst_writer_stats(recording->writer, &stats);
		sum.events = stats.events;
	}
	if (recording->outlet)
		outlet_written(recording->outlet, &sum);
	if (recording->ended)
		outlet_written(recording->ended->outlet, &ended);
	sum.bytes += recording->closed.bytes + ended.bytes;
	sum.events += recording->closed.events + ended.events;
	return sum;
}

void recording_status(const struct recording *recording, struct status *status)
{
	struct rotation_summary files;

	rotation_summarize(recording->rotation, &files);
	status->events = recording->events;
	status->bytes = recording->bytes;
	status->lost_recorder = recording->lost_recorder + lost_in_flight(recording);
	status->lost_owners = lost_owners(recording);
	status->file = recording->part->output.name;
	status->file_bytes = written(recording).bytes;
	status->files = part_id(recording) ? recording->id.number : 0;
	status->files_deleted = files.deleted;
	status->first_file = files.first;
	status->counts = recording->counts;
	status->detail = totals_detail(recording->totals) == NST_DETAIL_FLOWS ? "flows" : "packets";
	status->totals_merged = totals_merged(recording->totals);
	status->level_lowered = recording->level_lowered;
}

uint64_t recording_written(const struct recording *recording)
{
	return written(recording).events;
}

const char *recording_name(const struct recording *recording)
{
	const struct part *part = recording->part;

	if (recording->ended && outlet_error(recording->ended->outlet))
		part = recording->ended;
	return part->output.name ?: "memory";
}

int recording_failure(const struct recording *recording)
{
	return recording->failure;
}

int recording_close(struct recording *recording, bool is_failed)
{
	int err;

	if (!recording)
		return 0;
	err = part_close(recording->ended, false);
	/* where there is no next file, this one was ended as it should be */
	is_failed = is_failed && !recording->failure;
	/* totals alone are worth a file, too */
	if (recording->totals && totals_are_written(recording->totals))
		is_failed = false;
	err = part_close(recording->part, is_failed) ?: err;
	flows_close(recording->flows);
	totals_close(recording->totals);
	readings_close(recording->readings);
	followed_close(recording->followed);
	owners_close(recording->owners);
	close_lanes(recording);
	devices_close(&recording->devices);
	processes_close(recording->processes);
	free(recording->by_cpu);
	free(recording->base.by_cpu);
	free(recording);
	return err;
}
