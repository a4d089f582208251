// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/options.h"

#include "common/options.h"
#include "common/units.h"
#include "record/clock.h"
#include "record/say.h"
#include "record/trigger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LEVEL 3
#define MAX_LEVEL 19
#define MIN_RING_BYTES 4096
#define MAX_RING_BYTES (UINT64_C(16) << 30)
#define DEFAULT_MAX_FLOWS 65536
#define MIN_MAX_FLOWS 64
#define MAX_MAX_FLOWS 4194304 /* about a gigabyte of the kernel's memory */
#define MIN_INTERVAL_NS (NS_PER_S / 10)
#define MAX_INTERVAL_NS (3600 * NS_PER_S)
#define MIN_SYNC_NS (NS_PER_S / 10)
#define MIN_PART_BYTES (64 << 10)
#define MIN_FLIGHT_BYTES (4 << 20) /* several of the largest chunks */
#define MIN_STATS_NS (NS_PER_S / 10)
#define MAX_DURATION_NS (UINT64_C(36500) * 86400 * NS_PER_S)

static int apply_output(void *settings, const char *value)
{
	if (!value[0]) {
		say("--output: an empty name");
		return -EINVAL;
	}
	((struct settings *)settings)->output = value;
	return 0;
}

static int apply_pid(void *settings, const char *value)
{
	return filters_add(&((struct settings *)settings)->filters, BY_PID, value);
}

static int apply_comm(void *settings, const char *value)
{
	return filters_add(&((struct settings *)settings)->filters, BY_COMM, value);
}

static int apply_interface(void *settings, const char *value)
{
	return filters_add(&((struct settings *)settings)->filters, BY_INTERFACE, value);
}

static int apply_host(void *settings, const char *value)
{
	return filters_add(&((struct settings *)settings)->filters, BY_HOST, value);
}

static int apply_port(void *settings, const char *value)
{
	return filters_add(&((struct settings *)settings)->filters, BY_PORT, value);
}

static int apply_proto(void *settings, const char *value)
{
	return filters_add(&((struct settings *)settings)->filters, BY_PROTO, value);
}

static int apply_cgroup(void *settings, const char *value)
{
	return filters_add(&((struct settings *)settings)->filters, BY_CGROUP, value);
}

static int apply_user(void *settings, const char *value)
{
	return filters_add(&((struct settings *)settings)->filters, BY_USER, value);
}

static int apply_follow(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->filters.follow = FOLLOW_ALL;
	return 0;
}

static int apply_no_follow(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->filters.follow = FOLLOW_NONE;
	return 0;
}

static int apply_duration(void *settings, const char *value)
{
	uint64_t *ns = &((struct settings *)settings)->duration_ns;

	if (!parse_duration(value, 1, MAX_DURATION_NS, ns))
		return 0;
	say("--duration %s: not a time above 0, such as 10, 0.5, 200ms, 5m or 1h", value);
	return -EINVAL;
}

static int apply_count(void *settings, const char *value)
{
	if (!parse_number(value, 1, UINT64_MAX, &((struct settings *)settings)->max_events))
		return 0;
	say("--count %s: not a number of events above 0", value);
	return -EINVAL;
}

static int apply_buffer_size(void *settings, const char *value)
{
	uint64_t *bytes = &((struct settings *)settings)->ring_bytes;

	if (!parse_size(value, MIN_RING_BYTES, MAX_RING_BYTES, bytes))
		return 0;
	say("--buffer-size %s: not a size from 4k to 16G, such as 512k or 64M", value);
	return -EINVAL;
}

static int apply_max_flows(void *settings, const char *value)
{
	uint64_t flows;

	if (parse_number(value, MIN_MAX_FLOWS, MAX_MAX_FLOWS, &flows)) {
		say("--max-flows %s: not a number of flows from %d to %d", value, MIN_MAX_FLOWS,
		    MAX_MAX_FLOWS);
		return -EINVAL;
	}
	((struct settings *)settings)->max_flows = (uint32_t)flows;
	return 0;
}

