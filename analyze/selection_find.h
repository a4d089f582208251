/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What selection_find() is made of. */
#ifndef NETSNOOP_ANALYZE_SELECTION_FIND_H
#define NETSNOOP_ANALYZE_SELECTION_FIND_H

#include "analyze/selection.h"

enum flow_mark {
	HAS_OWNER = 1 << 0, /* a process that was asked for */
	HAS_TUPLE = 1 << 1, /* addresses and ports that were */
	IN_SPAN = 1 << 2,
	WANTED = HAS_OWNER | HAS_TUPLE | IN_SPAN,
	IS_UNOWNED = 1 << 3, /* in the span, packets that nobody is recorded for */
};

struct selected_flow {
	uint8_t marks;			/* enum flow_mark */
	bool has_first[2], has_last[2]; /* by NST_OWNER_HELD and NST_OWNER_CONSUMED */
	uint64_t begin_ns;		/* the first time at which somebody is charged */
	uint64_t first_ns[2];		/* from_ns of the first rows */
	uint64_t last_ns[2]; /* and of the last ones until begin_ns, but of shared ones */
	bool last_holds[2];  /* then still */
};

/* ---- selection.c ---- */

bool selection_is_comm(const struct selection *selection, struct nst_bytes comm);
bool selection_fits_owner(const struct selection *selection, size_t trace, uint32_t pid,
			  uint64_t start_ns);
bool selection_fits_lane(const struct selection *selection, size_t trace,
			 const struct nst_dictionaries *dictionaries, const struct nst_lane *lane);
unsigned int selection_marks_of(const struct selection *selection, const struct nst_flow *flow);

/* ---- selection_limits.c: what rows with times say of the span ---- */

static inline bool is_in_span(const struct selected_trace *trace, uint64_t from_ns, uint64_t to_ns)
{
	return from_ns < trace->to_ns && to_ns > trace->from_ns;
}

void limits_note_loss(struct selected_trace *trace, const struct nst_loss_interval *loss);
void limits_note_detail(struct selected_trace *trace, const struct nst_detail_change *detail);
bool limits_want_detail(const struct selected_trace *trace, const struct nst_detail_change *detail);

void limits_note_owner(struct selected_flow *flow, const struct nst_owner *owner);
bool limits_want_owner(const struct selected_trace *trace, const struct selected_flow *flow,
		       const struct nst_owner *owner);

int limits_note_process(struct selection *selection, size_t trace,
			const struct nst_process_event *event);
bool limits_want_process(const struct selection *selection, size_t trace,
			 const struct nst_process_event *event);
/* The bits of has that no row behind it has overruled when the span begins. */
uint32_t limits_process_has(const struct selection *selection, size_t trace,
			    const struct nst_process_event *event);

int limits_note_device(struct selection *selection, size_t trace, const struct nst_interface *row);
bool limits_want_device(const struct selection *selection, size_t trace,
			const struct nst_interface *row);

/* ---- selection_devices.c ---- */

/* Note on what a device lies; later keep what those that are kept lie on. 0 or -ENOMEM. */
int devices_note(struct selection *selection, size_t trace, const struct nst_interface *row);
int devices_keep_below(struct selection *selection);

/* ---- selection_keep.c ---- */

enum keep_kind {
	KEEP_COMM, /* a process that had a name which is asked for, at any time */
	KEEP_PROCESS,
	KEEP_NETNS,
	KEEP_DEVICE, /* number: keep_device() */
	KEEP_CGROUP,
	KEEP_USER,
};

int selection_keep(struct selection *selection, size_t trace, enum keep_kind kind, uint64_t number,
		   uint64_t start_ns);
bool selection_keeps(const struct selection *selection, size_t trace, enum keep_kind kind,
		     uint64_t number, uint64_t start_ns);

/* The state of a flow, which is made if it is not there, until another one is. 0 or -ENOMEM. */
int selection_get_flow(struct selection *selection, size_t trace, uint64_t id,
		       struct selected_flow **ret_flow);
/* NULL: it is not wanted. */
struct selected_flow *selection_find_flow(const struct selection *selection, size_t trace,
					  uint64_t id);

static inline uint64_t keep_device(uint32_t netns, uint32_t ifindex)
{
	return (uint64_t)netns << 32 | ifindex;
}

/* ---- selection_span.c ---- */

/* The clocks of all traces, by their headers alone. As selection_find(). */
int selection_read_clocks(struct selection *selection, const struct input *input);
void selection_set_spans(struct selection *selection);

#endif
