// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* More flows than the recorder's table has room for. */
#include "tests/rig/rig.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IDLE 3000
#define SIZE 400
#define CONNECTIONS 8
#define BULK (32 << 10)
#define WINDOW 50 /* datagrams on their way at a time */

static sem_t *ready, *listening, *first_done, *idle_done;

static struct sockaddr_storage nth_server(int n)
{
	char text[32];

	snprintf(text, sizeof(text), "127.1.%d.%d", n / 250, n % 250 + 1);
	return at(text, port);
}

/* A datagram with the address that it was sent to. */
static void take(int fd, struct sockaddr_storage *local, struct sockaddr_storage *remote)
{
	char data[SIZE], room[256];
	struct iovec part = { data, SIZE };
	struct msghdr message = { .msg_name = remote,
				  .msg_namelen = sizeof(*remote),
				  .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct cmsghdr *control;
	struct in_pktinfo info;

	memset(remote, 0, sizeof(*remote));
	check(recvmsg(fd, &message, 0) == SIZE, "recvmsg");
	control = CMSG_FIRSTHDR(&message);
	check(control && control->cmsg_type == IP_PKTINFO, "IP_PKTINFO");
	memcpy(&info, CMSG_DATA(control), sizeof(info));
	*local = at("0.0.0.0", port);
	((struct sockaddr_in *)local)->sin_addr = info.ipi_addr;
	moved(RECV, IPPROTO_UDP, local, remote, SIZE, 1);
}

static void give(int fd, const struct sockaddr_storage *local,
		 const struct sockaddr_storage *remote)
{
	char data[SIZE] = { 0 }, room[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct iovec part = { data, SIZE };
	struct msghdr message = { .msg_name = (void *)remote,
				  .msg_namelen = length_of(remote),
				  .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);
	struct in_pktinfo info = { .ipi_spec_dst = ((const struct sockaddr_in *)local)->sin_addr };

	control->cmsg_level = IPPROTO_IP;
	control->cmsg_type = IP_PKTINFO;
	control->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(control), &info, sizeof(info));
	check(sendmsg(fd, &message, 0) == SIZE, "sendmsg");
	moved(SEND, IPPROTO_UDP, local, remote, SIZE, 1);
}

/* One socket with three thousand addresses: each is a flow of its own. */
static void many_addresses(void)
{
	int fd, one = 1;

	enter("left");
	fd = udp_bind("0.0.0.0", port);
	check(!setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)), "IP_PKTINFO");
	pass(ready);
	for (int i = 0; i < IDLE; i++) {
		struct sockaddr_storage local, remote;

		take(fd, &local, &remote);
		give(fd, &local, &remote);
	}
}

static void ask_all(void)
{
	struct sockaddr_storage local = at("127.0.0.1", port + 1);
	int fd, answered = 0;

	enter("left");
	fd = udp_bind("127.0.0.1", port + 1);
	await(ready);
	await(first_done);
	for (int i = 0; i < IDLE; i++) {
		struct sockaddr_storage remote = nth_server(i);

		send_datagrams(fd, &local, &remote, 1, SIZE);
		if (i - answered >= WINDOW) {
			recv_datagrams(fd, &local, 1);
			answered++;
		}
	}
	recv_datagrams(fd, &local, IDLE - answered);
	pass(idle_done);
	pass(idle_done);
}

/* Connections with three thousand flows between their beginning and their end. */
static void patient_server(void)
{
	int listener, fds[CONNECTIONS];

	enter("right");
	listener = tcp_listen(RIGHT4, port + 2);
	pass(listening);
	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = tcp_accept(listener);
		recv_bytes(fds[i], BULK);
	}
	await(idle_done);
	for (int i = 0; i < CONNECTIONS; i++) {
		recv_bytes(fds[i], BULK);
		send_bytes(fds[i], BULK, BULK);
		finish(fds[i]);
	}
}

static void patient_client(void)
{
	int fds[CONNECTIONS];

	enter("left");
	await(listening);
	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = tcp_connect(RIGHT4, port + 2);
		send_bytes(fds[i], BULK, BULK);
		await_acknowledged(fds[i]);
	}
	pass(first_done);
	await(idle_done);
	for (int i = 0; i < CONNECTIONS; i++) {
		send_bytes(fds[i], BULK, BULK);
		recv_bytes(fds[i], BULK);
		finish(fds[i]);
	}
}

static void crowded(void)
{
	ready = gate();
	listening = gate();
	first_done = gate();
	idle_done = gate();
	child(many_addresses);
	child(ask_all);
	child(patient_server);
	child(patient_client);
}

const struct scenario scenarios_many[] = {
	{ .name = "idle-flows", .run = crowded, .options = "--max-flows 1024" },
	{ 0 },
};
