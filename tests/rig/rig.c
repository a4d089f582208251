// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rig list | rig SCENARIO PORT TRUTH | rig serve ASK-BYTES ANSWER-BYTES TRUTH
 *
 * list names the scenarios. The other plays one, on 20 ports from PORT on: it
 * says "record" on standard output, goes on when a line comes on standard input,
 * and appends to TRUTH what its processes moved, tab-separated: pid, start, netns,
 * is_send, protocol, local address and port, remote address and port, payload
 * bytes, count, bytes that TCP sent again. $RIG_LEFT, $RIG_RIGHT and so on
 * are the namespaces. serve is what a scenario makes of itself for a connection on its
 * standard input. Exit 0, 77 with the reason if the kernel lacks something, else 1.
 */
#include "tests/rig/rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TALLIES 512
#define SECONDS_MAX 15
#define SKIPPED 77

struct tally {
	enum direction direction;
	int protocol;
	ino_t netns;
	struct sockaddr_storage local, remote;
	uint64_t payload_bytes, count, again_bytes;
};

uint16_t port;
static const char *truth_path, *scenario_name;
static struct tally tallies[TALLIES];
static int n_tallies, n_children;
static pthread_mutex_t tally_lock = PTHREAD_MUTEX_INITIALIZER;

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

/* The address as it is in a packet: an IPv4 one in IPv6's clothes is IPv4's. */
static struct sockaddr_storage plain(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;
	struct sockaddr_storage made = *address;
	struct sockaddr_in *in = (void *)&made;

	if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return made;
	memset(&made, 0, sizeof(made));
	in->sin_family = AF_INET;
	in->sin_port = in6->sin6_port;
	memcpy(&in->sin_addr, &in6->sin6_addr.s6_addr[12], 4);
	return made;
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6
			     ? ((const struct sockaddr_in6 *)address)->sin6_port
			     : ((const struct sockaddr_in *)address)->sin_port);
}

static const char *text_of(const struct sockaddr_storage *address, char text[INET6_ADDRSTRLEN])
{
	const void *raw = address->ss_family == AF_INET6
				  ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
				  : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

	check(inet_ntop(address->ss_family, raw, text, INET6_ADDRSTRLEN) != NULL, "inet_ntop");
	return text;
}

static bool same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	char a_text[INET6_ADDRSTRLEN], b_text[INET6_ADDRSTRLEN];

	return port_of(a) == port_of(b) && !strcmp(text_of(a, a_text), text_of(b, b_text));
}

static ino_t current_netns(void)
{
	struct stat st;

	check(!stat("/proc/thread-self/ns/net", &st), "the network namespace");
	return st.st_ino;
}

static struct tally *find_tally(enum direction direction, int protocol,
				const struct sockaddr_storage *local,
				const struct sockaddr_storage *remote)
{
	struct tally wanted = { .direction = direction,
				.protocol = protocol,
				.netns = current_netns(),
				.local = plain(local),
				.remote = plain(remote) };

	for (struct tally *t = tallies; t < tallies + n_tallies; t++)
		if (t->direction == direction && t->protocol == protocol &&
		    t->netns == wanted.netns && same(&t->local, &wanted.local) &&
		    same(&t->remote, &wanted.remote))
			return t;
	check(n_tallies < TALLIES, "too many conversations");
	tallies[n_tallies] = wanted;
	return &tallies[n_tallies++];
}

void moved(enum direction direction, int protocol, const struct sockaddr_storage *local,
	   const struct sockaddr_storage *remote, uint64_t payload_bytes, uint64_t count)
{
	struct tally *tally;

	pthread_mutex_lock(&tally_lock);
	tally = find_tally(direction, protocol, local, remote);
	tally->payload_bytes += payload_bytes;
	tally->count += count;
	pthread_mutex_unlock(&tally_lock);
}

static int ends_of(int fd, struct sockaddr_storage *local, struct sockaddr_storage *remote)
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

void moved_on(int fd, enum direction direction, uint64_t payload_bytes, uint64_t count)
{
	struct sockaddr_storage local, remote;
	int protocol = ends_of(fd, &local, &remote);

	moved(direction, protocol, &local, &remote, payload_bytes, count);
}

const char *truth_file(void)
{
	return truth_path;
}

/* As netsnoop-analyze names it. */
static const char *name_of(int protocol)
{
	static char other[16];

	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_ICMP:
		return "ICMP";
	case IPPROTO_ICMPV6:
		return "ICMPv6";
	default:
		snprintf(other, sizeof(other), "ip-%d", protocol);
		return other;
	}
}

/* When this process started, in the ticks of proc(5) since the machine did. */
static unsigned long long start_ticks(void)
{
	char line[1024];
	FILE *file = fopen("/proc/self/stat", "re");
	unsigned long long ticks = 0;
	char *after_name = NULL;

	check(file && fgets(line, sizeof(line), file), "/proc/self/stat");
	fclose(file);
	after_name = strrchr(line, ')');
	check(after_name &&
		      sscanf(after_name + 1,
			     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
			     " %*d %*d %*d %llu",
			     &ticks) == 1,
	      "/proc/self/stat");
	return ticks;
}

void say(void)
{
	unsigned long long ticks = start_ticks();
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];
	int fd = open(truth_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	check(fd >= 0, truth_path);
	for (const struct tally *t = tallies; t < tallies + n_tallies; t++) {
		check(dprintf(fd,
			      "%d\t%llu\t%ju\t%d\t%s\t%s\t%u\t%s\t%u\t%" PRIu64 "\t%" PRIu64
			      "\t%" PRIu64 "\n",
			      getpid(), ticks, (uintmax_t)t->netns, t->direction == SEND,
			      name_of(t->protocol), text_of(&t->local, local), port_of(&t->local),
			      text_of(&t->remote, remote), port_of(&t->remote), t->payload_bytes,
			      t->count, t->again_bytes) > 0,
		      truth_path);
	}
	check(!close(fd), truth_path);
	n_tallies = 0;
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
	alarm(SECONDS_MAX);
	n_children = n_tallies = 0;
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
		find_tally(SEND, IPPROTO_TCP, &local, &remote)->again_bytes =
			info.tcpi_bytes_retrans;
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
						 scenarios_early, scenarios_net };

static int serve_stdin(char **argv)
{
	alarm(SECONDS_MAX);
	truth_path = argv[4];
	recv_bytes(STDIN_FILENO, strtoull(argv[2], NULL, 10));
	send_bytes(STDIN_FILENO, strtoull(argv[3], NULL, 10), 16 << 10);
	finish(STDIN_FILENO);
	say();
	return 0;
}

int main(int argc, char **argv)
{
	bool is_list = argc == 2 && !strcmp(argv[1], "list");

	scenario_name = argc > 1 ? argv[1] : "rig";
	if (argc == 5 && !strcmp(argv[1], "serve"))
		return serve_stdin(argv);
	if (!is_list && argc != 4) {
		fputs("Usage: rig list | rig SCENARIO PORT TRUTH\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < sizeof(themes) / sizeof(*themes); i++) {
		for (const struct scenario *s = themes[i]; s->name; s++) {
			if (is_list) {
				puts(s->name);
				continue;
			}
			if (strcmp(s->name, argv[1]))
				continue;
			port = (uint16_t)strtoul(argv[2], NULL, 10);
			truth_path = argv[3];
			alarm(SECONDS_MAX + 5);
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
