// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * drain EVENTS LANES LEVEL FILE [full|short]: what the recorder's own code takes for an event from a ring
 * to FILE, without a kernel side: ns of CPU an event by full records and by short ones. The
 * rings are filled in between, which is not counted. The linker gives the functions of the
 * kernel side to this file.
 */
#include "record/drain.h"
#include "bpf/events.h"
#include "format/trace.h"
#include "record/clock.h"
#include "record/options.h"
#include "record/owners.h"
#include "record/recording_state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RING_BYTES ((size_t)4 << 20)
#define A_TICK 10000 /* events */

static struct drain *events_drain, *process_drain;

struct drain *__wrap_kernel_drain(struct kernel *kernel);
struct drain *__wrap_kernel_process_drain(struct kernel *kernel);

struct drain *__wrap_kernel_drain(struct kernel *kernel)
{
	(void)kernel;
	return events_drain;
}

struct drain *__wrap_kernel_process_drain(struct kernel *kernel)
{
	(void)kernel;
	return process_drain;
}

static void die(const char *what, int err)
{
	fprintf(stderr, "drain: %s: %s\n", what, strerror(err));
	exit(1);
}

/* ---- A ring -------------------------------------------------------------- */

struct ring {
	unsigned long *produced;
	char *data; /* once and once more */
	unsigned long position;
};

static struct ring open_ring(struct drain **ret_drain)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), len = 2 * page_bytes + 2 * RING_BYTES;
	int fd = memfd_create("ring", 0), err;
	char *at;

	if (fd < 0 || ftruncate(fd, (off_t)len))
		die("memfd", errno);
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		die("mmap", errno);
	err = drain_open(&(struct drain_source){ .fds = &fd, .n = 1, .ring_bytes = RING_BYTES },
			 ret_drain);
	if (err)
		die("rings", -err);
	return (struct ring){ (unsigned long *)(at + page_bytes), at + 2 * page_bytes, 0 };
}

static void put(struct ring *ring, const void *record, uint32_t len)
{
	size_t at = ring->position % RING_BYTES;
	const uint32_t header[2] = { len, 0 };

	for (int copy = 0; copy < 2; copy++) {
		char *to = ring->data + (at + (size_t)copy * RING_BYTES) % (2 * RING_BYTES);

		if (at + sizeof(header) + len > RING_BYTES && copy)
			break; /* it lies across the middle: the second copy is not looked at */
		memcpy(to, header, sizeof(header));
		memcpy(to + sizeof(header), record, len);
	}
	ring->position += (sizeof(header) + len + 7) / 8 * 8;
}

/* ---- Traffic ------------------------------------------------------------- */

static struct record record_of(uint64_t i, uint32_t n_lanes, uint64_t time_ns)
{
	uint32_t lane = (uint32_t)(i % n_lanes), flow = lane / 2;

	return (struct record){
		.timestamp = time_ns,
		.flow_id = 1 + flow,
		.start_ns = 1000000 + flow % 10,
		.cgroup_id = 1,
		.pid = 1000 + flow % 10,
		.tid = 1000 + flow % 10,
		.bytes = 92,
		.segments = 1,
		.ifindex = 2 + lane % 2,
		.netns = 4026531840u + lane % 2,
		.lane = lane,
		.lane_turn = 1,
		.has = RECORD_HAS_PROTOCOL | RECORD_HAS_ADDR | RECORD_HAS_PORT | RECORD_HAS_OWNER |
		       RECORD_HAS_TID | RECORD_HAS_CGROUP | RECORD_HAS_HEADER_BYTES |
		       RECORD_HAS_NETNS | RECORD_HAS_IFINDEX | RECORD_HAS_FLOW_ID |
		       RECORD_HAS_LINK_HEADER | RECORD_HAS_SEGMENTS,
		.ethertype = 0x0800,
		.sport = (__u16)(20000 + flow),
		.dport = 10000,
		.header_bytes = 28,
		.protocol = 17,
		.is_send = lane % 2 == 0,
		.owner_source = SOURCE_SOCKET,
		.link_header_bytes = 14,
		.saddr = { 10, 99, 0, 1 },
		.daddr = { 10, 99, 0, 2 },
		.comm = "bench-flood",
	};
}

