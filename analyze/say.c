/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/say.h"

#include "analyze/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of files, and what SQLite quotes, may hold anything. */
static void say_inert(const char *format, va_list arguments)
{
	char *text = NULL, *inert = NULL;

	if (vasprintf(&text, format, arguments) >= 0)
		inert = table_text(text, strlen(text));
	else
		text = NULL;
	fprintf(stderr, "netsnoop-analyze: %s\n", inert ?: "out of memory");
	free(inert);
	free(text);
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_inert(format, arguments);
	va_end(arguments);
}

int say_usage(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_inert(format, arguments);
	va_end(arguments);
	fprintf(stderr, "Try 'netsnoop-analyze %s --help'.\n", command);
	return STATUS_USAGE;
}
