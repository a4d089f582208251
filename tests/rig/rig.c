// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rig list | rig SCENARIO PORT TRUTH | rig serve ASK-BYTES ANSWER-BYTES TRUTH
 *
 * list names the scenarios and the options that each wants of the recorder. The other plays one, on 20 ports from PORT on: it
 * says "record" on standard output, goes on when a line comes on standard input,
 * and appends to TRUTH what its processes moved, tab-separated: pid, start, netns,
 * is_send, protocol, local address and port, remote address and port, payload
 * bytes, count, bytes that TCP sent again, whose they are (see rig.h). $RIG_LEFT,
 * $RIG_RIGHT and so on are the namespaces, $RIG_DEVICES the types of devices that the
 * kernel has. serve is what a scenario makes of itself for a connection on its standard input. Exit 0, 77 with the reason if the kernel lacks something, else 1.
 */
#include "tests/rig/rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77

uint16_t port;
unsigned int seconds_max = 15;
static const char *scenario_name;
static int n_children;

void die(const char *what)
{
	fprintf(stderr, "rig: %s: %s: %s\n", scenario_name, what, strerror(errno));
	exit(1);
}

void check(bool is_good, const char *what)
{
	if (!is_good)
		die(what);
}

void skip(const char *reason)
{
	fprintf(stderr, "SKIP: %s\n", reason);
	exit(SKIPPED);
}

socklen_t length_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					      : sizeof(struct sockaddr_in);
}

struct sockaddr_storage at(const char *address, int number)
{
	struct sockaddr_storage made = { 0 };
	struct sockaddr_in *in = (void *)&made;
	struct sockaddr_in6 *in6 = (void *)&made;

	if (strchr(address, ':')) {
		made.ss_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)number);
		check(inet_pton(AF_INET6, address, &in6->sin6_addr) == 1, address);
	} else {
		made.ss_family = AF_INET;
		in->sin_port = htons((uint16_t)number);
		check(inet_pton(AF_INET, address, &in->sin_addr) == 1, address);
	}
	return made;
}

void enter(const char *end)
{
	char variable[32] = "RIG_", path[256];
	const char *name;
	size_t n = strlen(variable);
	int fd;

	for (; *end && n < sizeof(variable) - 1; end++)
		variable[n++] = (char)(*end - 'a' + 'A');
	name = getenv(variable);
	check(name != NULL, variable);
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && !setns(fd, CLONE_NEWNET) && !close(fd), path);
}

pid_t child(void (*run)(void))
{
	pid_t pid = fork();

	check(pid >= 0, "fork");
	if (pid) {
		n_children++;
		return pid;
	}
	check(!prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
	alarm(seconds_max);
	n_children = 0;
	forget();
	run();
	say();
	exit(0);
}

void join(void)
{
	for (; n_children; n_children--) {
		int status;

		check(wait(&status) > 0, "wait");
		if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
			exit(SKIPPED);
		errno = WIFSIGNALED(status) ? EINTR : ECHILD;
		check(WIFEXITED(status) && !WEXITSTATUS(status), "a child");
	}
}

sem_t *gate(void)
{
	sem_t *made = mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);

	check(made != MAP_FAILED && !sem_init(made, 1, 0), "a gate");
	return made;
}

void pass(sem_t *gate_to_open)
{
	check(!sem_post(gate_to_open), "sem_post");
}

void await(sem_t *gate_to_pass)
{
	int failed;

	do
		failed = sem_wait(gate_to_pass);
	while (failed && errno == EINTR);
	check(!failed, "sem_wait");
}

void record_now(void)
{
	char line;

	check(write(STDOUT_FILENO, "record\n", 7) == 7, "standard output");
	check(read(STDIN_FILENO, &line, 1) == 1, "standard input");
}

static int open_socket(int type, const char *address, int number, struct sockaddr_storage *ret)
{
	int fd, one = 1, room = 16 << 20;

	*ret = at(address, number);
	fd = socket(ret->ss_family, type, 0);
	check(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), "socket");
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	return fd;
}

int tcp_listen(const char *address, int number)
{
	struct sockaddr_storage local;
	int fd = open_socket(SOCK_STREAM, address, number, &local);

	check(!bind(fd, (struct sockaddr *)&local, length_of(&local)) && !listen(fd, 128),
	      "listen");
	return fd;
}

int tcp_connect(const char *address, int number)
{
	struct sockaddr_storage remote;
	int fd = open_socket(SOCK_STREAM, address, number, &remote);

	check(!connect(fd, (struct sockaddr *)&remote, length_of(&remote)), "connect");
	return fd;
}

int tcp_connect_from(const char *local_address, int local_number, const char *address, int number)
{
	struct sockaddr_storage local, remote = at(address, number);
	int fd = open_socket(SOCK_STREAM, local_address, local_number, &local);

	check(!bind(fd, (struct sockaddr *)&local, length_of(&local)), "bind");
	check(!connect(fd, (struct sockaddr *)&remote, length_of(&remote)), "connect");
	return fd;
}

int tcp_accept(int listener)
{
	int fd = accept(listener, NULL, NULL);

	check(fd >= 0, "accept");
	return fd;
}

int udp_bind(const char *address, int number)
{
	struct sockaddr_storage local;
	int fd = open_socket(SOCK_DGRAM, address, number, &local);

	check(!bind(fd, (struct sockaddr *)&local, length_of(&local)), "bind");
	return fd;
}

int udp_connect(const char *address, int number)
{
	struct sockaddr_storage remote;
	int fd = open_socket(SOCK_DGRAM, address, number, &remote);

	check(!connect(fd, (struct sockaddr *)&remote, length_of(&remote)), "connect");
	return fd;
}

