// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a trace says of totals, losses and events, fields between tabs:
 *
 *   event NETNS IFINDEX IS_SEND PID EVENTS PACKETS BYTES PAYLOAD WIRE   added up
 *   total, sum: the same and FLOW, FROM, TO, LOCAL, LOCAL_PORT, REMOTE, REMOTE_PORT
 *   loss FROM TO CPU CAUSE EVENTS BYTES
 *   detail TIME 0|1
 *   header CAUSE EVENTS        of the last chunk's header
 *   counter NAME VALUE         not by CPU
 *   throughput IS_SEND BYTES
 *
 * null is -. Sums of events are computed here, by the definitions of FORMAT.md.
 */
#include "format/trace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUMS_MAX 4096

struct sum {
	uint32_t netns, ifindex, pid, is_send;
	uint64_t events, packets, bytes, payload, wire;
};
static struct sum sums[SUMS_MAX];
static size_t n_sums;

static void die(const char *what)
{
	fprintf(stderr, "total_rows: %s\n", what);
	exit(1);
}

static struct sum *sum_of(const struct net_event *event)
{
	uint32_t pid = event->has & NST_HAS_OWNER ? event->pid : 0;

	for (size_t i = 0; i < n_sums; i++)
		if (sums[i].netns == event->netns && sums[i].ifindex == event->ifindex &&
		    sums[i].pid == pid && sums[i].is_send == event->is_send)
			return &sums[i];
	if (n_sums == SUMS_MAX)
		die("too many processes and interfaces");
	sums[n_sums] = (struct sum){ .netns = event->netns,
				     .ifindex = event->ifindex,
				     .pid = pid,
				     .is_send = event->is_send };
	return &sums[n_sums++];
}

static void add_event(const struct net_event *event)
{
	struct sum *sum = sum_of(event);
	uint64_t segments = event->segments ? event->segments : 1;
	int has_headers = !!(event->has & NST_HAS_HEADER_BYTES);

	sum->events++;
	sum->packets += segments;
	sum->bytes += event->bytes;
	if (has_headers && event->bytes > event->header_bytes)
		sum->payload += event->bytes - event->header_bytes;
	if (has_headers || segments == 1)
		sum->wire += event->bytes + (segments - 1) * event->header_bytes +
			     segments * event->link_header_bytes;
}

static void add_events(struct nst_reader *reader)
{
	const struct nst_events *events;

	if (nst_reader_events(reader, &events))
		die("a chunk of events is damaged");
	for (size_t i = 0; i < events->n_events; i++) {
		struct net_event event;

		nst_reader_event(reader, i, &event);
		add_event(&event);
	}
}

static void print_number(uint64_t number, int has)
{
	if (has)
		printf("\t%" PRIu64, number);
	else
		printf("\t-");
}

static void print_address(const struct nst_bytes *address, uint16_t port, uint32_t has)
{
	char text[INET6_ADDRSTRLEN] = "-";

	if (has & NST_HAS_ADDR && !inet_ntop(address->len_bytes == 4 ? AF_INET : AF_INET6,
					     address->data, text, sizeof(text)))
		die("an address");
	printf("\t%s", text);
	print_number(port, has & NST_HAS_PORT);
}

static void print_total(const char *what, const struct nst_total *row, const struct nst_flow *flow)
{
	static const struct nst_flow none;

	printf("%s", what);
	print_number(row->netns, row->has & NST_TOTAL_HAS_NETNS);
	print_number(row->ifindex, row->has & NST_TOTAL_HAS_IFINDEX);
	printf("\t%u", row->is_send);
	print_number(row->pid, row->has & NST_TOTAL_HAS_OWNER);
	printf("\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, row->events,
	       row->packets, row->bytes, row->payload_bytes, row->wire_bytes);
	print_number(row->flow_id, row->has & NST_TOTAL_HAS_FLOW);
	printf("\t%" PRIu64 "\t%" PRIu64, row->from_ns, row->to_ns);
	if (!flow)
		flow = &none;
	print_address(&flow->local_addr, flow->local_port, flow->has);
	print_address(&flow->remote_addr, flow->remote_port, flow->has);
	putchar('\n');
}

