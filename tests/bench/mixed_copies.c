// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The events as others take them: CSV with a column for each that a trace stores, named as
 * in the view net_event (what can be worked out from others is left out), and pcap with
 * nanoseconds, 96 bytes of each packet and its length.
 */
#include "mixed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SNAP_BYTES 96

struct copies {
	FILE *csv, *pcap;
};

static const char header[] =
	"timestamp,is_send,pid,start_ns,tid,comm,owner_source,saddr,daddr,sport,dport,protocol,"
	"ethertype,bytes,segments,header_bytes,link_header_bytes,tcp_flags,ifindex,netns,"
	"cgroup_id,flow_id,vlan_id,is_fragment,is_bad_header,is_tunnelled,is_local_addr,"
	"is_loopback\n";

struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snap_bytes, link_type;
};

static FILE *open_copy(const char *path)
{
	FILE *file = path ? fopen(path, "we") : NULL;

	if (path && !file)
		die(path, errno);
	if (file)
		setvbuf(file, NULL, _IOFBF, 1 << 20);
	return file;
}

static void put(FILE *file, const void *bytes, size_t n)
{
	if (fwrite(bytes, 1, n, file) != n)
		die("a copy", errno);
}

struct copies *copies_open(const char *csv, const char *pcap)
{
	const struct pcap_header start = { 0xa1b23c4d, 2, 4, 0, 0, SNAP_BYTES, 1 };
	struct copies *copies = calloc(1, sizeof(*copies));

	if (!copies)
		die("no memory", 0);
	copies->csv = open_copy(csv);
	copies->pcap = open_copy(pcap);
	if (copies->csv)
		put(copies->csv, header, sizeof(header) - 1);
	if (copies->pcap)
		put(copies->pcap, &start, sizeof(start));
	return copies;
}

void copies_close(struct copies *copies)
{
	if ((copies->csv && fclose(copies->csv)) || (copies->pcap && fclose(copies->pcap)))
		die("a copy", errno);
	free(copies);
}

/* ---- CSV ------------------------------------------------------------------- */

static const char *protocol_of(const struct net_event *event)
{
	return !(event->has & NST_HAS_PROTOCOL) ? "ARP"
	       : event->protocol == 6		? "TCP"
	       : event->protocol == 17		? "UDP"
						: "ICMP";
}

/* What all events of an end and a direction have in common. */
static void prepare(struct end *end, int is_send)
{
	const struct net_event *event = &end->event[is_send];
	int family = event->ethertype == 0x86dd ? AF_INET6 : AF_INET;
	char *head = end->csv_head[is_send], *middle = end->csv_middle[is_send];
	char *tail = end->csv_tail[is_send], source[48] = "", destination[48] = "";
	char source_port[8] = "", destination_port[8] = "", cgroup[24] = "";

	if (event->has & NST_HAS_ADDR) {
		inet_ntop(family, event->saddr, source, sizeof(source));
		inet_ntop(family, event->daddr, destination, sizeof(destination));
	}
	if (event->has & NST_HAS_PORT) {
		snprintf(source_port, sizeof(source_port), "%u", event->sport);
		snprintf(destination_port, sizeof(destination_port), "%u", event->dport);
	}
	if (event->has & NST_HAS_CGROUP)
		snprintf(cgroup, sizeof(cgroup), "%" PRIu64, event->cgroup_id);
	if (event->has & NST_HAS_OWNER)
		snprintf(head, sizeof(end->csv_head[0]), ",%d,%u,%" PRIu64 ",", is_send, event->pid,
			 event->start_ns);
	else
		snprintf(head, sizeof(end->csv_head[0]), ",%d,,,", is_send);
	snprintf(middle, sizeof(end->csv_middle[0]), ",%s,%s,%s,%s,%s,%u,", source, destination,
		 source_port, destination_port, protocol_of(event), event->ethertype);
	snprintf(tail, sizeof(end->csv_tail[0]), ",%u,%u,%s,%" PRIu64 ",,0,0,0,%d,%d\n",
		 event->ifindex, event->netns, cgroup, event->flow_id,
		 !!(event->flags & NST_FLAG_LOCAL_ADDR), !!(event->flags & NST_FLAG_LOOPBACK));
}

void copies_prepare(const struct copies *copies, struct end *end)
{
	for (int is_send = 0; is_send < 2 && copies->csv; is_send++)
		prepare(end, is_send);
}

static char *put_number(char *at, uint64_t number)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n)
		*at++ = digits[--n];
	return at;
}

static char *put_text(char *at, const char *text)
{
	size_t len = strlen(text);

	memcpy(at, text, len);
	return at + len;
}

