// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/owners.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/owner_flows.h"
#include "record/owner_rows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX 65536 /* several rings full */

struct owners {
	owner_sink sink; /* NULL: nobody asks */
	void *context;
	struct owner_flows flows;
	struct owner_rows rows;
	struct owner_change *queue;
	size_t n_queue, room;
	uint64_t totals_ns; /* up to which all totals have been met */
	bool has_over;	    /* some flow is over */
};

int owners_open(struct nst_writer *writer, uint32_t max_flows, struct owners **ret_owners)
{
	struct owners *owners = calloc(1, sizeof(*owners));
	int err = owners ? owner_flows_open(&owners->flows, max_flows) : -ENOMEM;

	if (err) {
		free(owners);
		return err;
	}
	owners->rows.writer = writer;
	*ret_owners = owners;
	return 0;
}

void owners_tell(struct owners *owners, owner_sink sink, void *context)
{
	owners->sink = sink;
	owners->context = context;
}

void owners_close(struct owners *owners)
{
	if (!owners)
		return;
	owner_flows_close(&owners->flows);
	owner_rows_free(&owners->rows);
	free(owners->queue);
	free(owners);
}

uint64_t owners_lost(const struct owners *owners)
{
	return owners->flows.lost + owners->rows.lost;
}

/* ---- Rows -------------------------------------------------------------- */

/* Is the owner one of several of whom a row says so already? From now on it is. */
static bool was_told_shared(struct claim *claim, const struct owner_change *change)
{
	if (claim->shared_pid == change->pid && claim->shared_start_ns == change->start_ns)
		return true;
	claim->shared_pid = change->pid;
	claim->shared_start_ns = change->start_ns;
	return false;
}

static int add_row(struct owners *owners, const struct nst_owner *row, const char *comm)
{
	owner_flow_tell(&owners->flows, row, comm);
	return owner_rows_add(&owners->rows, row, comm, owners->flows.until_ns);
}

/* The rows of a change of a flow that has events; claim may be NULL. */
static int tell(struct owners *owners, struct flow *flow, struct claim *claim,
		const struct owner_change *change)
{
	bool is_shared = claim ? claim->is_shared : change->is_shared;
	uint8_t alone = change->source == NST_OWNER_SHARED ? NST_OWNER_FLOW : change->source;
	bool had_owner = !is_shared && (change->used_ns || flow->is_owned);
	struct nst_owner row = {
		.flow_id = idmap_id(flow),
		.from_ns = change->used_ns,
		.start_ns = change->start_ns,
		.cgroup_id = change->cgroup_id,
		.has = (change->tid ? NST_OWNER_HAS_TID : 0) |
		       (change->cgroup_id ? NST_OWNER_HAS_CGROUP : 0),
		.pid = change->pid,
		.tid = change->tid,
		.what = NST_OWNER_CONSUMED,
		.owner_source = is_shared ? NST_OWNER_SHARED : alone,
		.comm.len_bytes = change->comm_len,
	};
	int err;

	if (claim && is_shared) {
		had_owner = claim->shared_pid;
		if (was_told_shared(claim, change))
			return 0;
		if (row.from_ns < claim->joined_ns)
			row.from_ns = claim->joined_ns;
	}
	flow->is_owned = true;
	err = owners->sink ? owners->sink(owners->context, &row, change->comm) : 0;
	if (!err)
		err = add_row(owners, &row, change->comm);
	if (err || !had_owner)
		return err;
	row.what = NST_OWNER_HELD;
	row.from_ns = change->time_ns;
	return add_row(owners, &row, change->comm);
}

/* ---- What became known -------------------------------------------------- */

/* The flow has an event, at at_ns (0: of any time): tell what has waited for that. */
static int look(struct owners *owners, struct flow *flow, uint64_t at_ns)
{
	uint64_t id = idmap_id(flow);
	struct owner_change *held;
	int err = 0;

	while (!err && (held = idmap_find(&owners->flows.held, id))) {
		struct claim *claim = owner_claim(&owners->flows, flow, held);

		err = tell(owners, flow, claim, held);
		idmap_remove(&owners->flows.held, held);
	}
	for (struct claim *claim = idmap_find(&owners->flows.claims, id); !err && claim;
	     claim = idmap_next(&owners->flows.claims, claim)) {
		struct socket *socket = idmap_find(&owners->flows.sockets, claim->socket_id);

		if (claim->version != socket->version)
			err = owner_socket_dirty(&owners->flows, socket);
		claim_activate(claim, socket, at_ns);
	}
	flow->wants_look = false;
	return err;
}

