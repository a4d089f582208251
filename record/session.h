/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One recording, from beginning to end. */
#ifndef NETSNOOP_RECORD_SESSION_H
#define NETSNOOP_RECORD_SESSION_H

struct settings;

/* Record as the settings say. Returns the program's exit status. */
int session_run(const struct settings *settings);

#endif
