// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define CLEAR_LINE "\r\033[K"
#define NO_WRAP "\033[?7l" /* what is cleared is one row, however narrow */
#define WRAP "\033[?7h"

static bool live_line;

static void clear_live_line(void)
{
	if (live_line)
		fputs(CLEAR_LINE, stderr);
	live_line = false;
}

void say(const char *format, ...)
{
	va_list arguments;

	clear_live_line();
	fputs("netsnoop-record: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

void say_plain(const char *format, ...)
{
	va_list arguments;

	clear_live_line();
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
}

void say_live(const char *text)
{
	fprintf(stderr, CLEAR_LINE NO_WRAP "%s" WRAP, text);
	fflush(stderr);
	live_line = true;
}

void say_live_end(void)
{
	clear_live_line();
	fflush(stderr);
}
