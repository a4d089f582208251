// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Several sockets and one packet, or one socket and many peers. */
#include "tests/rig/rig.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <string.h>
#include <unistd.h>

#define COUNT 100
#define SIZE 1200
#define GROUP "239.99.0.1"
#define GROUP6 "ff15::9901"
#define MEMBERS 3
#define SERVERS 5
#define OWN_PROTOCOL 254

static sem_t *ready;
static const char *left_address, *group;
static int members, number;

/* Takes what comes for the group: a copy of its own. */
static void take_copies(int fd)
{
	struct sockaddr_storage local = at(group, port);
	char data[SIZE];

	for (int i = 0; i < COUNT; i++) {
		struct sockaddr_storage remote = { 0 };
		socklen_t length = sizeof(remote);

		check(recvfrom(fd, data, SIZE, 0, (struct sockaddr *)&remote, &length) == SIZE,
		      "recvfrom");
		((struct sockaddr_in6 *)&remote)->sin6_scope_id = 0;
		moved_by(members > 1 ? EACH : PROCESS, RECV, IPPROTO_UDP, &local, &remote, SIZE, 1);
	}
}

static void member4(void)
{
	struct sockaddr_storage address = at(GROUP, port), device = at(RIGHT4, 0);
	struct ip_mreq wish = { 0 };
	int fd;

	enter("right");
	fd = udp_bind("0.0.0.0", port);
	wish.imr_multiaddr = ((struct sockaddr_in *)&address)->sin_addr;
	wish.imr_interface = ((struct sockaddr_in *)&device)->sin_addr;
	check(!setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &wish, sizeof(wish)),
	      "IP_ADD_MEMBERSHIP");
	pass(ready);
	take_copies(fd);
}

static void member6(void)
{
	struct sockaddr_storage address = at(GROUP6, port);
	struct ipv6_mreq wish = { 0 };
	int fd;

	enter("right");
	fd = udp_bind("::", port);
	wish.ipv6mr_multiaddr = ((struct sockaddr_in6 *)&address)->sin6_addr;
	wish.ipv6mr_interface = if_nametoindex("nsr");
	check(!setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &wish, sizeof(wish)),
	      "IPV6_JOIN_GROUP");
	pass(ready);
	take_copies(fd);
}

static void speaker(void)
{
	struct sockaddr_storage local = at(left_address, port + 1), remote = at(group, port);
	int fd, device = 0, none = 0;

	enter("left");
	fd = udp_bind(left_address, port + 1);
	device = (int)if_nametoindex("nsl");
	if (local.ss_family == AF_INET) {
		struct ip_mreqn wish = { .imr_ifindex = device };

		check(!setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &wish, sizeof(wish)) &&
			      !setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &none, sizeof(none)),
		      "IP_MULTICAST_IF");
	} else {
		check(!setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &device, sizeof(device)) &&
			      !setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &none,
					  sizeof(none)),
		      "IPV6_MULTICAST_IF");
	}
	for (int i = 0; i < members; i++)
		await(ready);
	send_datagrams(fd, &local, &remote, COUNT, SIZE);
}

static void to_group(const char *from, const char *to, int n, void (*member)(void))
{
	ready = gate();
	left_address = from;
	group = to;
	members = n;
	for (int i = 0; i < n; i++)
		child(member);
	child(speaker);
}

static void one_member(void)
{
	to_group(LEFT4, GROUP, 1, member4);
}

static void several_members(void)
{
	to_group(LEFT4, GROUP, MEMBERS, member4);
}

static void several_members6(void)
{
	to_group(LEFT6, GROUP6, MEMBERS, member6);
}

/* Raw sockets of one protocol: each gets every packet. */
static void raw_sink(void)
{
	struct sockaddr_storage here = at(RIGHT4, 0), there = at(LEFT4, 0);
	int fd, room = 16 << 20;
	char packet[2048];

	enter("right");
	fd = socket(AF_INET, SOCK_RAW, OWN_PROTOCOL);
	check(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)),
	      "a raw socket");
	pass(ready);
	for (int i = 0; i < COUNT; i++) {
		ssize_t n = recv(fd, packet, sizeof(packet), 0);

		check(n == (ssize_t)sizeof(struct iphdr) + SIZE, "recv");
		moved_by(EACH, RECV, OWN_PROTOCOL, &here, &there, SIZE, 1);
	}
}

static void raw_source(void)
{
	struct sockaddr_storage here = at(LEFT4, 0), there = at(RIGHT4, 0);
	char data[SIZE] = { 0 };
	int fd;

	enter("left");
	for (int i = 0; i < MEMBERS; i++)
		await(ready);
	fd = socket(AF_INET, SOCK_RAW, OWN_PROTOCOL);
	check(fd >= 0, "a raw socket");
	for (int i = 0; i < COUNT; i++) {
		check(sendto(fd, data, SIZE, 0, (struct sockaddr *)&there, length_of(&there)) ==
			      SIZE,
		      "sendto");
		moved(SEND, OWN_PROTOCOL, &here, &there, SIZE, 1);
	}
}

static void raw_several(void)
{
	ready = gate();
	for (int i = 0; i < MEMBERS; i++)
		child(raw_sink);
	child(raw_source);
}

/* One socket without a connection asks many servers, in turn. */
static void answer(void)
{
	struct sockaddr_storage local = at(RIGHT4, port + number), remote = at(LEFT4, port);
	int fd;

	enter("right");
	fd = udp_bind("0.0.0.0", port + number);
	pass(ready);
	for (int i = 0; i < COUNT; i++) {
		recv_datagrams(fd, &local, 1);
		send_datagrams(fd, &local, &remote, 1, SIZE);
	}
}

static void ask(void)
{
	struct sockaddr_storage local = at(LEFT4, port);
	int fd;

	enter("left");
	fd = udp_bind("0.0.0.0", port);
	for (int i = 0; i < SERVERS; i++)
		await(ready);
	for (int i = 0; i < COUNT; i++) {
		for (int server = 1; server <= SERVERS; server++) {
			struct sockaddr_storage remote = at(RIGHT4, port + server);

			send_datagrams(fd, &local, &remote, 1, SIZE);
		}
		recv_datagrams(fd, &local, SERVERS);
	}
}

static void many_servers(void)
{
	ready = gate();
	for (number = 1; number <= SERVERS; number++)
		child(answer);
	child(ask);
}

const struct scenario scenarios_group[] = {
	{ .name = "udp-multicast", .run = one_member },
	{ .name = "udp-multicast-3", .run = several_members },
	{ .name = "udp6-multicast-3", .run = several_members6 },
	{ .name = "raw-254-3", .run = raw_several },
	{ .name = "udp-many-servers", .run = many_servers },
	{ 0 },
};
