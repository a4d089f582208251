/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What belongs to a part of a trace, once it is known which flows are in it. */
#include "analyze/selection_find.h"

#include "common/units.h"

#include <stdio.h>
#include <string.h>

#define USER_PREFIX "user."
#define COUNT_OF_ALL "recovered_missing" /* chunks, of whatever times */

static bool is_by_owner(const struct selection *selection)
{
	return selection->n_pids || selection->n_comms;
}

/* ---- Does something fit? ----------------------------------------------- */

bool selection_is_comm(const struct selection *selection, struct nst_bytes comm)
{
	for (size_t i = 0; i < selection->n_comms; i++)
		if (strlen(selection->comms[i]) == comm.len_bytes &&
		    !memcmp(selection->comms[i], comm.data, comm.len_bytes))
			return true;
	return false;
}

bool selection_fits_owner(const struct selection *selection, size_t trace, uint32_t pid,
			  uint64_t start_ns)
{
	bool has_pid = !selection->n_pids;

	for (size_t i = 0; i < selection->n_pids && !has_pid; i++)
		has_pid = selection->pids[i] == pid;
	return has_pid &&
	       (!selection->n_comms || selection_keeps(selection, trace, KEEP_COMM, pid, start_ns));
}

bool selection_fits_lane(const struct selection *selection, size_t trace,
			 const struct nst_dictionaries *dictionaries, const struct nst_lane *lane)
{
	const struct nst_process *process;

	if (!(lane->has & NST_HAS_OWNER))
		return false;
	process = &dictionaries->processes[lane->process];
	return selection_fits_owner(selection, trace, process->pid, process->start_ns);
}

