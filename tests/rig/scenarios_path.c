// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The other ways of a program's bytes to and from a socket. */
#include "tests/rig/rig.h"
#include "tests/rig/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define BULK (2 << 20)
#define STEP (32 << 10)

static sem_t *ready;
static void (*give)(int fd), (*take)(int fd);

static void giver(void)
{
	int fd;

	enter("left");
	await(ready);
	fd = tcp_connect(RIGHT4, port);
	give(fd);
	finish(fd);
}

static void taker(void)
{
	int listener, fd;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	take(fd);
	finish(fd);
}

static void read_all(int fd)
{
	recv_bytes(fd, TO_THE_END);
}

static void write_all(int fd)
{
	send_bytes(fd, BULK, STEP);
}

static void between(void (*giving)(int), void (*taking)(int))
{
	ready = gate();
	give = giving;
	take = taking;
	child(taker);
	child(giver);
}

static int a_file(void)
{
	int file = memfd_create("rig", MFD_CLOEXEC);

	check(file >= 0 && !ftruncate(file, BULK), "memfd_create");
	return file;
}

static void give_file(int fd)
{
	int file = a_file();

	for (uint64_t left = BULK; left;) {
		ssize_t n = sendfile(fd, file, NULL, left);

		check(n > 0, "sendfile");
		moved_on(fd, SEND, (uint64_t)n, 1);
		left -= (uint64_t)n;
	}
}

static void with_sendfile(void)
{
	between(give_file, read_all);
}

static void give_pipe(int fd)
{
	int file = a_file(), ends[2];

	check(!pipe(ends), "pipe");
	for (uint64_t left = BULK; left;) {
		ssize_t n = splice(file, NULL, ends[1], NULL, STEP, SPLICE_F_MOVE);

		check(n > 0, "splice from a file");
		for (ssize_t in = n; in;) {
			ssize_t out = splice(ends[0], NULL, fd, NULL, (size_t)in, SPLICE_F_MOVE);

			check(out > 0, "splice to a socket");
			moved_on(fd, SEND, (uint64_t)out, 1);
			in -= out;
		}
		left -= (uint64_t)n;
	}
}

static void take_pipe(int fd)
{
	static char buffer[STEP];
	int ends[2];

	check(!pipe(ends), "pipe");
	for (;;) {
		ssize_t n = splice(fd, NULL, ends[1], NULL, STEP, SPLICE_F_MOVE);

		check(n >= 0, "splice from a socket");
		if (!n)
			return;
		moved_on(fd, RECV, (uint64_t)n, 1);
		while (n) {
			ssize_t out = read(ends[0], buffer, (size_t)n);

			check(out > 0, "read from a pipe");
			n -= out;
		}
	}
}

static void with_splice(void)
{
	between(give_pipe, take_pipe);
}

/* The kernel says on the error queue which of the sends it is done with. */
static void await_completion(int fd, uint32_t last)
{
	for (;;) {
		char room[256];
		struct msghdr message = { .msg_control = room, .msg_controllen = sizeof(room) };
		struct pollfd event = { .fd = fd };
		struct cmsghdr *control;

		check(poll(&event, 1, 10000) > 0, "poll");
		if (recvmsg(fd, &message, MSG_ERRQUEUE) < 0) {
			check(errno == EAGAIN, "MSG_ERRQUEUE");
			continue;
		}
		control = CMSG_FIRSTHDR(&message);
		if (control && ((struct sock_extended_err *)CMSG_DATA(control))->ee_data == last)
			return;
	}
}

static void give_zerocopy(int fd)
{
	static char buffer[STEP];
	uint32_t sends = 0;
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		skip("SO_ZEROCOPY is not known here");
	for (uint64_t left = BULK; left; sends++) {
		ssize_t n = send(fd, buffer, left < STEP ? left : STEP, MSG_ZEROCOPY);

		check(n > 0, "MSG_ZEROCOPY");
		moved_on(fd, SEND, (uint64_t)n, 1);
		left -= (uint64_t)n;
	}
	await_completion(fd, sends - 1);
}

static void with_zerocopy(void)
{
	between(give_zerocopy, read_all);
}

static struct ring *a_ring(unsigned int flags)
{
	struct ring *ring = ring_open(flags);

	if (!ring)
		skip("io_uring is not to be had here");
	return ring;
}

static void give_ring(struct ring *ring, int fd, uint8_t flags)
{
	static char buffer[STEP];

	for (uint64_t left = BULK; left;) {
		int n = ring_send(ring, fd, buffer, left < STEP ? left : STEP, flags);

		check(n > 0, "io_uring: send");
		moved_on(fd, SEND, (uint64_t)n, 1);
		left -= (uint64_t)n;
	}
}

static void take_ring(struct ring *ring, int fd, uint8_t flags)
{
	static char buffer[STEP];

	for (;;) {
		int n = ring_recv(ring, fd, buffer, STEP, flags);

		check(n >= 0, "io_uring: recv");
		if (!n)
			return;
		moved_on(fd, RECV, (uint64_t)n, 1);
	}
}

static void give_uring(int fd)
{
	give_ring(a_ring(0), fd, 0);
}

static void take_uring(int fd)
{
	take_ring(a_ring(0), fd, 0);
}

static void with_uring(void)
{
	between(give_uring, take_uring);
}

/* In a worker thread of the kernel's instead of in the system call. */
static void give_worker(int fd)
{
	give_ring(a_ring(0), fd, RING_ASYNC);
}

static void take_worker(int fd)
{
	take_ring(a_ring(0), fd, RING_ASYNC);
}

static void with_worker(void)
{
	between(give_worker, take_worker);
}

/* A thread of the kernel's looks for work: the program makes no system call. */
static void give_polled(int fd)
{
	give_ring(a_ring(RING_SQPOLL), fd, 0);
}

static void with_polled(void)
{
	between(give_polled, read_all);
}

/* Non-blocking, by poll and in small steps. */
static void take_polled(int fd)
{
	static char buffer[4096];

	check(!fcntl(fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	for (;;) {
		struct pollfd event = { .fd = fd, .events = POLLIN };
		ssize_t n;

		check(poll(&event, 1, 10000) > 0, "poll");
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EAGAIN)
			continue;
		check(n >= 0, "read");
		if (!n)
			break;
		moved_on(fd, RECV, (uint64_t)n, 1);
	}
	check(!fcntl(fd, F_SETFL, 0), "O_NONBLOCK");
}

static void with_poll(void)
{
	between(write_all, take_polled);
}

const struct scenario scenarios_path[] = {
	{ .name = "sendfile", .run = with_sendfile },
	{ .name = "splice", .run = with_splice },
	{ .name = "zerocopy", .run = with_zerocopy },
	{ .name = "io_uring", .run = with_uring },
	{ .name = "io_uring-worker", .run = with_worker },
	{ .name = "io_uring-sqpoll", .run = with_polled },
	{ .name = "poll", .run = with_poll },
	{ 0 },
};
