// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The trace, through the public writer, as the recorder writes it: a chunk at 16,384
 * events or half a second, rows of processes and owners each half second, a pair of clock
 * readings each second, the devices' counters each minute, and in the end the sums that
 * `netsnoop-analyze verify` checks everything against.
 */
#include "mixed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEVEL 3
#define FLUSH_NS (SECOND_NS / 2)
#define READING_NS (60 * SECOND_NS)
#define WAITING_MAX 1024
#define SUMS_MAX 4096
#define STR(text)                                  \
	{                                          \
		text, (uint32_t)(sizeof(text) - 1) \
	}

struct trace_out {
	int fd;
	struct nst_writer *writer;
	uint64_t rows_ns, sampled_ns, read_ns; /* when next */
	uint64_t n_events;
	struct nst_process_event processes[WAITING_MAX];
	struct nst_owner owners[WAITING_MAX];
	size_t n_processes, n_owners;
	struct nst_total sums[SUMS_MAX];
	size_t n_sums;
};

static void check(int err)
{
	if (err)
		die("the trace", -err);
}

static struct nst_bytes bytes_of(const char *text)
{
	return (struct nst_bytes){ text, (uint32_t)strlen(text) };
}

static void write_rows(struct trace_out *trace, enum nst_chunk_type type, enum nst_table table,
		       const void *rows, size_t n)
{
	const struct nst_rows of = { table, rows, n };

	if (n)
		check(nst_writer_rows(trace->writer, type, &of, 1));
}

/* ---- Metadata ------------------------------------------------------------ */

static void write_environment(struct trace_out *trace, const struct host *host)
{
	static const struct nst_setting settings[] = {
		{ STR("host"), STR("shop-1") },	     { STR("kernel"), STR("6.1.0-28-amd64") },
		{ STR("machine"), STR("x86_64") },   { STR("cpus"), STR("16") },
		{ STR("tool"), STR("bench-mixed") }, { STR("filters"), STR("") },
		{ STR("clock"), STR("boottime") },   { STR("level"), STR("3") },
		{ STR("detail"), STR("packets") },
	};
	static const struct nst_interface interfaces[N_DEVICES] = {
		{ .netns = NETNS,
		  .ifindex = 1,
		  .type = 772,
		  .flags = 0x49,
		  .mtu_bytes = 65536,
		  .name = STR("lo"),
		  .mac = STR("\0\0\0\0\0\0") },
		{ .netns = NETNS,
		  .ifindex = 2,
		  .type = 1,
		  .flags = 0x1043,
		  .mtu_bytes = 1500,
		  .name = STR("eth0"),
		  .mac = STR("\x02\x42\xc0\x00\x02\x11") },
		{ .netns = NETNS,
		  .ifindex = 3,
		  .type = 1,
		  .flags = 0x1043,
		  .mtu_bytes = 1500,
		  .name = STR("eth1"),
		  .mac = STR("\x02\x42\x0a\x14\x00\x11") },
	};
	static const struct nst_netns netns = { NETNS, STR("") };
	static char paths[256][64];
	struct nst_cgroup cgroups[256];
	struct nst_rows tables[] = {
		{ NST_TABLE_SETTING, settings, sizeof(settings) / sizeof(settings[0]) },
		{ NST_TABLE_INTERFACE, interfaces, N_DEVICES },
		{ NST_TABLE_NETNS, &netns, 1 },
		{ NST_TABLE_CGROUP, cgroups, 0 },
	};
	size_t n = 0;

	for (size_t i = 0; i < host->n_processes; i++) {
		const struct process *process = &host->processes[i];

		if (n && cgroups[n - 1].id == process->cgroup_id)
			continue;
		snprintf(paths[n], sizeof(paths[n]), "/system.slice/%s.service",
			 process->role->unit);
		cgroups[n] = (struct nst_cgroup){ process->cgroup_id, bytes_of(paths[n]) };
		n++;
	}
	tables[3].n_rows = n;
	check(nst_writer_rows(trace->writer, NST_CHUNK_ENVIRONMENT, tables, 4));
}

void trace_process(struct trace_out *trace, const struct process *process, uint64_t at_ns,
		   enum nst_process_what what)
{
	struct nst_process_event *row = &trace->processes[trace->n_processes];