static int meet(struct owners *owners, struct flow *flow, uint64_t at_ns)
{
	if (flow->seen_ns < at_ns)
		flow->seen_ns = at_ns;
	return flow->wants_look ? look(owners, flow, at_ns) : 0;
}

int owners_met(struct owners *owners, uint64_t flow_id, uint64_t at_ns)
{
	struct flow *flow = owners->flows.last;

	if (!flow_id)
		return 0;
	if (flow_id != owners->flows.last_id) {
		flow = owner_flow(&owners->flows, flow_id);
		owners->flows.last = flow;
		owners->flows.last_id = flow_id;
	}
	return meet(owners, flow, at_ns);
}

int owners_met_known(struct owners *owners, uint64_t flow_id, uint64_t at_ns, struct flow **known)
{
	if (!flow_id)
		return 0;
	if (!*known || idmap_id(*known) != flow_id)
		*known = owner_flow(&owners->flows, flow_id);
	return meet(owners, *known, at_ns);
}

int owners_met_until(struct owners *owners, uint64_t flow_id, uint64_t to_ns)
{
	struct flow *flow;

	if (!flow_id)
		return 0;
	flow = owner_flow(&owners->flows, flow_id);
	if (flow->seen_ns < to_ns)
		flow->seen_ns = to_ns;
	return flow->wants_look ? look(owners, flow, 0) : 0;
}

/* Tell an active flow of its socket's change, unless that has been done. */
static int tell_claim(struct owners *owners, struct claim *claim, uint32_t version,
		      const struct owner_change *change)
{
	if (claim->version == version)
		return 0;
	claim->version = version;
	return tell(owners, claim->flow, claim, change);
}

/* What the kernel has forgotten waits for its last totals, and for its owner. */
static void forget_if_over(struct owners *owners, struct flow *flow)
{
	if (flow->over_ns && flow->over_ns <= owners->totals_ns &&
	    !owner_flow_unresolved(&owners->flows, flow))
		owner_flow_remove(&owners->flows, flow);
}

/*
 * The socket has another owner: tell the flows that have had an event by now.
 * Those whose first one came later may be the next owner's.
 */
static int change_owner(struct owners *owners, struct socket *socket,
			const struct owner_change *change)
{
	const struct owner_change before = socket->change;
	uint32_t version = socket->version++;
	struct claim *next;
	int err;

	socket->change = *change;
	err = owner_socket_dirty(&owners->flows, socket);
	for (struct claim *claim = socket->active; !err && claim; claim = next) {
		struct flow *flow = claim->flow;

		next = claim->next;
		if (claim->active_ns > change->time_ns)
			break;
		if (claim->active_ns < change->used_ns)
			err = tell_claim(owners, claim, version, &before);
		if (!err)
			err = tell_claim(owners, claim, version + 1, change);
		/* what came before this use of the socket is not for an owner after this one */
		if (flow->seen_ns <= change->time_ns)
			claim_deactivate(claim, socket);
		/* the socket goes with the last of its flows, and then next is NULL */
		forget_if_over(owners, flow);
	}
	return err;
}

/* Tell of the changes that active flows have not been told of. */
static int clean(struct owners *owners)
{
	struct owner_flows *flows = &owners->flows;
	int err = 0;

	for (size_t i = 0; !err && i < flows->n_dirty; i++) {
		struct socket *socket = idmap_find(&flows->sockets, flows->dirty[i]);
		struct claim *claim = socket ? socket->active : NULL, *next;

		if (socket)
			socket->is_dirty = false;
		for (; !err && claim; claim = next) {
			struct flow *flow = claim->flow;

			next = claim->next;
			err = tell_claim(owners, claim, socket->version, &socket->change);
			forget_if_over(owners, flow);
		}
	}
	flows->n_dirty = 0;
	return err;
}

static int take_flow(struct owners *owners, const struct owner_change *change)
{
	struct flow *flow = owner_flow(&owners->flows, change->flow_id);
	struct claim *claim = owner_claim(&owners->flows, flow, change);
	struct socket *socket = NULL;
	int err = 0;

	if (claim && change->is_shared)
		claim->is_shared = true;
	else if (claim)
		owner_claim_alone(&owners->flows, claim);
	if (claim && change->kind == FLOW_HAS_OWNER) {
		socket = idmap_find(&owners->flows.sockets, claim->socket_id);
		socket->change = *change;
		if (change->is_shared)
			socket->change.used_ns = 0; /* that is of this flow alone */
		if (!socket->version)
			socket->version = 1;
		claim->version = socket->version;
	}
	if (!err && change->kind == FLOW_HAS_OWNER) {
		if (flow->seen_ns)
			err = tell(owners, flow, claim, change);
		else
			owner_flow_hold(&owners->flows, flow, claim, change);
	}
	if (!err && flow->seen_ns)
		err = look(owners, flow, 0);
	if (!err && socket)
		err = owner_socket_dirty(&owners->flows, socket);
	return err;
}

