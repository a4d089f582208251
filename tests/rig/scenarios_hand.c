// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sockets that change hands. */
#include "tests/rig/rig.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASK_BYTES (64 << 10)
#define ANSWER_BYTES (192 << 10)
#define STEP (16 << 10)
#define WORKERS 3
#define ROUNDS 12
#define THREADS 4

static sem_t *ready;
static int listener, connection, channel[2];

static void serve(int fd)
{
	recv_bytes(fd, ASK_BYTES);
	send_bytes(fd, ANSWER_BYTES, STEP);
	finish(fd);
}

static void ask(void)
{
	int fd = tcp_connect(RIGHT4, port);

	send_bytes(fd, ASK_BYTES, STEP);
	recv_bytes(fd, ANSWER_BYTES);
	finish(fd);
}

static void clients(void)
{
	enter("left");
	await(ready);
	for (int i = 0; i < ROUNDS; i++)
		ask();
}

static int accept_one(void)
{
	int fd = accept(listener, NULL, NULL);

	check(fd >= 0, "accept");
	return fd;
}

/* Workers that were forked before wait for connections on one listener. */
static void worker(void)
{
	for (int i = 0; i < ROUNDS / WORKERS; i++)
		serve(accept_one());
}

static void prefork_server(void)
{
	enter("right");
	listener = tcp_listen(RIGHT4, port);
	for (int i = 0; i < WORKERS; i++)
		child(worker);
	pass(ready);
	join();
}

static void prefork(void)
{
	ready = gate();
	child(prefork_server);
	child(clients);
}

/* One accepts and hands the descriptor to another over a Unix socket. */
union room {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void hand_over(int fd)
{
	char byte = 0;
	union room room = { 0 };
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = room.bytes,
				  .msg_controllen = sizeof(room.bytes) };

	room.header.cmsg_level = SOL_SOCKET;
	room.header.cmsg_type = SCM_RIGHTS;
	room.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&room.header), &fd, sizeof(fd));
	check(sendmsg(channel[1], &message, 0) == 1 && !close(fd), "SCM_RIGHTS");
}

static int take_over(void)
{
	char byte;
	union room room = { 0 };
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = room.bytes,
				  .msg_controllen = sizeof(room.bytes) };
	int fd;

	check(recvmsg(channel[0], &message, 0) == 1 && CMSG_FIRSTHDR(&message), "SCM_RIGHTS");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void acceptor(void)
{
	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	for (int i = 0; i < ROUNDS; i++)
		hand_over(accept_one());
}

static void consumer(void)
{
	enter("right");
	for (int i = 0; i < ROUNDS; i++)
		serve(take_over());
}

static void passing(void)
{
	ready = gate();
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, channel), "socketpair");
	child(acceptor);
	child(consumer);
	child(clients);
}

/* Passed on in the middle: each of two processes has its half of the bytes. */
static void first_half(void)
{
	int fd;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	fd = accept_one();
	recv_bytes(fd, ASK_BYTES);
	send_bytes(fd, ANSWER_BYTES, STEP);
	hand_over(fd);
}

static void second_half(void)
{
	enter("right");
	serve(take_over());
}

static void ask_twice(void)
{
	int fd;

	enter("left");
	await(ready);
	fd = tcp_connect(RIGHT4, port);
	for (int i = 0; i < 2; i++) {
		send_bytes(fd, ASK_BYTES, STEP);
		recv_bytes(fd, ANSWER_BYTES);
	}
	finish(fd);
}

static void passing_midway(void)
{
	ready = gate();
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, channel), "socketpair");
	child(first_half);
	child(second_half);
	child(ask_twice);
}

/* As inetd does it: a program a connection, which finds it as its standard input. */
static void become_program(void)
{
	char ask_text[16], answer_text[16];
	const char *self = "/proc/self/exe";

	snprintf(ask_text, sizeof(ask_text), "%d", ASK_BYTES);
	snprintf(answer_text, sizeof(answer_text), "%d", ANSWER_BYTES);
	check(dup2(connection, STDIN_FILENO) == STDIN_FILENO, "dup2");
	execl(self, "rig-serve", "serve", ask_text, answer_text, truth_path, NULL);
	die(self);
}

static void inetd_server(void)
{
	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	for (int i = 0; i < ROUNDS; i++) {
		connection = accept_one();
		child(become_program);
		check(!close(connection), "close");
	}
	join();
}

static void inetd(void)
{
	ready = gate();
	child(inetd_server);
	child(clients);
}

/* A thread a connection, in one process. */
static void *serve_in_thread(void *fd)
{
	serve((int)(intptr_t)fd);
	return NULL;
}

static void threads_server(void)
{
	pthread_t threads[THREADS];

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	for (int i = 0; i < THREADS; i++)
		check(!pthread_create(&threads[i], NULL, serve_in_thread,
				      (void *)(intptr_t)accept_one()),
		      "pthread_create");
	for (int i = 0; i < THREADS; i++)
		check(!pthread_join(threads[i], NULL), "pthread_join");
}

static void *ask_in_thread(void *unused)
{
	ask();
	return unused;
}

static void threads_client(void)
{
	pthread_t threads[THREADS];

	enter("left");
	await(ready);
	for (int i = 0; i < THREADS; i++)
		check(!pthread_create(&threads[i], NULL, ask_in_thread, NULL), "pthread_create");
	for (int i = 0; i < THREADS; i++)
		check(!pthread_join(threads[i], NULL), "pthread_join");
}

static void threads(void)
{
	ready = gate();
	child(threads_server);
	child(threads_client);
}

/*
 * One process writes and another reads: also what had come before the last write, and
 * although the first thing that leaves while it reads is an acknowledgement, which has to,
 * because there is room again.
 */
static sem_t *is_answered;

static void read_question(void)
{
	await(is_answered);
	recv_bytes(connection, ASK_BYTES);
}

static void writing_server(void)
{
	struct pollfd input = { .events = POLLIN };
	int room = ASK_BYTES / 8;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	check(!setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), "SO_RCVBUF");
	pass(ready);
	connection = accept_one();
	child(read_question);
	input.fd = connection;
	check(poll(&input, 1, -1) == 1, "poll");
	send_bytes(connection, STEP, STEP);
	pass(is_answered);
	join();
	finish(connection);
}

static void writing_client(void)
{
	int fd;

	enter("left");
	await(ready);
	fd = tcp_connect(RIGHT4, port);
	send_bytes(fd, ASK_BYTES, ASK_BYTES);
	recv_bytes(fd, STEP);
	finish(fd);
}

static void writer_and_reader(void)
{
	ready = gate();
	is_answered = gate();
	child(writing_server);
	child(writing_client);
}

const struct scenario scenarios_hand[] = {
	{ .name = "prefork", .run = prefork },
	{ .name = "fd-passing", .run = passing },
	{ .name = "fd-passing-midway", .run = passing_midway },
	{ .name = "writer-and-reader", .run = writer_and_reader },
	{ .name = "inetd", .run = inetd },
	{ .name = "threads", .run = threads },
	{ 0 },
};
