/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was so in the span may be told of by rows of times before it, and is not by those
 * that others behind them have overruled: of each thing, the last row until the span
 * begins is wanted, and all that are in it.
 */
#include "analyze/selection_find.h"

#include <string.h>

#define N_BITS 11 /* of has */
#define EXEC_BIT N_BITS
#define FACT_EXEC (1u << EXEC_BIT)
#define FACT_EXIT (1u << (N_BITS + 1))
#define N_FACTS (N_BITS + 2)
#define PROGRAM (NST_PROCESS_HAS_EXE | NST_PROCESS_HAS_ARGS | NST_PROCESS_HAS_BUILD_ID)

struct selected_process {
	uint64_t last_ns[N_FACTS]; /* at which each was told of, until the span begins */
};

/* ---- Losses and details ------------------------------------------------ */

void limits_note_loss(struct selected_trace *trace, const struct nst_loss_interval *loss)
{
	uint64_t *lost;

	if (loss->cause >= NST_LOSS_SLOTS || is_in_span(trace, loss->from_ns, loss->to_ns))
		return;
	lost = &trace->lost_outside[loss->cause];
	if (__builtin_add_overflow(*lost, loss->events, lost))
		*lost = UINT64_MAX;
}

void limits_note_detail(struct selected_trace *trace, const struct nst_detail_change *detail)
{
	if (detail->time_ns <= trace->from_ns && detail->time_ns > trace->detail_ns)
		trace->detail_ns = detail->time_ns;
}

bool limits_want_detail(const struct selected_trace *trace, const struct nst_detail_change *detail)
{
	return detail->time_ns < trace->to_ns &&
	       (detail->time_ns >= trace->from_ns || detail->time_ns == trace->detail_ns);
}

/* ---- Owners ------------------------------------------------------------ */

/* These stand beside each other; of all others the last one counts. */
static bool is_shared(const struct nst_owner *owner)
{
	return owner->what == NST_OWNER_CONSUMED && owner->owner_source == NST_OWNER_SHARED;
}

static bool is_held_at(const struct nst_owner *owner, uint64_t time_ns)
{
	return !(owner->has & NST_OWNER_HAS_TO) || owner->to_ns > time_ns;
}

/* Of several with the same from_ns the last one in the file counts. */
void limits_note_owner(struct selected_flow *flow, const struct nst_owner *owner)
{
	unsigned int what = owner->what;

	if (what > NST_OWNER_CONSUMED) /* a later version's */
		return;
	if (!flow->has_first[what] || owner->from_ns < flow->first_ns[what])
		flow->first_ns[what] = owner->from_ns;
	flow->has_first[what] = true;
	if (is_shared(owner) || owner->from_ns > flow->begin_ns ||
	    (flow->has_last[what] && owner->from_ns < flow->last_ns[what]))
		return;
	flow->has_last[what] = true;
	flow->last_ns[what] = owner->from_ns;
	flow->last_holds[what] = is_held_at(owner, flow->begin_ns);
}

/* Who is charged with packets that no row holds for, and nobody is recorded for. */
static bool is_first(const struct selected_flow *flow, const struct nst_owner *owner)
{
	if (!(flow->marks & IS_UNOWNED) || owner->from_ns != flow->first_ns[owner->what])
		return false;
	return owner->what == NST_OWNER_CONSUMED || !flow->has_first[NST_OWNER_CONSUMED];
}

bool limits_want_owner(const struct selected_trace *trace, const struct selected_flow *flow,
		       const struct nst_owner *owner)
{
	if (owner->what > NST_OWNER_CONSUMED)
		return false;
	if (is_first(flow, owner))
		return true;
	if (owner->from_ns >= trace->to_ns)
		return false;
	if (owner->from_ns > flow->begin_ns)
		return true;
	return is_held_at(owner, flow->begin_ns) &&
	       (is_shared(owner) ||
		(flow->last_holds[owner->what] && owner->from_ns == flow->last_ns[owner->what]));
}

