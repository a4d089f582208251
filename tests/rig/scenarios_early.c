// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sockets that were open before the recording began. */
#include "tests/rig/rig.h"

#include <unistd.h>

#define BULK (1 << 20)
#define STEP (32 << 10)
#define COUNT 200
#define SIZE 1000

static sem_t *ready, *opened, *recorded;

/* The processes have their sockets: record, and let them go on. */
static void let_go(int processes)
{
	for (int i = 0; i < processes; i++)
		await(opened);
	record_now();
	for (int i = 0; i < processes; i++)
		pass(recorded);
}

static void start(void (*server)(void), void (*client)(void))
{
	ready = gate();
	opened = gate();
	recorded = gate();
	child(server);
	child(client);
	let_go(2);
}

static void wait_for_recording(void)
{
	pass(opened);
	await(recorded);
}

static void connected_server(void)
{
	int listener, fd;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	wait_for_recording();
	recv_bytes(fd, BULK);
	send_bytes(fd, BULK, STEP);
	finish(fd);
}

static void connected_client(void)
{
	int fd;

	enter("left");
	await(ready);
	fd = tcp_connect(RIGHT4, port);
	wait_for_recording();
	send_bytes(fd, BULK, STEP);
	recv_bytes(fd, BULK);
	finish(fd);
}

static void connected(void)
{
	start(connected_server, connected_client);
}

static void listening_server(void)
{
	int listener, fd;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	wait_for_recording();
	pass(ready);
	fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	recv_bytes(fd, BULK);
	finish(fd);
}

static void late_client(void)
{
	int fd;

	enter("left");
	wait_for_recording();
	await(ready);
	fd = tcp_connect(RIGHT4, port);
	send_bytes(fd, BULK, STEP);
	finish(fd);
}

static void listening(void)
{
	start(listening_server, late_client);
}

static void sink(void)
{
	struct sockaddr_storage local = at(RIGHT4, port);
	int fd;

	enter("right");
	fd = udp_bind("0.0.0.0", port);
	pass(ready);
	wait_for_recording();
	recv_datagrams(fd, &local, COUNT);
}

static void source(void)
{
	struct sockaddr_storage local = at(LEFT4, port + 1), remote = at(RIGHT4, port);
	int fd;

	enter("left");
	await(ready);
	fd = udp_bind(LEFT4, port + 1);
	wait_for_recording();
	send_datagrams(fd, &local, &remote, COUNT, SIZE);
}

static void one_way(void)
{
	start(sink, source);
}

const struct scenario scenarios_early[] = {
	{ .name = "early-connected", .run = connected, .opens_first = true },
	{ .name = "early-listening", .run = listening, .opens_first = true },
	{ .name = "early-udp", .run = one_way, .opens_first = true },
	{ 0 },
};