static int apply_level(void *settings, const char *value)
{
	uint64_t level;

	if (parse_number(value, 1, MAX_LEVEL, &level)) {
		say("--level %s: not a level of zstd, 1 to %d", value, MAX_LEVEL);
		return -EINVAL;
	}
	((struct settings *)settings)->level = (int)level;
	return 0;
}

static int apply_stats(void *settings, const char *value)
{
	uint64_t *ns = &((struct settings *)settings)->stats_ns;

	if (!value) {
		*ns = NS_PER_S;
		return 0;
	}
	if (!parse_duration(value, MIN_STATS_NS, MAX_DURATION_NS, ns))
		return 0;
	say("--stats %s: not a time of at least 100ms", value);
	return -EINVAL;
}

static const char *const detail_names[] = {
	[DETAIL_PACKETS] = "packets", [DETAIL_FLOWS] = "flows", [DETAIL_AUTO] = "auto"
};

const char *options_detail(const struct settings *settings)
{
	return detail_names[settings->detail];
}

static int apply_detail(void *settings, const char *value)
{
	for (size_t i = 0; i < sizeof(detail_names) / sizeof(detail_names[0]); i++) {
		if (strcmp(value, detail_names[i]))
			continue;
		((struct settings *)settings)->detail = (enum detail_wanted)i;
		return 0;
	}
	say("--detail %s: packets, flows or auto", value);
	return -EINVAL;
}

static int apply_interval(void *settings, const char *value)
{
	if (!parse_duration(value, MIN_INTERVAL_NS, MAX_INTERVAL_NS,
			    &((struct settings *)settings)->interval_ns))
		return 0;
	say("--interval %s: not a time from 100ms to 1h", value);
	return -EINVAL;
}

static int apply_sync(void *settings, const char *value)
{
	if (!parse_duration(value, MIN_SYNC_NS, MAX_DURATION_NS,
			    &((struct settings *)settings)->sync_ns))
		return 0;
	say("--sync %s: not a time of at least 100ms", value);
	return -EINVAL;
}

static int apply_rotate_size(void *settings, const char *value)
{
	if (!parse_size(value, MIN_PART_BYTES, UINT64_MAX,
			&((struct settings *)settings)->rotate_bytes))
		return 0;
	say("--rotate-size %s: not a size of at least 64k", value);
	return -EINVAL;
}

static int apply_rotate_time(void *settings, const char *value)
{
	if (!parse_duration(value, NS_PER_S, MAX_DURATION_NS,
			    &((struct settings *)settings)->rotate_ns))
		return 0;
	say("--rotate-time %s: not a time of at least a second", value);
	return -EINVAL;
}

static int apply_keep(void *settings, const char *value)
{
	if (!parse_number(value, 1, UINT64_MAX, &((struct settings *)settings)->keep))
		return 0;
	say("--keep %s: not a number of files above 0", value);
	return -EINVAL;
}

static int apply_max_size(void *settings, const char *value)
{
	if (!parse_size(value, MIN_PART_BYTES, UINT64_MAX,
			&((struct settings *)settings)->max_bytes))
		return 0;
	say("--max-size %s: not a size of at least 64k", value);
	return -EINVAL;
}

/* 5m is a time and 64M a size: units of time are small letters. */
static int apply_flight(void *settings, const char *value)
{
	struct settings *read = settings;

	if (!parse_duration(value, NS_PER_S, MAX_DURATION_NS, &read->flight_ns)) {
		read->flight_bytes = 0;
		return 0;
	}
	if (!parse_size(value, MIN_FLIGHT_BYTES, UINT64_MAX, &read->flight_bytes)) {
		read->flight_ns = 0;
		return 0;
	}
	say("--flight %s: neither a time of at least a second, such as 30 or 5m, nor a size of at "
	    "least 4M, such as 64M",
	    value);
	return -EINVAL;
}

