// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/owner_flows.h"

#include "format/trace.h"
#include "record/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNBOUND_MAX 1024	/* sockets whose flow has not been told yet */
#define IDLE_NS (60 * NS_PER_S) /* a flow that may be forgotten without having been told so */
#define EVICT_TRIES 8

int owner_flows_open(struct owner_flows *flows, uint32_t max_flows)
{
	/* what the kernel has forgotten may have to wait for its owner */
	uint32_t max = 2 * max_flows, max_claims = max + max_flows / 2;
	int err;

	*flows = (struct owner_flows){ 0 };
	err = idmap_open(&flows->flows, sizeof(struct flow), max)
		      ?: idmap_open(&flows->claims, sizeof(struct claim), max_claims)
		      ?: idmap_open(&flows->sockets, sizeof(struct socket), max_claims)
		      /* two of each flow, and those of the shared */
		      ?: idmap_open(&flows->told, sizeof(struct told), 2 * max + max_flows / 2)
		      ?: idmap_open(&flows->held, sizeof(struct owner_change), max_flows)
		      ?: idmap_open(&flows->unbound, sizeof(struct owner_change), UNBOUND_MAX);
	if (err)
		owner_flows_close(flows);
	return err;
}

void owner_flows_close(struct owner_flows *flows)
{
	idmap_close(&flows->flows);
	idmap_close(&flows->claims);
	idmap_close(&flows->sockets);
	idmap_close(&flows->told);
	idmap_close(&flows->held);
	idmap_close(&flows->unbound);
	free(flows->dirty);
}

void claim_deactivate(struct claim *claim, struct socket *socket)
{
	if (!claim->is_active)
		return;
	*(claim->next ? &claim->next->previous : &socket->last_active) = claim->previous;
	*(claim->previous ? &claim->previous->next : &socket->active) = claim->next;
	claim->is_active = false;
	claim->flow->wants_look = true;
}

void claim_activate(struct claim *claim, struct socket *socket, uint64_t at_ns)
{
	if (claim->is_active)
		return;
	claim->active_ns = at_ns;
	claim->previous = at_ns ? socket->last_active : NULL;
	claim->next = at_ns ? NULL : socket->active;
	*(claim->next ? &claim->next->previous : &socket->last_active) = claim;
	*(claim->previous ? &claim->previous->next : &socket->active) = claim;
	claim->is_active = true;
}

int owner_socket_dirty(struct owner_flows *flows, struct socket *socket)
{
	if (socket->is_dirty)
		return 0;
	if (flows->n_dirty == flows->dirty_room) {
		size_t room = flows->dirty_room ? 2 * flows->dirty_room : 64;
		uint64_t *dirty = reallocarray(flows->dirty, room, sizeof(*dirty));

		if (!dirty)
			return -ENOMEM;
		flows->dirty = dirty;
		flows->dirty_room = room;
	}
	flows->dirty[flows->n_dirty++] = idmap_id(socket);
	socket->is_dirty = true;
	return 0;
}

static void remove_claim(struct owner_flows *flows, struct claim *claim)
{
	struct socket *socket = idmap_find(&flows->sockets, claim->socket_id);

	claim_deactivate(claim, socket);
	if (!--socket->n_claims)
		idmap_remove(&flows->sockets, socket);
	idmap_remove(&flows->claims, claim);
}

void owner_claim_alone(struct owner_flows *flows, struct claim *claim)
{
	struct claim *next;

	for (struct claim *other = idmap_find(&flows->claims, idmap_id(claim)); other;
	     other = next) {
		next = idmap_next(&flows->claims, other);
		if (other != claim && !other->is_shared)
			remove_claim(flows, other);
	}
}

void owner_flow_remove(struct owner_flows *flows, struct flow *flow)
{
	uint64_t id = idmap_id(flow);
	struct owner_change *held;
	struct claim *claim;
	struct told *told;

	while ((held = idmap_find(&flows->held, id)))
		idmap_remove(&flows->held, held);
	while ((told = idmap_find(&flows->told, id)))
		idmap_remove(&flows->told, told);
	while ((claim = idmap_find(&flows->claims, id)))
		remove_claim(flows, claim);
	if (flows->last == flow) {
		flows->last = NULL;
		flows->last_id = 0;
	}
	idmap_remove(&flows->flows, flow);
}

static bool stands_beside(uint8_t what, uint8_t source)
{
	return what == NST_OWNER_CONSUMED && source == NST_OWNER_SHARED;
}

/*
 * Of the rows that are not shared each ends the one before in its account; those
 * that are stand side by side.
 */
static bool is_ended_by(const struct told *told, const struct nst_owner *row)
{
	bool shared = stands_beside(row->what, row->owner_source);

	if (told->what != row->what || stands_beside(told->what, told->source) != shared)
		return false;
	return !shared || (told->pid == row->pid && told->start_ns == row->start_ns);
}

