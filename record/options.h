/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The recorder's command line. */
#ifndef NETSNOOP_RECORD_OPTIONS_H
#define NETSNOOP_RECORD_OPTIONS_H

#include "record/filters.h"

enum detail_wanted {
	DETAIL_PACKETS, /* an event a packet */
	DETAIL_FLOWS,	/* totals of each flow alone */
	DETAIL_AUTO,	/* packets, and flows while that is too much */
};

struct settings {
	const char *output; /* NULL: a name made of date and time; "-": standard output */
	struct filters filters;
	uint64_t duration_ns; /* 0: until told otherwise */
	uint64_t max_events;  /* 0: no limit */
	uint64_t ring_bytes;  /* of all rings together; 0: the default */
	uint32_t max_flows;   /* that the kernel keeps at once */
	uint64_t stats_ns;    /* 0: no tables */
	int level;
	enum detail_wanted detail;
	uint64_t interval_ns; /* of totals */
	uint64_t sync_ns;     /* how often the file is brought to the disk; 0: left to the kernel */
	uint64_t rotate_bytes, rotate_ns; /* of one file; 0: no limit */
	uint64_t keep;			  /* files; 0: all */
	uint64_t max_bytes;		  /* of all files together; 0: no limit */
	uint64_t flight_ns, flight_bytes; /* kept in memory; 0, 0: written as it comes */
	const char **triggers;		  /* n_triggers that write out what is kept */
	size_t n_triggers;
	const char *run_as; /* user to become once everything is open; NULL: stay */
	bool force, quiet, verbose, help, version;
	char **command; /* ends with NULL; NULL: none */
	int argc;
	char **argv;
};

/* 0, or a negative errno once the user has been told why. */
int options_read(int argc, char **argv, struct settings *settings);

/* The text of --help, on standard output. */
void options_help(void);

/* What --detail was given, or its default. */
const char *options_detail(const struct settings *settings);

void options_free(struct settings *settings);

#endif
