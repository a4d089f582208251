/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verify and recover: what is recovered of any input has the events that were there, can be read
 * whole, contradicts itself only where the input could have done so, and is the same each time.
 */
#include "tests/fuzz/fuzz.h"

#include "analyze/recover.h"
#include "analyze/say.h"
#include "analyze/verify.h"
#include "tests/fuzz/made.h"
#include "tests/fuzz/opened.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

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

/* recover keeps what a trace claims, and where chunks are missing it claims what nobody checked. */
static bool is_sound(const struct verified *verified)
{
	for (size_t i = 0; i < verified->n_traces; i++)
		if (!verified->traces[i].whole && !verified->traces[i].cut)
			return false;
	return !fuzz_has_contradiction(verified);
}

/* A descriptor of what was made, or -1: there was nothing to make it of. */
static int recover_once(int fd, uint64_t *ret_events, enum made *ret_made)
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
			*ret_made = is_sound(&verified) ? MADE_SOUND : MADE_READABLE;
		}
	}
	verified_free(&verified);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nst_bytes trace = fuzz_trace(data, size);
	uint64_t events = 0;
	int fd, once, again;
	enum made made = MADE_SOUND;

	if (size > FUZZ_INPUT_MAX)
		return 0;
	fd = fuzz_file(trace.data, trace.len_bytes);
	once = recover_once(fd, &events, &made);
	if (once >= 0) {
		fuzz_check_made(once, events, made);
		again = recover_once(fd, &events, &made);
		fuzz_check_equal(once, again);
		close(once);
		close(again);
	}
	close(fd);
	return 0;
}
