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

/* As many words of 8 bytes as they have, TCP's flags included. */
#define USUAL_WORDS 7
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "what is where in a word");

#ifdef WITH_CASTS
/* Each load has its price, however wide it is, and a cast's are as wide as a member. */
struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};
typedef const unsigned char *usual_words;

static __always_inline __u64 word_of(usual_words words, __u32 i)
{
	const struct timespec64 *two = CAST(words + i / 2 * sizeof(*two), timespec64);

	return i % 2 ? (__u64)two->tv_nsec : (__u64)two->tv_sec;
}
#else
typedef const __u64 *usual_words;

static __always_inline __u64 word_of(usual_words words, __u32 i)
{
	return words[i];
}
#endif

static __always_inline __u16 be16_at(__u64 word, __u32 byte)
{
	return bpf_ntohs((__u16)(word >> 8 * byte));
}

/* The same of either version of IP. */
struct usual {
	__u32 ip_bytes, bytes; /* bytes is 0 where the header does not tell it */
	__u32 sequence;	       /* this and what follows is the transport's */
	__u16 length_flags;    /* of TCP */
	__u16 sport, dport;
	__u8 protocol;
};

static __always_inline bool is_usual_ip4(usual_words words, const struct cursor *cursor,
					 struct record *record, struct usual *usual)
{
	__u64 first = word_of(words, 0), second = word_of(words, 1), third = word_of(words, 2);
	__u64 *saddr = (void *)record->saddr, *daddr = (void *)record->daddr;

	if (cursor->linear_bytes < sizeof(struct iphdr) || (__u8)first != 0x45 ||
	    be16_at(first, 6) & (IP4_MORE_FRAGMENTS | IP4_OFFSET))
		return false;
	usual->ip_bytes = sizeof(struct iphdr);
	usual->bytes = be16_at(first, 2);
	usual->protocol = (__u8)(second >> 8);
	saddr[0] = second >> 32;
	saddr[1] = 0;
	daddr[0] = (__u32)third;
	daddr[1] = 0;
	usual->sport = be16_at(third, 4);
	usual->dport = be16_at(third, 6);
	if (usual->protocol == IPPROTO_TCP) {
		usual->sequence = (__u32)word_of(words, 3);
		usual->length_flags = be16_at(word_of(words, 4), 0);
	}
	return true;
}

static __always_inline bool is_usual_ip6(usual_words words, const struct cursor *cursor,
					 struct record *record, struct usual *usual)
{
	__u64 first = word_of(words, 0), sixth = word_of(words, 5);
	__u64 *saddr = (void *)record->saddr, *daddr = (void *)record->daddr;
	__u32 payload_bytes = be16_at(first, 4);

	if (cursor->linear_bytes < sizeof(struct ipv6hdr) || (__u8)first >> 4 != 6)
		return false;
	usual->ip_bytes = sizeof(struct ipv6hdr);
	usual->bytes = payload_bytes ? payload_bytes + sizeof(struct ipv6hdr) : 0;
	usual->protocol = (__u8)(first >> 48);
	saddr[0] = word_of(words, 1);
	saddr[1] = word_of(words, 2);
	daddr[0] = word_of(words, 3);
	daddr[1] = word_of(words, 4);
	usual->sport = be16_at(sixth, 0);
	usual->dport = be16_at(sixth, 2);
	if (usual->protocol == IPPROTO_TCP) {
		usual->sequence = (__u32)(sixth >> 32);
		usual->length_flags = be16_at(word_of(words, 6), 4);
	}
	return true;
}

static __always_inline bool read_usual(const struct cursor *cursor, struct record *record,
				       struct usual *usual)
{
#ifdef WITH_CASTS
	usual_words words = cursor->at;
#else
	__u64 words[USUAL_WORDS];

	/* what is behind the linear part is the skb's shared info, and not looked at */
	if (bpf_probe_read_kernel(words, sizeof(words), cursor->at))
		return false;
#endif
	return record->ethertype == ETH_P_IP ? is_usual_ip4(words, cursor, record, usual)
					     : is_usual_ip6(words, cursor, record, usual);
}

/* Is it such a packet, true to its lengths? If not, no more than its addresses is in the record. */
static __always_inline bool parse_usual(struct cursor *cursor, struct record *record)
{
	struct usual usual = {};
	__u32 transport_bytes = UDP_BYTES, header_bytes;
	bool is_tcp;

	if (!read_usual(cursor, record, &usual))
		return false;
	is_tcp = usual.protocol == IPPROTO_TCP;
	if (is_tcp)
		transport_bytes = (usual.length_flags >> 12) * 4;
	else if (usual.protocol != IPPROTO_UDP)
		return false;
	if (cursor->is_gso || !usual.bytes)
		usual.bytes = cursor->bytes;
	header_bytes = usual.ip_bytes + transport_bytes;
	if (usual.bytes > cursor->bytes || header_bytes > usual.bytes ||
	    header_bytes > cursor->linear_bytes ||
	    (is_tcp && transport_bytes < sizeof(struct tcphdr)))
		return false;
	record->bytes = usual.bytes;
	record->protocol = usual.protocol;
	record->header_bytes = header_bytes;
	record->sport = usual.sport;
	record->dport = usual.dport;
	record->has |=
		RECORD_HAS_PROTOCOL | RECORD_HAS_ADDR | RECORD_HAS_HEADER_BYTES | RECORD_HAS_PORT;
	if (!is_tcp)
		return true;
	record->tcp_flags = usual.length_flags & 0xff;
	record->has |= RECORD_HAS_TCP_FLAGS;
	cursor->sequence = usual.sequence;
	return true;
}

#endif
