/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The frame of the live rig: a scenario is a function that makes processes,
 * each of which moves bytes and notes what it moved on which socket. What they
 * noted is the truth to which a recording is held.
 *
 * Everything here that fails ends the process, with the reason on standard
 * error: a scenario that went wrong says nothing about attribution.
 */
#ifndef NETSNOOP_TESTS_RIG_H
#define NETSNOOP_TESTS_RIG_H

#include <netinet/in.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define LEFT4 "10.99.0.1"
#define RIGHT4 "10.99.0.2"
#define LEFT6 "fd99::1"
#define RIGHT6 "fd99::2"
#define INNER_LEFT4 "10.98.0.1"
#define ALIAS4 "10.97.0.1" /* left says RIGHT4 on the wire */
#define BRIDGE4 "10.96.0.1"
#define VXLAN_RIGHT4 "10.95.0.2"

enum direction {
	RECV,
	SEND
};

struct scenario {
	const char *name;
	void (*run)(void);
	bool opens_first; /* calls record_now() itself, with its sockets open */
};

/* The scenarios of each theme, ended by one without a name. */
extern const struct scenario scenarios_tcp[], scenarios_udp[], scenarios_hand[], scenarios_path[],
	scenarios_raw[], scenarios_early[], scenarios_net[], scenarios_life[];

/* The first of the port numbers that this scenario may use, twenty in all. */
extern uint16_t port;

/* A socket address from its text. */
struct sockaddr_storage at(const char *address, int number);
socklen_t length_of(const struct sockaddr_storage *address);

void die(const char *what) __attribute__((noreturn));
void check(bool is_good, const char *what);
void skip(const char *reason) __attribute__((noreturn));

/* Go into "left" or "right", the two ends of a wire, or any other that the driver made. */
void enter(const char *end);

/* Run a function in a process of its own; join() waits for all and fails with any of them. */
pid_t child(void (*run)(void));
void join(void);

/* A gate that all processes of a scenario share, closed; make it before they are. */
sem_t *gate(void);
void pass(sem_t *gate); /* lets one through */
void await(sem_t *gate);

/* Ask the driver to record and wait until it does. */
void record_now(void);

/* Note payload that this process moved, in one datagram or call. */
void moved(enum direction direction, int protocol, const struct sockaddr_storage *local,
	   const struct sockaddr_storage *remote, uint64_t payload_bytes, uint64_t count);
void moved_on(int fd, enum direction direction, uint64_t payload_bytes, uint64_t count);
/* Write down what was noted; a child does so at its end. */
void say(void);
const char *truth_file(void);

int tcp_listen(const char *address, int number);
int tcp_connect(const char *address, int number);
int udp_bind(const char *address, int number);
int udp_connect(const char *address, int number);

/* A connected socket of any kind: write, or read to a number of bytes or the end. */
void send_bytes(int fd, uint64_t bytes, size_t step);
uint64_t recv_bytes(int fd, uint64_t bytes);
#define TO_THE_END UINT64_MAX

/*
 * End a TCP connection: all is sent, the peer has ended too, and what was sent
 * again is noted.
 */
void finish(int fd);

/* Datagrams by address: from this socket to that one, each of size bytes. */
void send_datagrams(int fd, const struct sockaddr_storage *local,
		    const struct sockaddr_storage *remote, int count, size_t size);
void recv_datagrams(int fd, const struct sockaddr_storage *local, int count);

#endif