/* ---- Processes --------------------------------------------------------- */

struct process_key {
	uint64_t start_ns;
	uint32_t pid, trace;
};

static uint32_t facts_of(const struct nst_process_event *event)
{
	return (event->has & ((1u << N_BITS) - 1)) |
	       (event->what == NST_PROCESS_EXEC ? FACT_EXEC : 0) |
	       (event->what == NST_PROCESS_EXIT ? FACT_EXIT : 0);
}

int limits_note_process(struct selection *selection, size_t trace,
			const struct nst_process_event *event)
{
	const struct process_key key = { event->start_ns, event->pid, (uint32_t)trace };
	struct selected_process *process;
	uint32_t index;
	bool is_new;
	int err;

	if (event->time_ns > selection->traces[trace].from_ns)
		return 0;
	err = intern_get(&selection->processes, &key, sizeof(key), &index, &is_new)
		      ?: array_reserve(&selection->process_states, &selection->cap_process_states,
				       (size_t)index + 1, sizeof(*selection->process_states));
	if (err)
		return err;
	process = &selection->process_states[index];
	if (is_new)
		memset(process, 0, sizeof(*process));
	for (int i = 0; i < N_FACTS; i++)
		if (facts_of(event) & 1u << i && event->time_ns >= process->last_ns[i])
			process->last_ns[i] = event->time_ns;
	return 0;
}

/* What was so when the span began; of another program than the last one nothing was. */
static uint32_t held_facts(const struct selection *selection, size_t trace,
			   const struct nst_process_event *event)
{
	const struct process_key key = { event->start_ns, event->pid, (uint32_t)trace };
	const struct selected_process *process;
	uint32_t index, facts = 0;

	if (!intern_find(&selection->processes, &key, sizeof(key), &index))
		return 0;
	process = &selection->process_states[index];
	for (int i = 0; i < N_FACTS; i++)
		if (facts_of(event) & 1u << i && event->time_ns == process->last_ns[i])
			facts |= 1u << i;
	return event->time_ns < process->last_ns[EXEC_BIT] ? facts & ~(uint32_t)PROGRAM : facts;
}

bool limits_want_process(const struct selection *selection, size_t trace,
			 const struct nst_process_event *event)
{
	if (event->time_ns >= selection->traces[trace].to_ns)
		return false;
	return event->time_ns >= selection->traces[trace].from_ns ||
	       held_facts(selection, trace, event);
}

uint32_t limits_process_has(const struct selection *selection, size_t trace,
			    const struct nst_process_event *event)
{
	if (event->time_ns >= selection->traces[trace].from_ns)
		return event->has;
	return event->has & held_facts(selection, trace, event);
}

/* ---- Devices ----------------------------------------------------------- */

struct device_key {
	uint64_t device, trace;
};

/* 0 is since the start, which is before any span. */
int limits_note_device(struct selection *selection, size_t trace, const struct nst_interface *row)
{
	const struct device_key key = { keep_device(row->netns, row->ifindex), trace };
	uint32_t index;
	bool is_new;
	int err;

	if (row->time_ns > selection->traces[trace].from_ns)
		return 0;
	err = intern_get(&selection->devices, &key, sizeof(key), &index, &is_new)
		      ?: array_reserve(&selection->device_last_ns, &selection->cap_device_last_ns,
				       (size_t)index + 1, sizeof(*selection->device_last_ns));
	if (!err && (is_new || row->time_ns > selection->device_last_ns[index]))
		selection->device_last_ns[index] = row->time_ns;
	return err;
}

bool limits_want_device(const struct selection *selection, size_t trace,
			const struct nst_interface *row)
{
	const struct device_key key = { keep_device(row->netns, row->ifindex), trace };
	uint32_t index;

	if (row->time_ns >= selection->traces[trace].to_ns)
		return false;
	if (row->time_ns >= selection->traces[trace].from_ns)
		return true;
	return intern_find(&selection->devices, &key, sizeof(key), &index) &&
	       row->time_ns == selection->device_last_ns[index];
}
