// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Traffic that goes on when it is told to, on sockets that stay open: what a test
 * needs to know what is said of them later.
 *
 *   talk serve ADDRESS PORT   takes one client over TCP and sends back what it gets
 *   talk ask   ADDRESS PORT   for each number on standard input: sends as many bytes to
 *                             a server and waits until they are back
 *   talk join  GROUP PORT     takes what is sent to a group until that is a single byte
 *   talk tell  GROUP PORT     for each number: sends as many datagrams of 1000 bytes to
 *                             a group; in the end the single byte
 *
 * serve and join say "ready", and ask "done" for each number. At the end each says what
 * it moved, without headers, and what TCP sent again of it:
 *
 *   pid PID sent BYTES received BYTES retransmitted BYTES
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECONDS_MAX 120
#define DATAGRAM_BYTES 1000
#define ROOM_BYTES (16 << 20)

static uint64_t sent_bytes, received_bytes, retransmitted_bytes;
static char buffer[65536];

static void die(const char *what)
{
	fprintf(stderr, "talk: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(const char *text)
{
	puts(text);
	if (fflush(stdout))
		die("standard output");
}

static void count_retransmits(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		retransmitted_bytes = info.tcpi_bytes_retrans;
}

static void send_all(int fd, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, buffer, bytes);

		if (n < 0)
			die("write");
		sent_bytes += (uint64_t)n;
		bytes -= (size_t)n;
	}
}

static void serve(int listener)
{
	ssize_t n;
	int fd;

	if (listen(listener, 1))
		die("listen");
	say("ready");
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		die("accept");
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		received_bytes += (uint64_t)n;
		send_all(fd, (size_t)n);
	}
	if (n < 0)
		die("read");
	count_retransmits(fd);
}

static void ask(int fd)
{
	uint64_t bytes;

	while (scanf("%" SCNu64, &bytes) == 1) {
		while (bytes) {
			size_t piece = bytes < sizeof(buffer) ? bytes : sizeof(buffer), back = 0;

			send_all(fd, piece);
			while (back < piece) {
				ssize_t n = read(fd, buffer, piece - back);

				if (n <= 0)
					die("read");
				back += (size_t)n;
			}
			received_bytes += back;
			bytes -= piece;
		}
		say("done");
	}
	count_retransmits(fd);
}

static void join(int fd, const struct sockaddr_in *address)
{
	const struct ip_mreq group = { .imr_multiaddr = address->sin_addr };
	int room = ROOM_BYTES;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)))
		die("joining the group");
	say("ready");
	do {
		n = recv(fd, buffer, sizeof(buffer), 0);
		if (n < 0)
			die("recv");
		received_bytes += (uint64_t)n;
	} while (n != 1);
}

static void tell(int fd)
{
	uint64_t count;

	while (scanf("%" SCNu64, &count) == 1)
		while (count--)
			send_all(fd, DATAGRAM_BYTES);
	send_all(fd, 1);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int server, tcp, fd, one = 1;

	alarm(SECONDS_MAX);
	if (argc != 4 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) {
		fputs("usage: talk serve|ask|join|tell ADDRESS PORT\n", stderr);
		return 2;
	}
	address.sin_port = htons((uint16_t)atoi(argv[3]));
	tcp = !strcmp(argv[1], "serve") || !strcmp(argv[1], "ask");
	server = !strcmp(argv[1], "serve") || !strcmp(argv[1], "join");
	fd = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("socket");
	if (server ? bind(fd, (const struct sockaddr *)&address, sizeof(address))
		   : connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		die(server ? "bind" : "connect");
	if (tcp && server)
		serve(fd);
	else if (tcp)
		ask(fd);
	else if (server)
		join(fd, &address);
	else
		tell(fd);
	printf("pid %d sent %" PRIu64 " received %" PRIu64 " retransmitted %" PRIu64 "\n", getpid(),
	       sent_bytes, received_bytes, retransmitted_bytes);
	return fflush(stdout) ? 1 : 0;
}
