/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The commands, and the options that they share. */
#ifndef NETSNOOP_ANALYZE_COMMAND_H
#define NETSNOOP_ANALYZE_COMMAND_H

#include "analyze/input.h"
#include "analyze/limits.h"
#include "analyze/output.h"
#include "analyze/owners.h"
#include "analyze/window.h"
#include "common/options.h"

struct command {
	const char *name;
	const char *operands;	 /* as --help shows them */
	const char *summary;	 /* one line */
	const char *description; /* lines of --help, each with its newline */
	const struct option_spec *options;
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_report, command_load, command_info, command_dump, command_sql;
extern const struct command command_verify, command_recover, command_anonymize, command_share;

struct settings {
	struct limits limits; /* the first: see limits.h */
	const struct command *command;
	uint32_t groupings; /* those of --by; 0: the usual ones */
	bool wide;
	enum format format;
	uint64_t interval_ns;
	bool has_limit;
	uint64_t limit;
	const char *sort;
	const char *from, *to;
	bool utc, exact, no_events, force;
	const char *output;
	bool has_owner_view;
	enum owner_view owner_view;
};

/*
 * Parse a command's options. 0 with the first operand; 1 when help was asked
 * for and printed; -EINVAL once the user was told what was wrong.
 */
int command_parse(struct settings *settings, int argc, char **argv, int *ret_first_operand);

/* The exit status for what command_parse() returned, if not 0. */
int command_parse_status(int result);

/* The window of --from and --to. 0 or -EINVAL, said. */
int settings_window(const struct settings *settings, struct window *ret_window);

/* The options' functions, for the commands' tables. */
int apply_by(void *settings, const char *value);
int apply_wide(void *settings, const char *value);
int apply_format_table(void *settings, const char *value);
int apply_format_text(void *settings, const char *value);
int apply_interval(void *settings, const char *value);
int apply_limit(void *settings, const char *value);
int apply_sort(void *settings, const char *value);
int apply_from(void *settings, const char *value);
int apply_to(void *settings, const char *value);
int apply_utc(void *settings, const char *value);
int apply_bytes(void *settings, const char *value);
int apply_no_events(void *settings, const char *value);
int apply_output(void *settings, const char *value);
int apply_owner(void *settings, const char *value);
int apply_help(void *settings, const char *value);

#endif
