/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "damage_many.h"

#include "format/trace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define START_NS UINT64_C(1000000000000)
#define START_REALTIME_NS UINT64_C(1767323045000000000)
#define CHUNKS 70 /* of events */
#define EVENTS 40 /* of each */
#define ROUND 7	  /* chunks of events between those of totals */
#define LOST 5	  /* events lost in each round */
#define N_ROUNDS (CHUNKS / ROUND)
#define STEP_NS UINT64_C(1000000)
#define NAME(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}

/* ---- The events -------------------------------------------------------- */

static void make_event(uint64_t i, struct net_event *event)
{
	*event = (struct net_event){
		.timestamp = START_NS + i * STEP_NS,
		.flow_id = 1 + i % 11,
		.has = NST_HAS_PROTOCOL | NST_HAS_ADDR | NST_HAS_PORT | NST_HAS_HEADER_BYTES |
		       NST_HAS_NETNS | NST_HAS_IFINDEX | NST_HAS_FLOW_ID | NST_HAS_LINK_HEADER |
		       NST_HAS_SEGMENTS,
		.bytes = 60 + (uint32_t)(i * 37 % 1400),
		.segments = i % 7 ? 1 : 20,
		.ifindex = i % 3 ? 2 : 3,
		.netns = 4026531840u,
		.ethertype = 0x0800,
		.sport = 1000 + i % 11,
		.dport = 443,
		.header_bytes = 52,
		.flags = i % 5 ? NST_FLAG_LOCAL_ADDR : 0,
		.protocol = i % 2 ? 6 : 17,
		.is_send = i & 1,
		.owner_source = i % 13 ? NST_OWNER_SOCKET : NST_OWNER_UNKNOWN,
		.link_header_bytes = 14,
	};
	memcpy(event->saddr, (uint8_t[]){ 10, 0, 0, (uint8_t)(i % 11) }, 4);
	memcpy(event->daddr, (uint8_t[]){ 10, 0, 1, (uint8_t)(i % 11) }, 4);
	if (i % 13) {
		event->has |= NST_HAS_OWNER;
		event->pid = 100 + i % 4;
		event->start_ns = 5000 + i % 4;
		event->comm_len = 4;
		memcpy(event->comm, "test", 4);
	}
}

/* Of the events that are lost: those that come behind all others by number. */
static uint64_t lost_number(uint64_t round, uint64_t k)
{
	return CHUNKS * EVENTS + round * LOST + k;
}

/* ---- Their sums -------------------------------------------------------- */

struct sums {
	struct nst_total rows[256];
	size_t n;
};

static struct nst_total total_of(const struct net_event *event)
{
	return (struct nst_total){
		.start_ns = event->start_ns,
		.events = 1,
		.packets = event->segments,
		.bytes = event->bytes,
		.payload_bytes = event->bytes - event->header_bytes,
		.wire_bytes = event->bytes + (event->segments - 1) * event->header_bytes +
			      event->segments * event->link_header_bytes,
		.has = NST_TOTAL_HAS_IFINDEX | NST_TOTAL_HAS_NETNS | NST_TOTAL_HAS_PROTOCOL |
		       (event->has & NST_HAS_OWNER ? NST_TOTAL_HAS_OWNER : 0),
		.pid = event->pid,
		.netns = event->netns,
		.ifindex = event->ifindex,
		.ethertype = event->ethertype,
		.protocol = event->protocol,
		.is_send = event->is_send,
		.owner_source = event->owner_source,
		.link_header_bytes = event->link_header_bytes,
		.flags = event->flags & NST_LANE_FLAGS,
	};
}

static void sums_add(struct sums *sums, const struct net_event *event)
{
	struct nst_total row = total_of(event), *to = NULL;

	for (size_t i = 0; i < sums->n && !to; i++) {
		struct nst_total *other = &sums->rows[i];

		if (other->has == row.has && other->pid == row.pid && other->flags == row.flags &&
		    other->ifindex == row.ifindex && other->protocol == row.protocol &&
		    other->is_send == row.is_send && other->owner_source == row.owner_source)
			to = other;
	}
	if (!to) {
		sums->rows[sums->n++] = row;
		return;
	}
	to->events += row.events;
	to->packets += row.packets;
	to->bytes += row.bytes;
	to->payload_bytes += row.payload_bytes;
	to->wire_bytes += row.wire_bytes;
}

