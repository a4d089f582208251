/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The process that keeps what the recorder gives up: it looks into network
 * namespaces, and nothing else, and answers over a socket. It holds CAP_SYS_ADMIN,
 * to enter them, and CAP_SYS_PTRACE, to find those of other users' processes, as far
 * as the recorder had these; without them it sees its own namespace.
 *
 * Between two answers it holds no namespace: who deletes one has it gone. That
 * is why it is a process, and not a socket in each of them.
 */
#ifndef NETSNOOP_RECORD_WATCHER_H
#define NETSNOOP_RECORD_WATCHER_H

#include <stdbool.h>
#include <stdint.h>

struct look;
struct opener;
struct watcher;

/*
 * Fork it, and the opener, before there is a thread. They become the user run_as if that
 * is not NULL. 0, or a negative errno once the user has been told why.
 */
int watcher_open(const char *run_as, struct watcher **ret_watcher);

/* The process beside it that opens files; see opener.h. */
struct opener *watcher_opener(const struct watcher *watcher);

/* After SIGCHLD: has one of the two ended? The user is told. NULL is fine. */
void watcher_check(struct watcher *watcher);

/* Has a device changed since the last call, as far as one hears of it? */
bool watcher_hears(struct watcher *watcher);

/* Have it look anew. Returns the id of this question; never waits. */
uint64_t watcher_ask(struct watcher *watcher);

/* The newest answer, of those that have come by now; NULL: none yet. Valid until the next call. */
const struct look *watcher_newest(struct watcher *watcher);

/*
 * The same, once that question is answered, UINT64_MAX: all that were asked; but no
 * later than in a second, and at once if that was not enough before and nothing has come since.
 */
const struct look *watcher_answer(struct watcher *watcher, uint64_t id);

/*
 * Look now, and take that for the next edge: at the start and at the end of a
 * recording. Waits for a moment, the answer may come later.
 */
void watcher_look(struct watcher *watcher);

/*
 * What was seen at the edge, else what is seen now; NULL: there was no answer. Waits as
 * watcher_answer().
 */
const struct look *watcher_edge(struct watcher *watcher);

/* End it. NULL is fine. */
void watcher_close(struct watcher *watcher);

#endif
