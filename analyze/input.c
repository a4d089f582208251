/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/input.h"

#include "analyze/say.h"
#include "common/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char sqlite_magic[16] = "SQLite format 3";

static int complain(const struct input *input, int err)
{
	say("%s: %s", input->name, strerror(-err));
	return err;
}

int input_open(const char *name, struct input *ret_input)
{
	struct input input = { .name = name, .fd = STDIN_FILENO };
	char start[sizeof(sqlite_magic)];
	struct stat status;

	if (strcmp(name, "-"))
		input.fd = open(name, O_RDONLY | O_CLOEXEC);
	if (input.fd < 0 || fstat(input.fd, &status))
		return complain(&input, -errno);
	if (S_ISDIR(status.st_mode)) {
		input_close(&input);
		return complain(&input, -EISDIR);
	}
	if (input.fd == STDIN_FILENO && isatty(input.fd)) {
		say("standard input is a terminal: name a trace, or pipe one in");
		return -EINVAL;
	}
	input.can_seek = S_ISREG(status.st_mode);
	input.is_database = input.can_seek &&
			    pread(input.fd, start, sizeof(start), 0) == sizeof(start) &&
			    !memcmp(start, sqlite_magic, sizeof(start));
	if (input.is_database && input.fd == STDIN_FILENO && !strcmp(name, "-")) {
		say("standard input is a database: name it instead");
		return -EINVAL;
	}
	*ret_input = input;
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int input_copy(int from, int to)
{
	char buffer[65536];

	for (;;) {
		ssize_t n = read(from, buffer, sizeof(buffer));
		int err;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		err = write_all(to, buffer, (size_t)n);
		if (err)
			return err;
	}
}

static int open_unnamed(const char *directory)
{
	char path[4096];
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "%s/netsnoop-XXXXXX", directory);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

static const char *temporary_directory(void)
{
	const char *directory = getenv("TMPDIR");

	return directory && *directory ? directory : "/tmp";
}

int input_temporary(const char *what)
{
	const char *directory = temporary_directory();
	int fd = open_unnamed(directory);

	if (fd < 0)
		say("%s: no temporary file for %s: %s", directory, what, strerror(-fd));
	return fd;
}

int input_spool(struct input *input)
{
	int fd, err;

	if (input->can_seek)
		return 0;
	fd = input_temporary(input->name);
	if (fd < 0)
		return fd;
	err = input_copy(input->fd, fd);
	if (!err && lseek(fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (err) {
		say("copying %s to %s: %s", input->name, temporary_directory(), strerror(-err));
		close(fd);
		return err;
	}
	input_close(input);
	input->fd = fd;
	input->can_seek = true;
	return 0;
}

int input_reopen(const struct input *input, int *ret_fd)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", input->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && strcmp(input->name, "-"))
		fd = open(input->name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(input, -errno);
	*ret_fd = fd;
	return 0;
}

/* zstd's magic, and all that a trace begins with (FORMAT.md, "File header"). */
#define TRACE_BEGIN "\x28\xb5\x2f\xfd"
#define TRACE_HEADER_BYTES 137

static bool is_stub(const struct input *input)
{
	char begin[sizeof(TRACE_BEGIN) - 1];
	struct stat status;
	ssize_t n;

	if (fstat(input->fd, &status) || !S_ISREG(status.st_mode) ||
	    status.st_size >= TRACE_HEADER_BYTES)
		return false;
	n = pread(input->fd, begin, sizeof(begin), 0);
	return n >= 0 && !memcmp(begin, TRACE_BEGIN, (size_t)n);
}

bool inputs_drop_stubs(struct input *inputs, size_t *n_inputs)
{
	size_t n = *n_inputs, kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_stub(&inputs[i]) && kept + (n - i) > 1) {
			say("%s: nothing in it yet: its recording was cut short", inputs[i].name);
			input_close(&inputs[i]);
		} else {
			inputs[kept++] = inputs[i];
		}
	}
	*n_inputs = kept;
	return kept < n;
}

int input_rewind(const struct input *input)
{
	if (lseek(input->fd, 0, SEEK_SET) < 0)
		return complain(input, -errno);
	return 0;
}

void input_close(struct input *input)
{
	if (input->fd > STDIN_FILENO)
		close(input->fd);
	input->fd = -1;
}

static const char *error_text(int err)
{
	switch (err) {
	case -ENODATA:
		return "is empty";
	case -ENOMSG:
		return "is not a netsnoop trace";
	case -EPROTONOSUPPORT:
		return "was written by a newer version with features that this one cannot read";
	case -EBADMSG:
		return "is too damaged to go on";
	default:
		return NULL;
	}
}

void input_say_problems(const struct input *input, const struct nst_reader *reader, size_t *n_said,
			int err)
{
	size_t n;
	uint64_t n_total;
	const struct nst_problem *problems = nst_reader_problems(reader, &n, &n_total);

	for (; *n_said < n; (*n_said)++) {
		const struct nst_problem *problem = &problems[*n_said];
		char text[ESCAPED_MAX(sizeof(problem->text))];

		/* it may name what stands in the file */
		escape_bytes(problem->text, strnlen(problem->text, sizeof(problem->text)), text);
		if (problem->has_sequence)
			say("%s: offset %" PRIu64 ", chunk %" PRIu64 ": %s", input->name,
			    problem->offset, problem->sequence, text);
		else
			say("%s: offset %" PRIu64 ": %s", input->name, problem->offset, text);
	}
	if (err < 0 && error_text(err))
		say("%s %s", input->name, error_text(err));
	else if (err < 0)
		complain(input, err);
}

void input_say_more_problems(const struct input *input, const struct nst_reader *reader)
{
	size_t n;
	uint64_t n_total;

	nst_reader_problems(reader, &n, &n_total);
	if (n_total > n)
		say("%s: %" PRIu64 " more problems", input->name, n_total - n);
}
