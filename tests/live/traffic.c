// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Traffic whose exact amount is known: what a live test holds the recorder to.
 *
 *   traffic serve tcp|mptcp|udp ADDRESS PORT
 *   traffic send  tcp|mptcp|udp ADDRESS PORT BYTES [SIZE]
 *   traffic flood udp ADDRESS PORT COUNT [SIZE]
 *   traffic hand udp ADDRESS PORT COUNT [SIZE]
 *   traffic pace  udp ADDRESS PORT COUNT SIZE RATE
 *   traffic sink  udp ADDRESS PORT SECONDS
 *   traffic rename COUNT [EACH]
 *
 * serve takes one client, says "ready" when that may come, and takes all it
 * sends. send moves BYTES of payload, over UDP in datagrams of SIZE, and waits
 * for the server after every 64 of them, so that no queue on the way overflows.
 * flood sends COUNT datagrams as fast as it can and waits for nobody; with PORT 0,
 * to 1,000 ports in no order and up to SIZE each, so that it compresses badly. hand
 * does the same, and then a child of its does so again with the same socket. pace sends
 * RATE of them a second, and a single byte at the end; sink takes what comes until
 * such a byte does, answers nothing, and may take SECONDS. rename
 * sends itself datagrams over the loopback device and receives them, from two sockets EACH
 * (1) in a row, COUNT times, each time under another name.
 * At the end each process says on standard output what it moved, in one line:
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
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BURST 64 /* datagrams between two waits for the server */
#define SECONDS_MAX 120
#define NS_PER_S 1000000000
#define TICKS_PER_S 1000 /* that a paced sender sends at */

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

static void read_address(const char *address, const char *port,
			 struct sockaddr_storage *ret_address, socklen_t *ret_length)
{
	struct sockaddr_in *ip4 = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)ret_address;

	memset(ret_address, 0, sizeof(*ret_address));
	if (inet_pton(AF_INET, address, &ip4->sin_addr) == 1) {
		ip4->sin_family = AF_INET;
		ip4->sin_port = htons(number(port));
		*ret_length = sizeof(*ip4);
	} else if (inet_pton(AF_INET6, address, &ip6->sin6_addr) == 1) {
		ip6->sin6_family = AF_INET6;
		ip6->sin6_port = htons(number(port));
		*ret_length = sizeof(*ip6);
	} else {
		fprintf(stderr, "traffic: %s is not an address\n", address);
		exit(2);
	}
}