static bool fits_host(const struct selection_host *host, struct nst_bytes address)
{
	const uint8_t *at = address.data;

	if (address.len_bytes != host->len_bytes)
		return false;
	for (unsigned int i = 0; i < host->prefix_bits; i++)
		if ((at[i / 8] ^ host->address[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static bool fits_tuple(const struct selection *selection, const struct nst_flow *flow)
{
	bool has_host = !selection->n_hosts, has_port = !selection->n_ports;

	for (size_t i = 0; i < selection->n_hosts && !has_host && flow->has & NST_HAS_ADDR; i++)
		has_host = fits_host(&selection->hosts[i], flow->local_addr) ||
			   fits_host(&selection->hosts[i], flow->remote_addr);
	for (size_t i = 0; i < selection->n_ports && !has_port && flow->has & NST_HAS_PORT; i++) {
		const struct selection_ports *ports = &selection->ports[i];

		has_port = (flow->local_port >= ports->first && flow->local_port <= ports->last) ||
			   (flow->remote_port >= ports->first && flow->remote_port <= ports->last);
	}
	return has_host && has_port;
}

/* What a flow has of its own, before any owner is known. */
unsigned int selection_marks_of(const struct selection *selection, const struct nst_flow *flow)
{
	return (is_by_owner(selection) ? 0 : HAS_OWNER) |
	       (fits_tuple(selection, flow) ? HAS_TUPLE : 0);
}

/* ---- Is it wanted? ----------------------------------------------------- */

static bool wants_flow(const struct selection *selection, size_t trace, uint64_t id)
{
	return selection_find_flow(selection, trace, id);
}

bool selection_wants_lane(const struct selection *selection, size_t trace,
			  const struct nst_dictionaries *dictionaries, const struct nst_lane *lane)
{
	const struct nst_flow *flow = &dictionaries->flows[lane->flow];

	if (!selection_wants_trace(selection, trace))
		return false;
	if (flow->has & NST_HAS_FLOW_ID)
		return wants_flow(selection, trace, flow->id);
	if (!fits_tuple(selection, flow))
		return false;
	return !is_by_owner(selection) || selection_fits_lane(selection, trace, dictionaries, lane);
}

static bool wants_setting(const struct selection *selection, size_t trace,
			  const struct nst_setting *setting)
{
	char digits[16];
	uint64_t uid;

	if (setting->key.len_bytes == strlen(COUNT_OF_ALL) &&
	    !memcmp(setting->key.data, COUNT_OF_ALL, strlen(COUNT_OF_ALL)))
		return false;
	if (setting->key.len_bytes <= strlen(USER_PREFIX) ||
	    memcmp(setting->key.data, USER_PREFIX, strlen(USER_PREFIX)))
		return true;
	snprintf(digits, sizeof(digits), "%.*s",
		 (int)(setting->key.len_bytes - strlen(USER_PREFIX)),
		 (const char *)setting->key.data + strlen(USER_PREFIX));
	return !parse_number(digits, 0, UINT32_MAX, &uid) &&
	       selection_keeps(selection, trace, KEEP_USER, uid, 0);
}

static bool wants_total(const struct selection *selection, size_t trace,
			const struct nst_total *total)
{
	if (!is_in_span(&selection->traces[trace], total->from_ns, total->to_ns))
		return false;
	if (total->has & NST_TOTAL_HAS_FLOW)
		return wants_flow(selection, trace, total->flow_id);
	return !selection_is_by_flow(selection);
}

bool selection_misses_flow(const struct selection *selection, size_t trace,
			   const struct nst_total *total)
{
	return selection_is_by_flow(selection) && !(total->has & NST_TOTAL_HAS_FLOW) &&
	       is_in_span(&selection->traces[trace], total->from_ns, total->to_ns);
}

static bool wants_owner(const struct selection *selection, size_t trace,
			const struct nst_owner *owner)
{
	const struct selected_flow *flow = selection_find_flow(selection, trace, owner->flow_id);

	return flow && limits_want_owner(&selection->traces[trace], flow, owner);
}

static bool wants_device(const struct selection *selection, size_t trace,
			 const struct nst_interface *row)
{
	return selection_keeps(selection, trace, KEEP_DEVICE, keep_device(row->netns, row->ifindex),
			       0) &&
	       limits_want_device(selection, trace, row);
}

static bool wants_process(const struct selection *selection, size_t trace,
			  const struct nst_process_event *event)
{
	return selection_keeps(selection, trace, KEEP_PROCESS, event->pid, event->start_ns) &&
	       limits_want_process(selection, trace, event);
}

static bool wants_loss(const struct selection *selection, size_t trace,
		       const struct nst_loss_interval *loss)
{
	return is_in_span(&selection->traces[trace], loss->from_ns, loss->to_ns);
}

bool selection_wants_row(const struct selection *selection, size_t trace, enum nst_table table,
			 const void *row)
{
	if (!selection_wants_trace(selection, trace))
		return false;
	switch (table) {
	case NST_TABLE_SETTING:
		return wants_setting(selection, trace, row);
	case NST_TABLE_INTERFACE:
		return wants_device(selection, trace, row);
	case NST_TABLE_NETNS:
		return selection_keeps(selection, trace, KEEP_NETNS,
				       ((const struct nst_netns *)row)->netns, 0);
	case NST_TABLE_CGROUP:
		return selection_keeps(selection, trace, KEEP_CGROUP,
				       ((const struct nst_cgroup *)row)->id, 0);
	case NST_TABLE_PROCESS_EVENT:
		return wants_process(selection, trace, row);
	case NST_TABLE_OWNER:
		return wants_owner(selection, trace, row);
	case NST_TABLE_TUPLE:
		return wants_flow(selection, trace, ((const struct nst_flow *)row)->id);
	case NST_TABLE_TOTAL:
		return wants_total(selection, trace, row);
	case NST_TABLE_LOSS:
		return wants_loss(selection, trace, row);
	case NST_TABLE_DETAIL:
		return limits_want_detail(&selection->traces[trace], row);
	case NST_TABLE_COMMENT:
		return true;
	default: /* counts of everything, which a part does not add up to */
		return false;
	}
}
