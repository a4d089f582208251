/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which flow, process and lane an event is of. Internal. */
#ifndef NETSNOOP_FORMAT_EVENT_LANE_H
#define NETSNOOP_FORMAT_EVENT_LANE_H

#include "intern.h"

/* The entry of its lane, made with those of its flow and process if they are new. */
uint32_t nst_event_lane(struct nst_intern *intern, const struct net_event *event);

#endif
