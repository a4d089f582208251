/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verify and recover: what is recovered of any input is whole, has the events that were there,
 * and is the same each time.
 */
#include "tests/fuzz/fuzz.h"

#include "analyze/recover.h"
#include "analyze/say.h"
#include "analyze/verify.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

ssize_t __wrap_getrandom(void *to, size_t len, unsigned int flags);

static uint32_t n_uuids; /* of one recovery, so that the next one has the same */

ssize_t __wrap_getrandom(void *to, size_t len, unsigned int flags)
{
	(void)flags;
	memset(to, 7, len);
	memcpy(to, &n_uuids, sizeof(n_uuids));
	n_uuids++;
	return (ssize_t)len;
}

/* A descriptor of what was made, or -1: there was nothing to make it of. */
static int recover_once(int fd, uint64_t *ret_events)
{
	struct input input = { .name = "input", .fd = fd, .spool_fd = -1, .can_seek = true };
	struct verified verified = { 0 };
	struct recovered recovered;
	bool is_output;
	int out = -1, err;

	n_uuids = 0;
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	err = verify(&input, &verified);
	MUST(!err || err == -E2BIG);
	if (!err && verified.status != STATUS_FAILED) {
		out = fuzz_file("", 0);
		err = recover(&verified, out, &recovered, &is_output);
		MUST(!err || err == -ENODATA);
		if (err) {
			close(out);
			out = -1;
		} else {
			*ret_events = recovered.events;
		}
	}
	verified_free(&verified);
	return out;
}

static void check_whole(int fd, uint64_t events)
{
	struct input input = { .name = "made", .fd = fd, .spool_fd = -1, .can_seek = true };
	struct verified verified = { 0 };
	const struct nst_trace *traces;
	uint64_t found = 0;
	size_t n;

	MUST(lseek(fd, 0, SEEK_SET) == 0);
	MUST(!verify(&input, &verified) && verified.status == STATUS_DONE);
	traces = nst_reader_traces(verified.reader, &n);
	for (size_t i = 0; i < n; i++)
		found += traces[i].events;
	MUST(found == events);
	verified_free(&verified);
}

static void check_equal(int a, int b)
{
	struct stat of_a, of_b;
	char *text_a, *text_b;

	MUST(!fstat(a, &of_a) && !fstat(b, &of_b) && of_a.st_size == of_b.st_size);
	text_a = malloc((size_t)of_a.st_size + 1);
	text_b = malloc((size_t)of_a.st_size + 1);
	MUST(text_a && text_b && pread(a, text_a, (size_t)of_a.st_size, 0) == of_a.st_size &&
	     pread(b, text_b, (size_t)of_a.st_size, 0) == of_a.st_size &&
	     !memcmp(text_a, text_b, (size_t)of_a.st_size));
	free(text_a);
	free(text_b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t events = 0;
	int fd, once, again;

	if (size > FUZZ_INPUT_MAX)
		return 0;
	fd = fuzz_file(data, size);
	once = recover_once(fd, &events);
	if (once >= 0) {
		check_whole(once, events);
		again = recover_once(fd, &events);
		check_equal(once, again);
		close(once);
		close(again);
	}
	close(fd);
	return 0;
}
