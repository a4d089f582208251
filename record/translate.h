/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the ring's layout to the trace's: the one place that knows both. */
#ifndef NETSNOOP_RECORD_TRANSLATE_H
#define NETSNOOP_RECORD_TRANSLATE_H

struct record;
struct net_event;

/* Fill every field of event but the bytes of comm behind its NUL. */
void translate(const struct record *record, struct net_event *event);

#endif
