/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/say.h"

#include <stdarg.h>
#include <stdio.h>

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("netsnoop-analyze: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

int say_usage(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("netsnoop-analyze: ", stderr);
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\nTry 'netsnoop-analyze %s --help'.\n", command);
	va_end(arguments);
	return STATUS_USAGE;
}
