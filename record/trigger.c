// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/trigger.h"

#include "common/units.h"
#include "record/clock.h"
#include "record/counts.h"
#include "record/say.h"
#include "record/trigger_command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEASURE_NS NS_PER_S
#define MEASURE_COST 50		  /* at most this part of the time */
#define REST_NS (60 * NS_PER_S)	  /* after it has gone off, and until it was quiet once */
#define COMMAND_NS (5 * NS_PER_S) /* from one start of a command to the next */
#define RATE_MAX (UINT64_C(1) << 50)
#define WHY_MAX 256

enum trigger_kind {
	TRIGGER_PROCESS,
	TRIGGER_HOST,
	TRIGGER_COMMAND,
};

struct trigger {
	enum trigger_kind kind;
	const char *text;
	uint64_t rate; /* bytes a second */
	struct trigger_command *command;
	uint64_t command_due_ns;
	uint64_t fired_ns;
	bool rests, was_quiet;
};

struct triggers {
	struct throughput *before; /* of the last measurement; NULL: there was none */
	size_t n_before;
	uint64_t measured_ns, cost_ns;
	bool wants_throughput;
	char why[2 * WHY_MAX];
	bool has_fired;
	size_t n;
	struct trigger all[];
};

/* ---- What stands on the command line ------------------------------------ */

/* The rest of text behind "prefix", or NULL. */
static const char *behind(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) ? NULL : text + length;
}

/* rate of a trigger by throughput, or the words of a command. */
static int parse(const char *text, struct trigger *trigger, const char **ret_words)
{
	const char *process = behind(text, "process:"), *host = behind(text, "host:");

	*ret_words = behind(text, "command:");
	trigger->text = text;
	trigger->kind = *ret_words ? TRIGGER_COMMAND : process ? TRIGGER_PROCESS : TRIGGER_HOST;
	if (*ret_words)
		return 0;
	if (!process && !host) {
		say("--trigger %s: neither process:RATE nor host:RATE nor command:PROGRAM", text);
		return -EINVAL;
	}
	if (parse_size(process ?: host, 1, RATE_MAX, &trigger->rate)) {
		say("--trigger %s: not a number of bytes a second above 0, such as 500k or 10M",
		    text);
		return -EINVAL;
	}
	return 0;
}

int trigger_check(const char *text)
{
	struct trigger trigger = { 0 };
	const char *words;
	int err = parse(text, &trigger, &words);

	return err || !words ? err : trigger_command_check(text, words);
}

int triggers_open(const char *const *texts, size_t n_texts, const void *signal_mask,
		  struct triggers **ret_triggers)
{
	struct triggers *triggers = calloc(1, sizeof(*triggers) + n_texts * sizeof(struct trigger));
	int err = triggers ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < n_texts; i++) {
		struct trigger *trigger = &triggers->all[triggers->n++];
		const char *words;

		err = parse(texts[i], trigger, &words);
		if (!err && words)
			err = trigger_command_open(words, signal_mask, &trigger->command);
		else
			triggers->wants_throughput = true;
	}
	if (err) {
		triggers_close(triggers);
		return err;
	}
	*ret_triggers = triggers;
	return 0;
}

/* ---- When they go off ----------------------------------------------------- */

/* is_on: it would go off now, if it did not rest. */
static bool goes_off(struct trigger *trigger, bool is_on, uint64_t at_ns)
{
	if (!is_on) {
		trigger->was_quiet = true;
		return false;
	}
	if (trigger->rests && (!trigger->was_quiet || at_ns < trigger->fired_ns + REST_NS))
		return false;
	trigger->rests = true;
	trigger->was_quiet = false;
	trigger->fired_ns = at_ns;
	return true;
}

__attribute__((format(printf, 3, 4))) static void
tell(struct triggers *triggers, const struct trigger *trigger, const char *format, ...)
{
	char what[WHY_MAX];
	va_list arguments;

	if (triggers->has_fired)
		return; /* one reason is enough */
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	snprintf(triggers->why, sizeof(triggers->why), "%s: %s", trigger->text, what);
	triggers->has_fired = true;
}

/* What all names of a process moved, from row i on; *ret_end is the first row of the next one. */
static uint64_t sum_of(const struct throughput *rows, size_t n_rows, size_t i, size_t *ret_end)
{
	uint32_t pid = rows[i].pid;
	uint64_t bytes = 0;

	for (; i < n_rows && rows[i].pid == pid; i++)
		bytes += rows[i].send_bytes + rows[i].recv_bytes;
	*ret_end = i;
	return bytes;
}

