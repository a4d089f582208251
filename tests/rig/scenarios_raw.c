// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Below TCP and UDP: ping, a protocol of our own, frames past the IP layer. */
#include "tests/rig/rig.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#define COUNT 30
#define SIZE 600
#define OWN_PROTOCOL 253

static sem_t *ready;

struct echo {
	struct icmphdr header;
	char data[SIZE];
};

static uint16_t checksum(const void *data, size_t bytes)
{
	const uint16_t *word = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes / 2; i++)
		sum += word[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* A raw socket gets its answers with the IP header and those of others, too. */
static void ping_by(int type)
{
	struct sockaddr_storage here = at(LEFT4, 0), there = at(RIGHT4, 0);
	size_t before = type == SOCK_RAW ? sizeof(struct iphdr) : 0;
	char packet[2048];
	int fd;

	enter("left");
	fd = socket(AF_INET, type, IPPROTO_ICMP);
	check(fd >= 0, "an ICMP socket");
	for (uint16_t i = 0; i < COUNT; i++) {
		struct echo echo = { .header = { .type = ICMP_ECHO } };
		struct echo *answer = (void *)(packet + before);
		ssize_t n;

		echo.header.un.echo.id = htons(port);
		echo.header.un.echo.sequence = htons(i);
		echo.header.checksum = checksum(&echo, sizeof(echo));
		check(sendto(fd, &echo, sizeof(echo), 0, (struct sockaddr *)&there,
			     length_of(&there)) == sizeof(echo),
		      "sendto");
		moved(SEND, IPPROTO_ICMP, &here, &there, SIZE, 1);
		do {
			n = recv(fd, packet, sizeof(packet), 0);
			check(n >= 0, "recv");
		} while ((size_t)n < before + sizeof(echo) ||
			 answer->header.type != ICMP_ECHOREPLY);
		moved(RECV, IPPROTO_ICMP, &here, &there,
		      (uint64_t)n - before - sizeof(struct icmphdr), 1);
	}
}

static void raw_pinger(void)
{
	ping_by(SOCK_RAW);
}

static void datagram_pinger(void)
{
	ping_by(SOCK_DGRAM);
}

/* It is the other host's kernel that answers. */
static void answers(void)
{
	struct sockaddr_storage here = at(RIGHT4, 0), there = at(LEFT4, 0);

	enter("right");
	moved_by(KERNEL, RECV, IPPROTO_ICMP, &here, &there, COUNT * SIZE, COUNT);
	moved_by(KERNEL, SEND, IPPROTO_ICMP, &here, &there, COUNT * SIZE, COUNT);
}

static void ping_raw(void)
{
	child(raw_pinger);
	child(answers);
}

static void ping_datagram(void)
{
	child(datagram_pinger);
	child(answers);
}

static void own_sink(void)
{
	struct sockaddr_storage here = at(RIGHT4, 0), there = at(LEFT4, 0);
	char packet[2048];
	int fd;

	enter("right");
	fd = socket(AF_INET, SOCK_RAW, OWN_PROTOCOL);
	check(fd >= 0, "a raw socket");
	pass(ready);
	for (int i = 0; i < COUNT; i++) {
		ssize_t n = recv(fd, packet, sizeof(packet), 0);

		check(n > (ssize_t)sizeof(struct iphdr), "recv");
		moved(RECV, OWN_PROTOCOL, &here, &there, (uint64_t)n - sizeof(struct iphdr), 1);
	}
}

static void own_source(void)
{
	struct sockaddr_storage here = at(LEFT4, 0), there = at(RIGHT4, 0);
	char data[SIZE] = { 0 };
	int fd;

	enter("left");
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

static void own_protocol(void)
{
	ready = gate();
	child(own_sink);
	child(own_source);
}

/* UDP datagrams made by hand and put on the device. */
static void datagram_sink(void)
{
	struct sockaddr_storage local = at(RIGHT4, port);
	int fd;

	enter("right");
	fd = udp_bind(RIGHT4, port);
	pass(ready);
	recv_datagrams(fd, &local, COUNT);
}

static void injector(void)
{
	struct sockaddr_storage here = at(LEFT4, port + 1), there = at(RIGHT4, port);
	struct sockaddr_ll device = { .sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_IP),
				      .sll_halen = ETH_ALEN };
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char data[SIZE];
	} packet = { .ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP } };
	int fd;

	enter("left");
	await(ready);
	device.sll_ifindex = (int)if_nametoindex("nsl");
	memset(device.sll_addr, 0xff, ETH_ALEN);
	packet.ip.tot_len = htons(sizeof(packet));
	packet.ip.saddr = ((struct sockaddr_in *)&here)->sin_addr.s_addr;
	packet.ip.daddr = ((struct sockaddr_in *)&there)->sin_addr.s_addr;
	packet.ip.check = checksum(&packet.ip, sizeof(packet.ip));
	packet.udp.source = htons((uint16_t)(port + 1));
	packet.udp.dest = htons(port);
	packet.udp.len = htons(sizeof(packet) - sizeof(packet.ip));
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	check(fd >= 0, "AF_PACKET");
	for (int i = 0; i < COUNT; i++) {
		check(sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&device,
			     sizeof(device)) == sizeof(packet),
		      "sendto");
		moved(SEND, IPPROTO_UDP, &here, &there, SIZE, 1);
	}
}

static void injection(void)
{
	ready = gate();
	child(datagram_sink);
	child(injector);
}

const struct scenario scenarios_raw[] = {
	{ .name = "ping-raw", .run = ping_raw },
	{ .name = "ping-datagram", .run = ping_datagram },
	{ .name = "raw-253", .run = own_protocol },
	{ .name = "packet-injection", .run = injection },
	{ 0 },
};
