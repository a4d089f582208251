// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Traffic whose exact amount is known: what a live test holds the recorder to.
 *
 *   traffic serve tcp|mptcp|udp ADDRESS PORT
 *   traffic send  tcp|mptcp|udp ADDRESS PORT BYTES [SIZE]
 *   traffic flood udp ADDRESS PORT COUNT [SIZE]
 *   traffic rename COUNT
 *
 * serve takes one client, says "ready" when that may come, and takes all it
 * sends. send moves BYTES of payload, over UDP in datagrams of SIZE, and waits
 * for the server after every 64 of them, so that no queue on the way overflows.
 * flood sends COUNT datagrams as fast as it can and waits for nobody. rename
 * sends itself COUNT datagrams over the loopback device and receives them, each
 * time under another name.
 * At the end each says on standard output what it moved, in one line:
 *
 *   pid PID sent BYTES in COUNT received BYTES in COUNT retransmitted BYTES
 *
 * where COUNT is datagrams, and for TCP calls; what TCP sent again is not in the
 * first BYTES (needs Linux 4.19). Exit 0, or 1 with the reason.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST 64 /* datagrams between two waits for the server */
#define SECONDS_MAX 60

struct moved {
	uint64_t sent_bytes, sent, received_bytes, received, retransmitted;
};

static void die(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-') {
		fprintf(stderr, "traffic: %s is not a number\n", text);
		exit(2);
	}
	return value;
}

static int open_socket(int type, int protocol, const char *address, const char *port,
		       struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
	struct addrinfo hints = { .ai_socktype = type,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;
	int fd, one = 1, room = 64 << 20;
	int err = getaddrinfo(address, port, &hints, &found);

	if (err) {
		fprintf(stderr, "traffic: %s port %s: %s\n", address, port, gai_strerror(err));
		exit(1);
	}
	fd = socket(found->ai_family, type, protocol);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("socket");
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	memcpy(ret_address, found->ai_addr, found->ai_addrlen);
	*ret_length = found->ai_addrlen;
	freeaddrinfo(found);
	return fd;
}

static void count_retransmits(int fd, struct moved *moved)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		moved->retransmitted = info.tcpi_bytes_retrans;
}

static void serve_tcp(int listener, struct moved *moved)
{
	static char buffer[256 << 10];
	ssize_t n;
	int fd;

	if (listen(listener, 8))
		die("listen");
	puts("ready");
	fflush(stdout);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		die("accept");
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		moved->received_bytes += (uint64_t)n;
		moved->received++;
	}
	if (n < 0)
		die("read");
	count_retransmits(fd, moved);
	close(fd);
}

/* Answers every BURST datagrams, and the last one, which is a single byte. */
static void serve_udp(int fd, struct moved *moved)
{
	static char buffer[65536];
	struct sockaddr_storage from;
	socklen_t length;
	ssize_t n;

	puts("ready");
	fflush(stdout);
	do {
		length = sizeof(from);
		n = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &length);
		if (n < 0)
			die("recvfrom");
		moved->received_bytes += (uint64_t)n;
		moved->received++;
		if (moved->received % BURST && n != 1)
			continue;
		if (sendto(fd, "+", 1, 0, (struct sockaddr *)&from, length) != 1)
			die("sendto");
		moved->sent_bytes++;
		moved->sent++;
	} while (n != 1);
}

static void send_tcp(int fd, uint64_t bytes, struct moved *moved)
{
	static char buffer[64 << 10];

	while (moved->sent_bytes < bytes) {
		uint64_t left = bytes - moved->sent_bytes;
		ssize_t n = write(fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer));

		if (n < 0)
			die("write");
		moved->sent_bytes += (uint64_t)n;
		moved->sent++;
	}
	if (shutdown(fd, SHUT_WR))
		die("shutdown");
	if (read(fd, buffer, 1) != 0) /* the server has read it all and closed */
		die("the server's close");
	count_retransmits(fd, moved);
}

static void wait_for_answer(int fd, struct moved *moved)
{
	char answer;

	if (recv(fd, &answer, 1, 0) != 1)
		die("the server's answer");
	moved->received_bytes++;
	moved->received++;
}