/* ---- Writing ----------------------------------------------------------- */

static int write_environment(struct nst_writer *writer)
{
	const struct nst_setting settings[] = { { NAME("host"), NAME("box") } };
	const struct nst_interface interfaces[] = {
		{ .netns = 4026531840u, .ifindex = 2, .name = NAME("eth0") },
		{ .netns = 4026531840u, .ifindex = 3, .name = NAME("eth1") },
	};
	const struct nst_rows tables[] = { { NST_TABLE_SETTING, settings, 1 },
					   { NST_TABLE_INTERFACE, interfaces, 2 } };

	return nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, tables, 2);
}

/* A few events that were lost: their totals, and how many they were. */
static int write_lost(struct nst_writer *writer, uint64_t round)
{
	uint64_t lost[NST_LOSS_SLOTS] = { [NST_LOST_RING_FULL] = (round + 1) * LOST };
	uint64_t at_ns = START_NS + (round + 1) * ROUND * EVENTS * STEP_NS;
	struct nst_loss_interval loss = { .to_ns = at_ns, .events = LOST, .cause = 0 };
	struct nst_total totals[LOST];
	struct nst_flow tuples[LOST];
	const struct nst_rows tables[] = { { NST_TABLE_TOTAL, totals, LOST },
					   { NST_TABLE_TUPLE, tuples, LOST },
					   { NST_TABLE_LOSS, &loss, 1 } };

	loss.from_ns = at_ns - ROUND * EVENTS * STEP_NS;
	for (uint64_t k = 0; k < LOST; k++) {
		struct net_event event;

		make_event(lost_number(round, k), &event);
		totals[k] = total_of(&event);
		totals[k].from_ns = loss.from_ns;
		totals[k].to_ns = loss.to_ns;
		totals[k].has |= NST_TOTAL_HAS_FLOW;
		totals[k].flow_id = event.flow_id;
		tuples[k] = (struct nst_flow){ .id = event.flow_id,
					       .has = NST_HAS_FLOW_ID,
					       .ethertype = event.ethertype };
		loss.bytes += event.bytes;
	}
	nst_writer_set_lost(writer, lost);
	nst_writer_set_clock_sample(writer, at_ns, START_REALTIME_NS + (at_ns - START_NS));
	return nst_writer_rows(writer, NST_CHUNK_TOTALS, tables, 3);
}

static int write_end(struct nst_writer *writer, const struct sums *sums)
{
	const struct nst_counter counter = { CHUNKS * EVENTS + N_ROUNDS * LOST, NST_ALL_CPUS,
					     NAME("events") };
	const struct nst_rows sum_table = { NST_TABLE_SUM, sums->rows, sums->n };
	const struct nst_rows counter_table = { NST_TABLE_COUNTER, &counter, 1 };

	return nst_writer_rows(writer, NST_CHUNK_TOTALS, &sum_table, 1)
		       ?: nst_writer_rows(writer, NST_CHUNK_TOTALS, &counter_table, 1)
		       ?: nst_writer_end(writer, START_NS + (CHUNKS * EVENTS + 1) * STEP_NS);
}

static int write_round(struct nst_writer *writer, uint64_t round, struct sums *sums)
{
	struct net_event event;
	int err = 0;

	for (uint64_t i = round * ROUND * EVENTS; !err && i < (round + 1) * ROUND * EVENTS; i++) {
		make_event(i, &event);
		sums_add(sums, &event);
		err = nst_writer_event(writer, &event);
		if (!err && (i + 1) % EVENTS == 0)
			err = nst_writer_flush(writer);
	}
	for (uint64_t k = 0; k < LOST; k++) {
		make_event(lost_number(round, k), &event);
		sums_add(sums, &event);
	}
	return err ?: write_lost(writer, round);
}

