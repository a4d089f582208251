// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * From the rings to the file: packets of lanes that come and change on several CPUs, told
 * by short records and, for comparison, each by a full one. What the kernel side and the
 * totals do is done here (the linker gives their functions to this file).
 */
#include "bpf/events.h"
#include "format/trace.h"
#include "record/drain.h"
#include "record/options.h"
#include "record/owner_change.h"
#include "record/owners.h"
#include "record/recording_state.h"

#include "tests/unit/test.h"
#include "tests/unit/test_record_rings.h"

#include <errno.h>
#include <stdlib.h>

#define CPUS 3
#define RING_BYTES (1 << 20)
#define FLOWS 64
#define LANES (2 * FLOWS)
#define PACKETS 60000

static struct rings rings, process_rings;
static struct drain *events_drain, *process_drain;
static uint64_t lost_events, lost_bytes;

struct drain *__wrap_kernel_drain(struct kernel *kernel);
struct drain *__wrap_kernel_process_drain(struct kernel *kernel);
void __wrap_totals_lose(struct totals *totals, uint64_t from_ns, uint64_t to_ns, uint64_t events,
			uint64_t bytes);

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

void __wrap_totals_lose(struct totals *totals, uint64_t from_ns, uint64_t to_ns, uint64_t events,
			uint64_t bytes)
{
	(void)totals;
	CHECK(from_ns < to_ns);
	lost_events += events;
	lost_bytes += bytes;
}

/* ---- A recording -------------------------------------------------------- */

static const struct settings settings = { .max_flows = FLOWS };
static int fd;

static struct nst_writer *begin_file(void)
{
	const struct nst_header header = { .clock = NST_CLOCK_BOOTTIME, .start_ns = 1 };
	struct nst_writer *writer = NULL;

	fd = memfd_create("trace", 0);
	CHECK_INT(nst_writer_open(fd, &header, 1, &writer), 0);
	return writer;
}

static struct recording *set_up(void)
{
	struct recording *recording = calloc(1, sizeof(*recording));

	lost_events = lost_bytes = 0;
	events_drain = rings_open(&rings, CPUS, RING_BYTES);
	process_drain = rings_open(&process_rings, 1, 4096);
	recording->settings = &settings;
	recording->writer = begin_file();
	CHECK_INT(open_lanes(recording), 0);
	CHECK_INT(owners_open(recording->writer, FLOWS, &recording->owners), 0);
	CHECK_INT(devices_open(&recording->devices, NULL), 0);
	CHECK_INT(processes_open(false, NULL, &recording->processes), 0);
	return recording;
}

static void tear_down(struct recording *recording)
{
	nst_writer_close(recording->writer);
	close_lanes(recording);
	owners_close(recording->owners);
	devices_close(&recording->devices);
	processes_close(recording->processes);
	free(recording);
	rings_close(&rings, events_drain);
	rings_close(&process_rings, process_drain);
	close(fd);
}

#define SOCKETS 10
#define FLOW_IDS 100

static void hear(struct recording *recording, enum owner_change_kind kind, uint64_t flow_id,
		 uint64_t socket_id, uint64_t at_ns, uint32_t pid)
{
	const struct owner_change change = {
		.time_ns = at_ns,
		.flow_id = flow_id,
		.socket_id = socket_id,
		.used_ns = pid ? at_ns - 10 : 0,
		.start_ns = 1,
		.pid = pid,
		.kind = kind,
		.source = NST_OWNER_FLOW,
		.comm_len = 2,
		.comm = "me",
	};

	CHECK_INT(owners_take(recording->owners, &change), 0);
}

/* Several flows go to each socket. */
static void hear_of_sockets(struct recording *recording, uint64_t at_ns)
{
	for (uint64_t flow_id = 1; flow_id <= FLOW_IDS; flow_id++)
		hear(recording, FLOW_HAS_SOCKET, flow_id, 1000 + flow_id % SOCKETS, at_ns, 0);
}

/* ---- What happens ------------------------------------------------------- */

/* A lane as the kernel side has it. */
struct lane {
	struct record now, before;
	bool is_announced;
};

struct world {
	struct lane lanes[LANES];
	uint64_t now_ns, cpu_ns[CPUS]; /* of the last record of each */
	uint64_t random;
	bool is_short; /* or all records are full */
	uint64_t n_short;
	struct record *told; /* what has to be in the file */
	size_t n_told;
};

static uint32_t any(struct world *world, uint32_t n)
{
	world->random = world->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(world->random >> 33) % n;
}

static void put(struct world *world, uint32_t cpu, const struct record *record, bool announces)
{
	struct record full = *record;
	const struct short_record own = {
		.timestamp = record->timestamp,
		.lane = record->lane,
		.lane_turn = record->lane_turn,
		.bytes = record->bytes,
		.tid = record->tid,
		.segments = record->segments,
		.header_bytes = record->header_bytes,
		.tcp_flags = record->tcp_flags,
		.flags = (__u8)record->flags,
	};

	if (!world->is_short)
		full.lane = NO_LANE;
	if (announces || !world->is_short)
		ring_put(&rings, cpu, &full, sizeof(full), 0);
	else
		ring_put(&rings, cpu, &own, sizeof(own), 0);
	world->n_short += world->is_short && !announces;
	world->cpu_ns[cpu] = record->timestamp;
	if (world->told)
		world->told[world->n_told++] = *record;
}