void owner_flow_tell(struct owner_flows *flows, const struct nst_owner *row, const char *comm)
{
	struct told *told = idmap_find(&flows->told, row->flow_id);

	while (told && !is_ended_by(told, row))
		told = idmap_next(&flows->told, told);
	/* of those only the last counts from now on; of a process that shares, the first */
	if (told && (stands_beside(row->what, row->owner_source) ? told->from_ns <= row->from_ns
								 : told->from_ns > row->from_ns))
		return;
	if (!told)
		told = idmap_add(&flows->told, row->flow_id);
	if (!told) {
		flows->lost++;
		return;
	}
	*told = (struct told){
		.from_ns = row->from_ns,
		.start_ns = row->start_ns,
		.cgroup_id = row->cgroup_id,
		.has = row->has,
		.pid = row->pid,
		.tid = row->tid,
		.what = row->what,
		.source = row->owner_source,
		.comm_len = (uint8_t)row->comm.len_bytes,
	};
	memcpy(told->comm, comm, told->comm_len);
}

size_t owner_flow_unresolved(const struct owner_flows *flows, const struct flow *flow)
{
	size_t n = 0;

	if (!flow->seen_ns)
		return 0;
	for (const struct claim *claim = idmap_find(&flows->claims, idmap_id(flow)); claim;
	     claim = idmap_next(&flows->claims, claim))
		n += !claim->version;
	return n;
}

/* Make room for a flow: one that is idle, if the first few tried are not all in use. */
static void evict(struct owner_flows *flows)
{
	struct flow *flow = idmap_oldest(&flows->flows);

	for (int i = 0; i < EVICT_TRIES; i++) {
		if (flow->over_ns || flow->seen_ns + IDLE_NS < flows->until_ns)
			break;
		idmap_renew(&flows->flows, flow);
		flow = idmap_oldest(&flows->flows);
	}
	flows->lost +=
		owner_flow_unresolved(flows, flow) + !!idmap_find(&flows->held, idmap_id(flow));
	owner_flow_remove(flows, flow);
}

struct flow *owner_flow(struct owner_flows *flows, uint64_t id)
{
	struct flow *flow = idmap_find(&flows->flows, id);

	if (flow)
		return flow;
	if (flows->flows.n == flows->flows.max)
		evict(flows);
	flow = idmap_add(&flows->flows, id);
	flow->wants_look = true;
	return flow;
}

/* The socket, made if it is new, with what is known of it already. */
static struct socket *socket_of(struct owner_flows *flows, uint64_t id)
{
	struct socket *socket = idmap_find(&flows->sockets, id);
	struct owner_change *change;

	if (socket)
		return socket;
	socket = idmap_add(&flows->sockets, id);
	change = idmap_find(&flows->unbound, id);
	if (!socket || !change)
		return socket;
	socket->change = *change;
	socket->version = 1;
	idmap_remove(&flows->unbound, change);
	return socket;
}

struct claim *owner_claim(struct owner_flows *flows, struct flow *flow,
			  const struct owner_change *change)
{
	struct claim *claim = idmap_find(&flows->claims, idmap_id(flow));
	bool is_first = !claim;
	struct socket *socket;

	if (!change->socket_id)
		return NULL;
	while (claim && claim->socket_id != change->socket_id)
		claim = idmap_next(&flows->claims, claim);
	if (claim)
		return claim;
	claim = idmap_add(&flows->claims, idmap_id(flow));
	if (!claim) {
		flows->lost++;
		return NULL;
	}
	/* each socket has a claim and there is room for as many: this cannot fail */
	socket = socket_of(flows, change->socket_id);
	socket->n_claims++;
	claim->flow = flow;
	claim->socket_id = change->socket_id;
	claim->joined_ns = change->is_shared || !is_first ? change->used_ns : 0;
	flow->wants_look = true;
	return claim;
}

/*
 * Until the flow has an event. One that came before would have been met by now,
 * so that of several owners only the last can have any.
 */
void owner_flow_hold(struct owner_flows *flows, struct flow *flow, const struct claim *claim,
		     const struct owner_change *change)
{
	bool is_shared = claim ? claim->is_shared : change->is_shared;
	uint64_t id = idmap_id(flow);
	struct owner_change *held = idmap_find(&flows->held, id);

	while (held && is_shared && held->socket_id != change->socket_id)
		held = idmap_next(&flows->held, held);
	if (!held && flows->held.n == flows->held.max) {
		idmap_remove(&flows->held, idmap_oldest(&flows->held));
		flows->lost++;
	}
	if (!held)
		held = idmap_add(&flows->held, id);
	*held = *change;
	flow->wants_look = true;
}

void owner_socket_hold(struct owner_flows *flows, const struct owner_change *change)
{
	struct owner_change *unbound = idmap_find(&flows->unbound, change->socket_id);

	if (!unbound && flows->unbound.n == flows->unbound.max)
		idmap_remove(&flows->unbound, idmap_oldest(&flows->unbound));
	if (!unbound)
		unbound = idmap_add(&flows->unbound, change->socket_id);
	*unbound = *change;
}
