/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The recorder's command line. */
#ifndef NETSNOOP_RECORD_OPTIONS_H
#define NETSNOOP_RECORD_OPTIONS_H

#include "record/filters.h"

struct settings {
	const char *output; /* NULL: a name made of date and time; "-": standard output */
	struct filters filters;
	uint64_t duration_ns; /* 0: until told otherwise */
	uint64_t max_events;  /* 0: no limit */
	uint64_t ring_bytes;  /* of all rings together; 0: the default */
	uint32_t max_flows;   /* that the kernel keeps at once */
	uint64_t stats_ns;    /* 0: no tables */
	int level;
	bool force, quiet, verbose, help, version;
	char **command; /* ends with NULL; NULL: none */
	int argc;
	char **argv;
};

/* 0, or a negative errno once the user has been told why. */
int options_read(int argc, char **argv, struct settings *settings);

/* The text of --help, on standard output. */
void options_help(void);

void options_free(struct settings *settings);

#endif