	if (trace->n_processes == WAITING_MAX)
		die("too many processes at once", 0);
	*row = (struct nst_process_event){ .time_ns = at_ns,
					   .start_ns = process->start_ns,
					   .pid = process->pid,
					   .what = (uint8_t)what,
					   .has = NST_PROCESS_HAS_EXIT_CODE };
	trace->n_processes++;
	if (what == NST_PROCESS_EXIT)
		return;
	row->has = NST_PROCESS_HAS_PARENT | NST_PROCESS_HAS_UID | NST_PROCESS_HAS_CGROUP |
		   NST_PROCESS_HAS_NETNS | NST_PROCESS_HAS_COMM | NST_PROCESS_HAS_EXE |
		   NST_PROCESS_HAS_ARGS;
	row->parent_pid = 1;
	row->parent_start_ns = SECOND_NS / 20;
	row->cgroup_id = process->cgroup_id;
	row->uid = row->gid = process->role->uid;
	row->netns = NETNS;
	row->comm = bytes_of(process->role->comm);
	row->exe = bytes_of(process->role->exe);
	row->args = row->exe;
	row->args.len_bytes++; /* each ends with its NUL */
}

static void write_processes(struct trace_out *trace)
{
	write_rows(trace, NST_CHUNK_PROCESSES, NST_TABLE_PROCESS_EVENT, trace->processes,
		   trace->n_processes);
	trace->n_processes = 0;
}

static void write_owners(struct trace_out *trace)
{
	write_rows(trace, NST_CHUNK_OWNERS, NST_TABLE_OWNER, trace->owners, trace->n_owners);
	trace->n_owners = 0;
}

void trace_accepted(struct trace_out *trace, const struct end *end, uint64_t at_ns)
{
	const struct net_event *event = &end->event[0];

	if (trace->n_owners == WAITING_MAX)
		write_owners(trace);
	trace->owners[trace->n_owners++] = (struct nst_owner){
		.flow_id = event->flow_id,
		.from_ns = at_ns,
		.start_ns = event->start_ns,
		.cgroup_id = event->cgroup_id,
		.has = NST_OWNER_HAS_TID | NST_OWNER_HAS_CGROUP,
		.pid = event->pid,
		.tid = event->tid,
		.what = NST_OWNER_CONSUMED,
		.owner_source = NST_OWNER_FLOW,
		.comm = bytes_of(end->process->role->comm),
	};
}

/* What a device counts: packets as they are on the wire, with their link headers but on lo. */
static void write_readings(struct trace_out *trace, const struct host *host, uint64_t at_ns)
{
	struct nst_interface_counter rows[N_DEVICES];

	for (uint32_t i = 0; i < N_DEVICES; i++) {
		const struct tally *tally = host->devices[i];
		bool is_lo = i == LOOPBACK;

		rows[i] = (struct nst_interface_counter){
			.time_ns = at_ns,
			.recv_bytes = is_lo ? tally[0].bytes : tally[0].wire_bytes,
			.recv_packets = tally[0].packets,
			.send_bytes = is_lo ? tally[1].bytes : tally[1].wire_bytes,
			.send_packets = tally[1].packets,
			.netns = NETNS,
			.ifindex = 1 + i
		};
	}
	write_rows(trace, NST_CHUNK_INTERFACE_COUNTERS, NST_TABLE_INTERFACE_COUNTER, rows,
		   N_DEVICES);
}

struct trace_out *trace_begin(const char *path, const struct host *host)
{
	struct trace_out *trace = calloc(1, sizeof(*trace));
	struct nst_header header = { .start_ns = START_NS,
				     .start_realtime_ns = REALTIME_NS,
				     .clock = NST_CLOCK_BOOTTIME,
				     .writer = "bench-mixed 1" };

	if (!trace)
		die("no memory", 0);
	memset(header.uuid, 0x5a, sizeof(header.uuid));
	memset(header.boot_id, 0xb0, sizeof(header.boot_id));
	trace->fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	if (trace->fd < 0)
		die(path, errno);
	check(nst_writer_open(trace->fd, &header, LEVEL, &trace->writer));
	write_environment(trace, host);
	for (size_t i = 0; i < host->n_processes; i++)
		trace_process(trace, &host->processes[i], 0, NST_PROCESS_SNAPSHOT);
	write_processes(trace);
	write_readings(trace, host, START_NS);
	trace->read_ns = START_NS + READING_NS;
	return trace;
}

/* ---- Events --------------------------------------------------------------- */

