// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/recording.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/devices.h"
#include "record/environment.h"
#include "record/kernel.h"
#include "record/options.h"
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
#define COUNT_NAME_MAX 64
#define LAST_DRAINS 20	   /* a millisecond apart */
#define ROWS_A_CHUNK 32768 /* well within what a chunk can hold */

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
	struct net_event event; /* the one on its way */
};

static void sample_clock(struct recording *recording, uint64_t at_ns)
{
	recording->sampled_ns = at_ns;
	nst_writer_set_clock_sample(recording->writer, at_ns, clock_ns(CLOCK_REALTIME));
}

int recording_open(struct kernel *kernel, const struct settings *settings,
		   const struct nst_header *header, int fd, struct recording **ret_recording)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	int err = -ENOMEM;

	if (!recording)
		return err;
	recording->kernel = kernel;
	recording->max_events = settings->max_events;
	recording->by_cpu = calloc(kernel_cpus(kernel), sizeof(*recording->by_cpu));
	if (recording->by_cpu)
		err = nst_writer_open(fd, header, settings->level, &recording->writer);
	if (!err) {
		sample_clock(recording, now_ns());
		err = environment_write(recording->writer, settings, kernel, &recording->devices);
	}
	if (err) {
		recording_close(recording);
		return err;
	}
	*ret_recording = recording;
	return 0;
}

/* A drain_sink. */
static int take(void *context, const struct record *record)
{
	struct recording *recording = context;
	int err;

	if (recording->max_events && recording->events == recording->max_events)
		return LIMIT_REACHED;
	translate(record, &recording->event);
	err = nst_writer_event(recording->writer, &recording->event);
	recording->events++;
	recording->bytes += recording->event.bytes;
	return err
		       ?: devices_meet(&recording->devices, recording->event.netns,
				       recording->event.ifindex);
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
	nst_writer_set_lost(recording->writer, lost);
	return 0;
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
	uint64_t at_ns = now_ns();
	int err = read_counts(recording);

	if (err)
		return err;
	if (at_ns >= recording->sampled_ns + SAMPLE_NS)
		sample_clock(recording, at_ns);
	err = drain(recording, at_ns - IN_FLIGHT_NS);
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

static struct nst_bytes bytes_of(const char *text, size_t room)
{
	return (struct nst_bytes){ .data = text, .len_bytes = (uint32_t)strnlen(text, room) };
}

/* Two rows a process at most: what it sent and what it received. */
static size_t fill_throughput(const struct throughput *from, size_t n_from,
			      struct nst_throughput *to)
{
	size_t n = 0;

	for (size_t i = 0; i < n_from; i++) {
		struct nst_throughput row = {
			.pid = from[i].pid, .name = bytes_of(from[i].name, sizeof(from[i].name))
		};

		if (from[i].send_bytes) {
			row.bytes = from[i].send_bytes;
			row.is_send = 1;
			to[n++] = row;
		}
		if (from[i].recv_bytes) {
			row.bytes = from[i].recv_bytes;
			row.is_send = 0;
			to[n++] = row;
		}
	}
	return n;
}

/* A row a count; those told by CPU, a row for each CPU that has something to tell. */
static size_t fill_counters(const struct recording *recording, struct nst_counter *to)
{
	size_t n_cpus = kernel_cpus(recording->kernel), n = 0;

	for (size_t i = 0; i < n_count_names; i++) {
		const struct count_name *name = &count_names[i];
		struct nst_counter row = { .name = bytes_of(name->name, COUNT_NAME_MAX) };

		for (size_t cpu = 0; name->by_cpu && cpu < n_cpus; cpu++) {
			row.cpu = (uint32_t)cpu;
			row.value = count_value(&recording->by_cpu[cpu], name);
			if (row.value)
				to[n++] = row;
		}
		row.cpu = NST_ALL_CPUS;
		row.value = count_value(&recording->counts, name);
		if (!name->by_cpu)
			to[n++] = row;
	}
	return n;
}

static int write_throughput(struct recording *recording)
{
	struct throughput *rows = NULL;
	struct nst_throughput *throughput;
	size_t n_rows = 0, n;
	int err = kernel_throughput(recording->kernel, &rows, &n_rows);

	if (err)
		return err;
	throughput = calloc(2 * n_rows + 1, sizeof(*throughput));
	n = throughput ? fill_throughput(rows, n_rows, throughput) : 0;
	err = throughput ? 0 : -ENOMEM;
	for (size_t i = 0; !err && i < n; i += ROWS_A_CHUNK) {
		const struct nst_rows table = { NST_TABLE_THROUGHPUT, throughput + i,
						n - i < ROWS_A_CHUNK ? n - i : ROWS_A_CHUNK };

		err = nst_writer_rows(recording->writer, NST_CHUNK_TOTALS, &table, 1);
	}
	free(throughput);
	free(rows);
	return err;
}

static int write_counters(struct recording *recording)
{
	size_t n_cpus = kernel_cpus(recording->kernel);
	struct nst_counter *counters = calloc(n_count_names * (n_cpus + 1), sizeof(*counters));
	int err = -ENOMEM;

	if (counters) {
		const struct nst_rows table = { NST_TABLE_COUNTER, counters,
						fill_counters(recording, counters) };

		err = nst_writer_rows(recording->writer, NST_CHUNK_TOTALS, &table, 1);
	}
	free(counters);
	return err;
}

int recording_finish(struct recording *recording, uint64_t end_ns)
{
	int err;

	/* at once: the last drain may take its time, and the two belong to one moment */
	sample_clock(recording, end_ns);
	err = drain_all(recording);
	if (!err)
		err = nst_writer_flush(recording->writer);
	if (!err)
		err = devices_refresh(&recording->devices, recording->writer, UINT64_MAX);
	if (!err)
		err = write_throughput(recording);
	if (!err)
		err = write_counters(recording);
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
	devices_free(&recording->devices);
	free(recording->by_cpu);
	free(recording);
}