static void put_row(FILE *csv, const struct end *end, const struct net_event *event)
{
	char row[640], *at = put_number(row, event->timestamp);

	at = put_text(at, end->csv_head[event->is_send]);
	if (event->has & NST_HAS_TID)
		at = put_number(at, event->tid);
	*at++ = ',';
	at = put_text(at, event->comm);
	*at++ = ',';
	at = put_text(at, nst_owner_source_name(event->owner_source));
	at = put_text(at, end->csv_middle[event->is_send]);
	at = put_number(at, event->bytes);
	*at++ = ',';
	at = put_number(at, event->segments);
	*at++ = ',';
	if (event->has & NST_HAS_HEADER_BYTES)
		at = put_number(at, event->header_bytes);
	*at++ = ',';
	at = put_number(at, event->link_header_bytes);
	*at++ = ',';
	if (event->has & NST_HAS_TCP_FLAGS)
		at = put_number(at, event->tcp_flags);
	at = put_text(at, end->csv_tail[event->is_send]);
	put(csv, row, (size_t)(at - row));
}

/* ---- pcap ------------------------------------------------------------------ */

static uint8_t *put_u16(uint8_t *at, uint32_t value)
{
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	return put_u16(put_u16(at, value >> 16), value);
}

static uint8_t *put_ip(uint8_t *at, const struct net_event *event)
{
	if (event->ethertype == 0x86dd) {
		at = put_u32(at, 0x60000000);
		at = put_u16(at, event->bytes - 40);
		*at++ = event->protocol;
		*at++ = 64;
		memcpy(at, event->saddr, 16);
		memcpy(at + 16, event->daddr, 16);
		return at + 32;
	}
	at = put_u32(at, 0x45000000 | (event->bytes & 0xffff));
	at = put_u32(at, 0x4000); /* not to be fragmented */
	*at++ = 64;
	*at++ = event->protocol;
	at = put_u16(at, 0); /* what was not computed, as with offloading */
	memcpy(at, event->saddr, 4);
	memcpy(at + 4, event->daddr, 4);
	return at + 8;
}

static uint8_t *put_transport(uint8_t *at, struct end *end, const struct net_event *event,
			      uint32_t payload_bytes)
{
	uint32_t header_bytes = event->header_bytes - (event->ethertype == 0x86dd ? 40 : 20);

	if (event->protocol == 1) {
		*at++ = event->is_send ? 0 : 8; /* it is asked and answers */
		*at++ = 0;
		return put_u32(put_u16(at, 0),
			       0x00010000 + (end->sequence[event->is_send]++ & 0xffff));
	}
	at = put_u16(put_u16(at, event->sport), event->dport);
	if (event->protocol == 17)
		return put_u16(put_u16(at, event->bytes - (event->header_bytes - 8)), 0);
	at = put_u32(at, end->sequence[event->is_send]);
	at = put_u32(at, end->sequence[!event->is_send]);
	*at++ = (uint8_t)(header_bytes << 2);
	*at++ = event->tcp_flags;
	at = put_u32(put_u16(at, 502), 0);
	end->sequence[event->is_send] += payload_bytes + !!(event->tcp_flags & 0x03);
	for (header_bytes -= 20; header_bytes; header_bytes--)
		*at++ = 1; /* options that say nothing */
	return at;
}

static void put_packet(FILE *pcap, struct end *end, const struct net_event *event,
		       uint32_t payload_bytes)
{
	uint8_t frame[SNAP_BYTES + 64] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	uint8_t *at = put_u16(frame + 12, event->ethertype);
	uint64_t realtime_ns = REALTIME_NS + (event->timestamp - START_NS);
	uint32_t length = event->bytes + event->link_header_bytes;
	uint32_t head[4] = { (uint32_t)(realtime_ns / SECOND_NS),
			     (uint32_t)(realtime_ns % SECOND_NS),
			     length < SNAP_BYTES ? length : SNAP_BYTES, length };

	if (event->has & NST_HAS_PROTOCOL)
		put_transport(put_ip(at, event), end, event, payload_bytes);
	else /* who has, or is at */
		put_u16(put_u32(put_u16(at, 1), 0x08000604), event->is_send ? 2 : 1);
	put(pcap, head, sizeof(head));
	put(pcap, frame, head[2]);
}

void copies_event(struct copies *copies, struct end *end, const struct net_event *event,
		  uint32_t payload_bytes)
{
	if (copies->csv)
		put_row(copies->csv, end, event);
	if (copies->pcap)
		put_packet(copies->pcap, end, event, payload_bytes);
}
