// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The processes beside the recorder: late answers, and how one ends. */
#include "record/clock.h"
#include "record/look.h"
#include "record/opener.h"
#include "record/proc.h"
#include "record/watcher.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child of this name; 0: there is none. */
static pid_t child(const char *name)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	char path[64], comm[32];
	pid_t pid, found = 0;

	while (children && !found && fscanf(children, "%d", &pid) == 1) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		file = fopen(path, "re");
		if (file && fscanf(file, "%31s", comm) == 1 && !strcmp(comm, name))
			found = pid;
		if (file)
			fclose(file);
	}
	if (children)
		fclose(children);
	return found;
}

/* Once it has its name, it is about to serve. */
static pid_t wait_for_child(const char *name)
{
	pid_t pid;

	while (!(pid = child(name)))
		usleep(1000);
	return pid;
}

static uint64_t own_start_ns(void)
{
	const uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	char text[1024];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t bytes = read(fd, text, sizeof(text) - 1);
	uint64_t start_ns = 0;

	close(fd);
	text[bytes > 0 ? bytes : 0] = '\0';
	while (start_ns < now_ns() && !proc_is_start(text, start_ns, NS_PER_S / tick_ns))
		start_ns += tick_ns;
	return start_ns;
}

static void an_answer_that_is_late_is_not_the_last(void)
{
	const uint64_t start_ns = own_start_ns();
	const uint32_t pid = (uint32_t)getpid();
	char path[PATH_MAX], own[PATH_MAX];
	struct opener *opener = NULL;
	ssize_t bytes = readlink("/proc/self/exe", own, sizeof(own) - 1);
	int length, fd;

	own[bytes] = '\0';
	CHECK_INT(opener_open(NULL, &opener), 0);
	kill(wait_for_child("netsnoop-open"), SIGSTOP);
	CHECK_INT(opener_exe(opener, pid, start_ns), -EAGAIN);
	CHECK_INT(opener_exe_path(opener, pid, start_ns, path, sizeof(path)), -EAGAIN);
	kill(child("netsnoop-open"), SIGCONT);
	do
		length = opener_exe_path(opener, pid, start_ns, path, sizeof(path));
	while (length == -EAGAIN);
	CHECK_INT(length, bytes);
	CHECK_STR(path, own);
	fd = opener_exe(opener, pid, start_ns);
	CHECK(fd >= 0);
	close(fd);
	opener_close(opener);
	CHECK_INT(child("netsnoop-open"), 0);
}

static void who_is_late_is_waited_for_once(void)
{
	struct watcher *watcher = NULL;
	uint64_t began_ns, id;

	CHECK_INT(watcher_open(NULL, &watcher), 0);
	CHECK(watcher_answer(watcher, watcher_ask(watcher)) != NULL);
	kill(wait_for_child("netsnoop-watch"), SIGSTOP);
	began_ns = now_ns();
	watcher_answer(watcher, watcher_ask(watcher));
	CHECK(now_ns() - began_ns >= NS_PER_S);
	began_ns = now_ns();
	for (int i = 0; i < 5; i++)
		watcher_edge(watcher);
	CHECK(now_ns() - began_ns < NS_PER_S);
	kill(child("netsnoop-watch"), SIGCONT);
	id = watcher_ask(watcher);
	while (watcher_answer(watcher, id)->id < id)
		;
	kill(child("netsnoop-watch"), SIGSTOP); /* it is waited for again, to the end */
	began_ns = now_ns();
	watcher_answer(watcher, watcher_ask(watcher));
	CHECK(now_ns() - began_ns >= NS_PER_S);
	watcher_close(watcher);
	CHECK_INT(child("netsnoop-watch"), 0);
	CHECK_INT(child("netsnoop-open"), 0);
}

static void none_stays_behind(void)
{
	struct watcher *watcher = NULL;
	pid_t opener;

	CHECK_INT(watcher_open(NULL, &watcher), 0);
	wait_for_child("netsnoop-watch");
	opener = wait_for_child("netsnoop-open");
	kill(opener, SIGKILL);
	while (!kill(opener, 0)) /* as after each SIGCHLD */
		watcher_check(watcher);
	watcher_check(watcher);
	CHECK(child("netsnoop-watch") != 0);
	watcher_close(watcher);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	RUN(an_answer_that_is_late_is_not_the_last);
	RUN(who_is_late_is_waited_for_once);
	RUN(none_stays_behind);
	return test_result();
}