static int apply_trigger(void *settings, const char *value)
{
	struct settings *read = settings;
	const char **triggers;
	int err = trigger_check(value);

	if (err)
		return err;
	triggers = reallocarray(read->triggers, read->n_triggers + 1, sizeof(*triggers));
	if (!triggers) {
		say("--trigger: out of memory");
		return -ENOMEM;
	}
	triggers[read->n_triggers++] = value;
	read->triggers = triggers;
	return 0;
}

static int apply_run_as(void *settings, const char *value)
{
	((struct settings *)settings)->run_as = value;
	return 0;
}

static int apply_force(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->force = true;
	return 0;
}

static int apply_quiet(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->quiet = true;
	return 0;
}

static int apply_verbose(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->verbose = true;
	return 0;
}

static int apply_version(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->version = true;
	return 0;
}

static int apply_help(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->help = true;
	return 0;
}

static const struct option_spec specs[] = {
	{ "output", 'o', "FILE",
	  "write the trace to FILE; - is standard output\n"
	  "(default: netsnoop-DATE-TIME.zst)",
	  apply_output },
	{ "force", 0, NULL, "replace FILE if it exists", apply_force },
	{ "pid", 'p', "PID[,PID...]", "traffic of these processes", apply_pid },
	{ "comm", 0, "NAME", "traffic of processes with this name", apply_comm },
	{ "user", 0, "USER[,USER...]", "traffic of processes of this user, a name or an id",
	  apply_user },
	{ "cgroup", 0, "PATH", "traffic of processes in this cgroup (cgroup2) or below it",
	  apply_cgroup },
	{ "follow", 0, NULL, "--pid means the process and its descendants", apply_follow },
	{ "no-follow", 0, NULL, "COMMAND means its process, without children", apply_no_follow },
	{ "interface", 'i', "NAME", "traffic on this device, in any namespace", apply_interface },
	{ "host", 0, "ADDR[/PREFIX]", "traffic from or to this address or network", apply_host },
	{ "port", 0, "N[-M]", "traffic from or to this port or range", apply_port },
	{ "proto", 0, "NAME", "TCP, UDP, ICMP, ICMPv6, SCTP, ARP, ip-N or eth-0xHEX", apply_proto },
	{ "duration", 'd', "SECONDS", "stop after this time; 200ms, 5m and 1h will do, too",
	  apply_duration },
	{ "count", 'c', "EVENTS", "stop after this many events", apply_count },
	{ "buffer-size", 'B', "SIZE",
	  "memory of all the kernel's rings together, say 64M\n"
	  "(default: 16M a CPU, 128M at most)",
	  apply_buffer_size },
	{ "max-flows", 0, "N", "flows that the kernel keeps at once (default: 65536)",
	  apply_max_flows },
	{ "detail", 0, "packets|flows|auto",
	  "an event for each packet (the default), only totals of each\n"
	  "flow, or totals while events are too many to be written",
	  apply_detail },
	{ "interval", 0, "SECONDS", "of totals (default: 1)", apply_interval },
	{ "rotate-size", 0, "SIZE", "begin another file at this size: FILE-000001.zst, ...",
	  apply_rotate_size },
	{ "rotate-time", 0, "SECONDS", "begin another file after this time", apply_rotate_time },
	{ "keep", 0, "N", "of these files, keep the last N", apply_keep },
	{ "max-size", 0, "SIZE", "of all files together; without rotation, stop at this size",
	  apply_max_size },
	{ "flight", 0, "TIME|SIZE",
	  "keep the last 5m or 64M in memory, and write them to FILE on\n"
	  "SIGUSR2, at the end, and on a --trigger",
	  apply_flight },
	{ "trigger", 0, "WHAT",
	  "write FILE when process:RATE or host:RATE (bytes a second) is\n"
	  "exceeded, or when command:PROGRAM [ARGUMENT]... fails",
	  apply_trigger },
	{ "sync", 0, "SECONDS", "bring the file to the disk this often", apply_sync },
	{ "relinquish-privileges", 'Z', "USER", "become USER once everything is open",
	  apply_run_as },
	{ "level", 'l', "LEVEL", "zstd's level, 1 to 19 (default: 3)", apply_level },
	{ "stats", 0, "[=SECONDS]",
	  "print what each process sent and received, at this interval\n"
	  "(default: 1)",
	  apply_stats },
	{ "quiet", 'q', NULL, "no status line and no summary", apply_quiet },
	{ "verbose", 'v', NULL, "say what is in use; show libbpf's warnings", apply_verbose },
	{ "version", 'V', NULL, "print the version", apply_version },
	{ "help", 'h', NULL, "print this text", apply_help },
	{ 0 },
};