static int take_socket(struct owners *owners, const struct owner_change *change)
{
	struct socket *socket = idmap_find(&owners->flows.sockets, change->socket_id);

	if (socket)
		return change_owner(owners, socket, change);
	owner_socket_hold(&owners->flows, change);
	return 0;
}

int owners_take(struct owners *owners, const struct owner_change *change)
{
	if (owners->n_queue == QUEUE_MAX) {
		owners->flows.lost++;
		return 0;
	}
	if (owners->n_queue == owners->room) {
		size_t room = owners->room ? 2 * owners->room : 64;
		struct owner_change *queue = reallocarray(owners->queue, room, sizeof(*queue));

		if (!queue)
			return -ENOMEM;
		owners->queue = queue;
		owners->room = room;
	}
	owners->queue[owners->n_queue++] = *change;
	return 0;
}

int owners_settle(struct owners *owners, uint64_t until_ns)
{
	size_t taken = 0;
	int err = 0;

	owners->flows.until_ns = until_ns;
	for (; !err && taken < owners->n_queue; taken++) {
		const struct owner_change *change = &owners->queue[taken];

		if (change->time_ns > until_ns)
			break;
		if (change->kind != FLOW_HAS_SOCKET && !change->pid)
			continue;
		err = change->kind == SOCKET_HAS_OWNER ? take_socket(owners, change)
						       : take_flow(owners, change);
	}
	owners->n_queue -= taken;
	if (taken && owners->n_queue)
		memmove(owners->queue, owners->queue + taken,
			owners->n_queue * sizeof(*owners->queue));
	return err ?: clean(owners) ?: owner_rows_write(&owners->rows, until_ns);
}

static void forget_all_over(struct owners *owners)
{
	const struct idmap *flows = &owners->flows.flows;
	struct flow *next;

	owners->has_over = false;
	for (struct flow *flow = idmap_oldest(flows); flow; flow = next) {
		next = idmap_newer(flows, flow);
		owners->has_over |= !!flow->over_ns;
		forget_if_over(owners, flow);
	}
}

void owners_gone(struct owners *owners, const uint64_t *flow_ids, size_t n, uint64_t at_ns,
		 uint64_t totals_ns)
{
	for (size_t i = 0; i < n; i++) {
		struct flow *flow = idmap_find(&owners->flows.flows, flow_ids[i]);

		if (!flow || flow->over_ns)
			continue;
		flow->over_ns = at_ns;
		owners->has_over = true;
	}
	if (totals_ns == owners->totals_ns)
		return;
	owners->totals_ns = totals_ns;
	if (owners->has_over)
		forget_all_over(owners);
}

/* ---- Another file ------------------------------------------------------- */

int owners_write(struct owners *owners)
{
	return owner_rows_write(&owners->rows, UINT64_MAX);
}

void owners_move(struct owners *owners, struct nst_writer *writer)
{
	owners->rows.writer = writer;
}

static int describe_one(struct owner_rows *rows, const struct told *told)
{
	const struct nst_owner row = {
		.flow_id = idmap_id(told),
		.from_ns = told->from_ns,
		.start_ns = told->start_ns,
		.cgroup_id = told->cgroup_id,
		.has = told->has,
		.pid = told->pid,
		.tid = told->tid,
		.what = told->what,
		.owner_source = told->source,
		.comm.len_bytes = told->comm_len,
	};

	return owner_rows_add(rows, &row, told->comm, 0);
}

int owners_describe(const struct owners *owners, struct nst_writer *writer)
{
	const struct owner_flows *flows = &owners->flows;
	struct owner_rows rows = { .writer = writer };
	int err = 0;

	for (const struct told *told = idmap_oldest(&flows->told); !err && told;
	     told = idmap_newer(&flows->told, told)) {
		const struct flow *flow = idmap_find(&flows->flows, idmap_id(told));

		if (!flow->over_ns)
			err = describe_one(&rows, told);
	}
	if (!err)
		err = owner_rows_write(&rows, UINT64_MAX);
	if (!err && rows.lost)
		err = -EAGAIN;
	owner_rows_free(&rows);
	return err;
}