static void tick(struct trace_out *trace, const struct host *host, uint64_t at_ns)
{
	struct nst_writer_stats stats;

	if (at_ns >= trace->sampled_ns) {
		nst_writer_set_clock_sample(trace->writer, at_ns, REALTIME_NS + (at_ns - START_NS));
		trace->sampled_ns = at_ns + SECOND_NS;
	}
	nst_writer_stats(trace->writer, &stats);
	if (stats.pending_events && at_ns >= stats.pending_since_ns + FLUSH_NS)
		check(nst_writer_flush(trace->writer));
	if (at_ns >= trace->rows_ns) {
		write_processes(trace);
		write_owners(trace);
		trace->rows_ns = at_ns + FLUSH_NS;
	}
	if (at_ns >= trace->read_ns) {
		write_readings(trace, host, at_ns);
		trace->read_ns += READING_NS;
	}
}

void trace_event(struct trace_out *trace, struct host *host, const struct net_event *event)
{
	/* as often as the recorder looks into its rings, at such a rate */
	if (trace->n_events++ % 64 == 0)
		tick(trace, host, event->timestamp);
	check(nst_writer_event(trace->writer, event));
}

/* ---- Sums ----------------------------------------------------------------- */

static bool is_same_sum(const struct nst_total *a, const struct nst_total *b)
{
	return a->has == b->has && a->pid == b->pid && a->start_ns == b->start_ns &&
	       a->ifindex == b->ifindex && a->ethertype == b->ethertype &&
	       a->protocol == b->protocol && a->is_send == b->is_send &&
	       a->owner_source == b->owner_source && a->flags == b->flags;
}

static void add_sum(struct trace_out *trace, const struct net_event *event, uint8_t source,
		    const struct tally *tally)
{
	struct nst_total row = {
		.start_ns = event->start_ns,
		.has = NST_TOTAL_HAS_IFINDEX | NST_TOTAL_HAS_NETNS |
		       (event->has & NST_HAS_OWNER ? NST_TOTAL_HAS_OWNER : 0) |
		       (event->has & NST_HAS_PROTOCOL ? NST_TOTAL_HAS_PROTOCOL : 0),
		.pid = event->pid,
		.netns = event->netns,
		.ifindex = event->ifindex,
		.ethertype = event->ethertype,
		.protocol = event->protocol,
		.is_send = event->is_send,
		.owner_source = source,
		.link_header_bytes = event->link_header_bytes,
		.flags = event->flags,
		.cgroup_id = event->cgroup_id,
	};
	size_t i = 0;

	while (i < trace->n_sums && !is_same_sum(&trace->sums[i], &row))
		i++;
	if (i == SUMS_MAX)
		die("too many sums", 0);
	if (i == trace->n_sums)
		trace->sums[trace->n_sums++] = row;
	trace->sums[i].events += tally->events;
	trace->sums[i].packets += tally->packets;
	trace->sums[i].bytes += tally->bytes;
	trace->sums[i].payload_bytes += tally->payload_bytes;
	trace->sums[i].wire_bytes += tally->wire_bytes;
}

void trace_flow_over(struct trace_out *trace, const struct end *end)
{
	for (int is_send = 0; is_send < 2; is_send++)
		for (uint8_t source = 0; source < NST_OWNER_SOURCES; source++)
			if (end->tallies[is_send][source].events)
				add_sum(trace, &end->event[is_send], source,
					&end->tallies[is_send][source]);
}

void trace_end(struct trace_out *trace, struct host *host, uint64_t end_ns)
{
	const struct nst_counter counter = { trace->n_events, NST_ALL_CPUS, STR("events") };
	const struct nst_detail_change detail = { START_NS, NST_DETAIL_PACKETS };
	const struct nst_rows tables[] = {
		{ NST_TABLE_SUM, trace->sums, trace->n_sums },
		{ NST_TABLE_COUNTER, &counter, 1 },
		{ NST_TABLE_DETAIL, &detail, 1 },
	};

	check(nst_writer_flush(trace->writer));
	write_processes(trace);
	write_owners(trace);
	write_readings(trace, host, end_ns);
	for (size_t i = 0; i < trace->n_sums; i++) {
		trace->sums[i].from_ns = START_NS;
		trace->sums[i].to_ns = end_ns;
	}
	check(nst_writer_rows(trace->writer, NST_CHUNK_TOTALS, tables, 3));
	check(nst_writer_end(trace->writer, end_ns));
	nst_writer_close(trace->writer);
	if (close(trace->fd))
		die("the trace", errno);
	free(trace);
}
