/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/dump.h"

#include "analyze/dimensions.h"
#include "analyze/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

enum type {
	TYPE_NULL,
	TYPE_INTEGER,
	TYPE_BOOL,
	TYPE_TEXT,
};

struct value {
	enum type type;
	uint64_t integer;
	const char *text;
};

enum { /* the order of net_event in schema.sql */
	TIME,
	TIMESTAMP,
	IS_SEND,
	PID,
	START_NS,
	TID,
	COMM,
	OWNER_SOURCE,
	SADDR,
	DADDR,
	SPORT,
	DPORT,
	PROTOCOL,
	ETHERTYPE,
	FAMILY,
	BYTES,
	SEGMENTS,
	HEADER_BYTES,
	PAYLOAD_BYTES,
	LINK_HEADER_BYTES,
	WIRE_BYTES,
	TCP_FLAGS,
	INTERFACE,
	IFINDEX,
	NETNS,
	CGROUP_ID,
	FLOW_ID,
	VLAN_ID,
	IS_FRAGMENT,
	IS_BAD_HEADER,
	IS_TUNNELLED,
	IS_LOCAL_ADDR,
	IS_LOOPBACK,
	COUNTS_ELSEWHERE,
	N_VALUES,
};

static const char *const names[N_VALUES] = {
	"time",		 "timestamp",
	"is_send",	 "pid",
	"start_ns",	 "tid",
	"comm",		 "owner_source",
	"saddr",	 "daddr",
	"sport",	 "dport",
	"protocol",	 "ethertype",
	"family",	 "bytes",
	"segments",	 "header_bytes",
	"payload_bytes", "link_header_bytes",
	"wire_bytes",	 "tcp_flags",
	"interface",	 "ifindex",
	"netns",	 "cgroup_id",
	"flow_id",	 "vlan_id",
	"is_fragment",	 "is_bad_header",
	"is_tunnelled",	 "is_local_addr",
	"is_loopback",	 "counts_elsewhere",
};

struct texts { /* what the values point to */
	char time[TIME_TEXT_MAX];
	char comm[TEXT_MAX(NST_COMM_MAX)];
	char saddr[TEXT_ADDRESS_MAX], daddr[TEXT_ADDRESS_MAX];
	char protocol[PROTOCOL_NAME_MAX];
};

static void set_integer(struct value *value, uint32_t has, uint64_t integer)
{
	value->type = has ? TYPE_INTEGER : TYPE_NULL;
	value->integer = integer;
}

static void set_bool(struct value *value, bool is_so)
{
	value->type = TYPE_BOOL;
	value->integer = is_so;
}

static void set_text(struct value *value, uint32_t has, const char *text)
{
	value->type = has && text ? TYPE_TEXT : TYPE_NULL;
	value->text = text;
}

static size_t address_len(const struct net_event *event)
{
	if (event->ethertype == ETHERTYPE_IPV4)
		return 4;
	return event->ethertype == ETHERTYPE_IPV6 ? 16 : 0;
}

static int family(const struct net_event *event)
{
	if (event->ethertype == ETHERTYPE_IPV4)
		return 4;
	return event->ethertype == ETHERTYPE_IPV6 ? 6 : 0;
}

static void set_lengths(const struct net_event *event, struct value *values)
{
	uint32_t has_headers = event->has & NST_HAS_HEADER_BYTES;
	uint32_t has_link = event->has & NST_HAS_LINK_HEADER;
	uint64_t segments = event->has & NST_HAS_SEGMENTS && event->segments ? event->segments : 1;
	uint64_t headers = has_headers ? event->header_bytes : 0;

	set_integer(&values[BYTES], 1, event->bytes);
	set_integer(&values[SEGMENTS], event->has & NST_HAS_SEGMENTS, event->segments);
	set_integer(&values[HEADER_BYTES], has_headers, headers);
	set_integer(&values[PAYLOAD_BYTES], has_headers,
		    event->bytes > headers ? event->bytes - headers : 0);
	set_integer(&values[LINK_HEADER_BYTES], has_link, event->link_header_bytes);
	set_integer(&values[WIRE_BYTES], has_link && (has_headers || segments == 1),
		    event->bytes + (segments - 1) * headers + segments * event->link_header_bytes);
}

