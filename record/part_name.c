// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/part_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 6

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ".zst", or nothing: where the number goes in front of. */
static const char *extension_of(const char *base)
{
	const char *dot = strrchr(base, '.');

	return dot && dot != base ? dot : base + strlen(base);
}

char *part_name(const char *output, uint64_t number)
{
	const char *extension = extension_of(base_of(output));
	char *name;

	if (asprintf(&name, "%.*s-%0*" PRIu64 "%s", (int)(extension - output), output, DIGITS,
		     number, extension) < 0)
		return NULL;
	return name;
}

bool part_name_matches(const char *output, const char *name)
{
	const char *base = base_of(output), *extension = extension_of(base);
	size_t before = (size_t)(extension - base), digits;

	if (strncmp(name, base, before) || name[before] != '-')
		return false;
	name += before + 1;
	digits = strspn(name, "0123456789");
	return digits >= DIGITS && !strcmp(name + digits, extension);
}
