// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/rings.h"

#include "bpf/events.h"
#include "bpf/netsnoop.skel.h"
#include "record/drain.h"
#include "record/say.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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
#define MAP_BYTES_MAX (UINT64_C(4) << 30) /* of all short records: some kernels have no more */
/*
 * A power of two, so that all rings together stay within total_bytes; but at least two
 * pages for each CPU.
 */
static size_t size_of_ring(uint64_t total_bytes, size_t n_rings)
{
	size_t bytes = 2 * (size_t)sysconf(_SC_PAGESIZE);

	if (!total_bytes) {
		total_bytes = DEFAULT_BYTES_A_CPU * n_rings;
		if (total_bytes > DEFAULT_BYTES_AT_MOST)
			total_bytes = DEFAULT_BYTES_AT_MOST;
	}
	while (2 * bytes * n_rings <= total_bytes && 2 * bytes <= RING_BYTES_MAX &&
	       bytes * n_rings < MAP_BYTES_MAX)
		bytes *= 2;
	return bytes;
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

/* One that cannot be taken off has no such file. */
static bool is_online(size_t cpu)
{
	char path[64], yes = '1';
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%zu/online", cpu);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		*strrchr(path, '/') = '\0';
		return !access(path, F_OK);
	}
	if (read(fd, &yes, 1) != 1)
		yes = '0';
	close(fd);
	return yes == '1';
}

/* CPUs that come up later write into a ring buffer alone. */
static int choose_shorts(struct rings *rings)
{
	if (is_preempt_rt())
		return 0;
	rings->short_cpus = calloc(rings->n, sizeof(*rings->short_cpus));
	if (!rings->short_cpus)
		return -ENOMEM;
	for (uint32_t cpu = 0; cpu < rings->n_cpus && rings->n_shorts < rings->n; cpu++)
		if (is_online(cpu))
			rings->short_cpus[rings->n_shorts++] = cpu;
	return 0;
}

/* Of one that is the kernel's. */
static size_t kernels_bytes(const struct rings *rings)
{
	return rings->n_shorts ? rings->bytes / 2 : rings->bytes;
}

static uint32_t short_slots(const struct rings *rings)
{
	return (uint32_t)(rings->bytes / 2 / sizeof(struct short_record));
}

int rings_size(const struct rings *rings, struct netsnoop_bpf *programs)
{
	int err = bpf_map__set_max_entries(programs->maps.net_events, (uint32_t)rings->n_cpus);

	programs->rodata->short_slots = short_slots(rings);
	if (!err)
		err = bpf_map__set_max_entries(programs->maps.short_rings, (uint32_t)rings->n_cpus);
	if (!err && rings->n_shorts)
		err = bpf_map__set_max_entries(programs->maps.short_records,
					       (uint32_t)rings->n_shorts * short_slots(rings));
	return err;
}

void rings_explain(const struct rings *rings, int err)
{
	say("%zu rings of %zu bytes: %s; --buffer-size makes them smaller", rings->n, rings->bytes,
	    strerror(-err));
}

static int make_short_rings(const struct rings *rings, const struct netsnoop_bpf *programs)
{
	int map = bpf_map__fd(programs->maps.short_rings), err = 0;

	for (size_t i = 0; !err && i < rings->n_shorts; i++) {
		struct short_ring ring = { .first = (uint32_t)i * short_slots(rings),
					   .is_there = 1 };

		err = bpf_map_update_elem(map, &rings->short_cpus[i], &ring, BPF_ANY);
	}
	return err;
}

static int open_drain(const struct rings *rings, const struct netsnoop_bpf *programs,
		      struct drain **ret_drain)
{
	const struct drain_source from = {
		.fds = rings->fds,
		.n = rings->n,
		.ring_bytes = kernels_bytes(rings),
		.short_rings = bpf_map__fd(programs->maps.short_rings),
		.short_records = bpf_map__fd(programs->maps.short_records),
		.short_slots = rings->n_shorts ? short_slots(rings) : 0,
		.n_cpus = rings->n_cpus,
		.short_cpus = rings->short_cpus,
		.n_shorts = rings->n_shorts,
	};

	return drain_open(&from, ret_drain);
}

/* CPUs that come up later share a ring with another one. */
int rings_make(struct rings *rings, const struct netsnoop_bpf *programs, struct drain **ret_drain)
{
	int net_events = bpf_map__fd(programs->maps.net_events);
	int err = 0;

	for (size_t i = 0; !err && i < rings->n; i++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "net_events", 0, 0,
					(uint32_t)kernels_bytes(rings), NULL);

		rings->fds[i] = fd;
		err = fd < 0 ? fd : 0;
	}
	for (uint32_t cpu = 0; !err && cpu < rings->n_cpus; cpu++)
		err = bpf_map_update_elem(net_events, &cpu, &rings->fds[cpu % rings->n], BPF_ANY);
	if (!err)
		err = make_short_rings(rings, programs) ?: open_drain(rings, programs, ret_drain);
	if (err)
		rings_explain(rings, err);
	return err;
}

int rings_choose(struct rings *rings, uint64_t total_bytes)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int possible = libbpf_num_possible_cpus();

	rings->n_cpus = possible > 0 ? (size_t)possible : 1;
	rings->n = online > 0 && (size_t)online < rings->n_cpus ? (size_t)online : rings->n_cpus;
	rings->bytes = size_of_ring(total_bytes, rings->n);
	rings->fds = calloc(rings->n, sizeof(*rings->fds));
	if (!rings->fds)
		return -ENOMEM;
	for (size_t i = 0; i < rings->n; i++)
		rings->fds[i] = -1;
	return choose_shorts(rings);
}

void rings_close(struct rings *rings)
{
	for (size_t i = 0; rings->fds && i < rings->n; i++)
		if (rings->fds[i] >= 0)
			close(rings->fds[i]);
	free(rings->fds);
	free(rings->short_cpus);
}
