/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What full records have announced of lanes, for the short records that come after them.
 *
 * Rings are merged by time, and time is read before room is reserved, so that another CPU's
 * short record may be met before the announcement that it needs, and after one that
 * replaced it. What holds nevertheless:
 * - An announcement is in its ring before a short record of it is begun. So who has a short
 *   record has its announcement: it was taken, or it is in a ring now, whatever was there
 *   when the drain began.
 * - The one kept by index is the one with the highest turn that was taken or looked up, or a
 *   lower one that a short record has asked for since: of two CPUs that announce at once,
 *   the one that is last need not have the higher turn.
 * - Whatever was replaced, or came too late to be kept, is among the last PAST_LANES such
 *   ones of all lanes. A short record that needs it is milliseconds late at most.
 */
#ifndef NETSNOOP_RECORD_LANES_H
#define NETSNOOP_RECORD_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAST_LANES 4096

struct drain;
struct lanes;
struct record;

struct lane_id {
	uint32_t index, turn;
};

/* Of a kernel side with so many slots for flows; memory is used by the lanes there are. 0 or -ENOMEM. */
int lanes_open(uint32_t n_slots, struct lanes **ret_lanes);

uint32_t lanes_max(const struct lanes *lanes); /* above every index */

/*
 * A full record was taken. True: it announces a lane, as it is from now on. False: it
 * announces none, or one that is known to have been replaced.
 */
bool lanes_announce(struct lanes *lanes, const struct record *record, struct lane_id *ret_id);

/*
 * The announcement of a lane, looked for in the rings of drain if it has not been taken; it
 * is valid until the next call of any of these, or the next record. NULL: there is none.
 */
const struct record *lanes_find(struct lanes *lanes, struct lane_id id, const struct drain *drain);

/* Is it the lane as it is now? After lanes_find() has found it. */
bool lanes_is_current(const struct lanes *lanes, struct lane_id id);

/*
 * by_index is what the caller keeps of each lane, value_bytes of it. lanes_fetch() is a
 * drain_hint: what belongs to the lane of a record that comes soon is fetched by then.
 */
void lanes_expect(struct lanes *lanes, const void *by_index, size_t value_bytes);
void lanes_fetch(void *lanes, const void *record);

void lanes_close(struct lanes *lanes); /* NULL is fine */

#endif
