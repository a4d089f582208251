/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the recorder tells its user: all of it on standard error. */
#ifndef NETSNOOP_RECORD_SAY_H
#define NETSNOOP_RECORD_SAY_H

/* A line of its own, after "netsnoop-record: ". */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Lines as they are, say of a table. */
void say_plain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line that the next one overwrites: for terminals. */
void say_live(const char *text);

/* Nothing follows that line: clear it. */
void say_live_end(void);

#endif
