// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/arm.h"

#include "bpf/events.h"
#include "record/cgroups.h"
#include "record/say.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const enum filter_kind kinds[FILTER_TYPES] = {
	[BY_PID] = FILTER_PID,	     [BY_COMM] = FILTER_COMM, [BY_INTERFACE] = FILTER_INTERFACE,
	[BY_HOST] = FILTER_HOST,     [BY_PORT] = FILTER_PORT, [BY_PROTO] = FILTER_PROTO,
	[BY_CGROUP] = FILTER_CGROUP, [BY_USER] = FILTER_USER,
};

uint32_t filter_bits(const struct filters *filters, bool follow)
{
	uint32_t bits = follow ? FILTER_INCLUDES(FILTER_PID) : 0;

	for (size_t i = 0; i < filters->n; i++) {
		enum filter_kind kind = kinds[filters->all[i].type];

		bits |= filters->all[i].exclude ? FILTER_EXCLUDES(kind) : FILTER_INCLUDES(kind);
	}
	return bits;
}

static uint32_t verdict_of(const struct filter *filter)
{
	return filter->exclude ? VERDICT_EXCLUDE : VERDICT_INCLUDE;
}

/* Add to what an earlier filter said of the same key. */
static int add_verdict(int map, const void *key, const struct filter *filter)
{
	uint32_t verdict = 0;

	bpf_map_lookup_elem(map, key, &verdict);
	verdict |= verdict_of(filter);
	return bpf_map_update_elem(map, key, &verdict, BPF_ANY);
}

static int add_process(int map, uint32_t pid, uint32_t what)
{
	struct snoop_value value = { 0 };

	bpf_map_lookup_elem(map, &pid, &value);
	value.what |= what;
	return bpf_map_update_elem(map, &pid, &value, BPF_ANY);
}

static int add_host(const struct filter_maps *maps, const struct filter *filter)
{
	struct host_key key = { .prefix_bits = HOST_FAMILY_BITS + filter->host.prefix_bits,
				.family = filter->host.family };

	memcpy(key.addr, filter->host.addr, sizeof(key.addr));
	return add_verdict(filter->exclude ? maps->host_exclude : maps->host_include, &key, filter);
}

static int add_protocol(int map, const struct filter *filter)
{
	struct protocol_key key = { .number = filter->protocol.number,
				    .is_ip = filter->protocol.is_ip };

	return add_verdict(map, &key, filter);
}

static int add_one(const struct filter *filter, const struct filter_maps *maps,
		   struct port_table *ports)
{
	switch (filter->type) {
	case BY_PID:
		return add_process(maps->snoop_proc, filter->pid,
				   filter->exclude ? SNOOP_EXCLUDE : SNOOP_INCLUDE);
	case BY_COMM:
		return add_verdict(maps->comm, filter->name, filter);
	case BY_INTERFACE:
		return add_verdict(maps->interface, filter->name, filter);
	case BY_HOST:
		return add_host(maps, filter);
	case BY_PORT:
		for (uint32_t port = filter->ports.first; port <= filter->ports.last; port++)
			ports->verdict[port] |= verdict_of(filter);
		return 0;
	case BY_PROTO:
		return add_protocol(maps->proto, filter);
	case BY_CGROUP:
		return 0;
	case BY_USER:
		return add_verdict(maps->user, &filter->uid, filter);
	default:
		return -EINVAL;
	}
}

int arm_filters(const struct filters *filters, const struct filter_maps *maps)
{
	struct port_table *ports = calloc(1, sizeof(*ports));
	uint32_t zero = 0;
	int err = 0;

	if (!ports)
		return -ENOMEM;
	for (size_t i = 0; !err && i < filters->n; i++)
		err = add_one(&filters->all[i], maps, ports);
	if (!err)
		err = bpf_map_update_elem(maps->port, &zero, ports, BPF_ANY);
	free(ports);
	return err;
}

int arm_command(const struct filter_maps *maps, uint32_t pid, bool follow)
{
	return add_process(maps->snoop_proc, pid, SNOOP_INCLUDE | (follow ? SNOOP_FOLLOW : 0));
}

struct cgroup_filter {
	const struct filter *filter;
	int map;
};

/* Of cgroups_walk(). */
static int add_cgroup(void *context, uint64_t id)
{
	const struct cgroup_filter *add = context;

	return add_verdict(add->map, &id, add->filter);
}

static int arm_cgroup(const struct cgroups *cgroups, const struct filter *filter, int map)
{
	struct cgroup_filter add = { filter, map };
	const char *mount = cgroups_mount(cgroups);
	int fd = cgroups_find(cgroups, filter->cgroup);
	int err = fd;

	if (fd >= 0) {
		err = cgroups_walk(fd, add_cgroup, &add);
		close(fd);
	}
	if (err == -ENOTSUP)
		say("--cgroup: no cgroup2 file system is mounted here");
	else if (err == -E2BIG)
		say("--cgroup %s: there are too many cgroups below it", filter->cgroup);
	else if (err)
		say("--cgroup %s: no cgroup below %s (cgroup2): %s", filter->cgroup, mount,
		    strerror(-err));
	return err;
}

int arm_cgroups(const struct filters *filters, const struct filter_maps *maps)
{
	struct cgroups *cgroups;
	int err;

	if (!filters_count(filters, BY_CGROUP, false) && !filters_count(filters, BY_CGROUP, true))
		return 0;
	err = cgroups_open(&cgroups);
	if (err) {
		say("--cgroup: %s", strerror(-err));
		return err;
	}
	for (size_t i = 0; !err && i < filters->n; i++)
		if (filters->all[i].type == BY_CGROUP)
			err = arm_cgroup(cgroups, &filters->all[i], maps->cgroup);
	cgroups_close(cgroups);
	return err;
}
