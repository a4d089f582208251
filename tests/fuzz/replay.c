/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * replay FILE...: give files to a fuzz target without a fuzzing engine. The
 * target ends the program when something that must hold does not.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	uint8_t *data = NULL;
	FILE *in = fopen(path, "rb");
	size_t size = 0, cap = 1 << 16, n;
	int r = -1;

	if (!in)
		goto out;
	do {
		uint8_t *more = realloc(data, cap *= 2);

		if (!more)
			goto out;
		data = more;
		n = fread(data + size, 1, cap - size, in);
		size += n;
	} while (n);
	if (ferror(in))
		goto out;
	(void)LLVMFuzzerTestOneInput(data, size);
	r = 0;
out:
	if (r)
		perror(path);
	if (in)
		fclose(in);
	free(data);
	return r;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	return failed ? 1 : 0;
}
