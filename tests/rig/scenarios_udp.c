// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* UDP: with and without a connection, in batches, in several pieces and to many. */
#include "tests/rig/rig.h"

#include <net/if.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT 300
#define SIZE 1200
#define BATCH 30
#define LARGE 20000 /* goes in fragments */
#define SERVERS 3
#define CLIENTS 12
#define SHARED (CLIENTS * 10)

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

static sem_t *ready;
static int *shared_count; /* datagrams that any of the servers has */
static const char *from_address, *to_address;
static int count;
static size_t size;

/* A sink that never answers: the program has only ever received. */
static void sink(void)
{
	struct sockaddr_storage local = at(to_address, port);
	int fd;

	enter("right");
	fd = udp_bind(to_address, port);
	pass(ready);
	recv_datagrams(fd, &local, count);
}

static void source(void)
{
	struct sockaddr_storage local = at(from_address, port + 1), remote = at(to_address, port);
	int fd;

	enter("left");
	await(ready);
	fd = udp_bind(from_address, port + 1);
	send_datagrams(fd, &local, &remote, count, size);
}

static void one_way(const char *from, const char *to, int n, size_t each)
{
	ready = gate();
	from_address = from;
	to_address = to;
	count = n;
	size = each;
	child(sink);
	child(source);
}

static void one_way4(void)
{
	one_way(LEFT4, RIGHT4, COUNT, SIZE);
}

static void one_way6(void)
{
	one_way(LEFT6, RIGHT6, COUNT, SIZE);
}

static void fragments(void)
{
	one_way(LEFT4, RIGHT4, 50, LARGE);
}

static void fragments6(void)
{
	one_way(LEFT6, RIGHT6, 50, LARGE);
}

/* Each datagram is answered. */
static void echo_connected(void)
{
	struct sockaddr_storage remote = at(LEFT4, port + 1);
	int fd;

	enter("right");
	fd = udp_bind(RIGHT4, port);
	check(!connect(fd, (struct sockaddr *)&remote, length_of(&remote)), "connect");
	pass(ready);
	for (int i = 0; i < COUNT; i++) {
		recv_bytes(fd, SIZE);
		send_bytes(fd, SIZE, SIZE);
	}
}

static void ask_connected(void)
{
	struct sockaddr_storage remote = at(RIGHT4, port);
	int fd;

	enter("left");
	fd = udp_bind(LEFT4, port + 1);
	check(!connect(fd, (struct sockaddr *)&remote, length_of(&remote)), "connect");
	await(ready);
	for (int i = 0; i < COUNT; i++) {
		send_bytes(fd, SIZE, SIZE);
		recv_bytes(fd, SIZE);
	}
}

static void connected(void)
{
	ready = gate();
	child(echo_connected);
	child(ask_connected);
}

static void echo_unconnected(void)
{
	struct sockaddr_storage local = at(RIGHT4, port), remote = at(LEFT4, port + 1);
	int fd;

	enter("right");
	fd = udp_bind("0.0.0.0", port);
	pass(ready);
	for (int i = 0; i < COUNT; i++) {
		recv_datagrams(fd, &local, 1);
		send_datagrams(fd, &local, &remote, 1, SIZE);
	}
}

static void ask_unconnected(void)
{
	struct sockaddr_storage local = at(LEFT4, port + 1), remote = at(RIGHT4, port);
	int fd;

	enter("left");
	fd = udp_bind("0.0.0.0", port + 1);
	await(ready);
	for (int i = 0; i < COUNT; i++) {
		send_datagrams(fd, &local, &remote, 1, SIZE);
		recv_datagrams(fd, &local, 1);
	}
}

static void unconnected(void)
{
	ready = gate();
	child(echo_unconnected);
	child(ask_unconnected);
}

/* sendmmsg and recvmmsg */
static void fill(struct mmsghdr *messages, struct iovec *parts, struct sockaddr_storage *names)
{
	static char buffer[BATCH][SIZE];

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ buffer[i], SIZE };
		messages[i] = (struct mmsghdr){
			.msg_hdr = { .msg_name = &names[i],
				     .msg_namelen = sizeof(names[i]),
				     .msg_iov = &parts[i],
				     .msg_iovlen = 1 },
		};
	}
}

