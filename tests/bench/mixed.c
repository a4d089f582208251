// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bench-mixed EVENTS TRACE [--csv FILE] [--pcap FILE] [--flows N] [--rate N]
 *
 * A trace of EVENTS events as the recorder writes it, of the host in mixed_host.c, always
 * the same; about N flows (5,000) in all and N events a second (50,000). The same events as
 * CSV, with owners as the trace gives them in the end, and as pcap, 96 bytes of each.
 * On standard error: events, seconds, flows, conversations and processes.
 */
#include "mixed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void die(const char *what, int err)
{
	fprintf(stderr, "bench-mixed: %s%s%s\n", what, err ? ": " : "", err ? strerror(err) : "");
	exit(1);
}

/* ---- The order of time ------------------------------------------------- */

struct due { /* of a slot: its next packet, or its next conversation */
	uint64_t at_ns;
	uint32_t slot;
	bool is_new;
};

static struct due heap[SLOTS_MAX + 1]; /* from 1 on; the first comes first */
static size_t n_heap;

static void sift_down(size_t at)
{
	struct due due = heap[at];

	for (size_t child; (child = 2 * at) <= n_heap; at = child) {
		if (child < n_heap && heap[child + 1].at_ns < heap[child].at_ns)
			child++;
		if (due.at_ns <= heap[child].at_ns)
			break;
		heap[at] = heap[child];
	}
	heap[at] = due;
}

/* ---- What is seen of a packet ------------------------------------------ */

static uint8_t source_of(const struct end *end, bool is_send, const struct packet *packet)
{
	if (!end->process)
		return NST_OWNER_KERNEL;
	if (packet->is_before_accept && end->is_accepted)
		return NST_OWNER_LISTENER;
	return is_send && packet->is_in_call ? NST_OWNER_SOCKET : NST_OWNER_FLOW;
}

static void count(struct tally *tally, const struct net_event *event)
{
	uint64_t header_bytes = event->has & NST_HAS_HEADER_BYTES ? event->header_bytes : 0;

	tally->events++;
	tally->packets += event->segments;
	tally->bytes += event->bytes;
	tally->payload_bytes += event->has & NST_HAS_HEADER_BYTES ? event->bytes - header_bytes : 0;
	tally->wire_bytes += event->bytes + (event->segments - 1) * header_bytes +
			     (uint64_t)event->segments * event->link_header_bytes;
}

static void see(struct host *host, struct conversation *talk, int number, bool is_send,
		uint64_t at_ns)
{
	const struct packet *packet = &talk->packet;
	struct end *end = &talk->end[number];
	struct net_event *event = &end->event[is_send];
	uint32_t header_bytes = talk->header_bytes + packet->header_bytes;

	event->timestamp = at_ns;
	event->owner_source = source_of(end, is_send, packet);
	event->segments = packet->segments;
	event->tcp_flags = event->has & NST_HAS_TCP_FLAGS ? packet->tcp_flags : 0;
	event->has &= ~(uint32_t)NST_HAS_TID;
	if (event->owner_source == NST_OWNER_SOCKET)
		event->has |= NST_HAS_TID;
	event->header_bytes = 0;
	event->bytes = packet->payload_bytes;
	if (event->has & NST_HAS_HEADER_BYTES) {
		event->header_bytes = (uint16_t)header_bytes;
		event->bytes += header_bytes;
	}
	count(&end->tallies[is_send][event->owner_source], event);
	count(&host->devices[talk->device][is_send], event);
	talk->events_of_exchange++;
	/* the listener's is the process's that is told of when it is accepted */
	if (end->is_accepted && talk->stage == PAUSE && packet->is_before_accept)
		trace_accepted(host->trace, end, at_ns);
	trace_event(host->trace, host, event);
	copies_event(host->copies, end, event, packet->payload_bytes);
}

static void conversation_over(struct host *host, const struct conversation *talk)
{
	const struct process *process = talk->end[0].process;

	for (int i = 0; i < (talk->device == LOOPBACK ? 2 : 1); i++)
		trace_flow_over(host->trace, &talk->end[i]);
	if (process && process->role->is_short && !process->role->processes)
		trace_process(host->trace, process, talk->now_ns, NST_PROCESS_EXIT);
}

/* Returns 1 if it was an event. */
static unsigned int take_due(struct host *host)
{
	struct due *due = &heap[1];
	struct conversation *talk = &host->slots[due->slot];
	bool is_event = !due->is_new;

	if (due->is_new) {
		host_begin_conversation(host, due->slot, due->at_ns);
		due->is_new = false;
	} else if (talk->has_echo) {
		see(host, talk, !talk->packet.side, false, due->at_ns);
		talk->has_echo = false;
	} else if (talk->device == LOOPBACK) {
		see(host, talk, talk->packet.side, true, due->at_ns);
		talk->has_echo = true;
		due->at_ns += 1 + (uint64_t)random_shape(&host->random, NARROW, 1500);
		talk->now_ns = due->at_ns;
	} else {
		see(host, talk, 0, talk->packet.side == talk->local_side, due->at_ns);
	}
	if (!talk->has_echo && !talk_next(talk, &host->random, &due->at_ns)) {
		conversation_over(host, talk);
		due->at_ns = talk->now_ns + 1;
		due->is_new = true;
	}
	sift_down(1);
	return is_event;
}

static void run(struct host *host, uint64_t n_events)
{
	uint64_t last_ns = START_NS;

	n_heap = host->n_slots;
	for (size_t i = 0; i < n_heap; i++) {
		double wait = 4 / host->slots[i].events_a_second;

		heap[i + 1] = (struct due){
			.at_ns = START_NS + (uint64_t)(wait * 1e9 * random_unit(&host->random)),
			.slot = (uint32_t)i,
			.is_new = true,
		};
	}
	for (size_t i = n_heap / 2; i; i--)
		sift_down(i);
	while (n_events) {
		last_ns = heap[1].at_ns;
		n_events -= take_due(host);
	}
	for (size_t i = 1; i <= n_heap; i++)
		if (!heap[i].is_new)
			conversation_over(host, &host->slots[heap[i].slot]);
	trace_end(host->trace, host, last_ns + 1000);
	fprintf(stderr,
		"%.3f seconds, %" PRIu64 " flows, %" PRIu64 " conversations, %zu processes\n",
		(double)(last_ns - START_NS) / 1e9, host->n_flows, host->n_conversations,
		host->n_processes);
}

static double number(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || value < 1)
		die(text, EINVAL);
	return value;
}

int main(int argc, char **argv)
{
	static struct host host;
	const char *csv = NULL, *pcap = NULL;
	double n_flows = 5000, rate = 50000;

	if (argc < 3 || argc % 2 == 0) {
		fputs("usage: bench-mixed EVENTS TRACE [--csv FILE] [--pcap FILE] [--flows N] [--rate N]\n",
		      stderr);
		return 2;
	}
	for (int i = 3; i < argc; i += 2) {
		if (!strcmp(argv[i], "--csv"))
			csv = argv[i + 1];
		else if (!strcmp(argv[i], "--pcap"))
			pcap = argv[i + 1];
		else if (!strcmp(argv[i], "--flows"))
			n_flows = number(argv[i + 1]);
		else if (!strcmp(argv[i], "--rate"))
			rate = number(argv[i + 1]);
		else
			die(argv[i], EINVAL);
	}
	host_init(&host, (uint64_t)number(argv[1]), (uint64_t)n_flows, rate);
	host.copies = copies_open(csv, pcap);
	host.trace = trace_begin(argv[2], &host);
	run(&host, (uint64_t)number(argv[1]));
	copies_close(host.copies);
	return 0;
}
