// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Very many connections, and very many processes: scale.sh plays these. */
#include "tests/rig/rig.h"

#include <sys/resource.h>
#include <unistd.h>

#define CONNECTIONS 10000
#define PROCESSES 5000
#define SPAWNERS 8
#define SIZE 1000

static sem_t *ready;
static int fds[CONNECTIONS];

static void allow_descriptors(void)
{
	struct rlimit limit = { CONNECTIONS + 100, CONNECTIONS + 100 };

	check(!setrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
}

static int wide_listen(void)
{
	int fd = tcp_listen(RIGHT4, port);

	check(!listen(fd, 4096), "listen");
	return fd;
}

/* All are open at the same time, and used twice. */
static void many_server(void)
{
	int listener;

	allow_descriptors();
	enter("right");
	listener = wide_listen();
	pass(ready);
	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = tcp_accept(listener);
	for (int i = 0; i < CONNECTIONS; i++) {
		recv_bytes(fds[i], SIZE);
		send_bytes(fds[i], SIZE, SIZE);
	}
	for (int i = 0; i < CONNECTIONS; i++)
		finish(fds[i]);
}

static void many_client(void)
{
	allow_descriptors();
	enter("left");
	await(ready);
	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = tcp_connect(RIGHT4, port);
	for (int i = 0; i < CONNECTIONS; i++)
		send_bytes(fds[i], SIZE, SIZE);
	for (int i = 0; i < CONNECTIONS; i++)
		recv_bytes(fds[i], SIZE);
	for (int i = 0; i < CONNECTIONS; i++)
		finish(fds[i]);
}

static void connections(void)
{
	ready = gate();
	child(many_server);
	child(many_client);
}

/* A process that opens a socket, asks, and ends: every other one by TCP. */
static void ask_tcp(void)
{
	int fd = tcp_connect(RIGHT4, port);

	send_bytes(fd, SIZE, SIZE);
	recv_bytes(fd, SIZE);
	finish(fd);
}

static void ask_udp(void)
{
	int fd = udp_connect(RIGHT4, port);

	send_bytes(fd, SIZE, SIZE);
	recv_bytes(fd, SIZE);
}

static void spawner(void)
{
	enter("left");
	await(ready);
	for (int i = 0; i < PROCESSES / SPAWNERS; i++) {
		child(i % 2 ? ask_tcp : ask_udp);
		join();
	}
}

static void tcp_server(void)
{
	int listener;

	enter("right");
	listener = wide_listen();
	for (int i = 0; i < SPAWNERS; i++)
		pass(ready);
	for (int i = 0; i < SPAWNERS * (PROCESSES / SPAWNERS / 2); i++) {
		int fd = tcp_accept(listener);

		recv_bytes(fd, SIZE);
		send_bytes(fd, SIZE, SIZE);
		finish(fd);
	}
}

static void udp_server(void)
{
	struct sockaddr_storage local = at(RIGHT4, port), remote;
	static char data[SIZE];
	int fd;

	enter("right");
	fd = udp_bind(RIGHT4, port);
	pass(ready);
	for (int i = 0; i < PROCESSES - SPAWNERS * (PROCESSES / SPAWNERS / 2); i++) {
		socklen_t length = sizeof(remote);

		check(recvfrom(fd, data, SIZE, 0, (struct sockaddr *)&remote, &length) == SIZE,
		      "recvfrom");
		moved(RECV, IPPROTO_UDP, &local, &remote, SIZE, 1);
		send_datagrams(fd, &local, &remote, 1, SIZE);
	}
}

static void both_servers(void)
{
	sem_t *all = ready;

	ready = gate();
	child(udp_server);
	await(ready);
	ready = all;
	child(tcp_server);
	join();
}

static void processes(void)
{
	ready = gate();
	child(both_servers);
	for (int i = 0; i < SPAWNERS; i++)
		child(spawner);
}

const struct scenario scenarios_scale[] = {
	{ .name = "10000-connections", .run = connections, .seconds = 60, .is_large = true },
	{ .name = "5000-processes", .run = processes, .seconds = 60, .is_large = true },
	{ 0 },
};
