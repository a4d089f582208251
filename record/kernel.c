// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/kernel.h"

#include "bpf/events.h"
#include "bpf/netsnoop.skel.h"
#include "record/arm.h"
#include "record/arm_processes.h"
#include "record/clock.h"
#include "record/flows.h"
#include "record/grace.h"
#include "record/hooks.h"
#include "record/kernel_totals.h"
#include "record/probe.h"
#include "record/process_records.h"
#include "record/programs.h"
#include "record/say.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Half of it is for short records: 8 MiB hold 262,144 of them, so that at a million events a
 * second on one CPU the recorder may be held up for a quarter of a second; or 55,000
 * whole ones.
 */
#define DEFAULT_BYTES_A_CPU (UINT64_C(16) << 20)
#define DEFAULT_BYTES_AT_MOST (UINT64_C(128) << 20)
#define RING_BYTES_MAX (UINT64_C(1) << 30)
#define SWEEP_NS NS_PER_S
/*
 * Where nothing tells who receives, the sockets are walked for whoever has opened one, at
 * once if something has come for nobody known; that takes the 20th part of the time at most.
 */
#define SEED_NS (NS_PER_S / 4)
#define SEED_COST 20

struct kernel {
	struct netsnoop_bpf *programs;
	const struct filters *filters;
	struct hooks hooks;
	uint64_t sweep_due_ns, seed_due_ns, seed_allowed_ns;
	uint32_t missed_owners; /* when last seeded */
	struct drain *drain, *process_drain;
	struct ring_buffer *owner_ring;
	int (*owner_sink)(void *context, const struct owner_record *record);
	void *owner_context;
	int owner_err; /* what owner_sink gave last */
	int *rings;    /* descriptors */
	size_t n_rings, n_cpus;
	size_t ring_bytes;    /* of both of a CPU */
	uint32_t *short_cpus; /* that have a ring of short records */
	size_t n_shorts;
	uint32_t max_flows;
	bool follow;
};

static int print_warnings(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

/* A power of two of at least two pages, so that all rings together stay within total_bytes. */
static size_t size_of_ring(uint64_t total_bytes, size_t n_rings)
{
	size_t bytes = 2 * (size_t)sysconf(_SC_PAGESIZE);

	if (!total_bytes) {
		total_bytes = DEFAULT_BYTES_A_CPU * n_rings;
		if (total_bytes > DEFAULT_BYTES_AT_MOST)
			total_bytes = DEFAULT_BYTES_AT_MOST;
	}
	while (2 * bytes * n_rings <= total_bytes && 2 * bytes <= RING_BYTES_MAX)
		bytes *= 2;
	return bytes;
}

static bool goes_by_pid(const struct filters *filters, bool follow)
{
	return follow || filters_count(filters, BY_PID, false) ||
	       filters_count(filters, BY_PID, true);
}

static bool goes_by_cgroup(const struct filters *filters)
{
	return filters_count(filters, BY_CGROUP, false) || filters_count(filters, BY_CGROUP, true);
}

/* Where bottom halves can be preempted, a CPU's ring could have two writers. */
static bool is_preempt_rt(void)
{
	int fd = open("/sys/kernel/realtime", O_RDONLY | O_CLOEXEC);
	char yes = '0';
	ssize_t got = fd < 0 ? 0 : read(fd, &yes, 1);

	if (fd >= 0)
		close(fd);
	return got == 1 && yes == '1';
}

/* cpu0 cannot be taken off, and need not say so. */
static bool is_online(size_t cpu)
{
	char path[64], yes = '1';
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%zu/online", cpu);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return !cpu;
	if (read(fd, &yes, 1) != 1)
		yes = '0';
	close(fd);
	return yes == '1';
}

/* CPUs that come up later write into a ring buffer alone. */
static int choose_shorts(struct kernel *kernel)
{
	if (is_preempt_rt())
		return 0;
	kernel->short_cpus = calloc(kernel->n_rings, sizeof(*kernel->short_cpus));
	if (!kernel->short_cpus)
		return -ENOMEM;
	for (uint32_t cpu = 0; cpu < kernel->n_cpus && kernel->n_shorts < kernel->n_rings; cpu++)
		if (is_online(cpu))
			kernel->short_cpus[kernel->n_shorts++] = cpu;
	return 0;
}

static uint32_t short_slots(const struct kernel *kernel)
{
	return (uint32_t)(kernel->ring_bytes / 2 / sizeof(struct short_record));
}

static int size_shorts(struct kernel *kernel)
{
	struct netsnoop_bpf *programs = kernel->programs;
	int err = choose_shorts(kernel);

	programs->rodata->short_slots = short_slots(kernel);
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.short_rings,
					       (uint32_t)kernel->n_cpus);
	if (!err && kernel->n_shorts)
		err = bpf_map__set_max_entries(programs->maps.short_records,
					       (uint32_t)kernel->n_shorts * short_slots(kernel));
	return err;
}

