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
#include "record/rings.h"
#include "record/say.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	struct rings rings;
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

static bool goes_by_pid(const struct filters *filters, bool follow)
{
	return follow || filters_count(filters, BY_PID, false) ||
	       filters_count(filters, BY_PID, true);
}

static bool goes_by_cgroup(const struct filters *filters)
{
	return filters_count(filters, BY_CGROUP, false) || filters_count(filters, BY_CGROUP, true);
}

/* What the programs take as constants, and maps that are only as large as needed. */
static int configure(struct kernel *kernel, const struct filters *filters)
{
	struct netsnoop_bpf *programs = kernel->programs;
	uint32_t bits = filter_bits(filters, kernel->follow);
	int err;

	programs->rodata->n_cpus = (uint32_t)kernel->rings.n_cpus;
	programs->rodata->filters = bits;
	err = rings_size(&kernel->rings, programs);
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.flows, kernel->max_flows);
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.slots,
					       flows_slots(kernel->max_flows));
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

static int load_programs(struct kernel *kernel, const struct filters *filters, bool with_casts)
{
	int err;

	netsnoop_bpf__destroy(kernel->programs);
	memset(&kernel->hooks, 0, sizeof(kernel->hooks));
	kernel->programs = programs_open(with_casts);
	err = kernel->programs ? configure(kernel, filters) : -errno;
	return err ?: netsnoop_bpf__load(kernel->programs);
}

/* Without the JIT (net.core.bpf_jit_enable) there are no casts, whatever BTF says. */
static int load(struct kernel *kernel, const struct filters *filters)
{
	bool can_cast = hooks_can_cast();
	struct filter_maps maps;
	int err = load_programs(kernel, filters, can_cast);

	if (err && can_cast)
		err = load_programs(kernel, filters, false);
	if (err == -ENOMEM || err == -E2BIG)
		rings_explain(&kernel->rings, err);
	else if (err)
		explain_load_failure(err);
	if (err)
		return err;
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
	err = rings_choose(&kernel->rings, ring_bytes) ?: load(kernel, filters);
	if (!err)
		err = rings_make(&kernel->rings, kernel->programs, &kernel->drain);
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
	grace_wait(bpf_map__fd(kernel->programs->maps.net_events), kernel->rings.fds[0]);
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
	return kernel->rings.n_cpus;
}

size_t kernel_rings(const struct kernel *kernel)
{
	return kernel->rings.n;
}

size_t kernel_ring_bytes(const struct kernel *kernel)
{
	return kernel->rings.bytes;
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
		.ring = kernel->rings.fds[0],
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
		.ring = kernel->rings.fds[0],
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

	return counts_read(&maps, kernel->rings.n_cpus, ret_by_cpu);
}

int kernel_throughput(const struct kernel *kernel, struct throughput **ret_rows, size_t *ret_n_rows)
{
	const struct throughput_maps maps = {
		.send = bpf_map__fd(kernel->programs->maps.send_bytes),
		.recv = bpf_map__fd(kernel->programs->maps.recv_bytes),
		.own = bpf_map__fd(kernel->programs->maps.own),
	};

	return throughput_read(&maps, kernel->rings.n_cpus, ret_rows, ret_n_rows);
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	drain_close(kernel->drain);
	drain_close(kernel->process_drain);
	ring_buffer__free(kernel->owner_ring);
	hooks_detach(&kernel->hooks);
	rings_close(&kernel->rings);
	netsnoop_bpf__destroy(kernel->programs);
	free(kernel);
}