static void set_packet(const struct net_event *event, struct value *values, struct texts *texts)
{
	size_t len = event->has & NST_HAS_ADDR ? address_len(event) : 0;

	set_text(&values[SADDR], len != 0, text_address(event->saddr, len, texts->saddr));
	set_text(&values[DADDR], len != 0, text_address(event->daddr, len, texts->daddr));
	set_integer(&values[SPORT], event->has & NST_HAS_PORT, event->sport);
	set_integer(&values[DPORT], event->has & NST_HAS_PORT, event->dport);
	set_text(
		&values[PROTOCOL], 1,
		flow_protocol_name(event->has, event->protocol, event->ethertype, texts->protocol));
	set_integer(&values[ETHERTYPE], 1, event->ethertype);
	set_integer(&values[FAMILY], family(event) != 0, (uint64_t)family(event));
	set_integer(&values[TCP_FLAGS], event->has & NST_HAS_TCP_FLAGS, event->tcp_flags);
	set_integer(&values[VLAN_ID], event->has & NST_HAS_VLAN, event->vlan_id);
	set_bool(&values[IS_FRAGMENT], event->flags & NST_FLAG_FRAGMENT);
	set_bool(&values[IS_BAD_HEADER], event->flags & NST_FLAG_BAD_HEADER);
	set_bool(&values[IS_TUNNELLED], event->flags & NST_FLAG_TUNNELLED);
	set_bool(&values[IS_LOCAL_ADDR], event->flags & NST_FLAG_LOCAL_ADDR);
	set_bool(&values[IS_LOOPBACK], event->flags & NST_FLAG_LOOPBACK);
}

static void set_values(const struct dump_event *dump_event, struct value *values,
		       struct texts *texts)
{
	const struct net_event *event = &dump_event->event;
	uint32_t has_owner = event->has & NST_HAS_OWNER;

	text_from_bytes(event->comm, event->comm_len, texts->comm);
	set_text(&values[TIME], 1, time_format_rfc3339(dump_event->realtime_ns, texts->time));
	set_integer(&values[TIMESTAMP], 1, event->timestamp);
	set_bool(&values[IS_SEND], event->is_send);
	set_integer(&values[PID], has_owner, event->pid);
	set_integer(&values[START_NS], has_owner, event->start_ns);
	set_integer(&values[TID], event->has & NST_HAS_TID, event->tid);
	set_text(&values[COMM], has_owner, texts->comm);
	set_text(&values[OWNER_SOURCE], 1, nst_owner_source_name(event->owner_source));
	set_packet(event, values, texts);
	set_lengths(event, values);
	set_text(&values[INTERFACE], 1, dump_event->interface);
	set_integer(&values[IFINDEX], event->has & NST_HAS_IFINDEX, event->ifindex);
	set_integer(&values[NETNS], event->has & NST_HAS_NETNS, event->netns);
	set_integer(&values[CGROUP_ID], event->has & NST_HAS_CGROUP, event->cgroup_id);
	set_integer(&values[FLOW_ID], event->has & NST_HAS_FLOW_ID, event->flow_id);
	if (dump_event->knows_devices)
		set_bool(&values[COUNTS_ELSEWHERE], dump_event->counts_elsewhere);
	else
		values[COUNTS_ELSEWHERE].type = TYPE_NULL;
}

void print_event_json(FILE *out, const struct dump_event *event)
{
	struct value values[N_VALUES];
	struct texts texts;

	set_values(event, values, &texts);
	for (int i = 0; i < N_VALUES; i++) {
		fprintf(out, "%c\"%s\":", i ? ',' : '{', names[i]);
		switch (values[i].type) {
		case TYPE_INTEGER:
			fprintf(out, "%" PRIu64, values[i].integer);
			break;
		case TYPE_BOOL:
			fputs(values[i].integer ? "true" : "false", out);
			break;
		case TYPE_TEXT:
			json_text(out, values[i].text, strlen(values[i].text));
			break;
		default:
			fputs("null", out);
		}
	}
	fputs(",\"consumers\":", out);
	if (!event->n_consumers)
		fputs("null", out);
	for (size_t i = 0; i < event->n_consumers; i++)
		fprintf(out, "%c%" PRIu32, i ? ',' : '[', event->consumers[i]);
	fputs(event->n_consumers ? "]}\n" : "}\n", out);
}