/* What the programs take as constants, and maps that are only as large as needed. */
static int configure(struct kernel *kernel, const struct filters *filters)
{
	struct netsnoop_bpf *programs = kernel->programs;
	uint32_t bits = filter_bits(filters, kernel->follow);
	int err;

	programs->rodata->n_cpus = (uint32_t)kernel->n_cpus;
	programs->rodata->filters = bits;
	err = size_shorts(kernel);
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.net_events, (uint32_t)kernel->n_cpus);
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.flows, kernel->max_flows);
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.slots,
					       flows_slots(kernel->max_flows));
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.lanes,
					       LANES_OF_FLOW * flows_slots(kernel->max_flows));
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.free_slots,
					       flows_slots(kernel->max_flows));
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.totals_a, kernel->max_flows);
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.totals_b, kernel->max_flows);
	if (!err && !goes_by_pid(filters, kernel->follow))
		err = bpf_map__set_max_entries(programs->maps.snoop_proc, 1);
	if (!err)
		err = hooks_choose(programs->obj, goes_by_cgroup(filters), &kernel->hooks);
	programs->rodata->finds_orphans = !hooks_has(&kernel->hooks, "sock_recv_length");
	if (!err && !programs->rodata->finds_orphans)
		err = bpf_map__set_max_entries(programs->maps.orphans, 1);
	if (!err && !goes_by_cgroup(filters))
		err = bpf_map__set_max_entries(programs->maps.filter_cgroup, 1);
	return err;
}

static int make_short_rings(struct kernel *kernel)
{
	int map = bpf_map__fd(kernel->programs->maps.short_rings), err = 0;

	for (size_t i = 0; !err && i < kernel->n_shorts; i++) {
		struct short_ring ring = { .first = (uint32_t)i * short_slots(kernel),
					   .is_there = 1 };

		err = bpf_map_update_elem(map, &kernel->short_cpus[i], &ring, BPF_ANY);
	}
	return err;
}

static int open_drain(struct kernel *kernel)
{
	const struct drain_source from = {
		.fds = kernel->rings,
		.n = kernel->n_rings,
		.ring_bytes = kernel->ring_bytes / 2,
		.short_rings = bpf_map__fd(kernel->programs->maps.short_rings),
		.short_records = bpf_map__fd(kernel->programs->maps.short_records),
		.short_slots = kernel->n_shorts ? short_slots(kernel) : 0,
		.n_cpus = kernel->n_cpus,
		.short_cpus = kernel->short_cpus,
		.n_shorts = kernel->n_shorts,
	};

	return drain_open(&from, &kernel->drain);
}

/* CPUs that come up later share a ring with another one. */
static int make_rings(struct kernel *kernel)
{
	int net_events = bpf_map__fd(kernel->programs->maps.net_events);
	int err = 0;

	for (size_t i = 0; !err && i < kernel->n_rings; i++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "net_events", 0, 0,
					(uint32_t)kernel->ring_bytes / 2, NULL);

		kernel->rings[i] = fd;
		err = fd < 0 ? fd : 0;
	}
	for (uint32_t cpu = 0; !err && cpu < kernel->n_cpus; cpu++)
		err = bpf_map_update_elem(net_events, &cpu, &kernel->rings[cpu % kernel->n_rings],
					  BPF_ANY);
	if (!err)
		err = make_short_rings(kernel) ?: open_drain(kernel);
	if (err)
		say("%zu rings of %zu bytes: %s; --buffer-size makes them smaller", kernel->n_rings,
		    kernel->ring_bytes, strerror(-err));
	return err;
}

static struct filter_maps filter_maps(const struct kernel *kernel)
{
	const struct netsnoop_bpf *programs = kernel->programs;