struct moved {
	uint64_t all_bytes;
	uint64_t most_bytes; /* of one process, which is known */
	const struct throughput *most;
};

/* The difference between two measurements; both are sorted by process. */
static struct moved compare(const struct throughput *rows, size_t n_rows,
			    const struct throughput *before, size_t n_before)
{
	struct moved moved = { 0 };
	size_t end = 0, old = 0;

	for (size_t i = 0; i < n_rows; i = end) {
		uint64_t bytes = sum_of(rows, n_rows, i, &end), had = 0;

		while (old < n_before && before[old].pid < rows[i].pid)
			old++;
		if (old < n_before && before[old].pid == rows[i].pid)
			had = sum_of(before, n_before, old, &old);
		bytes = bytes > had ? bytes - had : 0;
		moved.all_bytes += bytes;
		if (rows[i].pid && bytes > moved.most_bytes) {
			moved.most_bytes = bytes;
			moved.most = &rows[end - 1];
		}
	}
	return moved;
}

static void heed(struct triggers *triggers, const struct moved *moved, uint64_t elapsed_ns,
		 uint64_t at_ns)
{
	char text[UNITS_MAX];

	for (size_t i = 0; i < triggers->n; i++) {
		struct trigger *trigger = &triggers->all[i];
		bool by_process = trigger->kind == TRIGGER_PROCESS;
		double bytes = (double)(by_process ? moved->most_bytes : moved->all_bytes);
		double rate = bytes * (double)NS_PER_S / (double)elapsed_ns;

		if (trigger->kind == TRIGGER_COMMAND ||
		    !goes_off(trigger, rate > (double)trigger->rate, at_ns))
			continue;
		format_bytes((uint64_t)rate, text);
		if (by_process)
			tell(triggers, trigger, "process %" PRIu32 ", %s a second",
			     moved->most->pid, text);
		else
			tell(triggers, trigger, "%s a second", text);
	}
}

bool triggers_want_throughput(const struct triggers *triggers, uint64_t at_ns)
{
	uint64_t wait_ns = MEASURE_COST * triggers->cost_ns;

	if (wait_ns < MEASURE_NS)
		wait_ns = MEASURE_NS;
	return triggers->wants_throughput && at_ns >= triggers->measured_ns + wait_ns;
}

void triggers_measure(struct triggers *triggers, struct throughput *rows, size_t n_rows,
		      uint64_t at_ns, uint64_t cost_ns)
{
	if (triggers->before && at_ns > triggers->measured_ns) {
		struct moved moved = compare(rows, n_rows, triggers->before, triggers->n_before);

		heed(triggers, &moved, at_ns - triggers->measured_ns, at_ns);
	}
	/* without a row there was nothing before it */
	free(triggers->before);
	triggers->before = rows ?: calloc(1, sizeof(*rows));
	triggers->n_before = n_rows;
	triggers->measured_ns = at_ns;
	triggers->cost_ns = cost_ns;
}

void triggers_tick(struct triggers *triggers, uint64_t at_ns)
{
	for (size_t i = 0; i < triggers->n; i++) {
		struct trigger *trigger = &triggers->all[i];
		char result[WHY_MAX];

		if (!trigger->command)
			continue;
		switch (trigger_command_look(trigger->command, at_ns, result, sizeof(result))) {
		case COMMAND_RUNS:
			break;
		case COMMAND_FAILED:
			if (goes_off(trigger, true, at_ns))
				tell(triggers, trigger, "%s", result);
			break;
		case COMMAND_SUCCEEDED:
			goes_off(trigger, false, at_ns);
			break;
		case COMMAND_RESTS:
			if (at_ns < trigger->command_due_ns)
				break;
			trigger->command_due_ns = at_ns + COMMAND_NS;
			trigger_command_start(trigger->command, at_ns);
		}
	}
}

const char *triggers_fired(struct triggers *triggers)
{
	bool has_fired = triggers->has_fired;

	triggers->has_fired = false;
	return has_fired ? triggers->why : NULL;
}

void triggers_close(struct triggers *triggers)
{
	if (!triggers)
		return;
	for (size_t i = 0; i < triggers->n; i++)
		trigger_command_close(triggers->all[i].command);
	free(triggers->before);
	free(triggers);
}
