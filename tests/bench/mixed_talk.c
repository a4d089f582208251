// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A conversation, packet by packet: TCP with handshake, acknowledgements and an end; a
 * request and a response of the sizes that its kind has; a pause.
 *
 * Bodies of web pages are lognormal around 10 kB and requests about half a kB (as in
 * studies of web workloads since SURGE); values of caches and rows of databases are some
 * hundred bytes with a long tail; voice is 160 bytes each 20 ms, video frames of some
 * packets each 33 ms, names are asked for in 40 bytes and told in 120; a terminal carries
 * keys. TCP hands the device up to 44 segments at once, and receives as many (TSO, GRO);
 * every second of them is acknowledged. Packets of a burst come 1.3 us apart.
 */
#include "mixed.h"

#define BURST_GAP_NS 1300.0
#define MAX_DATAGRAM 1252 /* QUIC's */

static const struct spec {
	double request_bytes, response_bytes; /* mean */
	enum shape request_shape, response_shape, pause_shape;
	double think_ns;	 /* of who answers */
	uint8_t in_call_percent; /* of what is sent, by the process itself and at once */
} specs[] = {
	[TALK_BULK] = { 400000, 64, WIDE, STEADY, POISSON, 20e3, 45 },
	[TALK_WEB] = { 520, 10000, NARROW, WIDE, HEAVY, 900e3, 96 },
	[TALK_RPC] = { 110, 480, NARROW, WIDE, POISSON, 60e3, 99 },
	[TALK_LOG] = { 1800, 0, WIDE, STEADY, POISSON, 20e3, 90 },
	[TALK_TERMINAL] = { 36, 130, STEADY, WIDE, HEAVY, 300e3, 99 },
	[TALK_STREAM] = { 38, 4300, NARROW, NARROW, STEADY, 200e3, 100 },
	[TALK_CALL] = { 172, 172, STEADY, STEADY, STEADY, 3e6, 100 },
	[TALK_LOOKUP] = { 42, 125, NARROW, NARROW, POISSON, 100e3, 100 },
	[TALK_PING] = { 56, 56, STEADY, STEADY, STEADY, 4e3, 0 },
	[TALK_ARP] = { 28, 28, STEADY, STEADY, POISSON, 3e3, 0 },
};

static bool is_tcp(const struct conversation *talk)
{
	return talk->role->kind <= TALK_TERMINAL;
}

static uint32_t size_of(struct random *random, enum shape shape, double mean)
{
	double bytes = shape == STEADY ? mean : random_shape(random, shape, mean);

	return mean < 1 ? 0 : bytes < 1 ? 1 : bytes > 4e6 ? 4000000 : (uint32_t)bytes;
}

static void begin_exchange(struct conversation *talk, struct random *random)
{
	const struct spec *spec = &specs[talk->role->kind];
	bool is_turned = talk->role->is_download && talk->role->kind == TALK_BULK;
	uint32_t request = size_of(random, spec->request_shape, spec->request_bytes);
	uint32_t response = size_of(random, spec->response_shape, spec->response_bytes);

	talk->left_bytes[0] = is_turned ? response : request;
	talk->left_bytes[1] = is_turned ? request : response;
	talk->side = 0;
	talk->unacked = 0;
	talk->is_first_of_burst = true;
	talk->is_fresh = false;
	talk->stage = DATA;
}

/* Until the next exchange; by and large a conversation keeps to its rate. */
static double pause(struct conversation *talk, struct random *random)
{
	const struct spec *spec = &specs[talk->role->kind];
	double mean_ns = 1e9 * talk->events_of_exchange / talk->events_a_second, gap_ns;

	talk->due_ns += (uint64_t)random_shape(random, spec->pause_shape, mean_ns);
	talk->events_of_exchange = 0;
	/* who is behind does not make up for more than a while */
	if (talk->due_ns + SECOND_NS < talk->now_ns)
		talk->due_ns = talk->now_ns;
	gap_ns = talk->due_ns > talk->now_ns ? (double)(talk->due_ns - talk->now_ns) : 0;
	return gap_ns + random_shape(random, NARROW, 5 * BURST_GAP_NS);
}

static void control(struct packet *packet, uint8_t side, uint8_t tcp_flags)
{
	*packet = (struct packet){ .side = side, .segments = 1, .tcp_flags = tcp_flags };
}

