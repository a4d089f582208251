/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/stack.h"

#include "analyze/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct device { /* as it was from one time on */
	uint32_t netns, ifindex;
	uint64_t time_ns;
	uint32_t master; /* 0: none */
	bool is_bridge;	 /* its own receive hook follows that of its ports */
	bool is_vrf;	 /* a routing table: packets pass it by */
};

struct carried { /* a device that another lies on, since the first of them did */
	uint32_t netns, ifindex;
	uint64_t since_ns;
};

struct stack {
	struct device *devices; /* sorted by namespace, index and time */
	size_t n_devices, n_devices_allocated;
	struct carried *carried; /* sorted by namespace and index, then each once */
	size_t n_carried, n_carried_allocated;
	bool has_masters;
};

int stack_new(struct stack **ret_stack)
{
	struct stack *stack = calloc(1, sizeof(*stack));

	if (!stack)
		return -ENOMEM;
	*ret_stack = stack;
	return 0;
}

void stack_free(struct stack *stack)
{
	if (!stack)
		return;
	free(stack->devices);
	free(stack->carried);
	free(stack);
}

static bool is_kind(struct nst_bytes kind, const char *const *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(kinds[i]) == kind.len_bytes &&
		    !memcmp(kinds[i], kind.data, kind.len_bytes))
			return true;
	return false;
}

/* Of the devices that have a link, those whose link is below them and not a peer. */
static bool lies_on_link(struct nst_bytes kind)
{
	static const char *const kinds[] = { "vlan",  "macvlan", "ipvlan", "macvtap", "ipvtap",
					     "vxlan", "bond",	 "team",   "bridge" };

	return is_kind(kind, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

static bool is_bridge(struct nst_bytes kind)
{
	static const char *const kinds[] = { "bridge", "openvswitch" };

	return is_kind(kind, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

static bool is_vrf(struct nst_bytes kind)
{
	static const char *const kinds[] = { "vrf" };

	return is_kind(kind, kinds, 1);
}

static int add_row(struct stack *stack, const struct nst_interface *row)
{
	const uint32_t link = NST_INTERFACE_HAS_LINK | NST_INTERFACE_HAS_LINK_NETNS;
	bool has_link = (row->has & link) == link && row->link && lies_on_link(row->kind);
	int err = array_reserve(&stack->devices, &stack->n_devices_allocated, stack->n_devices + 1,
				sizeof(*stack->devices));

	if (!err && has_link)
		err = array_reserve(&stack->carried, &stack->n_carried_allocated,
				    stack->n_carried + 1, sizeof(*stack->carried));
	if (err)
		return err;
	stack->devices[stack->n_devices++] = (struct device){
		.netns = row->netns,
		.ifindex = row->ifindex,
		.time_ns = row->time_ns,
		.master = row->has & NST_INTERFACE_HAS_MASTER ? row->master : 0,
		.is_bridge = is_bridge(row->kind),
		.is_vrf = is_vrf(row->kind),
	};
	stack->has_masters |= stack->devices[stack->n_devices - 1].master != 0;
	if (has_link && (row->link_netns != row->netns || row->link != row->ifindex))
		stack->carried[stack->n_carried++] =
			(struct carried){ row->link_netns, row->link, row->time_ns };
	return 0;
}

int stack_add(struct stack *stack, const struct nst_interface *rows, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = add_row(stack, &rows[i]);
	return err;
}

static int compare(uint32_t netns, uint32_t ifindex, uint64_t time_ns, uint32_t other_netns,
		   uint32_t other_ifindex, uint64_t other_time_ns)
{
	if (netns != other_netns)
		return netns < other_netns ? -1 : 1;
	if (ifindex != other_ifindex)
		return ifindex < other_ifindex ? -1 : 1;
	return (time_ns > other_time_ns) - (time_ns < other_time_ns);
}

static int compare_devices(const void *a, const void *b)
{
	const struct device *x = a, *y = b;

	return compare(x->netns, x->ifindex, x->time_ns, y->netns, y->ifindex, y->time_ns);
}

static int compare_carried(const void *a, const void *b)
{
	const struct carried *x = a, *y = b;

	return compare(x->netns, x->ifindex, x->since_ns, y->netns, y->ifindex, y->since_ns);
}

int stack_close(struct stack *stack)
{
	size_t n = 0;

	if (stack->n_devices)
		qsort(stack->devices, stack->n_devices, sizeof(*stack->devices), compare_devices);
	if (!stack->n_carried)
		return 0;
	qsort(stack->carried, stack->n_carried, sizeof(*stack->carried), compare_carried);
	for (size_t i = 0; i < stack->n_carried; i++)
		if (!n || stack->carried[i].netns != stack->carried[n - 1].netns ||
		    stack->carried[i].ifindex != stack->carried[n - 1].ifindex)
			stack->carried[n++] = stack->carried[i];
	stack->n_carried = n;
	return 0;
}

bool stack_is_stacked(const struct stack *stack)
{
	return stack->has_masters || stack->n_carried;
}

static bool is_device(const struct device *device, uint32_t netns, uint32_t ifindex)
{
	return device->netns == netns && device->ifindex == ifindex;
}

/* A device as it was at a time; one that is told of only later was so before. NULL: unknown. */
static const struct device *find_device(const struct stack *stack, uint32_t netns, uint32_t ifindex,
					uint64_t time_ns)
{
	size_t from = 0, to = stack->n_devices;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct device *device = &stack->devices[middle];

		if (compare(device->netns, device->ifindex, device->time_ns, netns, ifindex,
			    time_ns) <= 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from && is_device(&stack->devices[from - 1], netns, ifindex))
		return &stack->devices[from - 1];
	if (from < stack->n_devices && is_device(&stack->devices[from], netns, ifindex))
		return &stack->devices[from];
	return NULL;
}

static bool is_carrying(const struct stack *stack, uint32_t netns, uint32_t ifindex,
			uint64_t time_ns)
{
	size_t from = 0, to = stack->n_carried;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct carried *carried = &stack->carried[middle];
		int order = compare(carried->netns, carried->ifindex, 0, netns, ifindex, 0);

		if (!order)
			return carried->since_ns <= time_ns;
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return false;
}

bool stack_counts_elsewhere(const struct stack *stack, const struct nst_lane *lane,
			    const struct nst_flow *flow, uint64_t time_ns)
{
	const struct device *device, *master;

	if (lane->flags & (NST_FLAG_LOCAL_ADDR | NST_FLAG_LOOPBACK) ||
	    !(lane->has & NST_HAS_IFINDEX) || !(flow->has & NST_HAS_NETNS))
		return false;
	if (lane->is_send && is_carrying(stack, flow->netns, lane->ifindex, time_ns))
		return true;
	device = find_device(stack, flow->netns, lane->ifindex, time_ns);
	if (!device || !device->master)
		return false;
	master = find_device(stack, flow->netns, device->master, time_ns);
	return lane->is_send ? !master || !master->is_vrf : master && master->is_bridge;
}