	return (struct filter_maps){
		.snoop_proc = bpf_map__fd(programs->maps.snoop_proc),
		.comm = bpf_map__fd(programs->maps.filter_comm),
		.interface = bpf_map__fd(programs->maps.filter_interface),
		.host_include = bpf_map__fd(programs->maps.filter_host_include),
		.host_exclude = bpf_map__fd(programs->maps.filter_host_exclude),
		.port = bpf_map__fd(programs->maps.filter_port),
		.proto = bpf_map__fd(programs->maps.filter_proto),
		.cgroup = bpf_map__fd(programs->maps.filter_cgroup),
		.user = bpf_map__fd(programs->maps.filter_user),
	};
}

/* A ring_buffer_sample_fn. */
static int take_owner_record(void *context, void *record, size_t size)
{
	struct kernel *kernel = context;

	(void)size;
	kernel->owner_err = kernel->owner_sink(kernel->owner_context, record);
	return kernel->owner_err ? -ECANCELED : 0; /* what is above 0 would not end it */
}

static int open_owner_ring(struct kernel *kernel)
{
	int fd = bpf_map__fd(kernel->programs->maps.owner_records);

	kernel->owner_ring = ring_buffer__new(fd, take_owner_record, kernel, NULL);
	if (kernel->owner_ring)
		return 0;
	say("the ring of owners: %s", strerror(errno));
	return -errno;
}

static int fill_slots(const struct kernel *kernel)
{
	struct flows_maps maps;
	int err;

	kernel_flows_maps(kernel, &maps);
	err = flows_fill(&maps, kernel->max_flows);
	if (err)
		say("the table of flows: %s", strerror(-err));
	return err;
}

static int load(struct kernel *kernel, const struct filters *filters)
{
	struct filter_maps maps;
	int err;

	kernel->programs = programs_open(hooks_can_cast());
	err = kernel->programs ? configure(kernel, filters) : -errno;
	if (!err)
		err = netsnoop_bpf__load(kernel->programs);
	if (err) {
		explain_load_failure(err);
		return err;
	}
	maps = filter_maps(kernel);
	err = arm_filters(filters, &maps);
	if (err)
		say("the filters could not be given to the kernel: %s", strerror(-err));
	return err ?: arm_cgroups(filters, &maps);
}

int kernel_open(const struct filters *filters, uint64_t ring_bytes, uint32_t max_flows, bool follow,
		bool verbose, struct kernel **ret_kernel)
{
	struct kernel *kernel;
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int possible = libbpf_num_possible_cpus();
	int err = -EPERM;

	libbpf_set_print(verbose ? print_warnings : print_nothing);
	if (!probe_machine() || (goes_by_pid(filters, follow) && !probe_pids(filters)))
		return err;
	kernel = calloc(1, sizeof(*kernel));
	if (!kernel)
		return -ENOMEM;
	kernel->follow = follow;
	kernel->filters = filters;
	kernel->max_flows = max_flows;
	kernel->n_cpus = possible > 0 ? (size_t)possible : 1;
	kernel->n_rings =
		online > 0 && (size_t)online < kernel->n_cpus ? (size_t)online : kernel->n_cpus;
	kernel->ring_bytes = size_of_ring(ring_bytes, kernel->n_rings);
	kernel->rings = calloc(kernel->n_rings, sizeof(*kernel->rings));
	for (size_t i = 0; kernel->rings && i < kernel->n_rings; i++)
		kernel->rings[i] = -1;
	err = kernel->rings ? load(kernel, filters) : -ENOMEM;
	if (!err)
		err = make_rings(kernel);
	if (!err)
		err = fill_slots(kernel);
	if (!err)
		err = open_owner_ring(kernel);
	if (!err)
		err = process_records_drain(kernel->programs, &kernel->process_drain);
	if (err) {
		kernel_close(kernel);
		return err;
	}
	*ret_kernel = kernel;
	return 0;
}

int kernel_follow(struct kernel *kernel, uint32_t pid)
{
	struct filter_maps maps = filter_maps(kernel);

	return arm_command(&maps, pid, kernel->filters->follow != FOLLOW_NONE);
}

