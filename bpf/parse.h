/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From an skb to what its headers say. Nothing behind the linear part of the
 * skb is read: a header that is not in it counts as unreadable, and the fields
 * that it would have given stay without their bit.
 */
#ifndef NETSNOOP_BPF_PARSE_H
#define NETSNOOP_BPF_PARSE_H

#include "bpf/kernel.h"

#include "bpf/cast.h"
#include "bpf/events.h"
#include "bpf/headers.h"
#include "bpf/usual.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

static __always_inline void bad_header(struct record *record)
{
	record->flags |= RECORD_BAD_HEADER;
}

/* The IP header's own length of the packet, where it can be believed. */
static __always_inline void trim(struct cursor *cursor, struct record *record, __u32 bytes,
				 __u32 header_bytes)
{
	if (cursor->is_gso)
		return;
	if (bytes < header_bytes || bytes > cursor->bytes) {
		bad_header(record);
		return;
	}
	record->bytes = cursor->bytes = bytes;
	if (cursor->linear_bytes > bytes)
		cursor->linear_bytes = bytes;
}

/* 0 where the header could not be read, else its length. */
static __always_inline __u32 parse_tcp(struct cursor *cursor, struct record *record)
{
	struct tcphdr tcp;
	__u32 bytes;

	if (!peek(cursor, &tcp, sizeof(tcp)))
		return 0;
	set_ports(record, tcp.sport, tcp.dport);
	record->tcp_flags = tcp_flags(&tcp);
	cursor->sequence = tcp.sequence;
	record->has |= RECORD_HAS_TCP_FLAGS;
	bytes = tcp_bytes(&tcp);
	return bytes < sizeof(tcp) || bytes > cursor->bytes ? 0 : bytes;
}

static __always_inline __u32 parse_ports(const struct cursor *cursor, struct record *record,
					 __u32 bytes)
{
	struct transport_header header;

	if (cursor->linear_bytes < bytes || !peek(cursor, &header, sizeof(header)))
		return 0;
	set_ports(record, header.sport, header.dport);
	return bytes;
}

static __always_inline __u32 parse_icmp(struct cursor *cursor, struct record *record)
{
	struct icmp_header header;

	if (cursor->bytes < ICMP_BYTES)
		return 0;
	if (!peek(cursor, &header, sizeof(header)))
		return ICMP_BYTES;
	cursor->icmp_type = header.type;
	if (record->protocol == IPPROTO_ICMP)
		cursor->is_echo = header.type == ICMP_ECHO || header.type == ICMP_ECHOREPLY;
	else
		cursor->is_echo =
			header.type == ICMPV6_ECHO_REQUEST || header.type == ICMPV6_ECHO_REPLY;
	cursor->icmp_id = bpf_ntohs(header.id);
	return ICMP_BYTES;
}

/* ip_bytes: of the IP header and its extensions, which the cursor has passed. */
static __always_inline void parse_transport(struct cursor *cursor, struct record *record,
					    __u32 ip_bytes)
{
	__u32 bytes;

	switch (record->protocol) {
	case IPPROTO_TCP:
		bytes = parse_tcp(cursor, record);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		bytes = parse_ports(cursor, record, UDP_BYTES);
		break;
	case IPPROTO_SCTP:
		bytes = parse_ports(cursor, record, SCTP_BYTES);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		bytes = parse_icmp(cursor, record);
		break;
	default:
		record->header_bytes = ip_bytes;
		record->has |= RECORD_HAS_HEADER_BYTES;
		return;
	}
	if (!bytes) {
		bad_header(record);
		return;
	}
	record->header_bytes = ip_bytes + bytes;
	record->has |= RECORD_HAS_HEADER_BYTES;
}

/* A later part of a fragmented packet: its headers end with the IP header's. */
static __always_inline void later_fragment(struct record *record, __u32 ip_bytes)
{
	record->flags |= RECORD_LATER_FRAGMENT;
	record->header_bytes = ip_bytes;
	record->has |= RECORD_HAS_HEADER_BYTES;
}