static int write_all(int fd)
{
	const struct nst_header header = { .uuid = { 7, 7, 7 },
					   .start_ns = START_NS,
					   .start_realtime_ns = START_REALTIME_NS,
					   .clock = NST_CLOCK_BOOTTIME,
					   .writer = "damage 1" };
	struct sums *sums = calloc(1, sizeof(*sums));
	struct nst_writer *writer = NULL;
	int err = sums ? nst_writer_open(fd, &header, 3, &writer) : -1;

	if (!err)
		err = write_environment(writer);
	for (uint64_t round = 0; !err && round < N_ROUNDS; round++)
		err = write_round(writer, round, sums);
	if (!err)
		err = write_end(writer, sums);
	nst_writer_close(writer);
	free(sums);
	return err;
}

/* ---- Where the chunks are ---------------------------------------------- */

static uint64_t get(const uint8_t *at, int width)
{
	uint64_t value = 0;

	while (width--)
		value = value << 8 | at[width];
	return value;
}

static int find_chunks(struct whole *whole)
{
	size_t at = 0;

	while (at + CHUNK_HEADER_FRAME <= whole->len) {
		const uint8_t *content = whole->data + at + 9;

		if (!memcmp(content, "NETSNOOP", 8)) {
			at += FILE_HEADER_FRAME;
		} else if (!memcmp(content, "NSCH", 4) && whole->n_chunks < MAX_CHUNKS) {
			struct chunk_place *chunk = &whole->chunks[whole->n_chunks++];

			*chunk = (struct chunk_place){
				.offset = at,
				.len = CHUNK_HEADER_FRAME + get(content + 40, 4) +
				       get(content + 52, 4),
				.first_event = get(content + 72, 8),
				.n_events = (uint32_t)get(content + 64, 4),
			};
			at += chunk->len;
		} else {
			break;
		}
	}
	whole->index_offset = at;
	whole->n_events = CHUNKS * EVENTS;
	return whole->n_chunks == CHUNKS + N_ROUNDS + 4 ? 0 : -1;
}

int whole_make(struct whole *whole)
{
	int fd = memfd_create("whole", MFD_CLOEXEC);
	int err = fd < 0 ? -1 : write_all(fd);

	*whole = (struct whole){ .len = err ? 0 : (size_t)lseek(fd, 0, SEEK_END) };
	whole->data = malloc(whole->len + 1);
	if (!err && pread(fd, whole->data, whole->len, 0) == (ssize_t)whole->len)
		err = find_chunks(whole);
	if (err)
		fprintf(stderr, "damage_many: the trace could not be made: %d\n", err);
	close(fd);
	return err;
}

void whole_free(struct whole *whole)
{
	free(whole->data);
}

/* ---- What another one holds -------------------------------------------- */

/* The number of the event that comes next, of those in chunks that survive. */
static uint64_t next_number(const struct whole *whole, const bool *survives, size_t *chunk,
			    uint64_t *within)
{
	while (*chunk < whole->n_chunks &&
	       (!survives[*chunk] || *within >= whole->chunks[*chunk].n_events)) {
		++*chunk;
		*within = 0;
	}
	return *chunk < whole->n_chunks ? whole->chunks[*chunk].first_event + (*within)++
					: UINT64_MAX;
}

struct held whole_compare(const struct whole *whole, int fd, const bool *survives)
{
	struct held held = { 0 };
	struct nst_reader *reader = NULL;
	const struct nst_chunk *chunk;
	const struct nst_events *events;
	struct net_event got, want;
	uint64_t within = 0;
	size_t at = 0;

	if (lseek(fd, 0, SEEK_SET) || nst_reader_open(fd, &reader))
		abort();
	while (nst_reader_next(reader, &chunk) > 0) {
		held.chunks++;
		held.damaged_lost = chunk->lost[NST_LOST_DAMAGE];
		if (chunk->type != NST_CHUNK_EVENTS || nst_reader_events(reader, &events))
			continue;
		for (size_t i = 0; i < events->n_events; i++) {
			nst_reader_event(reader, i, &got);
			make_event(next_number(whole, survives, &at, &within), &want);
			held.wrong += memcmp(&got, &want, sizeof(got)) != 0;
			held.events++;
		}
	}
	nst_reader_close(reader);
	return held;
}