static double data_packet(struct conversation *talk, struct random *random)
{
	const struct spec *spec = &specs[talk->role->kind];
	struct packet *packet = &talk->packet;
	uint32_t *left = &talk->left_bytes[talk->side];
	uint32_t room = is_tcp(talk) ? talk->mss_bytes : MAX_DATAGRAM;
	bool is_first = talk->is_first_of_burst;
	double gap_ns;

	if (is_tcp(talk) && *left > room && talk->offload_segments > 1)
		room *= random_chance(random, 60)
				? talk->offload_segments
				: 1 + random_below(random, talk->offload_segments);
	control(packet, talk->side, 0x10);
	packet->payload_bytes = *left < room ? *left : room;
	packet->segments =
		is_tcp(talk) ? (packet->payload_bytes + talk->mss_bytes - 1) / talk->mss_bytes : 1;
	packet->is_in_call = is_first || random_chance(random, spec->in_call_percent);
	*left -= packet->payload_bytes;
	if (!*left)
		packet->tcp_flags |= 0x08;
	gap_ns = is_first && talk->side ? random_shape(random, NARROW, spec->think_ns)
					: random_shape(random, NARROW, BURST_GAP_NS);
	if (is_first && talk->side && !talk->local_side && talk->device != LOOPBACK)
		gap_ns += random_shape(random, NARROW, talk->round_trip_ns);
	talk->is_first_of_burst = false;
	talk->unacked++;
	if (!*left && !talk->side && talk->left_bytes[1]) {
		talk->side = 1; /* what is answered is acknowledged by the answer */
		talk->unacked = 0;
		talk->is_first_of_burst = true;
	} else if (is_tcp(talk) && (!*left || talk->unacked == 2)) {
		talk->stage = ACK;
	} else if (!*left) {
		talk->stage = PAUSE;
	}
	return gap_ns;
}

static double ack_packet(struct conversation *talk, struct random *random)
{
	bool is_more = talk->left_bytes[talk->side];

	control(&talk->packet, !talk->side, 0x10);
	talk->packet.is_in_call = random_chance(random, 12);
	talk->unacked = 0;
	talk->stage = is_more ? DATA : PAUSE;
	/* in the middle of a burst those of earlier packets come in */
	if (is_more || talk->side != talk->local_side || talk->device == LOOPBACK)
		return random_shape(random, NARROW, 4 * BURST_GAP_NS);
	return random_shape(random, NARROW, talk->round_trip_ns);
}

/* Those of a handshake and of an end. */
static double control_packet(struct conversation *talk, struct random *random, uint8_t side,
			     uint8_t tcp_flags, enum stage next)
{
	control(&talk->packet, side, tcp_flags);
	talk->packet.is_in_call = side == 0 && (tcp_flags == 0x02 || tcp_flags == 0x11);
	talk->packet.is_before_accept = talk->stage <= ESTABLISHED;
	if (tcp_flags & 0x02)
		talk->packet.header_bytes = 8; /* more options than the others have */
	talk->stage = next;
	if (side == talk->local_side || talk->device == LOOPBACK)
		return random_shape(random, NARROW, 6000);
	return random_shape(random, NARROW, talk->round_trip_ns);
}

static double next_packet(struct conversation *talk, struct random *random)
{
	switch (talk->stage) {
	case SYN:
		return control_packet(talk, random, 0, 0x02, SYN_ACK);
	case SYN_ACK:
		return control_packet(talk, random, 1, 0x12, ESTABLISHED);
	case ESTABLISHED:
		return control_packet(talk, random, 0, 0x10, PAUSE);
	case FIN:
		return control_packet(talk, random, 0, 0x11, FIN_ACK);
	case FIN_ACK:
		return control_packet(talk, random, 1, 0x11, LAST_ACK);
	case LAST_ACK:
		return control_packet(talk, random, 0, 0x10, OVER);
	case ACK:
		return ack_packet(talk, random);
	default:
		return data_packet(talk, random);
	}
}

bool talk_next(struct conversation *talk, struct random *random, uint64_t *ret_at_ns)
{
	double gap_ns = 0;

	if (talk->stage == PAUSE) {
		gap_ns = talk->is_fresh ? 0 : pause(talk, random);
		if (talk->is_fresh || talk->now_ns + (uint64_t)gap_ns <= talk->end_ns) {
			begin_exchange(talk, random);
		} else {
			talk->stage = is_tcp(talk) ? FIN : OVER;
			gap_ns = 0;
		}
	}
	if (talk->stage == OVER) { /* the next one begins when this would have gone on */
		if (talk->now_ns < talk->due_ns)
			talk->now_ns = talk->due_ns;
		return false;
	}
	gap_ns += next_packet(talk, random);
	talk->now_ns += 1 + (uint64_t)gap_ns;
	*ret_at_ns = talk->now_ns;
	return true;
}