static int open_socket(int type, int protocol, int family)
{
	int one = 1, room = 64 << 20;
	int fd = socket(family, type, protocol);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("socket");
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
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

/* ports: the address if each datagram is for another of its ports, or NULL. */
static void flood_udp(int fd, uint64_t count, size_t size, struct sockaddr_in *ports,
		      struct moved *moved)
{
	static char buffer[65536];

	while (moved->sent < count) {
		size_t bytes = ports ? (size_t)rand() % size + 1 : size;

		if (ports)
			ports->sin_port = htons((uint16_t)(10000 + rand() % 1000));
		if (sendto(fd, buffer, bytes, 0, (struct sockaddr *)ports,
			   ports ? sizeof(*ports) : 0) != (ssize_t)bytes) {
			/* nobody listens: told of an earlier one, this one did not go */
			if (errno == ECONNREFUSED)
				continue;
			die("send");
		}
		moved->sent_bytes += bytes;
		moved->sent++;
	}
}

static void print_moved(const struct moved *moved)
{
	printf("pid %d sent %" PRIu64 " in %" PRIu64 " received %" PRIu64 " in %" PRIu64
	       " retransmitted %" PRIu64 "\n",
	       getpid(), moved->sent_bytes, moved->sent, moved->received_bytes, moved->received,
	       moved->retransmitted);
	if (fflush(stdout))
		die("standard output");
}

/* The child says what it moved, and the caller's process what it did before. */
static void hand_udp(int fd, uint64_t count, size_t size, struct moved *moved)
{
	int status;
	pid_t child;

	flood_udp(fd, count, size, NULL, moved);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		*moved = (struct moved){ 0 };
		flood_udp(fd, count, size, NULL, moved);
		print_moved(moved);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		die("the child");
}

static void send_one(int fd, const char *buffer, size_t size, struct moved *moved)
{
	if (send(fd, buffer, size, 0) != (ssize_t)size)
		die("send");
	moved->sent_bytes += size;
	moved->sent++;
}

static void pace_udp(int fd, uint64_t count, size_t size, uint64_t rate, struct moved *moved)
{
	static char buffer[65536];
	struct timespec next;
	uint64_t tick = 0;

	alarm((unsigned int)(2 * count / rate) + SECONDS_MAX);
	clock_gettime(CLOCK_MONOTONIC, &next);
	while (moved->sent < count) {
		uint64_t due = ++tick * rate / TICKS_PER_S;

		while (moved->sent < due && moved->sent < count)
			send_one(fd, buffer, size, moved);
		next.tv_nsec += NS_PER_S / TICKS_PER_S;
		if (next.tv_nsec >= NS_PER_S) {
			next.tv_nsec -= NS_PER_S;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	send_one(fd, ".", 1, moved);
}

static void sink_udp(int fd, unsigned int seconds_max, struct moved *moved)
{
	static char buffer[65536];
	ssize_t n;

	alarm(seconds_max);
	puts("ready");
	fflush(stdout);
	do {
		n = recv(fd, buffer, sizeof(buffer), 0);
		if (n < 0)
			die("recv");
		moved->received_bytes += (uint64_t)n;
		moved->received++;
	} while (n != 1);
}

/* Two sockets in turn, so that each datagram that arrives is of a tuple that has sent. */
static void send_renamed(uint64_t count, uint64_t each)
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
		for (uint64_t i = 0; i < 2 * each; i++) {
			int from = i >= each;

			if (send(fd[from], "", 1, 0) != 1 || recv(fd[!from], &buffer, 1, 0) != 1)
				die("a datagram to itself");
		}
	}
}

static bool is_complete(int argc, char **argv)
{
	if (argc < 5)
		return false;
	if (!strcmp(argv[1], "serve"))
		return true;
	return argc >= (strcmp(argv[1], "pace") ? 6 : 8);
}

/* serve, or send, as the arguments say; ports: to any of them (flood_udp()). */
static void move(int argc, char **argv, bool tcp, int fd, struct sockaddr_in *ports,
		 struct moved *moved)
{
	const char *role = argv[1];
	size_t size = argc > 6 ? number(argv[6]) : 1000;

	if (!strcmp(role, "serve")) {
		if (tcp)
			serve_tcp(fd, moved);
		else
			serve_udp(fd, moved);
	} else if (!strcmp(role, "sink")) {
		sink_udp(fd, (unsigned int)number(argv[5]), moved);
	} else if (!strcmp(role, "flood")) {
		flood_udp(fd, number(argv[5]), size, ports, moved);
	} else if (!strcmp(role, "hand")) {
		hand_udp(fd, number(argv[5]), size, moved);
	} else if (!strcmp(role, "pace")) {
		pace_udp(fd, number(argv[5]), size, number(argv[7]), moved);
	} else if (tcp) {
		send_tcp(fd, number(argv[5]), moved);
	} else {
		send_udp(fd, number(argv[5]), size, moved);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_storage address;
	struct moved moved = { 0 };
	socklen_t length;
	bool tcp, mptcp, server, any_port;
	int fd;

	alarm(SECONDS_MAX);
	if ((argc == 3 || argc == 4) && !strcmp(argv[1], "rename")) {
		send_renamed(number(argv[2]), argc == 4 ? number(argv[3]) : 1);
		return 0;
	}
	if (!is_complete(argc, argv)) {
		fputs("usage: traffic serve|send|flood|hand tcp|mptcp|udp ADDRESS PORT [AMOUNT [SIZE]]\n"
		      "       traffic pace udp ADDRESS PORT COUNT SIZE RATE\n"
		      "       traffic sink udp ADDRESS PORT SECONDS\n"
		      "       traffic rename COUNT [EACH]\n",
		      stderr);
		return 2;
	}
	server = !strcmp(argv[1], "serve") || !strcmp(argv[1], "sink");
	mptcp = !strcmp(argv[2], "mptcp");
	tcp = mptcp || !strcmp(argv[2], "tcp");
	any_port = !strcmp(argv[1], "flood") && !strcmp(argv[4], "0");
	read_address(argv[3], argv[4], &address, &length);
	fd = open_socket(tcp ? SOCK_STREAM : SOCK_DGRAM, mptcp ? IPPROTO_MPTCP : 0,
			 address.ss_family);
	if (server ? bind(fd, (struct sockaddr *)&address, length)
		   : !any_port && connect(fd, (struct sockaddr *)&address, length))
		die(server ? "bind" : "connect");
	move(argc, argv, tcp, fd, any_port ? (struct sockaddr_in *)&address : NULL, &moved);
	print_moved(&moved);
	return 0;
}
