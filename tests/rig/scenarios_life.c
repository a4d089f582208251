// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Processes that end, change their name, or have the number of another. */
#include "tests/rig/rig.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP (16 << 10)
#define COUNT 40
#define SIZE 1000

static sem_t *ready, *gone;

/* Waits until it is no more, and leaves it to join(). */
static void await_end(pid_t pid)
{
	siginfo_t info;

	check(!waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), "waitid");
}

/* The sender is gone when the kernel sends the most of what it wrote. */
static void slow_reader(void)
{
	int listener, fd;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	await(gone);
	recv_bytes(fd, TO_THE_END);
	finish(fd);
}

static void write_and_go(void)
{
	int fd, room = 4 << 20;

	enter("left");
	await(ready);
	fd = tcp_connect(RIGHT4, port);
	check(!setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)), "SO_SNDBUFFORCE");
	send_bytes(fd, 2 << 20, STEP);
}

static void exits_early(void)
{
	pid_t writer;

	ready = gate();
	gone = gate();
	child(slow_reader);
	writer = child(write_and_go);
	await_end(writer);
	pass(gone);
}

/* A process under a new name for every datagram is one process. */
static void renamer(void)
{
	struct sockaddr_storage here = at("127.0.0.1", port), there = at("127.0.0.1", port + 1);
	int sender, receiver;

	enter("left");
	sender = udp_bind("127.0.0.1", port);
	receiver = udp_bind("127.0.0.1", port + 1);
	for (int i = 0; i < COUNT; i++) {
		char name[16];

		snprintf(name, sizeof(name), "rig-%d", i);
		check(!prctl(PR_SET_NAME, name), "prctl");
		send_datagrams(sender, &here, &there, 1, SIZE);
		recv_datagrams(receiver, &there, 1);
		send_datagrams(receiver, &there, &here, 1, SIZE);
		recv_datagrams(sender, &here, 1);
	}
}

static void renames(void)
{
	child(renamer);
}

/* What comes for a process that has closed its socket and is gone was for it. */
static void late_answerer(void)
{
	char data[SIZE] = { 0 };
	int listener, fd;

	enter("right");
	listener = tcp_listen(RIGHT4, port);
	pass(ready);
	fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	recv_bytes(fd, SIZE);
	await(gone);
	moved_on(fd, SEND, SIZE, 1); /* before the reset that answers it */
	check(write(fd, data, SIZE) == SIZE, "write");
}

static void ask_and_go(void)
{
	int fd;

	enter("left");
	await(ready);
	fd = tcp_connect(RIGHT4, port);
	send_bytes(fd, SIZE, SIZE);
	moved_on(fd, RECV, SIZE, 1); /* it will come */
	check(!close(fd), "close");
}

static void answered_late(void)
{
	ready = gate();
	gone = gate();
	child(late_answerer);
	await_end(child(ask_and_go));
	pass(gone);
}

/* Two processes, one after the other, with the same number. */
static int source_port;

static void send_some(void)
{
	struct sockaddr_storage local = at(LEFT4, source_port), remote = at(RIGHT4, port);

	enter("left");
	send_datagrams(udp_bind(LEFT4, source_port), &local, &remote, COUNT, SIZE);
}

static void take_all(void)
{
	struct sockaddr_storage local = at(RIGHT4, port);
	int fd;

	enter("right");
	fd = udp_bind(RIGHT4, port);
	pass(ready);
	recv_datagrams(fd, &local, 2 * COUNT);
}

static void run_as(pid_t pid, void (*run)(void))
{
	struct clone_args arguments = { .exit_signal = SIGCHLD,
					.set_tid = (uintptr_t)&pid,
					.set_tid_size = 1 };
	long made = syscall(SYS_clone3, &arguments, sizeof(arguments));
	int status;

	if (made < 0 && (errno == EEXIST || errno == ENOSYS || errno == EINVAL))
		skip("no process can be given the number it should have");
	check(made >= 0, "clone3");
	if (!made) {
		run();
		say();
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid && !status, "the second of a number");
}

static void first_of_number(void)
{
	source_port = port + 1;
	send_some();
}

static void second_of_number(void)
{
	source_port = port + 2;
	send_some();
}

static void numbers(void)
{
	pid_t pid;
	int status;

	await(ready);
	pid = fork();
	check(pid >= 0, "fork");
	if (!pid) {
		first_of_number();
		say();
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid && !status, "the first of a number");
	usleep(20000); /* the ticks of /proc, which tell the two apart, are 10 ms long */
	run_as(pid, second_of_number);
}

static void pid_reuse(void)
{
	ready = gate();
	child(take_all);
	child(numbers);
}

const struct scenario scenarios_life[] = {
	{ .name = "exits-early", .run = exits_early },
	{ .name = "answered-late", .run = answered_late },
	{ .name = "renames", .run = renames },
	{ .name = "pid-reuse", .run = pid_reuse },
	{ 0 },
};