/* What has to go on when processes fork and cgroups are made. */
static int arm_what_grows(struct kernel *kernel)
{
	const struct filters *filters = kernel->filters;
	struct filter_maps maps = filter_maps(kernel);
	const char *missing = NULL;

	if ((kernel->follow || filters->follow == FOLLOW_ALL) &&
	    !hooks_has(&kernel->hooks, "sched_process_fork"))
		missing = "sched_process_fork";
	if (goes_by_cgroup(filters) && !hooks_has(&kernel->hooks, "cgroup_mkdir"))
		missing = "cgroup_mkdir";
	if (missing) {
		say("this kernel has no tracepoint %s, without which the filter would lose track",
		    missing);
		return -ENOTSUP;
	}
	return arm_cgroups(filters, &maps) ?: arm_processes(kernel->programs, filters);
}

/* Learn first, then look at what is there, then record: no socket is missed in between. */
int kernel_attach(struct kernel *kernel)
{
	int err = hooks_attach_learners(&kernel->hooks);

	if (!err)
		err = arm_what_grows(kernel);
	if (!err) {
		err = hooks_walk(&kernel->hooks, "iter/task_file");
		if (err)
			say("the sockets that are open already: %s", strerror(-err));
	}
	return err ? err : hooks_attach_events(&kernel->hooks);
}

void kernel_want_totals_alone(struct kernel *kernel)
{
	kernel->programs->bss->detail = DETAIL_OF_FLOWS;
}

void kernel_detach(struct kernel *kernel)
{
	hooks_detach(&kernel->hooks);
	/* a program may still be running on another CPU */
	grace_wait(bpf_map__fd(kernel->programs->maps.net_events), kernel->rings[0]);
}

struct drain *kernel_drain(struct kernel *kernel)
{
	return kernel->drain;
}

struct drain *kernel_process_drain(struct kernel *kernel)
{
	return kernel->process_drain;
}

int kernel_list_processes(struct kernel *kernel, drain_sink sink, void *context)
{
	return process_records_list(kernel->programs, sink, context);
}

size_t kernel_cpus(const struct kernel *kernel)
{
	return kernel->n_cpus;
}

size_t kernel_rings(const struct kernel *kernel)
{
	return kernel->n_rings;
}

size_t kernel_ring_bytes(const struct kernel *kernel)
{
	return kernel->ring_bytes;
}

const char *kernel_hooks(const struct kernel *kernel)
{
	return kernel->hooks.names;
}

int kernel_owner_records(struct kernel *kernel,
			 int (*sink)(void *context, const struct owner_record *record),
			 void *context)
{
	int taken;

	kernel->owner_sink = sink;
	kernel->owner_context = context;
	kernel->owner_err = 0;
	taken = ring_buffer__consume(kernel->owner_ring);
	if (kernel->owner_err)
		return kernel->owner_err;
	return taken < 0 ? taken : 0;
}

/*
 * Take the pid out of the socket's holder, for the flows that still know it, unless the
 * walk has met the socket under another key.
 */
static void mark_closed(struct kernel *kernel, uint64_t socket_id)
{
	int map = bpf_map__fd(kernel->programs->maps.holders);
	struct holder holder;

	if (bpf_map_lookup_elem(map, &socket_id, &holder) ||
	    holder.sweep == kernel->programs->data->sweep)
		return;
	holder = (struct holder){ .owner_check = ~UINT64_C(0) };
	bpf_map_update_elem(map, &socket_id, &holder, BPF_EXIST); /* it may be gone by itself */
}

/* Delete what the walk that has just ended did not meet: its sockets are closed. */
static int delete_unbound(struct kernel *kernel)
{
	int map = bpf_map__fd(kernel->programs->maps.binds);
	struct flow_key key, next, *previous = NULL;
	struct bound bound;
	int err;

	err = bpf_map_get_next_key(map, NULL, &next);
	while (!err) {
		key = next;
		previous = &key;
		err = bpf_map_get_next_key(map, previous, &next);
		if (bpf_map_lookup_elem(map, &key, &bound) || bound.source == SOURCE_KERNEL ||
		    bound.sweep == kernel->programs->data->sweep)
			continue;
		bpf_map_delete_elem(map, &key); /* it may be gone by itself */
		mark_closed(kernel, bound.socket_id);
		__atomic_add_fetch(&kernel->programs->data->owner_epoch, 1, __ATOMIC_RELAXED);
	}
	return err == -ENOENT ? 0 : err;
}

