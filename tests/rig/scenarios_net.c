// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Networks with more to them than a wire; networks.sh makes them. */
#include "tests/rig/rig.h"

#include <unistd.h>

#define BULK (1 << 20)
#define STEP (32 << 10)
#define COUNT 100
#define SIZE 1000
#define BUSY 2

static sem_t *ready;
static const char *server_end, *client_end, *address;
static int *is_over;

static void take_and_give(void)
{
	int listener, fd;

	enter(server_end);
	listener = tcp_listen("0.0.0.0", port);
	pass(ready);
	fd = accept(listener, NULL, NULL);
	check(fd >= 0, "accept");
	recv_bytes(fd, BULK);
	send_bytes(fd, BULK, STEP);
	finish(fd);
	if (is_over)
		__atomic_store_n(is_over, 1, __ATOMIC_SEQ_CST);
}

static void give_and_take(void)
{
	int fd;

	enter(client_end);
	await(ready);
	fd = tcp_connect(address, port);
	send_bytes(fd, BULK, STEP);
	recv_bytes(fd, BULK);
	finish(fd);
}

static void between(const char *server, const char *client, const char *server_address)
{
	ready = gate();
	server_end = server;
	client_end = client;
	address = server_address;
	child(take_and_give);
	child(give_and_take);
}

static void masquerade(void)
{
	between("right", "inner", RIGHT4);
}

static void shaped(void)
{
	between("left", "inner", INNER_LEFT4);
}

static void bridged(void)
{
	between("bridge", "inner", BRIDGE4);
}

/* From one port of the bridge to another: the bridge's own host takes no part. */
static void bridge_forwards(void)
{
	between("right", "inner", BRIDGED_RIGHT4);
}

static void vxlan(void)
{
	between("right", "left", VXLAN_RIGHT4);
}

static void macvlan(void)
{
	between("left", "right", MACVLAN_LEFT4);
}

static void vlan(void)
{
	between("left", "right", VLAN_LEFT4);
}

static void bond(void)
{
	between("left", "right", BOND_LEFT4);
}

/* Routed as it is, without another address. */
static void route_client(void)
{
	int fd;

	enter("inner");
	await(ready);
	fd = tcp_connect_from(ROUTED_INNER4, 0, RIGHT4, port);
	send_bytes(fd, BULK, STEP);
	recv_bytes(fd, BULK);
	finish(fd);
}

static void routed(void)
{
	ready = gate();
	server_end = "right";
	child(take_and_give);
	child(route_client);
}

/* Others have the processors while packets come in. */
static void spin(void)
{
	while (!__atomic_load_n(is_over, __ATOMIC_SEQ_CST))
		;
}

static void steered(void)
{
	is_over = (int *)gate(); /* shared memory, at first all zero */
	for (int i = 0; i < BUSY; i++)
		child(spin);
	between("bridge", "inner", BRIDGE4);
}

/* One tuple, two namespaces, and two processes in each. */
static const char *twin_end;

static void twin_echo(void)
{
	struct sockaddr_storage local = at("127.0.0.1", port), remote = at("127.0.0.1", port + 1);
	int fd;

	enter(twin_end);
	fd = udp_bind("127.0.0.1", port);
	pass(ready);
	for (int i = 0; i < COUNT; i++) {
		recv_datagrams(fd, &local, 1);
		send_datagrams(fd, &local, &remote, 1, SIZE);
	}
}

static void twin_ask(void)
{
	struct sockaddr_storage local = at("127.0.0.1", port + 1), remote = at("127.0.0.1", port);
	int fd;

	enter(twin_end);
	fd = udp_bind("127.0.0.1", port + 1);
	await(ready);
	for (int i = 0; i < COUNT; i++) {
		send_datagrams(fd, &local, &remote, 1, SIZE);
		recv_datagrams(fd, &local, 1);
	}
}

static void twins(void)
{
	static const char *const ends[] = { "left", "right" };

	for (int i = 0; i < 2; i++) {
		ready = gate();
		twin_end = ends[i];
		child(twin_echo);
		child(twin_ask);
	}
}

/* The sender's own host changes the destination: its socket knows another one. */
static void nat_echo(void)
{
	struct sockaddr_storage local = at(RIGHT4, port), remote = at(LEFT4, port + 1);
	int fd;

	enter("right");
	fd = udp_bind(RIGHT4, port);
	pass(ready);
	for (int i = 0; i < COUNT; i++) {
		recv_datagrams(fd, &local, 1);
		send_datagrams(fd, &local, &remote, 1, SIZE);
	}
}

static void nat_ask(void)
{
	struct sockaddr_storage local = at(LEFT4, port + 1), on_wire = at(RIGHT4, port);
	struct sockaddr_storage alias = at(ALIAS4, port);
	char data[SIZE] = { 0 };
	int fd;

	enter("left");
	fd = udp_bind("0.0.0.0", port + 1);
	check(!connect(fd, (struct sockaddr *)&alias, length_of(&alias)), "connect");
	await(ready);
	for (int i = 0; i < COUNT; i++) {
		check(send(fd, data, SIZE, 0) == SIZE, "send");
		moved(SEND, IPPROTO_UDP, &local, &on_wire, SIZE, 1);
		check(recv(fd, data, SIZE, 0) == SIZE, "recv");
		moved(RECV, IPPROTO_UDP, &local, &on_wire, SIZE, 1);
	}
}

static void own_nat(void)
{
	ready = gate();
	child(nat_echo);
	child(nat_ask);
}

const struct scenario scenarios_net[] = {
	{ .name = "twin-namespaces", .run = twins },
	{ .name = "router", .run = routed },
	{ .name = "nat-router", .run = masquerade },
	{ .name = "nat-own-host", .run = own_nat },
	{ .name = "shaped-link", .run = shaped },
	{ .name = "bridge-host", .run = bridged },
	{ .name = "bridge-forwards", .run = bridge_forwards },
	{ .name = "vxlan", .run = vxlan },
	{ .name = "macvlan", .run = macvlan, .device = " macvlan" },
	{ .name = "vlan", .run = vlan, .device = " vlan" },
	{ .name = "bond", .run = bond, .device = " bond" },
	{ .name = "steered-busy", .run = steered },
	{ 0 },
};
