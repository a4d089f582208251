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
#define BRIDGED_RIGHT4 "10.96.0.3"
#define VXLAN_RIGHT4 "10.95.0.2"
#define ROUTED_INNER4 "10.94.0.2"
#define MACVLAN_LEFT4 "10.93.0.1"
#define VLAN_LEFT4 "10.92.0.1"
#define BOND_LEFT4 "10.91.0.1"

enum direction {
	RECV,
	SEND
};

struct scenario {
	const char *name;
	void (*run)(void);
	bool opens_first;     /* calls record_now() itself, with its sockets open */
	const char *options;  /* for the recorder, beyond its output's name */
	const char *device;   /* " " and a type of device that the kernel has to have */
	unsigned int seconds; /* that it may take, if more than the others */
	bool is_large;	      /* not of the table: see scale.sh */
};

/* The scenarios of each theme, ended by one without a name. */
extern const struct scenario scenarios_tcp[], scenarios_udp[], scenarios_hand[], scenarios_path[],
	scenarios_raw[], scenarios_early[], scenarios_net[], scenarios_life[], scenarios_group[],
	scenarios_again[], scenarios_kernel[], scenarios_many[], scenarios_scale[];

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
extern unsigned int seconds_max; /* that a process of the scenario may take */

/* A gate that all processes of a scenario share, closed; make it before they are. */
sem_t *gate(void);
void pass(sem_t *gate); /* lets one through */
void await(sem_t *gate);

/* Ask the driver to record and wait until it does. */
void record_now(void);

/*
 * Whose payload it is: this process's (the usual case), its own copy of what
 * others have as well, the kernel's. HELD: this process held the socket when
 * the payload came, and another consumed it.
 */
#define PROCESS "process"
#define EACH "each"
#define KERNEL "kernel"
#define HELD "held"

/* Note payload that this process moved, in one datagram or call. */
void moved(enum direction direction, int protocol, const struct sockaddr_storage *local,
	   const struct sockaddr_storage *remote, uint64_t payload_bytes, uint64_t count);
void moved_on(int fd, enum direction direction, uint64_t payload_bytes, uint64_t count);
void moved_by(const char *who, enum direction direction, int protocol,
	      const struct sockaddr_storage *local, const struct sockaddr_storage *remote,
	      uint64_t payload_bytes, uint64_t count);
/* Of what was noted as sent, TCP sent this much once more. */
void sent_again(const struct sockaddr_storage *local, const struct sockaddr_storage *remote,
		uint64_t payload_bytes);
void forget(void);
/* Write down what was noted, into truth_path; a child does so at its end. */
void say(void);
extern const char *truth_path;

/* The addresses of a connected socket; its protocol is the result. */
int ends_of(int fd, struct sockaddr_storage *local, struct sockaddr_storage *remote);

int tcp_listen(const char *address, int number);
int tcp_connect(const char *address, int number);
int tcp_connect_from(const char *local_address, int local_number, const char *address, int number);
int tcp_accept(int listener);
int udp_bind(const char *address, int number);
int udp_connect(const char *address, int number);

/* A connected socket of any kind: write, or read to a number of bytes or the end. */
void send_bytes(int fd, uint64_t bytes, size_t step);
uint64_t recv_bytes(int fd, uint64_t bytes);
#define TO_THE_END UINT64_MAX

/* Wait until the peer's kernel has all that was written. */
void await_acknowledged(int fd);

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
