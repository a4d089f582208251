/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/out.h"

#include "analyze/say.h"

#include <errno.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

static int write_error; /* the first errno: stdio keeps none */

static ssize_t write_out(void *unused, const char *data, size_t len)
{
	size_t done = 0;

	(void)unused;
	while (done < len && !write_error) {
		ssize_t n = write(STDOUT_FILENO, data + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			write_error = errno;
	}
	return write_error ? 0 : (ssize_t)len;
}

FILE *out_open(void)
{
	static char buffer[65536]; /* glibc takes no size without one */
	FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_out });

	if (!out) {
		say("standard output: %s", strerror(errno));
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	setvbuf(out, buffer, _IOFBF, sizeof(buffer));
	__fsetlocking(out, FSETLOCKING_BYCALLER); /* one thread writes */
	write_error = 0;
	return out;
}

bool out_failed(void)
{
	return write_error != 0;
}

int out_close(FILE *out, int status)
{
	bool failed = fclose(out) != 0;

	if (write_error == EPIPE)
		return STATUS_DONE;
	if (!write_error && !failed)
		return status;
	say("writing to standard output: %s", strerror(write_error ? write_error : EIO));
	return STATUS_FAILED;
}
