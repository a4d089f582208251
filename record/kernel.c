// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/kernel.h"

#include "bpf/netsnoop.skel.h"
#include "record/arm.h"
#include "record/probe.h"
#include "record/say.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * 16 MiB hold 123,000 records: at a million events a second on one CPU the
 * recorder may be held up for a tenth of a second.
 */
#define DEFAULT_BYTES_A_CPU (UINT64_C(16) << 20)
#define DEFAULT_BYTES_AT_MOST (UINT64_C(128) << 20)
#define RING_BYTES_MAX (UINT64_C(1) << 30)

struct kernel {
	struct netsnoop_bpf *programs;
	struct drain *drain;
	int *rings; /* descriptors */
	size_t n_rings, n_cpus;
	size_t ring_bytes;
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

/* A power of two of at least a page, so that all rings together stay within total_bytes. */
static size_t size_of_ring(uint64_t total_bytes, size_t n_rings)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), bytes = page_bytes;

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

/* What the programs take as constants, and maps that are only as large as needed. */
static int configure(struct kernel *kernel, const struct filters *filters)
{
	struct netsnoop_bpf *programs = kernel->programs;
	uint32_t bits = filter_bits(filters, kernel->follow);
	int err;

	programs->rodata->n_cpus = (uint32_t)kernel->n_cpus;
	programs->rodata->filters = bits;
	err = bpf_map__set_max_entries(programs->maps.net_events, (uint32_t)kernel->n_cpus);
	if (!err && !goes_by_pid(filters, kernel->follow))
		err = bpf_map__set_max_entries(programs->maps.snoop_proc, 1);
	if (!err)
		err = bpf_program__set_autoload(programs->progs.see_fork, kernel->follow);
	return err;
}

/* CPUs that come up later share a ring with another one. */
static int make_rings(struct kernel *kernel)
{
	int net_events = bpf_map__fd(kernel->programs->maps.net_events);
	int err = 0;

	for (size_t i = 0; !err && i < kernel->n_rings; i++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "net_events", 0, 0,
					(uint32_t)kernel->ring_bytes, NULL);

		kernel->rings[i] = fd;
		err = fd < 0 ? fd : 0;
	}
	for (uint32_t cpu = 0; !err && cpu < kernel->n_cpus; cpu++)
		err = bpf_map_update_elem(net_events, &cpu, &kernel->rings[cpu % kernel->n_rings],
					  BPF_ANY);
	if (!err)
		err = drain_open(kernel->rings, kernel->n_rings, kernel->ring_bytes,
				 &kernel->drain);
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
	};
}

static int load(struct kernel *kernel, const struct filters *filters)
{
	struct filter_maps maps;
	int err;

	kernel->programs = netsnoop_bpf__open();
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
	return err;
}

int kernel_open(const struct filters *filters, uint64_t ring_bytes, bool follow, bool verbose,
		struct kernel **ret_kernel)
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

	return arm_follow(&maps, pid);
}

static int attach(struct bpf_program *program, struct bpf_link **ret_link)
{
	struct bpf_link *link = bpf_program__attach(program);
	const char *hook = strchr(bpf_program__section_name(program), '/');
	int err = link ? 0 : -errno;

	if (err) {
		say("the tracepoint %s: %s; nothing is recorded without it",
		    hook ? hook + 1 : bpf_program__section_name(program), strerror(-err));
		return err;
	}
	*ret_link = link;
	return 0;
}

int kernel_attach(struct kernel *kernel)
{
	struct netsnoop_bpf *programs = kernel->programs;
	int err = 0;

	if (kernel->follow)
		err = attach(programs->progs.see_fork, &programs->links.see_fork);
	if (!err)
		err = attach(programs->progs.see_receive, &programs->links.see_receive);
	if (!err)
		err = attach(programs->progs.see_send, &programs->links.see_send);
	return err;
}

void kernel_detach(struct kernel *kernel)
{
	netsnoop_bpf__detach(kernel->programs);
	/*
	 * A program may still be running on another CPU. It does so within an
	 * RCU read section, and this waits for those to end. Not so where the
	 * command is refused (nohz_full); there the wait has to do.
	 */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(10000);
}

struct drain *kernel_drain(struct kernel *kernel)
{
	return kernel->drain;
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
	return kernel->follow ? "net_dev_queue netif_receive_skb sched_process_fork"
			      : "net_dev_queue netif_receive_skb";
}

int kernel_counts(const struct kernel *kernel, struct counts *ret_by_cpu)
{
	return counts_read(bpf_map__fd(kernel->programs->maps.counters), kernel->n_cpus,
			   ret_by_cpu);
}

int kernel_throughput(const struct kernel *kernel, struct throughput **ret_rows, size_t *ret_n_rows)
{
	return throughput_read(bpf_map__fd(kernel->programs->maps.send_bytes),
			       bpf_map__fd(kernel->programs->maps.recv_bytes), ret_rows,
			       ret_n_rows);
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	drain_close(kernel->drain);
	for (size_t i = 0; kernel->rings && i < kernel->n_rings; i++)
		if (kernel->rings[i] >= 0)
			close(kernel->rings[i]);
	free(kernel->rings);
	netsnoop_bpf__destroy(kernel->programs);
	free(kernel);
}