static const void *rows_of(struct nst_reader *reader, enum nst_table table, size_t *n)
{
	const void *rows = NULL;

	if (nst_reader_rows(reader, table, &rows, n))
		die("a chunk is damaged");
	return rows;
}

static void print_totals(struct nst_reader *reader)
{
	size_t n, n_flows;
	const struct nst_flow *flows = rows_of(reader, NST_TABLE_TUPLE, &n_flows);
	const struct nst_total *totals = rows_of(reader, NST_TABLE_TOTAL, &n);
	const struct nst_total *all;

	for (size_t i = 0; i < n; i++) {
		const struct nst_flow *flow = NULL;

		for (size_t j = 0; !flow && j < n_flows && totals[i].has & NST_TOTAL_HAS_FLOW; j++)
			if (flows[j].id == totals[i].flow_id)
				flow = &flows[j];
		if (totals[i].has & NST_TOTAL_HAS_FLOW && !flow)
			die("a total's flow is not in its chunk");
		print_total("total", &totals[i], flow);
	}
	all = rows_of(reader, NST_TABLE_SUM, &n);
	for (size_t i = 0; i < n; i++)
		print_total("sum", &all[i], NULL);
}

static void print_losses(struct nst_reader *reader)
{
	size_t n;
	const struct nst_loss_interval *losses = rows_of(reader, NST_TABLE_LOSS, &n);
	const struct nst_detail_change *details;

	for (size_t i = 0; i < n; i++) {
		printf("loss\t%" PRIu64 "\t%" PRIu64, losses[i].from_ns, losses[i].to_ns);
		print_number(losses[i].cpu, losses[i].cpu != NST_ALL_CPUS);
		printf("\t%s\t%" PRIu64 "\t%" PRIu64 "\n", nst_loss_name(losses[i].cause),
		       losses[i].events, losses[i].bytes);
	}
	details = rows_of(reader, NST_TABLE_DETAIL, &n);
	for (size_t i = 0; i < n; i++)
		printf("detail\t%" PRIu64 "\t%u\n", details[i].time_ns, details[i].detail);
}

static void print_counts(struct nst_reader *reader)
{
	size_t n;
	const struct nst_counter *counters = rows_of(reader, NST_TABLE_COUNTER, &n);
	const struct nst_throughput *throughput;

	for (size_t i = 0; i < n; i++)
		if (counters[i].cpu == NST_ALL_CPUS)
			printf("counter\t%.*s\t%" PRIu64 "\n", (int)counters[i].name.len_bytes,
			       (const char *)counters[i].name.data, counters[i].value);
	throughput = rows_of(reader, NST_TABLE_THROUGHPUT, &n);
	for (size_t i = 0; i < n; i++)
		printf("throughput\t%u\t%" PRIu64 "\n", throughput[i].is_send, throughput[i].bytes);
}

int main(int argc, char **argv)
{
	const struct nst_chunk *chunk;
	struct nst_reader *reader = NULL;
	uint64_t lost[NST_LOSS_SLOTS] = { 0 };
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1, more;

	if (fd < 0 || nst_reader_open(fd, &reader))
		die(argc == 2 ? strerror(errno) : "which trace?");
	while ((more = nst_reader_next(reader, &chunk)) > 0) {
		memcpy(lost, chunk->lost, sizeof(lost));
		if (chunk->type == NST_CHUNK_EVENTS)
			add_events(reader);
		if (chunk->type != NST_CHUNK_TOTALS)
			continue;
		print_totals(reader);
		print_losses(reader);
		print_counts(reader);
	}
	if (more || nst_reader_damaged(reader))
		die("the trace is damaged");
	nst_reader_close(reader);
	for (size_t i = 0; i < n_sums; i++) {
		const struct sum *sum = &sums[i];

		printf("event\t%u\t%u\t%u", sum->netns, sum->ifindex, sum->is_send);
		print_number(sum->pid, sum->pid);
		printf("\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
		       sum->events, sum->packets, sum->bytes, sum->payload, sum->wire);
	}
	for (unsigned int i = 0; i < NST_LOSSES; i++)
		printf("header\t%s\t%" PRIu64 "\n", nst_loss_name(i), lost[i]);
	return fflush(stdout) ? 1 : 0;
}
