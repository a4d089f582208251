/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rules, and where they are from (drivers of Linux 6.18; those marked * were
 * tried, by traffic of known size both ways):
 *
 * - loopback*: eth_type_trans() pulls the link header before skb->len is counted,
 *   once for both directions.
 * - veth*, tun, dummy: skb->len in ndo_start_xmit, link header and all; veth counts the
 *   receipt where the peer sends.
 * - bridge*: the same when it sends; what it receives is counted in
 *   br_pass_frame_up(), with the link header pulled.
 * - vxlan*: iptunnel_xmit() counts from the inner network header on, and so does
 *   vxlan_rcv().
 * - macvlan*, vlan, ipvlan: skb->len when they send. What they receive is seen by
 *   netif_receive_skb as their lower device's alone, and so is that of a bond.
 * - without a kind: hardware counts what goes over the wire, virtio_net* skbs.
 *
 * Where a device has its large packets cut before it sees them (TSO and GSO off, or a
 * tunnel on top), or they were put together after it saw them (GRO), it counts segments.
 */
#include "analyze/meter.h"

#include "analyze/database.h"

#include <net/if_arp.h>
#include <string.h>

static const char below[] = "its packets are received by the device below it";

static const struct {
	const char *kind;
	struct meter send, recv;
} kinds[] = {
	{ "veth", { true, NULL }, { true, NULL } },
	{ "tun", { true, NULL }, { true, NULL } },
	{ "dummy", { true, NULL }, { true, NULL } },
	{ "bridge", { true, NULL }, { false, NULL } },
	{ "vxlan", { false, NULL }, { false, NULL } },
	{ "macvlan", { true, NULL }, { true, below } },
	{ "macvtap", { true, NULL }, { true, below } },
	{ "ipvlan", { true, NULL }, { true, below } },
	{ "ipvtap", { true, NULL }, { true, below } },
	{ "vlan", { true, NULL }, { true, below } },
	{ "bond", { true, NULL }, { true, below } },
	{ "team", { true, NULL }, { true, below } },
};

struct meter meter_of(const struct meter_device *device, bool is_send)
{
	if (!device->is_known)
		return (struct meter){ true, "nothing else is known of it" };
	if (device->type == ARPHRD_LOOPBACK)
		return (struct meter){ false, NULL };
	if (!device->kind)
		return (struct meter){ true, NULL };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].kind, device->kind))
			return is_send ? kinds[i].send : kinds[i].recv;
	return (struct meter){ true, "what devices of its kind count is not known" };
}

const char *meter_unit_name(enum meter_unit unit)
{
	static const char *const names[] = { "ip", "frame", "ip_segment", "frame_segment" };

	return names[unit];
}

void meter_add_event(struct meter_sums *sums, const struct lane_key *lane,
		     const struct nst_events *events, size_t i)
{
	bool has_segments = events->has[i] & NST_HAS_SEGMENTS && events->segments[i];
	bool has_headers = events->has[i] & NST_HAS_HEADER_BYTES;
	uint64_t segments = has_segments ? events->segments[i] : 1;

	sums->bytes += events->bytes[i];
	sums->link_bytes += lane->link_header_bytes;
	if (!has_headers && segments > 1)
		return;
	sums->wire_bytes += events->bytes[i];
	sums->wire_bytes += has_headers ? (segments - 1) * events->header_bytes[i] : 0;
	sums->wire_link_bytes += segments * lane->link_header_bytes;
}

void meter_add_total(struct meter_sums *sums, const struct nst_total *total)
{
	uint64_t link_bytes = total->packets * total->link_header_bytes;

	sums->bytes += total->bytes;
	sums->link_bytes += total->events * total->link_header_bytes;
	if (total->wire_bytes < link_bytes || !total->wire_bytes)
		return;
	sums->wire_bytes += total->wire_bytes - link_bytes;
	sums->wire_link_bytes += link_bytes;
}

void meter_add_usage(struct meter_sums *sums, const struct lane_key *lane, const struct sums *usage)
{
	sums->bytes += usage->bytes;
	sums->link_bytes += usage->events * lane->link_header_bytes;
	sums->wire_bytes += usage->wire_bytes;
	sums->wire_link_bytes += usage->wire_packets * lane->link_header_bytes;
}

void meter_merge(struct meter_sums *into, const struct meter_sums *from)
{
	into->bytes += from->bytes;
	into->link_bytes += from->link_bytes;
	into->wire_bytes += from->wire_bytes;
	into->wire_link_bytes += from->wire_link_bytes;
}

void meter_subtract(struct meter_sums *from, const struct meter_sums *what)
{
	from->bytes -= what->bytes;
	from->link_bytes -= what->link_bytes;
	from->wire_bytes -= what->wire_bytes;
	from->wire_link_bytes -= what->wire_link_bytes;
}

uint64_t meter_bytes(const struct meter_sums *sums, enum meter_unit unit)
{
	switch (unit) {
	case METER_IP:
		return sums->bytes;
	case METER_FRAME:
		return sums->bytes + sums->link_bytes;
	case METER_IP_SEGMENTS:
		return sums->wire_bytes;
	default:
		return sums->wire_bytes + sums->wire_link_bytes;
	}
}

enum meter_unit meter_whole(const struct meter *meter)
{
	return meter->has_link ? METER_FRAME : METER_IP;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

enum meter_unit meter_nearest(const struct meter *meter, const struct meter_sums *sums,
			      uint64_t said)
{
	enum meter_unit whole = meter_whole(meter);
	enum meter_unit cut = meter->has_link ? METER_FRAME_SEGMENTS : METER_IP_SEGMENTS;

	return distance(meter_bytes(sums, cut), said) < distance(meter_bytes(sums, whole), said)
		       ? cut
		       : whole;
}

int meter_prepare(sqlite3 *db, sqlite3_stmt **ret_lookup)
{
	return db_prepare(db,
			  "SELECT name, kind, type FROM interface WHERE trace_id = ? AND netns = ? "
			  "AND ifindex = ? ORDER BY time_ns DESC LIMIT 1",
			  ret_lookup);
}

int meter_look_up(sqlite3_stmt *lookup, int64_t trace_id, uint32_t netns, uint32_t ifindex,
		  struct meter_device *ret_device)
{
	int code;

	sqlite3_reset(lookup);
	sqlite3_bind_int64(lookup, 1, trace_id);
	sqlite3_bind_int64(lookup, 2, netns);
	sqlite3_bind_int64(lookup, 3, ifindex);
	code = sqlite3_step(lookup);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return db_error(sqlite3_db_handle(lookup), "reading devices");
	*ret_device = (struct meter_device){ 0 };
	if (code == SQLITE_DONE)
		return 0;
	ret_device->is_known = true;
	ret_device->name = (const char *)sqlite3_column_text(lookup, 0);
	ret_device->kind = (const char *)sqlite3_column_text(lookup, 1);
	ret_device->type = (uint32_t)sqlite3_column_int64(lookup, 2);
	return 0;
}
