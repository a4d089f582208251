/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices and namespaces that a trace names: those of its start, and those met later. */
#ifndef NETSNOOP_RECORD_DEVICES_H
#define NETSNOOP_RECORD_DEVICES_H

#include "record/keyset.h"

struct nst_setting;
struct nst_writer;

struct devices { /* all zero: nothing written yet */
	struct keyset written;
	struct keyset met;
	uint64_t last;	  /* the device of the last event */
	uint64_t read_ns; /* when they were last looked up */
	bool is_due;	  /* an event was at a device that is not in the trace */
};

/* An event was seen at this device. 0 or -ENOMEM. */
int devices_meet(struct devices *devices, uint32_t netns, uint32_t ifindex);

/*
 * Write the devices and namespaces of now that are not in the trace, and
 * settings with them; nothing if there is nothing new. Those that cannot be
 * found are not looked for again. 0, -ENOMEM, or what the writer gives.
 */
int devices_write(struct devices *devices, struct nst_writer *writer,
		  const struct nst_setting *settings, size_t n_settings);

/* devices_write() without settings, if it is due and some time has passed since. */
int devices_refresh(struct devices *devices, struct nst_writer *writer, uint64_t at_ns);

void devices_free(struct devices *devices);

#endif