static void put_event(struct ring *ring, const struct record *record, bool is_short)
{
	const struct short_record own = {
		.timestamp = record->timestamp,
		.lane = record->lane,
		.lane_turn = record->lane_turn,
		.bytes = record->bytes,
		.tid = record->tid,
		.segments = record->segments,
		.header_bytes = record->header_bytes,
	};

	if (is_short)
		put(ring, &own, sizeof(own));
	else
		put(ring, record, sizeof(*record));
}

/* ---- A recording --------------------------------------------------------- */

static int file_fd;

static int write_parts(void *context, const struct iovec *parts, int n_parts,
		       const struct nst_chunk *chunk)
{
	(void)context;
	(void)chunk;
	return writev(file_fd, parts, n_parts) < 0 ? -errno : 0;
}

static void open_recording(struct recording *recording, const struct settings *settings)
{
	static const struct nst_sink sink = { .write = write_parts };
	const struct nst_header header = { .clock = NST_CLOCK_BOOTTIME, .start_ns = 1 };
	int err;

	recording->settings = settings;
	err = nst_writer_open_sink(&sink, &header, settings->level, &recording->writer)
		      ?: open_lanes(recording)
		      ?: owners_open(recording->writer, settings->max_flows, &recording->owners)
		      ?: devices_open(&recording->devices, NULL)
		      ?: processes_open(false, NULL, &recording->processes);
	if (err)
		die("recording", -err);
}

static void close_recording(struct recording *recording)
{
	nst_writer_close(recording->writer);
	close_lanes(recording);
	owners_close(recording->owners);
	devices_close(&recording->devices);
	processes_close(recording->processes);
}

/* In ns an event. */
static double run(uint64_t n_events, uint32_t n_lanes, int level, bool is_short)
{
	const struct settings settings = { .max_flows = 65536, .level = level };
	struct recording recording = { 0 };
	struct ring ring = open_ring(&events_drain), none = open_ring(&process_drain);
	uint64_t time_ns = 1000000, random = 1, used_ns = 0, began_ns;

	(void)none;
	open_recording(&recording, &settings);
	for (uint64_t i = 0; i < n_events; i += A_TICK) {
		int err;

		for (uint64_t k = i; k < i + A_TICK && k < n_events; k++) {
			struct record record = record_of(k, n_lanes, time_ns);
			bool announces = !is_short || k < n_lanes;

			random = random * 6364136223846793005u + 1442695040888963407u;
			time_ns += k % 2 ? 500 + (random >> 33) % 200 : 200 + (random >> 33) % 50;
			if (!is_short)
				record.lane = NO_LANE;
			put_event(&ring, &record, !announces);
		}
		__atomic_store_n(ring.produced, ring.position, __ATOMIC_RELEASE);
		began_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		err = drain(&recording, UINT64_MAX);
		used_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - began_ns;
		if (err)
			die("drain", -err);
	}
	began_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (nst_writer_end(recording.writer, time_ns))
		die("the file", EIO);
	used_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - began_ns;
	if (recording.events != n_events)
		die("events are missing", EIO);
	close_recording(&recording);
	drain_close(events_drain);
	drain_close(process_drain);
	return (double)used_ns / (double)n_events;
}

int main(int argc, char **argv)
{
	uint64_t n_events;
	uint32_t n_lanes;
	int level;

	if (argc != 5 && argc != 6) {
		fprintf(stderr, "usage: drain EVENTS LANES LEVEL FILE [full|short]\n");
		return 2;
	}
	n_events = strtoull(argv[1], NULL, 10);
	n_lanes = (uint32_t)strtoul(argv[2], NULL, 10);
	level = atoi(argv[3]);
	for (int is_short = 0; is_short < 2; is_short++) {
		const char *name = is_short ? "short" : "full";
		double ns;

		if (argc == 6 && strcmp(argv[5], name))
			continue;
		file_fd = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (file_fd < 0)
			die(argv[4], errno);
		ns = run(n_events, n_lanes, level, is_short);
		printf("%s records: %.1f ns of CPU an event, %.2f bytes\n", name, ns,
		       (double)lseek(file_fd, 0, SEEK_END) / (double)n_events);
		close(file_fd);
	}
	return 0;
}
