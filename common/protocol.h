/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of protocols, the same in reports, filters and JSON. */
#ifndef NETSNOOP_COMMON_PROTOCOL_H
#define NETSNOOP_COMMON_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

/* A protocol of IP (by its number) or, where it is not IP, of Ethernet. */
struct protocol {
	bool is_ip;
	uint16_t number; /* IP protocol 0-255, or EtherType */
};

#define PROTOCOL_NAME_MAX 16

/* "TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "ip-253", "ARP", "eth-0x88cc". Returns name. */
char *protocol_name(struct protocol protocol, char name[PROTOCOL_NAME_MAX]);

/* The reverse, whatever the case of the letters. 0 or -EINVAL. */
int parse_protocol(const char *name, struct protocol *ret_protocol);

#endif
