/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/command.h"

#include "analyze/grouping.h"
#include "analyze/say.h"
#include "common/units.h"

#include <errno.h>
#include <string.h>

#define DAY_NS (86400 * UINT64_C(1000000000))

int command_parse(struct settings *settings, int argc, char **argv, int *ret_first_operand)
{
	char program[] = "netsnoop-analyze"; /* getopt's messages begin with it */
	char *command = argv[0];
	int err;

	argv[0] = program;
	err = options_parse(settings->command->options, false, argc, argv, settings,
			    ret_first_operand);
	argv[0] = command;
	if (!err)
		limits_set(&settings->limits);
	if (err == -ECANCELED)
		return fflush(stdout) ? -EIO : 1;
	if (err && err != -ENOMEM) {
		fprintf(stderr, "Try 'netsnoop-analyze %s --help'.\n", settings->command->name);
		return -EINVAL;
	}
	return err;
}

int command_parse_status(int result)
{
	if (result > 0)
		return STATUS_DONE;
	return result == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
}

int settings_window(const struct settings *settings, struct window *ret_window)
{
	struct window window = { 0 };
	int err = 0;

	if (settings->from)
		err = window_parse("from", settings->from, settings->utc, &window.from);
	if (!err && settings->to)
		err = window_parse("to", settings->to, settings->utc, &window.to);
	if (!err)
		*ret_window = window;
	return err;
}

int apply_by(void *settings, const char *value)
{
	for (uint32_t i = 0; i < N_GROUPINGS; i++) {
		if (strcmp(value, grouping_specs[i].name))
			continue;
		((struct settings *)settings)->groupings = GROUPING_BIT(i);
		return 0;
	}
	say("--by %s: not a grouping: there are", value);
	for (uint32_t i = 0; i < N_GROUPINGS; i++)
		fprintf(stderr, "  %s\n", grouping_specs[i].name);
	return -EINVAL;
}

int apply_wide(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->wide = true;
	return 0;
}

int apply_format_table(void *settings, const char *value)
{
	return format_parse(value, "table", &((struct settings *)settings)->format);
}

int apply_format_text(void *settings, const char *value)
{
	return format_parse(value, "text", &((struct settings *)settings)->format);
}

int apply_interval(void *settings, const char *value)
{
	struct settings *s = settings;
	int err = parse_duration(value, 1000, 365 * DAY_NS, &s->interval_ns);

	if (err)
		say("--interval %s: not a duration from 1us to 365d, like 1, 0.5, 100ms, 5m",
		    value);
	return err ? -EINVAL : 0;
}

int apply_limit(void *settings, const char *value)
{
	struct settings *s = settings;
	int err = parse_number(value, 1, INT64_MAX, &s->limit);

	if (err)
		say("--limit %s: not a number of rows, 1 or more", value);
	s->has_limit = true;
	return err ? -EINVAL : 0;
}

int apply_sort(void *settings, const char *value)
{
	((struct settings *)settings)->sort = value;
	return 0;
}

int apply_from(void *settings, const char *value)
{
	((struct settings *)settings)->from = value;
	return 0;
}

int apply_to(void *settings, const char *value)
{
	((struct settings *)settings)->to = value;
	return 0;
}

int apply_utc(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->utc = true;
	return 0;
}

int apply_bytes(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->exact = true;
	return 0;
}

int apply_no_events(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->no_events = true;
	return 0;
}

int apply_output(void *settings, const char *value)
{
	((struct settings *)settings)->output = value;
	return 0;
}

int apply_owner(void *settings, const char *value)
{
	struct settings *s = settings;
	int err = owner_view_parse(value, &s->owner_view);

	if (err)
		say("--owner %s: not one of consumed, held, recorded", value);
	s->has_owner_view = true;
	return err;
}

int apply_help(void *settings, const char *value)
{
	const struct command *command = ((struct settings *)settings)->command;

	(void)value;
	printf("Usage: netsnoop-analyze %s [OPTION]... %s\n%s\n", command->name, command->operands,
	       command->description);
	options_print(stdout, command->options);
	return -ECANCELED;
}
