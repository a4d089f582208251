/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events that name a lane the writer knows, held to the same events given whole. */
#include "test_trace_fixture.h"

#include "format/layout.h"

#define LANES 70000 /* more than a writer remembers */

static struct nst_writer_lane lanes[LANES];
static uint64_t asked; /* how often the writer did not know a lane */

/* Event i, of a lane: what a lane decides is as in that lane's other events. */
static struct net_event event_of(uint64_t i, uint32_t lane)
{
	struct net_event event, own;

	fixture_event(lane, &event);
	fixture_event(i, &own);
	event.flow_id = 1000000 + lane;
	event.has |= NST_HAS_FLOW_ID;
	event.timestamp = own.timestamp;
	event.bytes = own.bytes;
	/* also where the lane has none of it */
	event.tid = (uint32_t)(1 + i % 3);
	event.segments = (uint32_t)(1 + i % 45);
	event.header_bytes = (uint16_t)(20 + i % 2 * 20);
	event.tcp_flags = (uint8_t)i;
	event.flags = (uint16_t)((event.flags & NST_LANE_FLAGS) | (i % 5 ? 0 : NST_FLAG_FRAGMENT));
	return event;
}

static struct nst_lane_event own_of(const struct net_event *event)
{
	return (struct nst_lane_event){
		.timestamp = event->timestamp,
		.bytes = event->bytes,
		.tid = event->tid,
		.segments = event->segments,
		.header_bytes = event->header_bytes,
		.tcp_flags = event->tcp_flags,
		.flags = (uint8_t)(event->flags & NST_EVENT_FLAGS),
	};
}

static int give(struct nst_writer *writer, const struct net_event *event, uint32_t lane)
{
	const struct nst_lane_event own = own_of(event);
	int r = nst_writer_lane_event(writer, &lanes[lane], &own);

	if (r != -ESTALE)
		return r;
	asked++;
	return nst_writer_event_lane(writer, event, &lanes[lane]);
}

static struct nst_writer *open_writer(int fd)
{
	const struct nst_header header = fixture_header(1);
	struct nst_writer *writer = NULL;

	CHECK_INT(nst_writer_open(fd, &header, 1, &writer), 0);
	return writer;
}

static struct fixture_bytes write_trace(uint64_t n_events, uint32_t n_lanes, bool by_lane)
{
	int fd = fixture_memfd();
	struct nst_writer *writer = open_writer(fd);
	struct fixture_bytes bytes;

	for (uint64_t i = 0; i < n_events; i++) {
		uint32_t lane = (uint32_t)(i * 7919 % n_lanes);
		struct net_event event = event_of(i, lane);
		int r = by_lane ? give(writer, &event, lane) : nst_writer_event(writer, &event);

		if (r != 0 && r != 1)
			CHECK_INT(r, 0);
		if (i == n_events / 3)
			CHECK_INT(nst_writer_flush(writer), 0);
	}
	CHECK_INT(nst_writer_end(writer, FIXTURE_START_NS + n_events * 1000), 0);
	nst_writer_close(writer);
	bytes = fixture_slurp(fd);
	close(fd);
	return bytes;
}

static void are_same(uint64_t n_events, uint32_t n_lanes)
{
	struct fixture_bytes whole = write_trace(n_events, n_lanes, false);
	struct fixture_bytes by_lane = write_trace(n_events, n_lanes, true);

	CHECK_INT(by_lane.len, whole.len);
	CHECK(by_lane.len == whole.len && !memcmp(by_lane.data, whole.data, whole.len));
	free(whole.data);
	free(by_lane.data);
}

static void give_the_same_trace(void)
{
	asked = 0;
	are_same(60000, 997);
	CHECK_INT(asked, 997); /* once each, whatever the chunks */
	asked = 0;
	are_same(60000, 1);
	CHECK_INT(asked, 1); /* of another writer it is not known */
}

static void may_be_forgotten(void)
{
	asked = 0;
	are_same(3 * LANES, LANES);
	CHECK(asked > LANES);
	CHECK(asked <= 3 * LANES);
}