/* The lane has become another one. */
static void change(struct world *world, uint32_t index)
{
	struct lane *lane = &world->lanes[index];
	struct record *now = &lane->now;

	lane->before = *now;
	*now = (struct record){
		.flow_id = 1 + any(world, FLOW_IDS),
		.start_ns = 1,
		.cgroup_id = any(world, 3),
		.pid = 100 + any(world, 20),
		.ifindex = 1 + any(world, 2),
		.netns = 4026531840u,
		.lane = index,
		.lane_turn = now->lane_turn + 1,
		.has = RECORD_HAS_PROTOCOL | RECORD_HAS_FLOW_ID | RECORD_HAS_OWNER |
		       RECORD_HAS_NETNS | RECORD_HAS_IFINDEX | RECORD_HAS_TID,
		.ethertype = 0x0800,
		.protocol = 17,
		.is_send = index % 2,
		.owner_source = SOURCE_SOCKET,
		.flags = any(world, 2) ? RECORD_TUNNELLED : 0,
		.comm = "me",
	};
	if (any(world, 2))
		now->has |= RECORD_HAS_HEADER_BYTES | RECORD_HAS_SEGMENTS | RECORD_HAS_TCP_FLAGS;
	if (any(world, 2))
		now->has |= RECORD_HAS_CGROUP;
}

/* The packet's own. What could not be read is 0. */
static void fill(struct world *world, struct record *record, uint64_t at_ns)
{
	record->timestamp = at_ns;
	record->bytes = 40 + any(world, 1400);
	record->tid = 1 + any(world, 5);
	record->flags = (__u16)((record->flags & 0xff00) | (any(world, 9) ? 0 : RECORD_FRAGMENT));
	if (!(record->has & RECORD_HAS_HEADER_BYTES))
		return;
	record->header_bytes = (__u16)(28 + any(world, 3));
	record->segments = 1 + any(world, 3);
	record->tcp_flags = (__u8)any(world, 256);
}

/* A packet of a lane: on any CPU, which may have read its clock before an announcement. */
static void happen(struct world *world, uint32_t index)
{
	struct lane *lane = &world->lanes[index];
	uint32_t cpu = any(world, CPUS);
	struct record record;

	world->now_ns += 10;
	if (!lane->is_announced || !any(world, 50)) {
		uint64_t earlier_ns = world->now_ns - 5;

		change(world, index);
		record = lane->now;
		fill(world, &record, world->now_ns);
		put(world, cpu, &record, true);
		lane->is_announced = true;
		cpu = any(world, CPUS);
		if (world->cpu_ns[cpu] >= earlier_ns)
			return;
		record = lane->now;
		fill(world, &record, earlier_ns);
	} else {
		bool is_late = lane->before.lane_turn && !any(world, 20);

		record = is_late ? lane->before : lane->now;
		fill(world, &record, world->now_ns);
	}
	put(world, cpu, &record, false);
}

static void record_all(struct recording *recording, struct world *world)
{
	hear_of_sockets(recording, world->now_ns);
	for (size_t i = 0; i < PACKETS; i++) {
		happen(world, any(world, LANES));
		if (i % 20000 == 19999)
			CHECK_INT(nst_writer_flush(recording->writer), 0);
		if (i % 500 != 499)
			continue;
		CHECK_INT(drain(recording, world->now_ns - 100), 0);
		/* between the events of the round, so that it matters which flows had one since */
		for (uint64_t ago = 5; ago--;)
			hear(recording, SOCKET_HAS_OWNER, 0, 1000 + any(world, SOCKETS),
			     recording->taken_ns - ago * 200, 100 + any(world, 5));
		CHECK_INT(owners_settle(recording->owners, recording->taken_ns), 0);
	}
	CHECK_INT(drain(recording, UINT64_MAX), 0);
	CHECK_INT(owners_settle(recording->owners, UINT64_MAX), 0);
	CHECK_INT(owners_write(recording->owners), 0);
	CHECK_INT(nst_writer_end(recording->writer, world->now_ns), 0);
}

static struct world *new_world(bool is_short)
{
	struct world *world = calloc(1, sizeof(*world));

	world->told = calloc(2 * PACKETS, sizeof(*world->told));
	world->now_ns = 1000000;
	world->random = 1;
	world->is_short = is_short;
	return world;
}

static void free_world(struct world *world)
{
	free(world->told);
	free(world);
}