static int sweep(struct kernel *kernel)
{
	int err;

	if (!hooks_has(&kernel->hooks, "iter/bpf_sk_storage_map"))
		return 0;
	__atomic_add_fetch(&kernel->programs->data->sweep, 1, __ATOMIC_RELAXED);
	err = hooks_walk(&kernel->hooks, "iter/bpf_sk_storage_map");
	return err ? err : delete_unbound(kernel);
}

static int seed_again(struct kernel *kernel, uint64_t at_ns)
{
	uint32_t missed = __atomic_load_n(&kernel->programs->data->missed_owners, __ATOMIC_RELAXED);
	int err;

	if (hooks_has(&kernel->hooks, "sock_recv_length") || at_ns < kernel->seed_allowed_ns ||
	    (missed == kernel->missed_owners && at_ns < kernel->seed_due_ns))
		return 0;
	err = hooks_walk(&kernel->hooks, "iter/task_file");
	kernel->missed_owners = missed;
	kernel->seed_due_ns = at_ns + SEED_NS;
	kernel->seed_allowed_ns = at_ns + SEED_COST * (now_ns() - at_ns);
	return err;
}

int kernel_tick(struct kernel *kernel, uint64_t at_ns)
{
	int err = seed_again(kernel, at_ns);

	if (!err && at_ns >= kernel->sweep_due_ns) {
		kernel->sweep_due_ns = at_ns + SWEEP_NS;
		err = sweep(kernel);
	}
	return err;
}

int kernel_settle(struct kernel *kernel)
{
	return hooks_walk(&kernel->hooks, "iter/task_file");
}

void kernel_flows_maps(const struct kernel *kernel, struct flows_maps *ret_maps)
{
	const struct netsnoop_bpf *programs = kernel->programs;

	*ret_maps = (struct flows_maps){
		.flows = bpf_map__fd(programs->maps.flows),
		.slots = bpf_map__fd(programs->maps.slots),
		.free_slots = bpf_map__fd(programs->maps.free_slots),
		.net_events = bpf_map__fd(programs->maps.net_events),
		.ring = kernel->rings[0],
	};
}

int kernel_followed_fd(const struct kernel *kernel)
{
	return bpf_map__fd(kernel->programs->maps.snoop_proc);
}

void kernel_totals_maps(const struct kernel *kernel, struct kernel_totals_maps *ret_maps)
{
	const struct netsnoop_bpf *programs = kernel->programs;

	*ret_maps = (struct kernel_totals_maps){
		.sums = { bpf_map__fd(programs->maps.sums_a), bpf_map__fd(programs->maps.sums_b) },
		.n_sums = bpf_map__max_entries(programs->maps.sums_a),
		.totals = { bpf_map__fd(programs->maps.totals_a),
			    bpf_map__fd(programs->maps.totals_b) },
		.spills = { bpf_map__fd(programs->maps.spills_a),
			    bpf_map__fd(programs->maps.spills_b) },
		.intervals = bpf_map__fd(programs->maps.intervals),
		.net_events = bpf_map__fd(programs->maps.net_events),
		.ring = kernel->rings[0],
		.turn = &programs->bss->turn,
		.detail = &programs->bss->detail,
	};
}

int kernel_counts(const struct kernel *kernel, struct counts *ret_by_cpu)
{
	const struct count_maps maps = {
		.own = bpf_map__fd(kernel->programs->maps.own),
		.intervals = bpf_map__fd(kernel->programs->maps.intervals),
	};

	return counts_read(&maps, kernel->n_cpus, ret_by_cpu);
}

int kernel_throughput(const struct kernel *kernel, struct throughput **ret_rows, size_t *ret_n_rows)
{
	const struct throughput_maps maps = {
		.send = bpf_map__fd(kernel->programs->maps.send_bytes),
		.recv = bpf_map__fd(kernel->programs->maps.recv_bytes),
		.own = bpf_map__fd(kernel->programs->maps.own),
	};

	return throughput_read(&maps, kernel->n_cpus, ret_rows, ret_n_rows);
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	drain_close(kernel->drain);
	drain_close(kernel->process_drain);
	ring_buffer__free(kernel->owner_ring);
	hooks_detach(&kernel->hooks);
	for (size_t i = 0; kernel->rings && i < kernel->n_rings; i++)
		if (kernel->rings[i] >= 0)
			close(kernel->rings[i]);
	free(kernel->rings);
	free(kernel->short_cpus);
	netsnoop_bpf__destroy(kernel->programs);
	free(kernel);
}
