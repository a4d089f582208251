/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages on stderr, and the exit statuses that go with them. */
#ifndef NETSNOOP_ANALYZE_SAY_H
#define NETSNOOP_ANALYZE_SAY_H

enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1, /* or nothing usable */
	STATUS_USAGE = 2,
	STATUS_DAMAGED = 3, /* done, but the input was cut or damaged */
};

/* "netsnoop-analyze: " and the message, which has no newline; made inert for a terminal. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and the command's --help named. Returns STATUS_USAGE. */
int say_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
