// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/watcher.h"

#include "record/clock.h"
#include "record/keeper.h"
#include "record/link_watch.h"
#include "record/look.h"
#include "record/opener.h"
#include "record/privileges.h"
#include "record/say.h"
#include "record/user.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME "netsnoop-watch"
#define PATIENCE_NS NS_PER_S
#define MOMENT_NS (50 * NS_PER_MS) /* the kernel's rings hold more than that */
#define RECENT_NS (100 * NS_PER_MS)
#define MESSAGES_AT_ONCE 64

struct watcher {
	struct keeper keeper;
	struct opener *opener;
	int watch_fd; /* hears of devices; a negative errno: does not */
	uint64_t asked;
	uint64_t edge; /* the question that is meant for the next edge; 0: none */
	uint64_t opened_ns, answered_ns;
	bool is_late;  /* a wait for it was in vain */
	bool is_ended; /* no answer will come */
	struct look newest, coming;
};

/* ---- in the process */

/* Everything is closed again before the answer is sent, which may take its time. */
static int answer(int fd, uint64_t id)
{
	uint64_t began_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	struct look look = { .id = id };
	int err = namespaces_read(&look.namespaces);

	look.cost_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - began_ns;
	if (!err)
		err = look_send(fd, &look);
	look_free(&look);
	return err;
}

static void serve(int fd)
{
	uint64_t id;

	while (recv(fd, &id, sizeof(id), 0) == sizeof(id) && !answer(fd, id))
		;
}

/* ---- in the recorder */

static int start(struct watcher *watcher, const struct user *user)
{
	int err = keeper_open(NAME, UINT64_C(1) << CAP_SYS_ADMIN | UINT64_C(1) << CAP_SYS_PTRACE,
			      user, serve, &watcher->keeper);

	return err ?: opener_open(user, &watcher->opener);
}

int watcher_open(const char *run_as, struct watcher **ret_watcher)
{
	struct watcher *watcher;
	struct user *user;
	int err = privileges_find_user(run_as, &user);

	if (err)
		return err;
	watcher = calloc(1, sizeof(*watcher));
	if (watcher) {
		watcher->watch_fd = link_watch_open();
		watcher->opened_ns = now_ns();
	}
	err = watcher ? start(watcher, user) : -ENOMEM;
	user_free(user);
	if (err) {
		say("processes that keep what is given up: %s", strerror(-err));
		watcher_close(watcher);
		return err;
	}
	*ret_watcher = watcher;
	return 0;
}

struct opener *watcher_opener(const struct watcher *watcher)
{
	return watcher->opener;
}

bool watcher_hears(struct watcher *watcher)
{
	return watcher->watch_fd >= 0 && link_watch_changed(watcher->watch_fd);
}

/* The recording goes on without it. */
static void say_lost(const char *why)
{
	say("the process that looks at devices %s: devices that change from now on are not in the "
	    "trace, nor what they count",
	    why);
}

static void lose(struct watcher *watcher)
{
	say_lost("gives no sense");
	keeper_lose(&watcher->keeper);
	look_free(&watcher->coming);
}

void watcher_check(struct watcher *watcher)
{
	char how[128];

	if (!watcher)
		return;
	if (keeper_has_ended(&watcher->keeper, how, sizeof(how)))
		say_lost(how);
	opener_check(watcher->opener);
}

uint64_t watcher_ask(struct watcher *watcher)
{
	uint64_t id = ++watcher->asked;

	/* with no room for another question, the next one will be heard */
	if (watcher->keeper.fd >= 0)
		send(watcher->keeper.fd, &id, sizeof(id), MSG_NOSIGNAL | MSG_DONTWAIT);
	return id;
}

static void take_complete(struct watcher *watcher)
{
	look_free(&watcher->newest);
	watcher->newest = watcher->coming;
	watcher->coming = (struct look){ 0 };
	watcher->answered_ns = now_ns();
	watcher->is_late = false;
}

/* One message, if there is one: false otherwise. */
static bool take_message(struct watcher *watcher)
{
	char message[LOOK_MESSAGE_BYTES];
	ssize_t bytes;
	int err;

	if (watcher->keeper.fd < 0)
		return false;
	bytes = recv(watcher->keeper.fd, message, sizeof(message), MSG_DONTWAIT);
	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (bytes <= 0) { /* how it ended is told by watcher_check() */
		watcher->is_ended = true;
		return false;
	}
	err = look_take(&watcher->coming, message, (size_t)bytes, watcher->asked,
			watcher->opened_ns);
	if (err < 0)
		lose(watcher);
	else if (err)
		take_complete(watcher);
	return err >= 0;
}

const struct look *watcher_newest(struct watcher *watcher)
{
	for (int i = 0; i < MESSAGES_AT_ONCE && take_message(watcher); i++)
		;
	return watcher->newest.id ? &watcher->newest : NULL;
}

static const struct look *wait_for(struct watcher *watcher, uint64_t id, uint64_t patience_ns)
{
	uint64_t at_ns = now_ns(), until_ns = at_ns + patience_ns;
	const struct look *look = watcher_newest(watcher);

	while (watcher->newest.id < id && watcher->keeper.fd >= 0 && !watcher->is_ended &&
	       at_ns < until_ns) {
		struct pollfd waiting = { .fd = watcher->keeper.fd, .events = POLLIN };

		poll(&waiting, 1, (int)((until_ns - at_ns) / NS_PER_MS) + 1);
		look = watcher_newest(watcher);
		at_ns = now_ns();
	}
	return look;
}

const struct look *watcher_answer(struct watcher *watcher, uint64_t id)
{
	const struct look *look;

	if (id > watcher->asked)
		id = watcher->asked;
	look = wait_for(watcher, id, watcher->is_late ? 0 : PATIENCE_NS);
	watcher->is_late = watcher->newest.id < id;
	return look;
}

void watcher_look(struct watcher *watcher)
{
	watcher->edge = watcher_ask(watcher);
	wait_for(watcher, watcher->edge, MOMENT_NS);
}

const struct look *watcher_edge(struct watcher *watcher)
{
	uint64_t id = watcher->edge;

	watcher->edge = 0;
	if (!id && watcher->newest.id && now_ns() < watcher->answered_ns + RECENT_NS)
		id = watcher->newest.id;
	if (!id)
		id = watcher_ask(watcher);
	watcher_answer(watcher, id);
	return watcher->newest.id >= id ? &watcher->newest : NULL;
}

void watcher_close(struct watcher *watcher)
{
	if (!watcher)
		return;
	watcher_check(watcher);
	keeper_close(&watcher->keeper);
	opener_close(watcher->opener);
	if (watcher->watch_fd >= 0)
		close(watcher->watch_fd);
	look_free(&watcher->newest);
	look_free(&watcher->coming);
	free(watcher);
}
