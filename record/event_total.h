/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An event that is not written, as a total of it alone: what its packet had is not lost with it. */
#ifndef NETSNOOP_RECORD_EVENT_TOTAL_H
#define NETSNOOP_RECORD_EVENT_TOTAL_H

struct net_event;
struct nst_flow;
struct nst_total;

/* Both refer to the event; the tuple is its flow's, if it has one. */
void event_total(const struct net_event *event, struct nst_total *total, struct nst_flow *tuple);

#endif
