/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/input.h"

#include "analyze/limits.h"
#include "analyze/say.h"
#include "analyze/scratch.h"
#include "common/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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
	struct input input = { .name = name, .fd = STDIN_FILENO, .spool_fd = -1 };
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
	if (!input.can_seek)
		input.spool_fd = scratch_file();
	limits_expect(input.fd, input.is_database);
	*ret_input = input;
	return 0;
}

/* Inputs are open all at once. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int inputs_open(char *const *names, size_t n, struct input **ret_inputs, size_t *ret_n_inputs)
{
	struct input *inputs = calloc(n, sizeof(*inputs));
	size_t n_inputs = 0;

	if (!inputs) {
		say("out of memory");
		return -ENOMEM;
	}
	allow_many_files();
	for (size_t i = 0; i < n; i++)
		n_inputs += !input_open(names[i], &inputs[n_inputs]);
	*ret_inputs = inputs;
	*ret_n_inputs = n_inputs;
	return 0;
}

void inputs_close(struct input *inputs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		input_close(&inputs[i]);
	free(inputs);
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

int input_copy(int from, int to, uint64_t most)
{
	char buffer[65536];

	for (;;) {
		ssize_t n = read(from, buffer, sizeof(buffer));
		int err;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		if ((uint64_t)n > most)
			return -E2BIG;
		most -= (uint64_t)n;
		err = write_all(to, buffer, (size_t)n);
		if (err)
			return err;
	}
}

int input_spool(struct input *input)
{
	const char *directory = scratch_directory();
	int fd = input->spool_fd, err;

	if (input->can_seek)
		return 0;
	if (fd < 0) {
		say("%s: no temporary file for %s: %s", directory, input->name, strerror(-fd));
		return fd;
	}
	err = input_copy(input->fd, fd, limits_pipe_bytes());
	if (err == -E2BIG)
		return limits_say_pipe(input->name);
	if (!err && lseek(fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (err) {
		say("copying %s to %s: %s", input->name, directory, strerror(-err));
		return err;
	}
	input->spool_fd = -1;
	input_close(input);
	input->fd = fd;
	input->can_seek = true;
	limits_expect_copy(fd); /* from here on time goes by its size */
	return 0;
}

int input_duplicate(const struct input *input, int *ret_fd)
{
	int fd = fcntl(input->fd, F_DUPFD_CLOEXEC, 0);

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
			struct input input = inputs[i];

			/* nor are those behind the kept ones to be closed twice */
			inputs[i].fd = inputs[i].spool_fd = -1;
			inputs[kept++] = input;
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
	if (input->spool_fd >= 0)
		close(input->spool_fd);
	input->fd = input->spool_fd = -1;
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
	else if (err < 0 && err != -E2BIG) /* which was said, with the limit */
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
