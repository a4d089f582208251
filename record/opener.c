// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/opener.h"

#include "record/cgroups.h"
#include "record/keeper.h"
#include "record/proc.h"
#include "record/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME "netsnoop-open"
#define PATIENCE_MS 100
#define LOSS                                                                                  \
	"the process that opens files %s: from now on executables that the recorder may not " \
	"read have no build id, and control groups that have ended no path"

enum kind {
	EXE_PATH,
	EXE,
	CGROUP,
};

struct question {
	uint64_t id;
	uint32_t kind;
	uint32_t pid;
	uint64_t start_ns;
	uint64_t cgroup_id;
};

/* Of a path, length bytes are sent along. */
struct answer {
	uint64_t id;	/* of the question */
	int32_t result; /* a length, 0, or a negative errno */
	char path[PATH_MAX];
};

struct opener {
	struct keeper keeper;
	uint64_t asked;
	bool is_late; /* with the answer to the last question */
};

union control { /* room for one descriptor */
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

/* ---- in the process */

static int open_exe(uint32_t pid, uint64_t start_ns)
{
	int process_fd = proc_open(pid, start_ns), fd;

	if (process_fd < 0)
		return process_fd;
	fd = openat(process_fd, "exe", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(process_fd);
	return fd;
}

static int read_exe_path(uint32_t pid, uint64_t start_ns, char path[PATH_MAX])
{
	int process_fd = proc_open(pid, start_ns), length;

	if (process_fd < 0)
		return process_fd;
	length = proc_exe(process_fd, path, PATH_MAX);
	close(process_fd);
	return length;
}

static int find_cgroup(uint64_t id, char path[PATH_MAX])
{
	static struct cgroups *cgroups;
	const char *found;

	if (!cgroups && cgroups_open(&cgroups))
		return -ENOMEM;
	found = cgroups_path(cgroups, id);
	if (!found)
		return -ENOENT;
	memcpy(path, found, strlen(found) + 1);
	return (int)strlen(found);
}

/* fd is sent along if it is one. */
static int send_answer(int socket_fd, const struct answer *answer, int fd)
{
	size_t path_bytes = answer->result > 0 ? (size_t)answer->result : 0;
	struct iovec part = { .iov_base = (void *)answer,
			      .iov_len = offsetof(struct answer, path) + path_bytes };
	union control control = { .header = { .cmsg_len = CMSG_LEN(sizeof(fd)),
					      .cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void serve(int socket_fd)
{
	struct question question;
	struct answer answer;
	int err = 0;

	while (!err &&
	       recv(socket_fd, &question, sizeof(question), 0) == (ssize_t)sizeof(question)) {
		int fd = -1;

		answer.id = question.id;
		answer.result = -EINVAL;
		if (question.kind == EXE_PATH)
			answer.result = read_exe_path(question.pid, question.start_ns, answer.path);
		else if (question.kind == CGROUP)
			answer.result = find_cgroup(question.cgroup_id, answer.path);
		else if (question.kind == EXE)
			fd = open_exe(question.pid, question.start_ns);
		if (question.kind == EXE)
			answer.result = fd < 0 ? fd : 0;
		err = send_answer(socket_fd, &answer, fd);
		if (fd >= 0)
			close(fd);
	}
}

/* ---- in the recorder */

int opener_open(const struct user *user, struct opener **ret_opener)
{
	struct opener *opener = calloc(1, sizeof(*opener));
	int err;

	if (!opener)
		return -ENOMEM;
	err = keeper_open(NAME, UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_DAC_READ_SEARCH,
			  user, serve, &opener->keeper);
	if (err) {
		free(opener);
		return err;
	}
	*ret_opener = opener;
	return 0;
}

/* The descriptor that came along; -1: none. */
static int take_fd(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static bool is_answer(const struct opener *opener, const struct answer *answer,
		      const struct msghdr *message, size_t bytes)
{
	const size_t head_bytes = offsetof(struct answer, path);
	size_t path_bytes;

	if (bytes < head_bytes || message->msg_flags & MSG_TRUNC || answer->id != opener->asked)
		return false;
	path_bytes = answer->result > 0 ? (size_t)answer->result : 0;
	return bytes - head_bytes == path_bytes && path_bytes < sizeof(answer->path);
}

/* 0, -EAGAIN: it has not come yet, or -EPIPE. */
static int take_answer(struct opener *opener, struct answer *answer, int *ret_fd)
{
	struct iovec part = { .iov_base = answer, .iov_len = sizeof(*answer) };
	union control control = { 0 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t bytes = recvmsg(opener->keeper.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd = bytes < 0 ? -1 : take_fd(&message);

	opener->is_late = bytes < 0 && errno == EAGAIN;
	if (opener->is_late)
		return -EAGAIN;
	if (bytes <= 0) /* how it ended is told by opener_check() */
		return -EPIPE;
	if (is_answer(opener, answer, &message, (size_t)bytes)) {
		*ret_fd = fd;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	keeper_lose(&opener->keeper);
	say(LOSS, "gives no sense");
	return -EPIPE;
}

/* The one that was not waited for. */
static int take_late_answer(struct opener *opener)
{
	struct answer answer;
	int fd = -1, err = take_answer(opener, &answer, &fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int ask(struct opener *opener, struct question question, struct answer *answer, int *ret_fd)
{
	struct pollfd waiting = { .fd = opener ? opener->keeper.fd : -1, .events = POLLIN };
	int err;

	*ret_fd = -1;
	if (waiting.fd < 0)
		return -EPIPE;
	err = opener->is_late ? take_late_answer(opener) : 0;
	if (err)
		return err;
	question.id = ++opener->asked;
	if (send(waiting.fd, &question, sizeof(question), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -EPIPE;
	poll(&waiting, 1, PATIENCE_MS);
	return take_answer(opener, answer, ret_fd) ?: answer->result;
}

static int ask_path(struct opener *opener, struct question question, char *path, size_t room)
{
	struct answer answer;
	int fd, length = ask(opener, question, &answer, &fd);

	if (fd >= 0)
		close(fd);
	if (length <= 0)
		return length ? length : -ENOENT;
	if ((size_t)length >= room)
		return -ENAMETOOLONG;
	memcpy(path, answer.path, (size_t)length);
	path[length] = '\0';
	return length;
}

int opener_exe_path(struct opener *opener, uint32_t pid, uint64_t start_ns, char *path, size_t room)
{
	const struct question question = { .kind = EXE_PATH, .pid = pid, .start_ns = start_ns };

	return ask_path(opener, question, path, room);
}

int opener_exe(struct opener *opener, uint32_t pid, uint64_t start_ns)
{
	const struct question question = { .kind = EXE, .pid = pid, .start_ns = start_ns };
	struct answer answer;
	int fd, err = ask(opener, question, &answer, &fd);

	if (!err && fd < 0)
		err = -EPIPE;
	if (err && fd >= 0)
		close(fd);
	return err ? (err > 0 ? -EPIPE : err) : fd;
}

int opener_cgroup(struct opener *opener, uint64_t id, char *path, size_t room)
{
	const struct question question = { .kind = CGROUP, .cgroup_id = id };

	return ask_path(opener, question, path, room);
}

void opener_check(struct opener *opener)
{
	char how[128];

	if (opener && keeper_has_ended(&opener->keeper, how, sizeof(how)))
		say(LOSS, how);
}

void opener_close(struct opener *opener)
{
	if (!opener)
		return;
	keeper_close(&opener->keeper);
	free(opener);
}
