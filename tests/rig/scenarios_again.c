// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ports and tuples that one process leaves and another takes, and data that waits for its reader. */
#include "tests/rig/rig.h"

#include <linux/tcp.h>
#include <unistd.h>

#define BULK (64 << 10)
#define STEP (16 << 10)
#define EARLY (32 << 10) /* fits in the first window */
#define COUNT 60
#define SIZE 1000
#define ROUNDS 4

static sem_t *ready, *over, *sent;
static int listener;

/* The receiver ends in the middle of a stream, and another takes its port. */
static void take_half(void)
{
	struct sockaddr_storage local = at(RIGHT4, port);
	int fd;

	enter("right");
	fd = udp_bind("0.0.0.0", port);
	pass(ready);
	recv_datagrams(fd, &local, COUNT);
	check(!close(fd), "close");
	pass(over);
}

static void two_halves(void)
{
	for (int i = 0; i < 2; i++) {
		child(take_half);
		join();
	}
}

static void stream(void)
{
	struct sockaddr_storage local = at(LEFT4, port + 1), remote = at(RIGHT4, port);
	int fd;

	enter("left");
	fd = udp_bind(LEFT4, port + 1);
	for (int i = 0; i < 2; i++) {
		await(ready);
		send_datagrams(fd, &local, &remote, COUNT, SIZE);
		await(over);
	}
}

static void receiver_replaced(void)
{
	ready = gate();
	over = gate();
	child(two_halves);
	child(stream);
}

/* Two senders, one after the other, from one port: to the receiver it is one stream. */
static void send_half(void)
{
	struct sockaddr_storage local = at(LEFT4, port + 1), remote = at(RIGHT4, port);

	enter("left");
	send_datagrams(udp_bind(LEFT4, port + 1), &local, &remote, COUNT, SIZE);
}

static void two_senders(void)
{
	await(ready);
	for (int i = 0; i < 2; i++) {
		child(send_half);
		join();
	}
}

static void take_both(void)
{
	struct sockaddr_storage local = at(RIGHT4, port);
	int fd;

	enter("right");
	fd = udp_bind(RIGHT4, port);
	pass(ready);
	recv_datagrams(fd, &local, 2 * COUNT);
}

static void udp_tuple_again(void)
{
	ready = gate();
	child(take_both);
	child(two_senders);
}

/*
 * A connection from the port of one that has ended, between other processes. The
 * server ends first, so that the client's port is free at once.
 */
static void serve_one(void)
{
	int fd = tcp_accept(listener);

	recv_bytes(fd, BULK);
	send_bytes(fd, BULK, STEP);
	finish(fd);
}

static void servers(void)
{
	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	for (int i = 0; i < ROUNDS; i++) {
		child(serve_one);
		join();
	}
}

static void await_closed(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	do
		check(!usleep(200) && !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length),
		      "TCP_INFO");
	while (info.tcpi_state != 7); /* TCP_CLOSE of <netinet/tcp.h> */
}

static void ask_from_there(void)
{
	int fd, same;

	enter("left");
	fd = tcp_connect_from(LEFT4, port + 1, RIGHT4, port);
	send_bytes(fd, BULK, STEP);
	recv_bytes(fd, TO_THE_END);
	same = dup(fd);
	finish(fd);
	await_closed(same);
}

static void clients(void)
{
	await(ready);
	for (int i = 0; i < ROUNDS; i++) {
		child(ask_from_there);
		join();
	}
}

static void tcp_tuple_again(void)
{
	ready = gate();
	child(servers);
	child(clients);
}

/* A server that lives for one connection, and is started anew on its port. */
static void short_server(void)
{
	int fd;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	fd = tcp_accept(listener);
	check(!close(listener), "close");
	recv_bytes(fd, BULK);
	send_bytes(fd, BULK, STEP);
	finish(fd);
}

static void short_servers(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		child(short_server);
		join();
	}
}

static void patient_client(void)
{
	enter("left");
	for (int i = 0; i < ROUNDS; i++) {
		int fd;

		await(ready);
		fd = tcp_connect(RIGHT4, port);
		send_bytes(fd, BULK, STEP);
		recv_bytes(fd, BULK);
		finish(fd);
	}
}

static void server_restarts(void)
{
	ready = gate();
	child(short_servers);
	child(patient_client);
}

/* All data is there before anybody accepts: it came for the listener, and a worker reads it. */
static void worker(void)
{
	await(sent);
	for (int i = 0; i < ROUNDS; i++) {
		int fd = tcp_accept(listener);

		recv_bytes(fd, EARLY);
		send_bytes(fd, BULK, STEP);
		finish(fd);
	}
}

/* Notes what came while only its listening socket was there. */
static void prefork_server(void)
{
	struct sockaddr_storage local = at(RIGHT4, port);

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	for (int i = 1; i <= ROUNDS; i++) {
		struct sockaddr_storage remote = at(LEFT4, port + i);

		moved_by(HELD, RECV, IPPROTO_TCP, &local, &remote, EARLY, 1);
	}
	child(worker);
	join();
}

static void early_clients(void)
{
	int fds[ROUNDS];

	enter("left");
	await(ready);
	for (int i = 0; i < ROUNDS; i++) {
		fds[i] = tcp_connect_from(LEFT4, port + 1 + i, RIGHT4, port);
		send_bytes(fds[i], EARLY, STEP);
		await_acknowledged(fds[i]);
	}
	pass(sent);
	for (int i = 0; i < ROUNDS; i++) {
		recv_bytes(fds[i], BULK);
		finish(fds[i]);
	}
}

static void before_accept(void)
{
	ready = gate();
	sent = gate();
	child(prefork_server);
	child(early_clients);
}

/* Accepted and never read: it came for the process all the same. */
static void deaf_server(void)
{
	int fd;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	fd = tcp_accept(listener);
	await(sent);
	moved_on(fd, RECV, EARLY, 1);
	check(!close(fd), "close");
	pass(over);
}

static void unheard_client(void)
{
	int fd;

	enter("left");
	await(ready);
	fd = tcp_connect(RIGHT4, port);
	send_bytes(fd, EARLY, STEP);
	await_acknowledged(fd);
	pass(sent);
	await(over);
	check(!close(fd), "close");
}

static void never_read(void)
{
	ready = gate();
	sent = gate();
	over = gate();
	child(deaf_server);
	child(unheard_client);
}

const struct scenario scenarios_again[] = {
	{ .name = "udp-receiver-replaced", .run = receiver_replaced },
	{ .name = "udp-tuple-again", .run = udp_tuple_again },
	{ .name = "tcp-tuple-again", .run = tcp_tuple_again },
	{ .name = "tcp-server-restarts", .run = server_restarts },
	{ .name = "tcp-before-accept", .run = before_accept },
	{ .name = "tcp-never-read", .run = never_read },
	{ 0 },
};
