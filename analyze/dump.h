/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prints the events of a trace, one line each. */
#ifndef NETSNOOP_ANALYZE_DUMP_H
#define NETSNOOP_ANALYZE_DUMP_H

#include "analyze/command.h"
#include "analyze/stream.h"
#include "analyze/timeline.h"

#include <stdio.h>

/* Returns the exit status; what is wrong was said. */
int dump(FILE *out, struct input *input, const struct settings *settings, struct window window);

/* ---- print_event.c ---- */

/* An event with all that is known of it; the texts are fit for a database. */
struct dump_event {
	int64_t realtime_ns;
	struct net_event event;
	const char *interface;	   /* NULL: not known */
	const uint32_t *consumers; /* pids of all who get it, where several do */
	size_t n_consumers;
	bool knows_devices;
	bool counts_elsewhere; /* the same packet is seen on another device and counts there */
};

/* "13:37:00.123456789 eth0 send curl[42] 192.0.2.1:5000 > 192.0.2.2:443 TCP [S] 60" */
void print_event_text(FILE *out, const struct dump_event *event, bool utc);

/* One object, as net_event of schema.sql has the names, and its consumers. */
void print_event_json(FILE *out, const struct dump_event *event);

/* The same as a line of CSV; the header names the columns. */
void print_event_csv_header(FILE *out);
void print_event_csv(FILE *out, const struct dump_event *event);

#endif
