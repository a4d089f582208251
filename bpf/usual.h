/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The headers of most packets: TCP or UDP, no options of IP, whole, in the linear part.
 *
 * A helper that reads costs more than what it reads, so all is read at once (29 ns). Where
 * the kernel has bpf_rdonly_cast (6.2, a35b9af4ec2c), no helper is called: its loads (10 ns)
 * give 0 where nothing is mapped, as the others do.
 */
#ifndef NETSNOOP_BPF_USUAL_H
#define NETSNOOP_BPF_USUAL_H

#include "bpf/kernel.h"

#include "bpf/cast.h"
#include "bpf/events.h"
#include "bpf/headers.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Room for them where they have to be read. */
struct usual_headers {
	union {
		struct {
			struct iphdr ip;
			struct tcphdr tcp;
		} four;
		struct {
			struct ipv6hdr ip;
			struct tcphdr tcp;
		} six;
	};
};

/* The same of either version of IP. */
struct usual {
	__u32 ip_bytes, bytes; /* bytes is 0 where the header does not tell it */
	__u8 protocol;
	const struct tcphdr *transport; /* its ports are any transport's */
};

static __always_inline bool is_usual_ip4(const struct iphdr *ip, const struct cursor *cursor,
					 struct record *record, struct usual *usual)
{
	if (cursor->linear_bytes < sizeof(*ip) || ip->version_length != 0x45 ||
	    ip->fragment & bpf_htons(IP4_MORE_FRAGMENTS | IP4_OFFSET))
		return false;
	usual->ip_bytes = sizeof(*ip);
	usual->bytes = bpf_ntohs(ip->total_bytes);
	usual->protocol = ip->protocol;
	set_ip4(record->saddr, ip->saddr);
	set_ip4(record->daddr, ip->daddr);
	return true;
}

static __always_inline bool is_usual_ip6(const struct ipv6hdr *ip, const struct cursor *cursor,
					 struct record *record, struct usual *usual)
{
	__u32 payload_bytes = bpf_ntohs(ip->payload_bytes);

	if (cursor->linear_bytes < sizeof(*ip) || ip->version_class >> 4 != 6)
		return false;
	usual->ip_bytes = sizeof(*ip);
	usual->bytes = payload_bytes ? payload_bytes + sizeof(*ip) : 0;
	usual->protocol = ip->next;
	set_ip6(record->saddr, ip->saddr);
	set_ip6(record->daddr, ip->daddr);
	return true;
}

#ifdef WITH_CASTS
static __always_inline bool read_usual(const struct cursor *cursor, struct usual_headers *room,
				       struct record *record, struct usual *usual)
{
	(void)room;
	if (record->ethertype == ETH_P_IP) {
		usual->transport = CAST(cursor->at + sizeof(struct iphdr), tcphdr);
		return is_usual_ip4(CAST(cursor->at, iphdr), cursor, record, usual);
	}
	usual->transport = CAST(cursor->at + sizeof(struct ipv6hdr), tcphdr);
	return is_usual_ip6(CAST(cursor->at, ipv6hdr), cursor, record, usual);
}
#else
static __always_inline bool read_usual(const struct cursor *cursor, struct usual_headers *room,
				       struct record *record, struct usual *usual)
{
	/* what is behind the linear part is the skb's shared info, and not looked at */
	if (bpf_probe_read_kernel(room, sizeof(*room), cursor->at))
		return false;
	if (record->ethertype == ETH_P_IP) {
		usual->transport = &room->four.tcp;
		return is_usual_ip4(&room->four.ip, cursor, record, usual);
	}
	usual->transport = &room->six.tcp;
	return is_usual_ip6(&room->six.ip, cursor, record, usual);
}
#endif

/* Is it such a packet, true to its lengths? If not, no more than its addresses is in the record. */
static __always_inline bool parse_usual(struct cursor *cursor, struct record *record)
{
	struct usual_headers room;
	struct usual usual = {};
	__u32 transport_bytes = UDP_BYTES, header_bytes;
	bool is_tcp;

	if (!read_usual(cursor, &room, record, &usual))
		return false;
	is_tcp = usual.protocol == IPPROTO_TCP;
	if (is_tcp)
		transport_bytes = tcp_bytes(usual.transport);
	else if (usual.protocol != IPPROTO_UDP)
		return false;
	if (cursor->is_gso || !usual.bytes)
		usual.bytes = cursor->bytes;
	header_bytes = usual.ip_bytes + transport_bytes;
	if (usual.bytes > cursor->bytes || header_bytes > usual.bytes ||
	    header_bytes > cursor->linear_bytes ||
	    (is_tcp && transport_bytes < sizeof(*usual.transport)))
		return false;
	record->bytes = usual.bytes;
	record->protocol = usual.protocol;
	record->header_bytes = header_bytes;
	record->has |= RECORD_HAS_PROTOCOL | RECORD_HAS_ADDR | RECORD_HAS_HEADER_BYTES;
	set_ports(record, usual.transport->sport, usual.transport->dport);
	if (!is_tcp)
		return true;
	record->tcp_flags = tcp_flags(usual.transport);
	record->has |= RECORD_HAS_TCP_FLAGS;
	cursor->sequence = usual.transport->sequence;
	return true;
}

#endif