static __always_inline void parse_ip4(struct cursor *cursor, struct record *record)
{
	struct iphdr ip;
	__u32 header_bytes;
	__u16 fragment;

	if (!peek(cursor, &ip, sizeof(ip)))
		return bad_header(record);
	header_bytes = (ip.version_length & 15) * 4;
	if (ip.version_length >> 4 != 4 || header_bytes < sizeof(ip))
		return bad_header(record);
	record->protocol = ip.protocol;
	__builtin_memcpy(record->saddr, &ip.saddr, sizeof(ip.saddr));
	__builtin_memcpy(record->daddr, &ip.daddr, sizeof(ip.daddr));
	record->has |= RECORD_HAS_PROTOCOL | RECORD_HAS_ADDR;
	if (ip.total_bytes)
		trim(cursor, record, bpf_ntohs(ip.total_bytes), header_bytes);
	fragment = bpf_ntohs(ip.fragment);
	cursor->ip_id = ip.id;
	if (fragment & (IP4_MORE_FRAGMENTS | IP4_OFFSET))
		record->flags |= RECORD_FRAGMENT;
	if (!skip(cursor, header_bytes))
		return bad_header(record);
	if (fragment & IP4_OFFSET)
		return later_fragment(record, header_bytes);
	parse_transport(cursor, record, header_bytes);
}

static __always_inline bool is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_AH ||
	       protocol == IPPROTO_DSTOPTS;
}

static __always_inline __u32 extension_bytes(__u8 protocol, __u8 length)
{
	if (protocol == IPPROTO_FRAGMENT)
		return 8;
	if (protocol == IPPROTO_AH)
		return (length + 2) * 4;
	return (length + 1) * 8;
}

/* Pass the extension headers. False where one is unreadable or nothing follows. */
static __always_inline bool skip_extensions(struct cursor *cursor, struct record *record,
					    __u32 *ip_bytes)
{
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		struct ip6_extension extension;
		__u8 protocol = record->protocol;
		__u16 fragment;
		__u32 bytes;

		if (!is_extension(protocol))
			return true;
		if (!peek(cursor, &extension, sizeof(extension)))
			break;
		bytes = extension_bytes(protocol, extension.length);
		if (!skip(cursor, bytes))
			break;
		*ip_bytes += bytes;
		record->protocol = extension.next;
		if (protocol != IPPROTO_FRAGMENT)
			continue;
		fragment = bpf_ntohs(extension.fragment);
		if (fragment & (IP6_MORE_FRAGMENTS | IP6_OFFSET))
			record->flags |= RECORD_FRAGMENT;
		cursor->ip_id = extension.rest;
		if (fragment & IP6_OFFSET) {
			later_fragment(record, *ip_bytes);
			return false;
		}
	}
	if (!is_extension(record->protocol))
		return true;
	bad_header(record);
	return false;
}

static __always_inline void parse_ip6(struct cursor *cursor, struct record *record)
{
	struct ipv6hdr ip;
	__u32 ip_bytes = sizeof(ip);

	if (!peek(cursor, &ip, sizeof(ip)) || ip.version_class >> 4 != 6)
		return bad_header(record);
	record->protocol = ip.next;
	__builtin_memcpy(record->saddr, &ip.saddr, sizeof(ip.saddr));
	__builtin_memcpy(record->daddr, &ip.daddr, sizeof(ip.daddr));
	record->has |= RECORD_HAS_PROTOCOL | RECORD_HAS_ADDR;
	if (ip.payload_bytes)
		trim(cursor, record, bpf_ntohs(ip.payload_bytes) + sizeof(ip), sizeof(ip));
	skip(cursor, sizeof(ip));
	if (skip_extensions(cursor, record, &ip_bytes))
		parse_transport(cursor, record, ip_bytes);
}

static __always_inline bool is_vlan(__u16 ethertype)
{
	return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD;
}

