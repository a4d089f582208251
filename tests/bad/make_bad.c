/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* make_bad TRACE: make all hostile files, from tests/golden/v1-all.zst. */
#include "tests/bad/make_bad.h"

#include <stdio.h>
#include <stdlib.h>

#define TRACE_MAX (1 << 20)

void bad_must(int is_so, const char *what)
{
	if (is_so)
		return;
	fprintf(stderr, "make_bad: %s\n", what);
	exit(1);
}

void bad_write(const char *name, const void *data, size_t len)
{
	FILE *out = fopen(name, "wb");

	bad_must(out && fwrite(data, 1, len, out) == len, name);
	bad_must(!fclose(out), name);
}

int main(int argc, char **argv)
{
	static uint8_t trace[TRACE_MAX];
	FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
	size_t len;

	bad_must(in != NULL, "which trace?");
	len = fread(trace, 1, sizeof(trace), in);
	fclose(in);
	bad_edits(trace, len);
	bad_bombs(trace, len);
	bad_dictionaries(trace);
	return 0;
}
