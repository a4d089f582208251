/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files that make up a recording share: recording.c, taking.c and ending.c. */
#ifndef NETSNOOP_RECORD_RECORDING_STATE_H
#define NETSNOOP_RECORD_RECORDING_STATE_H

#include "format/trace.h"
#include "record/clock.h"
#include "record/counts.h"
#include "record/devices.h"
#include "record/environment.h"
#include "record/flight.h"
#include "record/lanes.h"
#include "record/level.h"
#include "record/limits.h"
#include "record/outlet.h"
#include "record/processes.h"

#include <errno.h>

/* What a drain ended with. */
#define LIMIT_REACHED 1
#define STALLED 2 /* no event can be taken now */

#define PATIENCE_NS (2 * NS_PER_S) /* at the end, with who takes nothing of what is to be written */

/* How much there was of everything when a part began. */
struct part_base {
	struct counts *by_cpu; /* as many as recording.by_cpu */
	struct counts counts;
	uint64_t lost_recorder, lost_owners, owners_forgotten, totals_merged, level_lowered;
};

struct recording {
	const struct settings *settings;
	struct kernel *kernel;
	struct part *part;
	struct flight *flight;	      /* where the part is kept; NULL: it is a file */
	struct outlet *outlet;	      /* of the part */
	struct nst_writer *writer;    /* the same */
	struct part *ended;	      /* the one before, while it is still being written; or NULL */
	struct outlet_written closed; /* of those that are */
	struct rotation *rotation;
	struct limits limits; /* of the part */
	struct part_base base;
	struct part_id id;
	uint64_t event_bytes;	   /* what an event takes in a file; 0: not known yet */
	uint64_t held_since_ns;	   /* since when the part is to be ended; 0: it is not */
	uint64_t unchecked_events; /* that may come before their room is looked at again */
	bool is_full;		   /* no more events in this part */
	int failure;		   /* there is no next part; or 0 */
	struct counts *by_cpu;
	struct counts counts; /* their sum */
	uint64_t max_events;
	uint64_t events, bytes; /* given to the writer */
	uint64_t lost_recorder;
	struct level level;
	uint64_t level_lowered; /* how often */
	uint64_t sampled_ns;
	struct devices devices;
	struct processes *processes;
	uint64_t processes_missed; /* process records lost so far */
	struct process_news news;
	uint64_t until_ns; /* of the events taken in this round */
	uint64_t taken_ns; /* up to which all events were taken */
	int cancel_fd;
	struct owners *owners;
	struct flows *flows;
	struct totals *totals;
	struct readings *readings;
	struct followed *followed; /* NULL: nobody is */
	const uint64_t *gone;	   /* flows that were taken out in the last tick */
	size_t n_gone;
	struct net_event event; /* the one on its way, if it is taken whole */
	uint64_t event_ns;	/* when it was */
	struct lanes *lanes;
	struct lane_state *lane_states; /* by index */
	uint32_t n_lanes;
	uint32_t *met_lanes; /* in this round */
	uint32_t n_met_lanes;
	uint32_t round; /* counts drains, but is never 0 */
	uint32_t part_count;
};

/*
 * What is known of a lane, so that its events need not be looked at one by one: of each
 * round the first one is, for owners, and of the others only the time of the last is told
 * at the end. It is a line of the cache.
 */
struct lane_state {
	uint32_t turn;
	uint32_t round;	  /* in which it was last met; 0: no such lane has come yet */
	uint64_t last_ns; /* its last event behind the one that was looked at; 0: none */
	struct nst_writer_lane row;
	uint64_t flow_id;
	struct flow *flow; /* of owners, if it still is */
	uint32_t part;	   /* in which its device and its process were met */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct lane_state) == 64, "there may be a hundred thousand, and all over");

/* ---- taking.c ---------------------------------------------------------- */

/* A drain_sink: something happened to a process. */
int take_process(void *recording, const void *record, uint32_t length_bytes);

/* An owner_sink: a row is about to say so of a process. */
int meet_consumer(void *recording, const struct nst_owner *row, const char *comm);

/* A totals_sink: the trace is about to have a total in place of events. */
int meet_total(void *recording, const struct nst_total *total);

/*
 * Write recording->event and look at it; ret_row: of its lane. 0, STALLED, or what goes
 * wrong.
 */
int take_event(struct recording *recording, struct nst_writer_lane *ret_row);

/* Where recording->event was seen, and whose it is. 0 or -ENOMEM. */
int meet_event(struct recording *recording);

/* Compress what comes as well as there is time for: after each chunk, and after each drain. */
int adapt_level(struct recording *recording);

/* Can an event be taken? */
bool has_room(const struct recording *recording);

/* Take the events up to until_ns. 0, LIMIT_REACHED, STALLED, or what goes wrong. */
int drain(struct recording *recording, uint64_t until_ns);

/* What became known of owners; all events up to until_ns have been taken. */
int settle_owners(struct recording *recording, uint64_t until_ns);

/* Behind the events of the same time, so that these find their owners as they were. */
int drain_processes(struct recording *recording, uint64_t until_ns, uint64_t at_ns);

/* ---- taking_lanes.c ---------------------------------------------------- */

/* 0 or -ENOMEM. */
int open_lanes(struct recording *recording);
void close_lanes(struct recording *recording);

/* A drain begins; it has ended. end_round(): 0 or -ENOMEM. */
void begin_round(struct recording *recording);
int end_round(struct recording *recording);

/* recording->event is the first that is known of this lane. 0 or -ENOMEM. */
int begin_lane(struct recording *recording, struct lane_id id, struct nst_writer_lane **ret_row);

/* A short record was taken. As take_event(). */
int take_short(struct recording *recording, struct lane_id id, const struct nst_lane_event *event);

/* ---- recording.c ------------------------------------------------------- */

/* By cause, of this part, as it was last read. */
void get_lost(const struct recording *recording, uint64_t lost[NST_LOSS_SLOTS]);

/* Bring what the kernel counted into the headers of the chunks to come. */
int read_counts(struct recording *recording);

void sample_clock(struct recording *recording, uint64_t at_ns);

/* What cannot be written now is written later. */
static inline int or_later(int err)
{
	return err == -EAGAIN ? 0 : err;
}

/* Owner records and rows that are in no file. */
uint64_t lost_owners(const struct recording *recording);

/* Events that were given to the writer, and that a flight has no room for. */
uint64_t lost_in_flight(const struct recording *recording);

/* NULL: there is one file only. */
const struct part_id *part_id(const struct recording *recording);

/* ---- parts.c ----------------------------------------------------------- */

/* The part is open: what comes goes there. */
void begin_part(struct recording *recording, struct part *part, uint64_t start_ns);

/* The last moment of which events may be taken. */
uint64_t part_end_ns(const struct recording *recording);

/* Is there room for another event in the file? If not, none comes any more. */
bool part_is_full(struct recording *recording);

/*
 * End the part and begin the next one, if it is time for that. 0, LIMIT_REACHED if
 * there is no next one, or what goes wrong.
 */
int end_part_if_due(struct recording *recording, uint64_t at_ns);

/* Where there is a flight: mark it if that is due. 0, or what goes wrong. */
int mark_flight_if_due(struct recording *recording, uint64_t at_ns);

/* The part before, once it is written. 0 or what writing gave. */
int close_ended(struct recording *recording);

/* ---- ending.c ---------------------------------------------------------- */

/* The rows of how much there was of everything in this part. */
int write_counters(struct recording *recording);

#endif
