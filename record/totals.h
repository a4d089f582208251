/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel counted of each flow, interval by interval: read when an
 * interval is over and nobody adds to it any more. What no event tells (it was
 * lost, or no events are wanted) becomes rows of TOTAL, and all of it the SUM
 * at the end of a trace.
 */
#ifndef NETSNOOP_RECORD_TOTALS_H
#define NETSNOOP_RECORD_TOTALS_H

#include "format/trace.h"

struct counts;
struct kernel;
struct settings;
struct totals;

/* Of a trace that begins at start_ns. 0, -ENOMEM, or what bpf(2) gives. */
int totals_open(struct kernel *kernel, const struct settings *settings, uint64_t start_ns,
		struct totals **ret_totals);

/*
 * Read the interval that is over, if one is, and write what is due; all events of
 * before at_ns were drained. 0, -ENOMEM, or what bpf(2) or the writer gives; -EAGAIN is
 * none of these: rows wait.
 */
int totals_tick(struct totals *totals, struct nst_writer *writer, uint64_t at_ns);

/*
 * A part of the trace is to end where an interval does. While it holds, no event at or
 * after totals_limit() may be drained (UINT64_MAX: any may); once that interval was read,
 * totals_is_held() says so, and the part can end at the time it gives.
 */
void totals_hold(struct totals *totals, bool hold);
uint64_t totals_limit(const struct totals *totals);
bool totals_is_held(const struct totals *totals, uint64_t *ret_boundary_ns);

/*
 * Give every total that will stand in the trace in place of events to sink first. 0, or
 * what ends it.
 */
typedef int (*totals_sink)(void *context, const struct nst_total *total);
void totals_tell(struct totals *totals, totals_sink sink, void *context);

/* Up to when all of them have been given to it. */
uint64_t totals_taken_ns(const struct totals *totals);

/*
 * An event that was read from the kernel is not written, but the totals tell of it; is_full:
 * as total_rows_add_lost() has it. Before the part ends. 0 or -ENOMEM.
 */
int totals_lose_event(struct totals *totals, const struct net_event *event, bool is_full);

/* Events are not in the trace, and whose they are is not known; bytes 0: nor how large. As above. */
void totals_lose(struct totals *totals, uint64_t from_ns, uint64_t to_ns, uint64_t events,
		 uint64_t bytes);

/* Have any totals been given to a writer? */
bool totals_are_written(const struct totals *totals);

/*
 * by_cpu is what the kernel has counted so far. Between totals_is_held() and
 * totals_end_part() it becomes what had been counted by then.
 */
void totals_correct(const struct totals *totals, struct counts *by_cpu);

/* Does a row of what was read wait for room? */
bool totals_wait(const struct totals *totals);

/* Are there events, or totals alone? */
enum nst_detail totals_detail(const struct totals *totals);

/* Events whose total was added to others, without flow or owner, for want of room. */
uint64_t totals_merged(const struct totals *totals);

/*
 * Losses of this part of the trace so far, by cause; those that the kernel counted. They are
 * exact from totals_is_held() until totals_end_part(), and after totals_read_rest().
 */
void totals_lost(const struct totals *totals, uint64_t lost[NST_LOSS_SLOTS]);

/*
 * Write the end of a part (rows that wait, SUM, LOSS) and begin the next one at end_ns.
 * 0, or what the writer gives; after -EAGAIN it can be called again. With a limit on events
 * there is no SUM, because the kernel's goes on beyond it.
 */
int totals_end_part(struct totals *totals, struct nst_writer *writer, uint64_t end_ns);

/*
 * After kernel_detach(): read what is left, and then end the last part. What the sink
 * writes of it comes in between.
 */
int totals_read_rest(struct totals *totals, uint64_t end_ns);
int totals_finish(struct totals *totals, struct nst_writer *writer, uint64_t end_ns);

/* NULL is fine. */
void totals_close(struct totals *totals);

#endif