/* ---- What stands in the file -------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct record *one = a, *other = b;

	return one->timestamp < other->timestamp ? -1 : one->timestamp > other->timestamp;
}

static bool is_event(const struct net_event *event, const struct record *record)
{
	return event->timestamp == record->timestamp && event->flow_id == record->flow_id &&
	       event->pid == record->pid && event->start_ns == record->start_ns &&
	       event->cgroup_id == (record->has & RECORD_HAS_CGROUP ? record->cgroup_id : 0) &&
	       event->has == record->has && event->tid == record->tid &&
	       event->bytes == record->bytes && event->segments == record->segments &&
	       event->ifindex == record->ifindex && event->netns == record->netns &&
	       event->header_bytes == record->header_bytes && event->flags == record->flags &&
	       event->tcp_flags == record->tcp_flags && event->is_send == record->is_send &&
	       event->owner_source == record->owner_source && !strcmp(event->comm, record->comm);
}

/* The file's events are the packets, each of them once. */
static void holds_all(struct world *world)
{
	const struct nst_events *events;
	const struct nst_chunk *chunk;
	struct nst_reader *reader = NULL;
	struct net_event event;
	size_t n = 0, n_wrong = 0;

	qsort(world->told, world->n_told, sizeof(*world->told), by_time);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(nst_reader_open(fd, &reader), 0);
	while (nst_reader_next(reader, &chunk) == 1) {
		if (chunk->type != NST_CHUNK_EVENTS || nst_reader_events(reader, &events))
			continue;
		for (size_t i = 0; i < events->n_events; i++, n++) {
			nst_reader_event(reader, i, &event);
			n_wrong += n >= world->n_told || !is_event(&event, &world->told[n]);
		}
	}
	CHECK(!nst_reader_damaged(reader));
	CHECK_INT(n, world->n_told);
	CHECK_INT(n_wrong, 0);
	nst_reader_close(reader);
}

static void *slurp(size_t *ret_len)
{
	size_t len = (size_t)lseek(fd, 0, SEEK_END);
	void *data = malloc(len);

	CHECK_INT(pread(fd, data, len, 0), (ssize_t)len);
	*ret_len = len;
	return data;
}

static void *make_file(bool is_short, size_t *ret_len)
{
	struct recording *recording = set_up();
	struct world *world = new_world(is_short);
	void *data;

	record_all(recording, world);
	CHECK(is_short ? world->n_short > PACKETS / 2 : !world->n_short);
	CHECK_INT(recording->events, world->n_told);
	CHECK_INT(recording->lost_recorder, 0);
	holds_all(world);
	data = slurp(ret_len);
	free_world(world);
	tear_down(recording);
	return data;
}

/* Events, dictionaries and the rows of owners: all as if every record had been full. */
static void short_ones_tell_the_same(void)
{
	size_t full_len, short_len;
	void *of_full = make_file(false, &full_len), *of_short = make_file(true, &short_len);

	CHECK_INT(short_len, full_len);
	CHECK(short_len == full_len && !memcmp(of_short, of_full, full_len));
	free(of_full);
	free(of_short);
}

/* What nobody announced is counted, with its bytes, and takes nothing else with it. */
static void counts_what_is_of_no_lane(void)
{
	struct recording *recording = set_up();
	struct world *world = new_world(true);
	struct record unknown = { .bytes = 100, .lane = 7, .lane_turn = 1 };

	change(world, 3);
	for (size_t i = 0; i < 10; i++) {
		struct record record = world->lanes[3].now;

		fill(world, &record, world->now_ns += 10);
		put(world, 0, &record, !i);
	}
	world->told = (free(world->told), NULL);
	unknown.timestamp = world->now_ns += 10;
	put(world, 0, &unknown, false);
	unknown.lane = LANES;
	unknown.timestamp = world->now_ns += 10;
	put(world, 1, &unknown, false);
	CHECK_INT(drain(recording, UINT64_MAX), 0);
	CHECK_INT(recording->events, 10);
	CHECK_INT(recording->lost_recorder, 2);
	CHECK_INT(lost_events, 2);
	CHECK_INT(lost_bytes, 200);
	free_world(world);
	tear_down(recording);
}

/* The next file knows no lane of the one before. */
static void goes_on_in_another_file(void)
{
	struct recording *recording = set_up();
	struct world *world = new_world(true);
	struct nst_writer *first = recording->writer;

	for (size_t i = 0; i < 1000; i++)
		happen(world, any(world, 4));
	CHECK_INT(drain(recording, UINT64_MAX), 0);
	close(fd);
	recording->writer = begin_file();
	owners_move(recording->owners, recording->writer);
	nst_writer_close(first);
	world->n_told = 0;
	for (size_t i = 0; i < 1000; i++)
		happen(world, any(world, 4));
	CHECK_INT(drain(recording, UINT64_MAX), 0);
	CHECK_INT(nst_writer_end(recording->writer, world->now_ns), 0);
	holds_all(world);
	free_world(world);
	tear_down(recording);
}

int main(void)
{
	RUN(short_ones_tell_the_same);
	RUN(counts_what_is_of_no_lane);
	RUN(goes_on_in_another_file);
	return test_result();
}
