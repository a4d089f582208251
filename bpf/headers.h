/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The headers on the wire, and how they are read: never behind the linear part of the skb. */
#ifndef NETSNOOP_BPF_HEADERS_H
#define NETSNOOP_BPF_HEADERS_H

#include "bpf/kernel.h"

#include "bpf/events.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN_ID_MASK 0x0fff
#define VLAN_TAGS_MAX 2
#define EXTENSIONS_MAX 8
#define NO_MAC_HEADER 0xffff
#define ETH_BYTES 14

struct vlan_tag {
	__be16 tci, protocol;
};

/*
 * The headers have the kernel's names, so that casts know its types, and the wire's layout.
 * Addresses and ports are as wide as the kernel's members: loads through a cast have to be.
 */
struct iphdr {
	__u8 version_length;
	__u8 tos;
	__be16 total_bytes;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 saddr, daddr;
};
#define IP4_MORE_FRAGMENTS 0x2000
#define IP4_OFFSET 0x1fff

struct ipv6hdr {
	__u8 version_class;
	__u8 class_flow[3];
	__be16 payload_bytes;
	__u8 next;
	__u8 hop_limit;
	__be32 saddr[4], daddr[4];
};

struct ip6_extension {
	__u8 next;
	__u8 length;	 /* in units that depend on the header */
	__be16 fragment; /* of a fragment header */
	__be32 rest;
};
#define IP6_MORE_FRAGMENTS 0x0001
#define IP6_OFFSET 0xfff8

struct transport_header {
	__be16 sport, dport;
};
struct tcphdr {
	__be16 sport, dport;
	__be32 sequence, acknowledged;
	__be16 length_flags; /* the upper 4 bits: its length in words; the lower 8: flags */
	__be16 window, checksum, urgent;
};
struct icmp_header {
	__u8 type, code;
	__be16 checksum, id, sequence;
};
#define UDP_BYTES 8
#define ICMP_BYTES 8
#define SCTP_BYTES 12

/* Where parsing stands, from the network header on. */
struct cursor {
	unsigned char *at;
	__u32 linear_bytes; /* from here to the end of the linear part */
	__u32 bytes;	    /* from here to the end of the packet */
	bool is_gso;
	__u8 icmp_type;
	bool is_echo;	/* ICMP's, and so icmp_id is there */
	__u16 icmp_id;	/* host byte order */
	__u32 sequence; /* TCP's, only compared */
	__u32 ip_id;	/* of a fragment; only compared */
};

static __always_inline bool peek(const struct cursor *cursor, void *to, __u32 bytes)
{
	return cursor->linear_bytes >= bytes && !bpf_probe_read_kernel(to, bytes, cursor->at);
}

static __always_inline bool skip(struct cursor *cursor, __u32 bytes)
{
	if (cursor->linear_bytes < bytes)
		return false;
	cursor->at += bytes;
	cursor->linear_bytes -= bytes;
	cursor->bytes -= bytes;
	return true;
}

static __always_inline void set_ports(struct record *record, __be16 sport, __be16 dport)
{
	record->sport = bpf_ntohs(sport);
	record->dport = bpf_ntohs(dport);
	record->has |= RECORD_HAS_PORT;
}

static __always_inline __u32 tcp_bytes(const struct tcphdr *tcp)
{
	return (bpf_ntohs(tcp->length_flags) >> 12) * 4;
}

static __always_inline __u8 tcp_flags(const struct tcphdr *tcp)
{
	return bpf_ntohs(tcp->length_flags) & 0xff;
}

#endif
