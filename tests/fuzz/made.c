/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tests/fuzz/made.h"

#include "analyze/say.h"
#include "analyze/verify.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/stat.h>

/* What a later version has is kept. */
static bool is_readable(const struct verified *verified)
{
	size_t n;
	uint64_t n_total;
	const struct nst_problem *problems = nst_reader_problems(verified->reader, &n, &n_total);

	for (size_t i = 0; i < n; i++)
		if (nst_problem_is_damage(&problems[i]) &&
		    problems[i].code != NST_PROBLEM_UNKNOWN_CRITICAL)
			return false;
	return true;
}

bool fuzz_has_contradiction(const struct verified *verified)
{
	for (size_t i = 0; i < verified->n_traces; i++)
		for (int check = 0; check < N_CHECKS; check++)
			if (verified->traces[i].findings[check].state == FINDING_DIFFERS)
				return true;
	return false;
}

void fuzz_check_made(int fd, uint64_t events, enum made what)
{
	struct input input = { .name = "made", .fd = fd, .spool_fd = -1, .can_seek = true };
	struct verified verified = { 0 };
	const struct nst_trace *traces;
	uint64_t found = 0;
	size_t n;

	MUST(lseek(fd, 0, SEEK_SET) == 0);
	MUST(!verify(&input, &verified) && verified.status != STATUS_FAILED);
	MUST(what < MADE_READABLE || is_readable(&verified));
	MUST(what < MADE_SOUND || !fuzz_has_contradiction(&verified));
	traces = nst_reader_traces(verified.reader, &n);
	for (size_t i = 0; i < n; i++)
		found += traces[i].events;
	MUST(found == events);
	verified_free(&verified);
}

void fuzz_check_equal(int a, int b)
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
