/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A part of a trace: a span of time, some flows, and of everything else only what these
 * need, so that nothing tells of those that were left out. Flows are chosen whole: by their
 * addresses and ports, and by any process that they belonged to.
 */
#ifndef NETSNOOP_ANALYZE_SELECTION_H
#define NETSNOOP_ANALYZE_SELECTION_H

#include "analyze/input.h"
#include "analyze/intern.h"
#include "analyze/window.h"

struct selection_host {
	uint8_t address[16];
	uint8_t len_bytes, prefix_bits;
};

struct selection_ports {
	uint16_t first, last;
};

struct selected_trace {
	struct timeline timeline;
	uint64_t start_ns, end_ns; /* of the original */
	uint64_t from_ns, to_ns;   /* of what is selected; half open */
	struct clock_bounds bounds;
	uint64_t detail_ns;		       /* of the last DETAIL before it */
	uint64_t lost_outside[NST_LOSS_SLOTS]; /* that LOSS tells of */
};

struct selected_flow;
struct selected_process;
struct selected_link;

struct selection { /* zeros are everything */
	/* what is asked for */
	struct window window;
	uint32_t *pids;
	const char **comms;
	struct selection_host *hosts;
	struct selection_ports *ports;
	size_t n_pids, n_comms, n_hosts, n_ports;
	size_t cap_pids, cap_comms, cap_hosts, cap_ports;

	/* what was found of it */
	bool is_said;  /* what is wrong with the input */
	bool is_found; /* an event, or a total of a flow */
	struct bounds bounds;
	struct selected_trace *traces;
	size_t n_traces, cap_traces;
	struct intern flows;		   /* trace and id */
	struct selected_flow *flow_states; /* of each */
	struct intern processes;	   /* that there are rows of */
	struct selected_process *process_states;
	struct intern devices;	     /* that there are rows of until the span begins */
	uint64_t *device_last_ns;    /* the last such row's time */
	struct selected_link *links; /* of devices */
	size_t cap_flow_states, cap_process_states, cap_device_last_ns, n_links, cap_links;
	struct intern kept; /* processes, namespaces, devices, control groups, users */
};

/* Take a value of --pid, --comm, --host or --port. 0, -ENOMEM, or -EINVAL, said. */
int selection_add_pid(struct selection *selection, const char *text);
int selection_add_comm(struct selection *selection, const char *text);
int selection_add_host(struct selection *selection, const char *text);
int selection_add_port(struct selection *selection, const char *text);

bool selection_is_given(const struct selection *selection);
bool selection_is_by_flow(const struct selection *selection);

/*
 * Read an input that can be read again, and find what is selected of it; the second time
 * only the window has changed. 0, -EUCLEAN: it is damaged, -ENOMEM or what reading gives.
 */
int selection_find(struct selection *selection, const struct input *input);

/* All that decides what is selected, in a word that says it; the caller frees it. NULL: no memory. */
char *selection_text(const struct selection *selection, uint64_t grain_ns);

/* In times of day, what there is of the span that is asked for. As above. */
int selection_span(struct selection *selection, const struct input *input, int64_t *ret_from_ns,
		   int64_t *ret_to_ns);

/* Is the span from..to not empty, for this trace, or for some? */
bool selection_wants_trace(const struct selection *selection, size_t trace);
bool selection_has_span(const struct selection *selection);

/* Are events of a lane wanted, if they are in the span? */
bool selection_wants_lane(const struct selection *selection, size_t trace,
			  const struct nst_dictionaries *dictionaries, const struct nst_lane *lane);
/* Is a row of a table of metadata wanted? */
bool selection_wants_row(const struct selection *selection, size_t trace, enum nst_table table,
			 const void *row);

/* True: a row that is not wanted, because nobody knows of which flow it is. */
bool selection_misses_flow(const struct selection *selection, size_t trace,
			   const struct nst_total *total);

/* ---- selection_cut.c: what is taken tells of the span alone ---- */

/*
 * Take from a row that is wanted what it tells of other times: of a process what others have
 * overruled, of an owner when it ceased to be one, of a loss how far it went.
 */
void selection_cut_row(const struct selection *selection, size_t trace, enum nst_table table,
		       void *row);
/* A reading of both clocks, which outside of the span tells when the recording began, or ended. */
void selection_cut_reading(const struct selection *selection, size_t trace, uint64_t *clock_ns,
			   uint64_t *realtime_ns);
/* Rows of LOSS that are left out are not counted either. */
void selection_cut_lost(const struct selection *selection, size_t trace,
			uint64_t lost[NST_LOSS_SLOTS]);

void selection_free(struct selection *selection);

#endif
