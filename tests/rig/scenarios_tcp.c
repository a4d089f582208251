// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TCP in its plain forms: one process an end. */
#include "tests/rig/rig.h"

#include <pthread.h>
#include <unistd.h>

#define BULK (4 << 20)
#define STEP (32 << 10)
#define SHORT_ONES 30
#define SHORT_BYTES 3000

static const char *server_end, *client_end, *bind_address, *server_address;
static sem_t *ready;

static void take_one(void)
{
	int listener, fd;

	enter(server_end);
	listener = tcp_listen(bind_address, port);
	pass(ready);
	fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	recv_bytes(fd, TO_THE_END);
	finish(fd);
}

static void give_one(void)
{
	int fd;

	enter(client_end);
	await(ready);
	fd = tcp_connect(server_address, port);
	send_bytes(fd, BULK, STEP);
	finish(fd);
}

static void one_way(const char *server, const char *client, const char *bound, const char *address)
{
	server_end = server;
	client_end = client;
	bind_address = bound;
	server_address = address;
	ready = gate();
	child(take_one);
	child(give_one);
}

static void wire4(void)
{
	one_way("right", "left", RIGHT4, RIGHT4);
}

static void wire6(void)
{
	one_way("right", "left", RIGHT6, RIGHT6);
}

static void mapped(void)
{
	one_way("right", "left", "::", "::ffff:" RIGHT4);
}

static void loopback4(void)
{
	one_way("left", "left", "0.0.0.0", "127.0.0.1");
}

static void loopback6(void)
{
	one_way("left", "left", "::1", "::1");
}

/* Each end writes in one thread and reads in the other. */
static void *write_side(void *fd)
{
	send_bytes(*(int *)fd, BULK, STEP);
	return NULL;
}

static void both_ways(int fd)
{
	pthread_t writer;

	check(!pthread_create(&writer, NULL, write_side, &fd), "pthread_create");
	recv_bytes(fd, BULK);
	check(!pthread_join(writer, NULL), "pthread_join");
	finish(fd);
}

static void duplex_server(void)
{
	int listener, fd;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	both_ways(fd);
}

static void duplex_client(void)
{
	enter("left");
	await(ready);
	both_ways(tcp_connect(RIGHT4, port));
}

static void full_duplex(void)
{
	ready = gate();
	child(duplex_server);
	child(duplex_client);
}

static int accepted;

static void answer(void)
{
	recv_bytes(accepted, SHORT_BYTES);
	send_bytes(accepted, SHORT_BYTES, SHORT_BYTES);
	finish(accepted);
}

/* A process a connection on either end. */
static void short_server(void)
{
	int listener;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	for (int i = 0; i < SHORT_ONES; i++) {
		accepted = accept(listener, NULL, NULL);
		check(accepted >= 0, "accept");
		child(answer);
		check(!close(accepted), "close");
	}
	join();
}

static void ask(void)
{
	int fd = tcp_connect(RIGHT4, port);

	send_bytes(fd, SHORT_BYTES, SHORT_BYTES);
	recv_bytes(fd, SHORT_BYTES);
	finish(fd);
}

static void short_clients(void)
{
	enter("left");
	await(ready);
	for (int i = 0; i < SHORT_ONES; i++) {
		child(ask);
		join();
	}
}

static void short_lived(void)
{
	ready = gate();
	child(short_server);
	child(short_clients);
}

const struct scenario scenarios_tcp[] = {
	{ .name = "tcp", .run = wire4 },
	{ .name = "tcp6", .run = wire6 },
	{ .name = "tcp-mapped", .run = mapped },
	{ .name = "tcp-loopback", .run = loopback4 },
	{ .name = "tcp6-loopback", .run = loopback6 },
	{ .name = "tcp-full-duplex", .run = full_duplex },
	{ .name = "tcp-short-lived", .run = short_lived },
	{ 0 },
};