static int check_follow(const struct filters *filters, bool has_command)
{
	bool has_pid =
		filters_count(filters, BY_PID, false) || filters_count(filters, BY_PID, true);

	if (filters->follow == FOLLOW_ALL && !has_pid && !has_command) {
		say("--follow: whom? It goes with --pid or a command");
		return -EINVAL;
	}
	if (filters->follow == FOLLOW_NONE && !has_command) {
		say("--no-follow: it goes with a command; --pid follows nobody without --follow");
		return -EINVAL;
	}
	return 0;
}

static int check_bounds(const struct settings *settings)
{
	bool rotates = settings->rotate_bytes || settings->rotate_ns;
	bool flies = settings->flight_bytes || settings->flight_ns;

	if (settings->keep && !rotates) {
		say("--keep: of which files? It goes with --rotate-size or --rotate-time");
		return -EINVAL;
	}
	if (flies && (rotates || settings->max_bytes)) {
		say("--flight keeps what it keeps in memory: no --rotate-size, --rotate-time or "
		    "--max-size with it");
		return -EINVAL;
	}
	if (settings->n_triggers && !flies) {
		say("--trigger: it goes with --flight");
		return -EINVAL;
	}
	if ((rotates || flies) && settings->output && !strcmp(settings->output, "-")) {
		say("--output -: one stream; %s writes files of its own",
		    flies ? "--flight" : "rotation");
		return -EINVAL;
	}
	return 0;
}

int options_read(int argc, char **argv, struct settings *settings)
{
	struct settings read = {
		.level = DEFAULT_LEVEL,
		.max_flows = DEFAULT_MAX_FLOWS,
		.interval_ns = NS_PER_S,
		.argc = argc,
		.argv = argv,
	};
	int first, err;

	err = options_parse(specs, true, argc, argv, &read, &first);
	if (!err && first < argc && strcmp(argv[first - 1], "--")) {
		/* --stats 5 is not --stats=5, and 5 is no command */
		say("%s: not an option; a command stands behind --", argv[first]);
		err = -EINVAL;
	}
	if (!err)
		err = check_follow(&read.filters, first < argc) ?: check_bounds(&read);
	if (err) {
		options_free(&read);
		return err;
	}
	if (first < argc)
		read.command = argv + first;
	*settings = read;
	return 0;
}

void options_help(void)
{
	puts("Usage: netsnoop-record [OPTION]... [-- COMMAND [ARGUMENT]...]\n"
	     "Record what this machine sends and receives, with the process that it belongs\n"
	     "to, into a trace for netsnoop-analyze, until Ctrl-C or until COMMAND ends.\n"
	     "With COMMAND, only its own traffic and that of its children is recorded.\n");
	options_print(stdout, specs);
	puts("\n"
	     "The filters (--pid to --proto) can be repeated. An event is recorded if, for each\n"
	     "of these options in use, one of its values matches; a value with ! in front must\n"
	     "not match: --port '!22'.\n"
	     "\n"
	     "Exit status: 0 done, 1 failed, 2 wrong usage. With COMMAND: that of COMMAND,\n"
	     "128 + N if signal N ended it, 126 or 127 if it could not be run, 125 if the\n"
	     "recording failed.");
}

void options_free(struct settings *settings)
{
	filters_free(&settings->filters);
	free(settings->triggers);
}
