/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line: any words, one a line, are options of each command or are refused, and the
 * operands are left in their order.
 */
#include "tests/fuzz/fuzz.h"

#include "analyze/command.h"
#include "analyze/limits.h"
#include "analyze/publish.h"

#include <errno.h>
#include <string.h>

#define WORDS_MAX 32

void __wrap_limits_set(const struct limits *limits);

void __wrap_limits_set(const struct limits *limits)
{
	(void)limits;
}

static const struct command *const commands[] = {
	&command_report, &command_load,	   &command_info,      &command_dump,  &command_sql,
	&command_verify, &command_recover, &command_anonymize, &command_share,
};

static void parse(const struct command *command, char **words, int n)
{
	struct publishing publishing = { .settings = { .command = command } }; /* all have these */
	struct settings *settings = &publishing.settings;
	char *argv[WORDS_MAX + 2] = { (char *)command->name };
	int first = -1, result;

	memcpy(argv + 1, words, (size_t)n * sizeof(*words));
	result = command_parse(settings, n + 1, argv, &first);
	MUST(result == 0 || result == 1 || result == -EINVAL);
	MUST(result || (first >= 1 && first <= n + 1));
	if (!result)
		(void)settings_window(settings, &publishing.selection.window);
	for (int i = first; !result && i <= n; i++)
		MUST(argv[i] != NULL);
	publishing_free(&publishing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *words[WORDS_MAX], *rest = text;
	int n = 0;

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	while (rest && n < WORDS_MAX)
		words[n++] = strsep(&rest, "\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		parse(commands[i], words, n);
	free(text);
	return 0;
}
