/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the user wants to see and what not, as read from the command line. */
#ifndef NETSNOOP_RECORD_FILTERS_H
#define NETSNOOP_RECORD_FILTERS_H

#include "common/protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter_type {
	BY_PID,
	BY_COMM,
	BY_INTERFACE,
	BY_HOST,
	BY_PORT,
	BY_PROTO,
	BY_CGROUP,
	BY_USER,
	FILTER_TYPES,
};

#define FILTER_NAME_BYTES 16 /* the kernel's for processes and interfaces, with a NUL */

struct host_range {
	uint8_t addr[16]; /* network order; IPv4 in the first four */
	uint8_t family;	  /* 4 or 6 */
	uint8_t prefix_bits;
};
struct port_range {
	uint16_t first, last;
};

struct filter {
	enum filter_type type;
	bool exclude;
	union {
		uint32_t pid;
		uint32_t uid;
		char *cgroup;		      /* its path, as given */
		char name[FILTER_NAME_BYTES]; /* zeros behind it */
		struct host_range host;
		struct port_range ports;
		struct protocol protocol;
	};
};

/* Are the descendants of processes that are named included (or excluded) with them? */
enum follow {
	FOLLOW_BY_DEFAULT, /* those of a command, not those of --pid */
	FOLLOW_ALL,
	FOLLOW_NONE,
};

struct filters {
	struct filter *all;
	size_t n;
	enum follow follow;
	char *text; /* "--port !22 --proto TCP", or NULL: none */
};

/* "--pid" and so on. */
const char *filter_option(enum filter_type type);

/*
 * Add what one use of an option says; a '!' in front excludes. 0, -ENOMEM, or
 * -EINVAL once the user has been told what is wrong with value.
 */
int filters_add(struct filters *filters, enum filter_type type, const char *value);

/* How many filters of this type there are, including or excluding ones. */
size_t filters_count(const struct filters *filters, enum filter_type type, bool exclude);

/* Is any of them by process? Then the recording holds nothing of others. */
bool filters_by_process(const struct filters *filters);

void filters_free(struct filters *filters);

#endif
