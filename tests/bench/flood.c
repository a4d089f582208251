// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Floods whose rate is measured, and what takes them.
 *
 *   flood udp ADDRESS PORT FLOWS MS    64-byte datagrams, to FLOWS ports from PORT on, in turn
 *   flood tcp ADDRESS PORT MS          as many bytes as go through one connection
 *   flood take udp ADDRESS PORT FLOWS
 *   flood take tcp ADDRESS PORT
 *
 * A flood begins with a while that does not count, in which flows and connections are made
 * (each port is sent to three times); then it goes on for MS milliseconds. It prints "RATE
 * BEST COUNT": datagrams (or bytes) a second in that time, and in the tenth of a second of
 * it in which there were most; and how many there were in all. What takes them says "ready",
 * and goes on until it is killed or its parent ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)
#define LEAD_NS UINT64_C(60000000)
#define LEAD_TURNS 3 /* through all ports: made, taken by their owners, and met once more */
#define PART_NS UINT64_C(100000000)
#define NAP_NS 1000000
#define BURST 64 /* datagrams between two looks at the clock */
#define PAYLOAD_BYTES 64
#define FLOWS_MAX 32768
#define ROOM_BYTES (64 << 20) /* what a single socket may have waiting */

static void die(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || !value || value > max) {
		fprintf(stderr, "flood: %s is not a number from 1 to %" PRIu64 "\n", text, max);
		exit(2);
	}
	return value;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static struct sockaddr_in read_address(const char *address, const char *port)
{
	struct sockaddr_in read = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)number(port, UINT16_MAX)) };

	if (inet_pton(AF_INET, address, &read.sin_addr) == 1)
		return read;
	fprintf(stderr, "flood: %s is not an address\n", address);
	exit(2);
}

static int open_socket(int type)
{
	int one = 1, fd = socket(AF_INET, type, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die("socket");
	return fd;
}

/* The nth port from the address's own on. */
static struct sockaddr_in nth(struct sockaddr_in first, uint32_t n)
{
	first.sin_port = htons((uint16_t)(ntohs(first.sin_port) + n));
	return first;
}

static uint64_t send_burst(int fd, struct sockaddr_in first, uint32_t flows, uint32_t *next)
{
	static const char data[PAYLOAD_BYTES];

	for (int i = 0; i < BURST; i++) {
		struct sockaddr_in to = nth(first, *next);

		if (sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			die("sendto");
		if (++*next == flows)
			*next = 0;
	}
	return BURST;
}

static uint64_t write_some(int fd)
{
	static const char data[128 << 10];
	ssize_t n = write(fd, data, sizeof(data));

	if (n < 0)
		die("write");
	return (uint64_t)n;
}

/* How much there was since a time. */
struct span {
	uint64_t begin_ns, count;
};

static double rate_since(const struct span *span, uint64_t now, uint64_t count)
{
	return (double)(count - span->count) * (double)NS_PER_S / (double)(now - span->begin_ns);
}

/* flows: 0 if the socket is a connection. */
static void flood(int fd, struct sockaddr_in to, uint32_t flows, uint64_t ms)
{
	uint64_t count = 0, now = now_ns(), part_end_ns = now + LEAD_NS, end_ns = UINT64_MAX;
	struct span whole = { 0 }, part = { 0 };
	double whole_rate, best = 0;
	uint32_t next = 0;

	while (now < end_ns) {
		count += flows ? send_burst(fd, to, flows, &next) : write_some(fd);
		now = now_ns();
		if (now < part_end_ns || count < LEAD_TURNS * (uint64_t)flows)
			continue;
		if (!whole.begin_ns) {
			whole = (struct span){ now, count };
			part_end_ns = now;
			end_ns = now + ms * 1000000;
		} else if (rate_since(&part, now, count) > best) {
			best = rate_since(&part, now, count);
		}
		part = (struct span){ now, count };
		part_end_ns += PART_NS;
	}
	whole_rate = rate_since(&whole, now, count);
	printf("%.0f %.0f %" PRIu64 "\n", whole_rate, best > 0 ? best : whole_rate, count);
}

static void say_ready(void)
{
	puts("ready");
	if (fflush(stdout))
		die("standard output");
}

static int *open_ports(struct sockaddr_in first, uint32_t flows)
{
	struct rlimit files = { .rlim_cur = flows + 64, .rlim_max = flows + 64 };
	int room = ROOM_BYTES, *fds = calloc(flows, sizeof(*fds));

	if (!fds || setrlimit(RLIMIT_NOFILE, &files))
		die("as many sockets as flows");
	for (uint32_t i = 0; i < flows; i++) {
		struct sockaddr_in local = nth(first, i);

		fds[i] = open_socket(SOCK_DGRAM);
		if (bind(fds[i], (struct sockaddr *)&local, sizeof(local)))
			die("bind");
	}
	if (flows == 1 && setsockopt(fds[0], SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		die("SO_RCVBUFFORCE");
	return fds;
}

/*
 * In the order in which they are sent, so that it need not be asked which socket has some,
 * and on a timer, so that no datagram wakes anybody: a sender whose receiver now sleeps and
 * now does not has two rates. Where the order is not kept, the next turn comes.
 */
static void take_udp(struct sockaddr_in first, uint32_t flows)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	int *fds = open_ports(first, flows);
	char data[2048];

	say_ready();
	for (uint32_t i = 0;;) {
		if (recv(fds[i], data, sizeof(data), MSG_DONTWAIT) >= 0)
			i = i + 1 < flows ? i + 1 : 0;
		else if (errno == EAGAIN)
			nanosleep(&nap, NULL);
		else
			die("recv");
	}
}

static void take_tcp(struct sockaddr_in local)
{
	static char data[256 << 10];
	int listener = open_socket(SOCK_STREAM);

	if (bind(listener, (struct sockaddr *)&local, sizeof(local)) || listen(listener, 8))
		die("listen");
	say_ready();
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			die("accept");
		while (read(fd, data, sizeof(data)) > 0)
			;
		close(fd);
	}
}

static void take(int argc, char **argv)
{
	struct sockaddr_in local = read_address(argv[3], argv[4]);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		die("prctl");
	if (argc == 6)
		take_udp(local, (uint32_t)number(argv[5], FLOWS_MAX));
	else
		take_tcp(local);
}

static void send_all(int argc, char **argv)
{
	struct sockaddr_in to = read_address(argv[2], argv[3]);
	uint64_t ms = number(argv[argc - 1], UINT32_MAX);
	bool udp = argc == 6;
	int fd = open_socket(udp ? SOCK_DGRAM : SOCK_STREAM);

	if (!udp && connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	flood(fd, to, udp ? (uint32_t)number(argv[4], FLOWS_MAX) : 0, ms);
}

static bool is(const char *word, const char *argument)
{
	return argument && !strcmp(word, argument);
}

int main(int argc, char **argv)
{
	if ((argc == 6 && is("take", argv[1]) && is("udp", argv[2])) ||
	    (argc == 5 && is("take", argv[1]) && is("tcp", argv[2]))) {
		take(argc, argv);
	} else if ((argc == 6 && is("udp", argv[1])) || (argc == 5 && is("tcp", argv[1]))) {
		send_all(argc, argv);
	} else {
		fputs("usage: flood udp ADDRESS PORT FLOWS MS | tcp ADDRESS PORT MS\n"
		      "       flood take udp ADDRESS PORT FLOWS | take tcp ADDRESS PORT\n",
		      stderr);
		return 2;
	}
	return 0;
}