void print_event_csv_header(FILE *out)
{
	for (int i = 0; i < N_VALUES; i++)
		fprintf(out, "%s%s", i ? "," : "", names[i]);
	fputs("\r\n", out);
}

void print_event_csv(FILE *out, const struct dump_event *event)
{
	struct value values[N_VALUES];
	struct texts texts;

	set_values(event, values, &texts);
	for (int i = 0; i < N_VALUES; i++) {
		if (i)
			fputc(',', out);
		if (values[i].type == TYPE_TEXT)
			csv_text(out, values[i].text, strlen(values[i].text));
		else if (values[i].type != TYPE_NULL)
			fprintf(out, "%" PRIu64, values[i].integer);
	}
	fputs("\r\n", out);
}

/* ---- text ---- */

static void put_inert(FILE *out, const char *text)
{
	char *inert = table_text(text, strlen(text));

	fputs(inert ? inert : "?", out);
	free(inert);
}

static void put_end(FILE *out, const struct value *address, const struct value *port, bool is_ipv6)
{
	if (address->type == TYPE_NULL) {
		fputc('?', out);
		return;
	}
	if (port->type == TYPE_NULL)
		fputs(address->text, out);
	else
		fprintf(out, is_ipv6 ? "[%s]:%" PRIu64 : "%s:%" PRIu64, address->text,
			port->integer);
}

static void put_tcp_flags(FILE *out, uint64_t flags)
{
	static const char letters[] = "FSRP.UEW"; /* as tcpdump has them */

	fputs(" [", out);
	for (int i = 0; i < 8; i++)
		if (flags >> i & 1)
			fputc(letters[i], out);
	fputc(']', out);
}

/* As reports name who is no process. */
static const char *nobody(unsigned int owner_source)
{
	return owner_source == NST_OWNER_KERNEL	     ? "(kernel)"
	       : owner_source == NST_OWNER_FORWARDED ? "(forwarded)"
						     : "(unknown)";
}

void print_event_text(FILE *out, const struct dump_event *event, bool utc)
{
	struct value values[N_VALUES];
	struct texts texts;
	char time[TIME_TEXT_MAX];
	bool is_ipv6 = event->event.ethertype == ETHERTYPE_IPV6;

	set_values(event, values, &texts);
	fputs(time_format(event->realtime_ns, utc, 9, time), out);
	fputc(' ', out);
	if (values[INTERFACE].type == TYPE_TEXT)
		put_inert(out, values[INTERFACE].text);
	else if (values[IFINDEX].type == TYPE_INTEGER)
		fprintf(out, "if%" PRIu64, values[IFINDEX].integer);
	else
		fputc('?', out);
	fputs(event->event.is_send ? " send " : " recv ", out);
	if (values[PID].type == TYPE_INTEGER) {
		put_inert(out, values[COMM].text);
		fprintf(out, "[%" PRIu64 "]", values[PID].integer);
	} else {
		fputs(nobody(event->event.owner_source), out);
	}
	fputc(' ', out);
	if (values[SADDR].type == TYPE_TEXT) {
		put_end(out, &values[SADDR], &values[SPORT], is_ipv6);
		fputs(" > ", out);
		put_end(out, &values[DADDR], &values[DPORT], is_ipv6);
		fputc(' ', out);
	}
	fputs(values[PROTOCOL].text, out);
	if (values[TCP_FLAGS].type == TYPE_INTEGER)
		put_tcp_flags(out, values[TCP_FLAGS].integer);
	if (values[IS_FRAGMENT].integer)
		fputs(" fragment", out);
	if (values[IS_BAD_HEADER].integer)
		fputs(" bad-header", out);
	fprintf(out, " length %" PRIu32 "\n", event->event.bytes);
}
