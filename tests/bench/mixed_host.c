// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A small web shop on one machine: a proxy, an application, its databases on the loopback
 * device, a second network for backups and logs, voice and video, and what a host does
 * besides.
 *
 * How much each conversation has to say is Zipf's by rank (exponent 1.1): a few
 * elephants, many mice. How long one lasts, and the pauses in it, are heavy-tailed, as
 * measurements of web sessions have them; machines that poll and media have steady clocks.
 * Round trips are 0.1 to 0.5 ms in the house and 4 to 90 ms beyond it.
 */
#include "mixed.h"

#include <stdlib.h>
#include <string.h>

#define ZIPF 1.1
#define ELEPHANTS 40 /* conversations whose role is one that moves much */
#define SHORT_SLOTS 60

enum {
	ROLE_PROXY = 0,
	ROLE_APP = 3,
	ROLE_POSTGRES = 5,
	ROLE_REDIS = 6,
	ROLE_CURL = 21
};

/* clang-format off */
static const struct role roles[] = {
	[ROLE_PROXY] =
	{ "nginx", "/usr/sbin/nginx", "nginx", TALK_WEB, FRONT, -1, .is_server = true, .processes = 4, .threads = 1, .weight = 30, .port = 443, .uid = 33 },
	{ "caddy", "/usr/bin/caddy", "caddy", TALK_STREAM, FRONT, -1, .is_server = true, .processes = 1, .threads = 9, .weight = 10, .port = 443, .uid = 998 },
	{ "nginx", "/usr/sbin/nginx", "nginx", TALK_WEB, LOOPBACK, ROLE_APP, .processes = 4, .threads = 1, .weight = 10, .port = 8080, .uid = 33 },
	[ROLE_APP] =
	{ "node", "/usr/bin/node", "shop", TALK_WEB, LOOPBACK, -1, .is_server = true, .processes = 6, .threads = 11, .weight = 0, .port = 8080, .uid = 1001 },
	{ "node", "/usr/bin/node", "shop", TALK_RPC, LOOPBACK, ROLE_POSTGRES, .processes = 6, .threads = 11, .weight = 14, .port = 5432, .uid = 1001 },
	[ROLE_POSTGRES] =
	{ "postgres", "/usr/lib/postgresql/15/bin/postgres", "postgresql@15-main", TALK_RPC, LOOPBACK, -1, .is_server = true, .processes = 12, .threads = 1, .weight = 0, .port = 5432, .uid = 110 },
	[ROLE_REDIS] =
	{ "redis-server", "/usr/bin/redis-check-rdb", "redis-server", TALK_RPC, LOOPBACK, -1, .is_server = true, .processes = 1, .threads = 5, .weight = 0, .port = 6379, .uid = 111 },
	{ "node", "/usr/bin/node", "shop", TALK_RPC, LOOPBACK, ROLE_REDIS, .processes = 6, .threads = 11, .weight = 10, .port = 6379, .uid = 1001 },
	{ "java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "orders", TALK_WEB, FRONT, -1, .processes = 3, .threads = 40, .weight = 12, .port = 443, .uid = 1002 },
	{ "java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "kafka", TALK_BULK, BACK, -1, .is_server = true, .processes = 1, .threads = 24, .weight = 2, .port = 9092, .uid = 1003 },
	{ "java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "kafka", TALK_BULK, BACK, -1, .is_server = true, .is_download = true, .processes = 1, .threads = 24, .weight = 2, .port = 9092, .uid = 1003 },
	{ "restic", "/usr/bin/restic", "backup", TALK_BULK, BACK, -1, .processes = 1, .threads = 8, .weight = 1, .port = 8000, .uid = 0 },
	{ "apt-cacher-ng", "/usr/sbin/apt-cacher-ng", "apt-cacher-ng", TALK_BULK, FRONT, -1, .is_download = true, .processes = 1, .threads = 4, .weight = 1, .port = 80, .uid = 112 },
	{ "vector", "/usr/bin/vector", "vector", TALK_LOG, BACK, -1, .processes = 1, .threads = 4, .weight = 3, .port = 9000, .uid = 997 },
	{ "prometheus", "/usr/bin/prometheus", "prometheus", TALK_WEB, BACK, -1, .processes = 1, .threads = 10, .weight = 4, .port = 9100, .uid = 113 },
	{ "node_exporter", "/usr/bin/prometheus-node-exporter", "prometheus-node-exporter", TALK_WEB, BACK, -1, .is_server = true, .processes = 1, .threads = 6, .weight = 1, .port = 9100, .uid = 113 },
	{ "sshd", "/usr/sbin/sshd", "ssh", TALK_TERMINAL, FRONT, -1, .is_server = true, .processes = 9, .threads = 1, .weight = 6, .port = 22, .uid = 0 },
	{ "janus", "/usr/bin/janus", "janus", TALK_STREAM, FRONT, -1, .is_server = true, .is_download = true, .processes = 1, .threads = 16, .weight = 6, .port = 10000, .uid = 114 },
	{ "asterisk", "/usr/sbin/asterisk", "asterisk", TALK_CALL, FRONT, -1, .is_server = true, .processes = 1, .threads = 12, .weight = 6, .port = 10500, .uid = 115 },
	{ "systemd-resolve", "/lib/systemd/systemd-resolved", "systemd-resolved", TALK_LOOKUP, FRONT, -1, .is_short = true, .processes = 1, .threads = 1, .weight = 30, .port = 53, .uid = 101 },
	{ "chronyd", "/usr/sbin/chronyd", "chrony", TALK_LOOKUP, FRONT, -1, .is_short = true, .processes = 1, .threads = 1, .weight = 2, .port = 123, .uid = 102 },
	[ROLE_CURL] =
	{ "curl", "/usr/bin/curl", "cron", TALK_WEB, FRONT, -1, .is_short = true, .processes = 0, .threads = 1, .weight = 6, .port = 443, .uid = 0 },
	{ "sshd", "/usr/sbin/sshd", "ssh", TALK_TERMINAL, BACK, -1, .is_server = true, .processes = 2, .threads = 1, .weight = 2, .port = 22, .uid = 0 },
	{ "", "", "", TALK_PING, FRONT, -1, .is_server = true, .weight = 2 },
	{ "", "", "", TALK_ARP, FRONT, -1, .is_server = true, .weight = 1 },
	{ "", "", "", TALK_ARP, BACK, -1, .is_server = true, .weight = 1 },
};
#define N_ROLES (sizeof(roles) / sizeof(roles[0]))
/* clang-format on */

static const struct protocol {
	const char *name;
	uint8_t number, header_bytes; /* of the transport; of TCP with timestamps */
} protocols[] = {
	[TALK_BULK] = { "TCP", 6, 32 },	    [TALK_WEB] = { "TCP", 6, 32 },
	[TALK_RPC] = { "TCP", 6, 32 },	    [TALK_LOG] = { "TCP", 6, 32 },
	[TALK_TERMINAL] = { "TCP", 6, 32 }, [TALK_STREAM] = { "UDP", 17, 8 },
	[TALK_CALL] = { "UDP", 17, 8 },	    [TALK_LOOKUP] = { "UDP", 17, 8 },
	[TALK_PING] = { "ICMP", 1, 8 },	    [TALK_ARP] = { "ARP", 0, 0 },
};

const char *kind_protocol(enum kind kind)
{
	return protocols[kind].name;
}

/* ---- Processes and neighbours ------------------------------------------ */

/* As many as a machine that is up for a day has given out, with gaps between them. */
static void init_processes(struct host *host)
{
	host->next_pid = 612;
	for (size_t i = 0; i < N_ROLES; i++) {
		for (unsigned int k = 0; k < roles[i].processes; k++) {
			struct process *process = &host->processes[host->n_processes];

			/* the roles of one program are of the same processes */
			for (size_t j = 0; j < host->n_processes && !k; j++)
				if (!strcmp(host->processes[j].role->unit, roles[i].unit))
					k = roles[i].processes;
			if (k == roles[i].processes)
				break;
			process->role = &roles[i];
			process->pid = host->next_pid;
			process->start_ns =
				4 * SECOND_NS + random_below(&host->random, 3600000) * 1000003ull;
			process->cgroup_id = 4000 + 37 * i;
			host->next_pid += 1 + random_below(&host->random, 90);
			host->n_processes++;
		}
	}
	host->next_pid = 184211;
}

static const struct process *pick_process(struct host *host, const struct role *role)
{
	const struct process *found[256];
	size_t n = 0;

	for (size_t i = 0; i < host->n_processes; i++)
		if (!strcmp(host->processes[i].role->unit, role->unit))
			found[n++] = &host->processes[i];
	/* the first of several that wait for work gets most of it */
	return n ? found[random_below(&host->random, 1 + random_below(&host->random, (uint32_t)n))]
		 : NULL;
}

static void init_neighbours(struct host *host)
{
	for (size_t i = 0; i < 2048; i++) {
		uint8_t *address = host->clients[i];

		for (int k = 0; k < 16; k++)
			address[k] = (uint8_t)random_bits(&host->random);
		address[0] = (uint8_t)(11 + random_below(&host->random, 200));
	}
	for (size_t i = 0; i < 64; i++) {
		for (int k = 0; k < 16; k++)
			host->servers[i][k] = (uint8_t)random_bits(&host->random);
		host->servers[i][0] = (uint8_t)(20 + i);
	}
}

/* ---- A conversation ----------------------------------------------------- */

static const struct role *pick_role(struct host *host, size_t slot)
{
	uint32_t all = 0, at;
	bool is_short = slot >= host->n_slots - SHORT_SLOTS && host->n_slots > SHORT_SLOTS;

	for (int pass = 0; pass < 2; pass++) {
		at = pass ? random_below(&host->random, all) : 0;
		for (size_t i = 0; i < N_ROLES; i++) {
			bool is_elephant = roles[i].kind == TALK_BULK ||
					   roles[i].kind == TALK_STREAM ||
					   roles[i].kind == TALK_RPC;

			if (roles[i].is_short != is_short || (slot < ELEPHANTS && !is_elephant))
				continue;
			if (!pass)
				all += roles[i].weight;
			else if (at < roles[i].weight)
				return &roles[i];
			else
				at -= roles[i].weight;
		}
	}
	return &roles[ROLE_PROXY];
}

static void set_address(struct host *host, const struct conversation *talk, bool is_local,
			uint8_t address[16])
{
	static const uint8_t loopback4[] = { 127, 0, 0, 1 }, loopback6[16] = { [15] = 1 };
	static const uint8_t front4[] = { 192, 0, 2, 17 }, back4[] = { 10, 20, 0, 17 };
	static const uint8_t front6[16] = {
		0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17
	};
	const uint8_t *from = talk->is_v6 ? front6 : talk->device == BACK ? back4 : front4;
	uint8_t back_peer[4] = { 10, 20, 0, (uint8_t)(20 + random_below(&host->random, 40)) };

	if (talk->device == LOOPBACK)
		from = talk->is_v6 ? loopback6 : loopback4;
	else if (!is_local && talk->device == BACK)
		from = back_peer;
	else if (!is_local && talk->role->is_server) /* some clients come more often */
		from = host->clients[random_below(&host->random,
						  1 + random_below(&host->random, 2048))];
	else if (!is_local)
		from = host->servers[random_below(&host->random,
						  1 + random_below(&host->random, 64))];
	memcpy(address, from, talk->is_v6 ? 16 : 4);
}

/* All of an event that is its end's, in both directions. */
static void set_events(struct host *host, struct conversation *talk, struct end *end,
		       uint64_t flow_id, const uint8_t addresses[2][16], const uint16_t ports[2])
{
	const struct protocol *protocol = &protocols[talk->role->kind];
	const struct process *process = end->process;
	uint32_t n_threads = process && process->role->threads ? process->role->threads : 1;
	struct net_event event = {
		.flow_id = flow_id,
		.has = NST_HAS_NETNS | NST_HAS_IFINDEX | NST_HAS_FLOW_ID | NST_HAS_LINK_HEADER |
		       NST_HAS_SEGMENTS,
		.ifindex = 1 + (uint32_t)talk->device,
		.netns = NETNS,
		.ethertype = talk->role->kind == TALK_ARP ? 0x0806
			     : talk->is_v6		  ? 0x86dd
							  : 0x0800,
		.protocol = protocol->number,
		.link_header_bytes = 14,
		.owner_source = NST_OWNER_KERNEL,
		.flags = NST_FLAG_LOCAL_ADDR | (talk->device == LOOPBACK ? NST_FLAG_LOOPBACK : 0),
	};

	if (talk->role->kind == TALK_ARP)
		event.flags = 0;
	else
		event.has |= NST_HAS_PROTOCOL | NST_HAS_ADDR | NST_HAS_HEADER_BYTES;
	if (protocol->number == 6)
		event.has |= NST_HAS_TCP_FLAGS;
	if (protocol->number == 6 || protocol->number == 17)
		event.has |= NST_HAS_PORT;
	if (process) {
		event.has |= NST_HAS_OWNER | NST_HAS_CGROUP;
		event.pid = process->pid;
		event.tid = process->pid + random_below(&host->random, n_threads);
		event.start_ns = process->start_ns;
		event.cgroup_id = process->cgroup_id;
		event.comm_len = (uint8_t)strlen(process->role->comm);
		memcpy(event.comm, process->role->comm, event.comm_len);
	}
	for (int is_send = 0; is_send < 2; is_send++) {
		event.is_send = (uint8_t)is_send;
		if (event.has & NST_HAS_ADDR) {
			memcpy(event.saddr, addresses[!is_send], 16);
			memcpy(event.daddr, addresses[is_send], 16);
		}
		event.sport = ports[!is_send];
		event.dport = ports[is_send];
		end->event[is_send] = event;
	}
	if (!process || protocol->number == 1) /* what is echoed has no ports */
		for (int is_send = 0; is_send < 2; is_send++)
			end->event[is_send].sport = end->event[is_send].dport = 0;
}

/* Of one end, with its local address first. */
static void begin_end(struct host *host, struct conversation *talk, int number, bool is_server,
		      const uint8_t addresses[2][16], const uint16_t ports[2])
{
	struct end *end = &talk->end[number];
	size_t slot = (size_t)(talk - host->slots);
	const struct role *role = talk->role;

	memset(end->tallies, 0, sizeof(end->tallies));
	if (number == 1)
		role = &roles[role->peer];
	if (role == &roles[ROLE_CURL]) {
		end->process = &host->short_processes[slot];
		trace_process(host->trace, end->process, talk->now_ns, NST_PROCESS_EXEC);
	} else {
		end->process = pick_process(host, role);
	}
	end->is_accepted = is_server && talk->stage == SYN;
	for (int is_send = 0; is_send < 2; is_send++)
		end->sequence[is_send] = (uint32_t)random_bits(&host->random);
	set_events(host, talk, end, ++host->next_flow, addresses, ports);
	host->n_flows++;
	copies_prepare(host->copies, end);
}

static void begin_ends(struct host *host, struct conversation *talk)
{
	bool is_server = talk->role->is_server;
	uint16_t ephemeral = (uint16_t)(32768 + random_below(&host->random, 28232));
	uint16_t ports[2] = { is_server ? talk->role->port : ephemeral,
			      is_server ? ephemeral : talk->role->port };
	uint16_t other_ports[2] = { ports[1], ports[0] };
	uint8_t addresses[2][16] = { 0 }, others[2][16];

	set_address(host, talk, true, addresses[0]);
	set_address(host, talk, false, addresses[1]);
	memcpy(others[0], addresses[1], 16);
	memcpy(others[1], addresses[0], 16);
	talk->local_side = is_server;
	begin_end(host, talk, 0, is_server, addresses, ports);
	if (talk->device != LOOPBACK)
		return;
	begin_end(host, talk, 1, true, others, other_ports);
	for (int is_send = 0; is_send < 2; is_send++)
		talk->end[1].sequence[is_send] = talk->end[0].sequence[!is_send];
}

void host_begin_conversation(struct host *host, size_t slot, uint64_t at_ns)
{
	struct conversation *talk = &host->slots[slot];
	const struct protocol *protocol = &protocols[talk->role->kind];
	struct process *own = &host->short_processes[slot];
	bool is_older = !talk->now_ns && !talk->role->is_short; /* than the recording */

	talk->device = talk->role->device;
	talk->is_v6 = talk->role->kind < TALK_PING && talk->device != BACK &&
		      random_chance(&host->random, 20);
	talk->header_bytes = (talk->is_v6 ? 40 : 20) + protocol->header_bytes;
	talk->mss_bytes = (talk->device == LOOPBACK ? 65535 : 1500) - talk->header_bytes;
	talk->offload_segments = talk->device == LOOPBACK ? 1 : 2 + random_below(&host->random, 43);
	talk->round_trip_ns = talk->device == LOOPBACK ? 9e3
			      : talk->device == BACK   ? random_shape(&host->random, NARROW, 2e5)
						     : 4e6 + random_shape(&host->random, WIDE, 2e7);
	talk->now_ns = talk->due_ns = at_ns;
	talk->stage = protocol->number == 6 && !is_older ? SYN : PAUSE;
	talk->is_fresh = true;
	talk->has_echo = false;
	talk->events_of_exchange = 0;
	talk->end_ns = at_ns;
	if (!talk->role->is_short)
		talk->end_ns += (uint64_t)random_shape(&host->random, HEAVY, host->lifetime_ns);
	*own = (struct process){ talk->role, at_ns - 2000000, 4000 + 37 * ROLE_CURL, 0 };
	if (talk->role == &roles[ROLE_CURL])
		own->pid = ++host->next_pid;
	begin_ends(host, talk);
	host->n_conversations++;
}

/* ---- The host ----------------------------------------------------------- */

static void set_rates(struct host *host, double events_a_second, double short_a_second)
{
	size_t n_long = host->n_slots - SHORT_SLOTS;
	double all = 0;

	for (size_t i = 0; i < n_long; i++)
		all += pow((double)i + 1, -ZIPF);
	for (size_t i = 0; i < n_long; i++)
		host->slots[i].events_a_second = events_a_second * pow((double)i + 1, -ZIPF) / all;
	for (size_t i = n_long; i < host->n_slots; i++)
		host->slots[i].events_a_second = short_a_second / SHORT_SLOTS;
}

/*
 * Half of the flows are short, the others last as long as it takes for there to be that
 * many, whatever the length of the trace.
 */
void host_init(struct host *host, uint64_t n_events, uint64_t n_flows, double events_a_second)
{
	double seconds = (double)n_events / events_a_second;

	random_init(&host->random, 20260102);
	host->n_slots = n_flows / 4 < SLOTS_MAX ? n_flows / 4 : SLOTS_MAX;
	if (host->n_slots < 2 * SHORT_SLOTS)
		host->n_slots = 2 * SHORT_SLOTS;
	host->slots = calloc(host->n_slots, sizeof(*host->slots));
	if (!host->slots)
		die("no memory", 0);
	/* a third of the conversations are on lo, where they are two flows each */
	host->lifetime_ns = seconds * 1e9 * (double)host->n_slots * 3 / ((double)n_flows / 2);
	init_processes(host);
	init_neighbours(host);
	/* most of them are lookups, of two events */
	set_rates(host, events_a_second, (double)n_flows / 2 / seconds * 1.3);
	for (size_t i = 0; i < host->n_slots; i++)
		host->slots[i].role = pick_role(host, i);
}
