/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The devices and namespaces that a trace names: those of its start, those met
 * later, and what changes about them.
 *
 * A socket in another namespace would hear of each change there, and would keep
 * that namespace and its devices alive when somebody deletes it. So one socket
 * in our own namespace listens, which also hears of the namespaces that ours has
 * a number for (those at the other end of its veth pairs); and everything is
 * read again each second, or less often where that takes long. All of that is the
 * watcher's work, which nobody here waits for once the recording goes on.
 */
#ifndef NETSNOOP_RECORD_DEVICES_H
#define NETSNOOP_RECORD_DEVICES_H

#include "record/idmap.h"
#include "record/keyset.h"

#include <stdbool.h>

struct nst_setting;
struct nst_writer;
struct watcher;

struct devices {
	struct watcher *watcher;
	struct idmap written; /* how they are in the trace */
	struct keyset met;
	uint64_t last;	   /* the device of the last event */
	uint64_t asked_ns; /* when, and what that took the last time */
	uint64_t cost_ns;
	uint64_t asked, taken; /* the last question; the one whose answer is in the trace */
	bool is_due;	       /* an event was at a device that is not in the trace */
};

/* 0 or -ENOMEM. */
int devices_open(struct devices *devices, struct watcher *watcher);

/* An event was seen at this device. 0 or -ENOMEM. */
int devices_meet(struct devices *devices, uint32_t netns, uint32_t ifindex);

/*
 * Write the devices and namespaces of the recording's start, and settings with
 * them. 0, -ENOMEM, or what the writer gives.
 */
int devices_write(struct devices *devices, struct nst_writer *writer,
		  const struct nst_setting *settings, size_t n_settings);

/*
 * Write all of them as they are now, for a file of its own; devices_refresh() goes on as
 * if it had not been. 0, -ENOMEM, or what the writer gives.
 */
int devices_describe(const struct devices *devices, struct nst_writer *writer,
		     const struct nst_setting *settings, size_t n_settings);

/*
 * Look again, if that is due, and write what is new of what was seen: what is not
 * in the trace as it is. Those that cannot be found are not looked for again. At UINT64_MAX
 * it waits for what is on its way. Without room in the writer it is for the next time.
 * 0, -ENOMEM, or what the writer gives.
 */
int devices_refresh(struct devices *devices, struct nst_writer *writer, uint64_t at_ns);

/* Not open is fine. */
void devices_close(struct devices *devices);

#endif