/* Tags that the device did not take out of the frame. */
static __always_inline void skip_vlan_tags(struct cursor *cursor, struct record *record)
{
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_tag tag;

		if (!is_vlan(record->ethertype))
			return;
		if (!peek(cursor, &tag, sizeof(tag)) || !skip(cursor, sizeof(tag)))
			return bad_header(record);
		if (!(record->has & RECORD_HAS_VLAN)) {
			record->vlan_id = bpf_ntohs(tag.tci) & VLAN_ID_MASK;
			record->has |= RECORD_HAS_VLAN;
		}
		record->ethertype = bpf_ntohs(tag.protocol);
		record->link_header_bytes += sizeof(tag);
	}
}

static __always_inline bool has_stripped_tag(struct sk_buff *skb)
{
	struct sk_buff___with_vlan_present *before = (void *)skb;
	struct sk_buff___with_vlan_all *after = (void *)skb;

	if (bpf_core_field_exists(after->vlan_all))
		return after->vlan_all != 0;
	return BPF_CORE_READ_BITFIELD(before, vlan_present);
}

/* From head to data. Since 6.17 both are pointers to the verifier: 64-bit arithmetic only. */
static __always_inline __u64 headroom(struct sk_buff *skb)
{
	__u64 bytes = (__u64)skb->data - (__u64)skb->head;

	barrier_var(bytes);
	return bytes;
}

/*
 * Set the cursor to the network header. On send the data begins with the link
 * header, which net_dev_queue has just set; on receive it begins behind the
 * link header, and network_header is not set yet. A tag in a frame that is sent
 * stands before the network header (packet sockets) or behind it (VLAN devices
 * without REORDER_HDR), but always behind the Ethernet header.
 */
static __always_inline void start_cursor(struct sk_buff *skb, struct record *record, bool is_send,
					 struct cursor *cursor)
{
	__u32 link_bytes = 0, linear_bytes = skb->len - skb->data_len;

	cursor->bytes = skb->len;
	if (is_send) {
		link_bytes = is_vlan(record->ethertype) ? ETH_BYTES
							: skb->network_header - skb->mac_header;
		cursor->at = skb->head + skb->mac_header + link_bytes;
		cursor->linear_bytes = linear_bytes > link_bytes ? linear_bytes - link_bytes : 0;
		cursor->bytes = cursor->bytes > link_bytes ? cursor->bytes - link_bytes : 0;
	} else {
		if (skb->mac_header != NO_MAC_HEADER)
			link_bytes = headroom(skb) - skb->mac_header;
		cursor->at = skb->data;
		cursor->linear_bytes = linear_bytes;
	}
	if (link_bytes > 255)
		return;
	record->link_header_bytes = link_bytes;
	record->has |= RECORD_HAS_LINK_HEADER;
}

static __always_inline void count_segments(struct sk_buff *skb, struct record *record,
					   struct cursor *cursor)
{
	unsigned char *shared = skb->head + skb->end;

	record->segments = 1;
	record->has |= RECORD_HAS_SEGMENTS;
	cursor->is_gso = READ(shared, skb_shared_info, gso_size) != 0;
	if (cursor->is_gso)
		record->segments = READ(shared, skb_shared_info, gso_segs) ?: 1;
}

/* Fill in everything that the skb itself tells; what no record holds stays in the cursor. */
static __always_inline void parse(struct sk_buff *skb, struct record *record, bool is_send,
				  struct cursor *cursor)
{
	record->ethertype = bpf_ntohs(skb->protocol);
	start_cursor(skb, record, is_send, cursor);
	count_segments(skb, record, cursor);
	if (has_stripped_tag(skb)) {
		record->vlan_id = skb->vlan_tci & VLAN_ID_MASK;
		record->has |= RECORD_HAS_VLAN;
	}
	skip_vlan_tags(cursor, record);
	record->bytes = cursor->bytes;
	if (record->ethertype == ETH_P_IP) {
		if (!parse_usual(cursor, record))
			parse_ip4(cursor, record);
	} else if (record->ethertype == ETH_P_IPV6) {
		if (!parse_usual(cursor, record))
			parse_ip6(cursor, record);
	}
	if (BPF_CORE_READ_BITFIELD(skb, encapsulation))
		record->flags |= RECORD_TUNNELLED;
}

#endif