/* A handle of zeros, and one of a writer that is gone, are nobody's. */
static void are_of_one_writer(void)
{
	struct nst_writer *one = open_writer(fixture_memfd()),
			  *other = open_writer(fixture_memfd());
	struct net_event event = event_of(5, 5);
	const struct nst_lane_event own = own_of(&event);
	struct nst_writer_lane lane = { 0 };
	struct nst_writer_stats stats;

	CHECK_INT(nst_writer_lane_event(one, &lane, &own), -ESTALE);
	CHECK_INT(nst_writer_event_lane(one, &event, &lane), 0);
	CHECK_INT(nst_writer_lane_event(other, &lane, &own), -ESTALE);
	CHECK_INT(nst_writer_lane_event(one, &lane, &own), 0);
	nst_writer_stats(one, &stats);
	CHECK_INT(stats.pending_events, 2);
	nst_writer_stats(other, &stats);
	CHECK_INT(stats.pending_events, 0);
	CHECK_INT(nst_writer_end(one, event.timestamp), 0);
	CHECK_INT(nst_writer_lane_event(one, &lane, &own), -EINVAL);
	nst_writer_close(one);
	nst_writer_close(other);
}

struct gate {
	int answer;
	uint64_t events;
};

static int pass(void *context, const struct iovec *parts, int n_parts,
		const struct nst_chunk *chunk)
{
	struct gate *gate = context;

	(void)parts;
	(void)n_parts;
	if (!gate->answer && chunk)
		gate->events += chunk->n_events;
	return gate->answer;
}

static struct nst_writer *open_gate(struct gate *gate)
{
	const struct nst_header header = fixture_header(1);
	const struct nst_sink sink = { gate, pass };
	struct nst_writer *writer = NULL;

	CHECK_INT(nst_writer_open_sink(&sink, &header, 1, &writer), 0);
	return writer;
}

/* As many as a chunk takes, of one lane. */
static uint64_t fill(struct nst_writer *writer, struct nst_writer_lane *lane,
		     const struct nst_lane_event *own)
{
	struct net_event event = event_of(5, 5);
	struct nst_writer_stats stats;
	uint64_t n = 1;

	CHECK_INT(nst_writer_event_lane(writer, &event, lane), 0);
	do {
		CHECK_INT(nst_writer_lane_event(writer, lane, own), 0);
		nst_writer_stats(writer, &stats);
		CHECK_INT(stats.pending_events, ++n);
	} while (n < NST_CHUNK_EVENTS_MAX);
	return n;
}

static void wait_for_room(void)
{
	struct gate gate = { 0 };
	struct nst_writer *writer = open_gate(&gate);
	struct net_event event = event_of(6, 5);
	const struct nst_lane_event own = own_of(&event);
	struct nst_writer_lane lane;
	uint64_t n = fill(writer, &lane, &own);
	struct nst_writer_stats stats;

	gate.answer = -EAGAIN;
	for (int i = 0; i < 3; i++)
		CHECK_INT(nst_writer_lane_event(writer, &lane, &own), -EAGAIN);
	gate.answer = 0;
	CHECK_INT(nst_writer_lane_event(writer, &lane, &own), 1);
	CHECK_INT(gate.events, n);
	CHECK_INT(nst_writer_lane_event(writer, &lane, &own), 0);
	nst_writer_stats(writer, &stats);
	CHECK_INT(stats.pending_events, 2);
	CHECK_INT(stats.pending_since_ns, own.timestamp);
	nst_writer_close(writer);
}

/* What is written into after a failure would be lost without a word. */
static void end_with_the_writer(void)
{
	const struct nst_setting setting = { { "k", 1 }, { "v", 1 } };
	const struct nst_rows rows = { NST_TABLE_SETTING, &setting, 1 };
	struct gate gate = { 0 };
	struct nst_writer *writer = open_gate(&gate);
	struct net_event event = event_of(6, 5);
	const struct nst_lane_event own = own_of(&event);
	struct nst_writer_lane lane = { 0 };

	CHECK_INT(nst_writer_event_lane(writer, &event, &lane), 0);
	gate.answer = -ENOSPC;
	CHECK_INT(nst_writer_rows(writer, NST_CHUNK_ENVIRONMENT, &rows, 1), -ENOSPC);
	gate.answer = 0;
	CHECK_INT(nst_writer_lane_event(writer, &lane, &own), -ENOSPC);
	CHECK_INT(nst_writer_event_lane(writer, &event, &lane), -ENOSPC);
	CHECK_INT(nst_writer_flush(writer), -ENOSPC);
	nst_writer_close(writer);
}

int main(void)
{
	RUN(give_the_same_trace);
	RUN(may_be_forgotten);
	RUN(are_of_one_writer);
	RUN(wait_for_room);
	RUN(end_with_the_writer);
	return test_result();
}