static void send_udp(int fd, uint64_t bytes, size_t size, struct moved *moved)
{
	static char buffer[65536];

	while (moved->sent_bytes < bytes) {
		uint64_t left = bytes - moved->sent_bytes;
		size_t next = left < size ? left : size;

		if (send(fd, buffer, next, 0) != (ssize_t)next)
			die("send");
		moved->sent_bytes += next;
		moved->sent++;
		if (moved->sent % BURST == 0)
			wait_for_answer(fd, moved);
	}
	if (send(fd, ".", 1, 0) != 1)
		die("send");
	moved->sent_bytes++;
	moved->sent++;
	wait_for_answer(fd, moved);
}

static void flood_udp(int fd, uint64_t count, size_t size, struct moved *moved)
{
	static char buffer[65536];

	while (moved->sent < count) {
		if (send(fd, buffer, size, 0) != (ssize_t)size) {
			/* nobody listens: told of an earlier one, this one did not go */
			if (errno == ECONNREFUSED)
				continue;
			die("send");
		}
		moved->sent_bytes += size;
		moved->sent++;
	}
}

/* Two sockets in turn, so that each datagram that arrives is of a tuple that has sent. */
static void send_renamed(uint64_t count)
{
	struct sockaddr_in address[2];
	socklen_t length = sizeof(address[0]);
	char name[16], buffer;
	int fd[2];

	for (int i = 0; i < 2; i++) {
		address[i] = (struct sockaddr_in){ .sin_family = AF_INET,
						   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (fd[i] < 0 || bind(fd[i], (struct sockaddr *)&address[i], length) ||
		    getsockname(fd[i], (struct sockaddr *)&address[i], &length))
			die("a socket of its own");
	}
	for (int i = 0; i < 2; i++)
		if (connect(fd[i], (struct sockaddr *)&address[!i], length))
			die("connect");
	for (uint64_t n = 0; n < count; n++) {
		snprintf(name, sizeof(name), "name%u", (unsigned int)n);
		if (prctl(PR_SET_NAME, name, 0, 0, 0))
			die("prctl");
		for (int i = 0; i < 2; i++)
			if (send(fd[i], "", 1, 0) != 1 || recv(fd[!i], &buffer, 1, 0) != 1)
				die("a datagram to itself");
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_storage address;
	struct moved moved = { 0 };
	socklen_t length;
	size_t size;
	bool tcp, mptcp, server;
	int fd;

	alarm(SECONDS_MAX);
	if (argc == 3 && !strcmp(argv[1], "rename")) {
		send_renamed(number(argv[2]));
		return 0;
	}
	if (argc < 5 || (strcmp(argv[1], "serve") && argc < 6)) {
		fputs("usage: traffic serve|send|flood tcp|mptcp|udp ADDRESS PORT [AMOUNT [SIZE]]\n"
		      "       traffic rename COUNT\n",
		      stderr);
		return 2;
	}
	server = !strcmp(argv[1], "serve");
	mptcp = !strcmp(argv[2], "mptcp");
	tcp = mptcp || !strcmp(argv[2], "tcp");
	size = argc > 6 ? number(argv[6]) : 1000;
	fd = open_socket(tcp ? SOCK_STREAM : SOCK_DGRAM, mptcp ? IPPROTO_MPTCP : 0, argv[3],
			 argv[4], &address, &length);
	if (server ? bind(fd, (struct sockaddr *)&address, length)
		   : connect(fd, (struct sockaddr *)&address, length))
		die(server ? "bind" : "connect");
	if (server && tcp)
		serve_tcp(fd, &moved);
	else if (server)
		serve_udp(fd, &moved);
	else if (!strcmp(argv[1], "flood"))
		flood_udp(fd, number(argv[5]), size, &moved);
	else if (tcp)
		send_tcp(fd, number(argv[5]), &moved);
	else
		send_udp(fd, number(argv[5]), size, &moved);
	printf("pid %d sent %" PRIu64 " in %" PRIu64 " received %" PRIu64 " in %" PRIu64
	       " retransmitted %" PRIu64 "\n",
	       getpid(), moved.sent_bytes, moved.sent, moved.received_bytes, moved.received,
	       moved.retransmitted);
	return fflush(stdout) ? 1 : 0;
}