int ends_of(int fd, struct sockaddr_storage *local, struct sockaddr_storage *remote)
{
	socklen_t length = sizeof(*local);
	int protocol;

	memset(local, 0, sizeof(*local));
	memset(remote, 0, sizeof(*remote));
	check(!getsockname(fd, (struct sockaddr *)local, &length), "getsockname");
	length = sizeof(*remote);
	check(!getpeername(fd, (struct sockaddr *)remote, &length), "getpeername");
	length = sizeof(protocol);
	check(!getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length), "SO_PROTOCOL");
	return protocol;
}

void send_bytes(int fd, uint64_t bytes, size_t step)
{
	static char buffer[256 << 10];

	while (bytes) {
		size_t want = bytes < step ? (size_t)bytes : step;
		ssize_t n = write(fd, buffer, want);

		check(n > 0, "write");
		moved_on(fd, SEND, (uint64_t)n, 1);
		bytes -= (uint64_t)n;
	}
}

uint64_t recv_bytes(int fd, uint64_t bytes)
{
	char buffer[64 << 10];
	uint64_t got = 0;

	while (got < bytes) {
		uint64_t left = bytes - got;
		ssize_t n = read(fd, buffer, left < sizeof(buffer) ? (size_t)left : sizeof(buffer));

		check(n >= 0, "read");
		if (!n)
			break;
		moved_on(fd, RECV, (uint64_t)n, 1);
		got += (uint64_t)n;
	}
	check(bytes == TO_THE_END || got == bytes, "the peer ended early");
	return got;
}

void await_acknowledged(int fd)
{
	int bytes;

	do
		check(!ioctl(fd, SIOCOUTQ, &bytes) && !usleep(bytes ? 200 : 0), "SIOCOUTQ");
	while (bytes);
}

void finish(int fd)
{
	struct sockaddr_storage local, remote;
	struct tcp_info info;
	socklen_t length = sizeof(info);

	ends_of(fd, &local, &remote);
	check(!shutdown(fd, SHUT_WR), "shutdown");
	recv_bytes(fd, TO_THE_END);
	check(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), "TCP_INFO");
	if (info.tcpi_bytes_retrans)
		sent_again(&local, &remote, info.tcpi_bytes_retrans);
	check(!close(fd), "close");
}

void send_datagrams(int fd, const struct sockaddr_storage *local,
		    const struct sockaddr_storage *remote, int count, size_t size)
{
	static char buffer[65536];

	for (int i = 0; i < count; i++) {
		check(sendto(fd, buffer, size, 0, (const struct sockaddr *)remote,
			     length_of(remote)) == (ssize_t)size,
		      "sendto");
		moved(SEND, IPPROTO_UDP, local, remote, size, 1);
	}
}

void recv_datagrams(int fd, const struct sockaddr_storage *local, int count)
{
	static char buffer[65536];

	for (int i = 0; i < count; i++) {
		struct sockaddr_storage remote = { 0 };
		socklen_t length = sizeof(remote);
		ssize_t n = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&remote,
				     &length);

		check(n >= 0, "recvfrom");
		moved(RECV, IPPROTO_UDP, local, &remote, (uint64_t)n, 1);
	}
}

static const struct scenario *const themes[] = { scenarios_tcp,	  scenarios_udp,  scenarios_hand,
						 scenarios_life,  scenarios_path, scenarios_raw,
						 scenarios_early, scenarios_net,  scenarios_group,
						 scenarios_again, scenarios_many, scenarios_kernel,
						 scenarios_scale };

static int serve_stdin(char **argv)
{
	alarm(seconds_max);
	truth_path = argv[4];
	recv_bytes(STDIN_FILENO, strtoull(argv[2], NULL, 10));
	send_bytes(STDIN_FILENO, strtoull(argv[3], NULL, 10), 16 << 10);
	finish(STDIN_FILENO);
	say();
	return 0;
}

static void need_device(const char *type)
{
	char message[80];

	if (!type || strstr(getenv("RIG_DEVICES") ? getenv("RIG_DEVICES") : "", type))
		return;
	snprintf(message, sizeof(message), "no such device type:%s", type);
	skip(message);
}

/* How many times as long all may take: RIG_SLOWER, for an emulated processor. */
static unsigned int slower(void)
{
	const char *text = getenv("RIG_SLOWER");

	return text && atoi(text) > 0 ? (unsigned int)atoi(text) : 1;
}

int main(int argc, char **argv)
{
	bool is_list = argc == 2 && !strcmp(argv[1], "list");

	seconds_max *= slower();
	scenario_name = argc > 1 ? argv[1] : "rig";
	if (argc == 5 && !strcmp(argv[1], "serve"))
		return serve_stdin(argv);
	if (!is_list && argc != 4) {
		fputs("Usage: rig list | rig SCENARIO PORT TRUTH\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < sizeof(themes) / sizeof(*themes); i++) {
		for (const struct scenario *s = themes[i]; s->name; s++) {
			if (is_list && !s->is_large) {
				printf("%s%s%s\n", s->name, s->options ? " " : "",
				       s->options ? s->options : "");
			}
			if (is_list || strcmp(s->name, argv[1]))
				continue;
			port = (uint16_t)strtoul(argv[2], NULL, 10);
			truth_path = argv[3];
			need_device(s->device);
			if (s->seconds)
				seconds_max = s->seconds * slower();
			alarm(seconds_max + 5);
			if (!s->opens_first)
				record_now();
			s->run();
			join();
			return 0;
		}
	}
	if (is_list)
		return 0;
	fprintf(stderr, "rig: no scenario is called %s\n", argv[1]);
	return 2;
}
