/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The devices and namespaces that a trace names: those of its start, those met
 * later, and what changes about them.
 *
 * A socket in another namespace would hear of each change there, and would keep
 * that namespace and its devices alive when somebody deletes it. So one socket
 * in our own namespace listens, which also hears of the namespaces that ours has
 * a number for (those at the other end of its veth pairs); and everything is
 * read again each second, or less often where that takes long.
 */
#ifndef NETSNOOP_RECORD_DEVICES_H
#define NETSNOOP_RECORD_DEVICES_H

#include "record/idmap.h"
#include "record/keyset.h"

#include <stdbool.h>

struct nst_setting;
struct nst_writer;

struct devices {
	struct idmap written; /* how they are in the trace */
	struct keyset met;
	uint64_t last;	  /* the device of the last event */
	uint64_t read_ns; /* when they were last looked up, and what that took */
	uint64_t cost_ns;
	int watch_fd;
	bool is_due; /* an event was at a device that is not in the trace */
};

/* 0 or -ENOMEM. */
int devices_open(struct devices *devices);

/* An event was seen at this device. 0 or -ENOMEM. */
int devices_meet(struct devices *devices, uint32_t netns, uint32_t ifindex);

/*
 * Write the devices and namespaces of now as far as they are not in the trace as
 * they are, and settings with them; nothing if there is nothing new. Those that
 * cannot be found are not looked for again. 0, -ENOMEM, or what the writer gives.
 */
int devices_write(struct devices *devices, struct nst_writer *writer,
		  const struct nst_setting *settings, size_t n_settings);

/* devices_write() without settings, if it is due. */
int devices_refresh(struct devices *devices, struct nst_writer *writer, uint64_t at_ns);

/* Not open is fine. */
void devices_close(struct devices *devices);

#endif