static void take_batches(void)
{
	struct sockaddr_storage local = at(RIGHT4, port), names[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	int fd;

	enter("right");
	fd = udp_bind(RIGHT4, port);
	pass(ready);
	for (int got = 0; got < COUNT;) {
		int n;

		fill(messages, parts, names);
		n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
		check(n > 0, "recvmmsg");
		for (int i = 0; i < n; i++)
			moved(RECV, IPPROTO_UDP, &local, &names[i], messages[i].msg_len, 1);
		got += n;
	}
}

static void give_batches(void)
{
	struct sockaddr_storage local = at(LEFT4, port + 1), names[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	int fd;

	enter("left");
	fd = udp_bind(LEFT4, port + 1);
	await(ready);
	for (int i = 0; i < BATCH; i++)
		names[i] = at(RIGHT4, port);
	for (int sent = 0; sent < COUNT;) {
		int n;

		fill(messages, parts, names);
		for (int i = 0; i < BATCH; i++)
			messages[i].msg_hdr.msg_namelen = length_of(&names[i]);
		n = sendmmsg(fd, messages, BATCH, 0);
		check(n > 0, "sendmmsg");
		for (int i = 0; i < n; i++)
			moved(SEND, IPPROTO_UDP, &local, &names[i], messages[i].msg_len, 1);
		sent += n;
	}
}

static void batches(void)
{
	ready = gate();
	child(take_batches);
	child(give_batches);
}

/* One call, many datagrams, and one call again at the other end. */
static void take_segments(void)
{
	static char buffer[65536];
	struct sockaddr_storage local = at(RIGHT4, port);
	int fd, one = 1;

	enter("right");
	fd = udp_bind(RIGHT4, port);
	if (setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof(one)))
		skip("UDP_GRO is not known here");
	pass(ready);
	for (uint64_t got = 0; got < (uint64_t)COUNT * SIZE;) {
		struct sockaddr_storage remote = { 0 };
		socklen_t length = sizeof(remote);
		ssize_t n = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&remote,
				     &length);

		check(n > 0, "recvfrom");
		moved(RECV, IPPROTO_UDP, &local, &remote, (uint64_t)n, 1);
		got += (uint64_t)n;
	}
}

static void give_segments(void)
{
	struct sockaddr_storage local = at(LEFT4, port + 1), remote = at(RIGHT4, port);
	int fd, each = SIZE;

	enter("left");
	fd = udp_bind(LEFT4, port + 1);
	if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &each, sizeof(each)))
		skip("UDP_SEGMENT is not known here");
	await(ready);
	send_datagrams(fd, &local, &remote, COUNT / BATCH, (size_t)SIZE * BATCH);
}

static void segments(void)
{
	ready = gate();
	child(take_segments);
	child(give_segments);
}

/* Several processes on one port; each client's datagrams go to one of them. */
static void share_port(void)
{
	struct sockaddr_storage local = at(RIGHT4, port);
	struct timeval patience = { .tv_usec = 50000 };
	static char buffer[65536];
	int fd, one = 1;

	enter("right");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	check(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) &&
		      !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) &&
		      !bind(fd, (struct sockaddr *)&local, length_of(&local)),
	      "SO_REUSEPORT");
	pass(ready);
	while (__atomic_load_n(shared_count, __ATOMIC_SEQ_CST) < SHARED) {
		struct sockaddr_storage remote = { 0 };
		socklen_t length = sizeof(remote);
		ssize_t n = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&remote,
				     &length);

		if (n < 0)
			continue;
		__atomic_add_fetch(shared_count, 1, __ATOMIC_SEQ_CST);
		moved(RECV, IPPROTO_UDP, &local, &remote, (uint64_t)n, 1);
	}
}

static void ask_shared(void)
{
	struct sockaddr_storage remote = at(RIGHT4, port);

	enter("left");
	for (int i = 0; i < SERVERS; i++)
		await(ready);
	for (int i = 1; i <= CLIENTS; i++) {
		struct sockaddr_storage local = at(LEFT4, port + i);
		int fd = udp_bind(LEFT4, port + i);

		send_datagrams(fd, &local, &remote, 10, SIZE);
	}
}

static void reuseport(void)
{
	ready = gate();
	shared_count = mmap(NULL, sizeof(*shared_count), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(shared_count != MAP_FAILED, "mmap");
	for (int i = 0; i < SERVERS; i++)
		child(share_port);
	child(ask_shared);
}

const struct scenario scenarios_udp[] = {
	{ .name = "udp-one-way", .run = one_way4 },
	{ .name = "udp6-one-way", .run = one_way6 },
	{ .name = "udp-connected", .run = connected },
	{ .name = "udp-unconnected", .run = unconnected },
	{ .name = "udp-mmsg", .run = batches },
	{ .name = "udp-segments", .run = segments },
	{ .name = "udp-reuseport", .run = reuseport },
	{ .name = "udp-fragments", .run = fragments },
	{ .name = "udp6-fragments", .run = fragments6 },
	{ 0 },
};
