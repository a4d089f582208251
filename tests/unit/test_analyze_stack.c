/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Devices that lie on each other: where a packet counts that several of them see. */
#include "tests/unit/test.h"

#include "analyze/stack.h"

#include <stdlib.h>

#define NS 7
#define LATER 1000

enum { /* indexes */
	LO = 1,
	ETH0, /* under VLAN and macvlan */
	ETH1, /* a port of the bridge from LATER on */
	VETH, /* a port of the bridge */
	BRIDGE,
	SLAVE, /* of the bond */
	BOND,
	VLAN,
	MACVLAN,
	PORT, /* of Open vSwitch */
	SWITCH,
	PLAIN,	/* under the macvlan of another namespace */
	ROUTED, /* of the VRF */
	VRF,
	OTHER, /* has the index of what lies below a device, in a namespace that is not known */
};

static struct nst_bytes text(const char *bytes)
{
	return (struct nst_bytes){ bytes, (uint32_t)strlen(bytes) };
}

static struct nst_interface device(uint32_t ifindex, const char *kind, uint32_t master,
				   uint32_t link)
{
	return (struct nst_interface){
		.netns = NS,
		.ifindex = ifindex,
		.kind = text(kind),
		.master = master,
		.link = link,
		.link_netns = NS,
		.has = (master ? NST_INTERFACE_HAS_MASTER : 0) |
		       (link ? NST_INTERFACE_HAS_LINK | NST_INTERFACE_HAS_LINK_NETNS : 0),
	};
}

static struct stack *make(void)
{
	struct nst_interface rows[] = {
		device(ETH1, "", BRIDGE, 0),
		device(LO, "", 0, 0),
		device(ETH0, "", 0, 0),
		device(ETH1, "", 0, 0),
		device(VETH, "veth", BRIDGE, 2), /* its peer's index, elsewhere */
		device(BRIDGE, "bridge", 0, 0),
		device(SLAVE, "", BOND, 0),
		device(BOND, "bond", 0, 0),
		device(VLAN, "vlan", 0, ETH0),
		device(MACVLAN, "macvlan", 0, ETH0),
		device(PORT, "", SWITCH, 0),
		device(SWITCH, "openvswitch", 0, 0),
		device(PLAIN, "", 0, 0),
		device(99, "macvlan", 0, PLAIN),
		device(98, "macvlan", 0, SWITCH),
		device(ROUTED, "", VRF, 0),
		device(VRF, "vrf", 0, 0),
		device(OTHER, "", 0, 0),
		device(97, "macvlan", 0, OTHER),
	};
	struct stack *stack = NULL;

	rows[0].time_ns = LATER;
	rows[13].netns = rows[14].netns = 8;
	rows[14].link_netns = 8;
	rows[18].has &= ~(uint32_t)NST_INTERFACE_HAS_LINK_NETNS;
	CHECK_INT(stack_new(&stack), 0);
	CHECK(!stack_is_stacked(stack));
	CHECK_INT(stack_add(stack, rows, sizeof(rows) / sizeof(rows[0])), 0);
	CHECK_INT(stack_close(stack), 0);
	CHECK(stack_is_stacked(stack));
	return stack;
}

static bool elsewhere(const struct stack *stack, uint32_t ifindex, bool is_send, uint16_t flags,
		      uint64_t time_ns)
{
	struct nst_lane lane = {
		.has = NST_HAS_IFINDEX, .ifindex = ifindex, .is_send = is_send, .flags = flags
	};
	struct nst_flow flow = { .has = NST_HAS_NETNS, .netns = NS };

	return stack_counts_elsewhere(stack, &lane, &flow, time_ns);
}

static void where_a_packet_counts(void)
{
	static const struct {
		uint32_t ifindex;
		bool send, receive; /* counts elsewhere */
	} expected[] = {
		{ LO, false, false },	  { ETH0, true, false },     { VETH, true, true },
		{ BRIDGE, false, false }, { SLAVE, true, false },    { BOND, false, false },
		{ VLAN, false, false },	  { MACVLAN, false, false }, { PORT, true, true },
		{ SWITCH, false, false }, { PLAIN, true, false },    { 77, false, false },
		{ ROUTED, false, false }, { VRF, false, false },     { OTHER, false, false },
	};
	struct stack *stack = make();

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		CHECK_INT(elsewhere(stack, expected[i].ifindex, true, 0, 1), expected[i].send);
		CHECK_INT(elsewhere(stack, expected[i].ifindex, false, 0, 1), expected[i].receive);
		/* its own traffic counts on any device */
		CHECK(!elsewhere(stack, expected[i].ifindex, true, NST_FLAG_LOCAL_ADDR, 1));
		CHECK(!elsewhere(stack, expected[i].ifindex, false, NST_FLAG_LOOPBACK, 1));
	}
	stack_free(stack);
}

static void a_device_that_changes(void)
{
	struct stack *stack = make();

	CHECK(!elsewhere(stack, ETH1, true, 0, LATER - 1));
	CHECK(!elsewhere(stack, ETH1, false, 0, LATER - 1));
	CHECK(elsewhere(stack, ETH1, true, 0, LATER));
	CHECK(elsewhere(stack, ETH1, false, 0, LATER));
	stack_free(stack);
}

static void what_is_not_known(void)
{
	struct stack *stack = make();
	struct nst_lane lane = { .ifindex = VETH };
	struct nst_flow flow = { .has = NST_HAS_NETNS, .netns = NS };

	CHECK(!stack_counts_elsewhere(stack, &lane, &flow, 1));
	lane.has = NST_HAS_IFINDEX;
	CHECK(stack_counts_elsewhere(stack, &lane, &flow, 1));
	flow.netns = 9;
	CHECK(!stack_counts_elsewhere(stack, &lane, &flow, 1));
	flow = (struct nst_flow){ .netns = NS };
	CHECK(!stack_counts_elsewhere(stack, &lane, &flow, 1));
	stack_free(stack);
}

int main(void)
{
	RUN(where_a_packet_counts);
	RUN(a_device_that_changes);
	RUN(what_is_not_known);
	return test_result();
}
