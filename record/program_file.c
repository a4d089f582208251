// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/program_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static bool is_program(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode) &&
	       !faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

bool program_file_exists(const char *name)
{
	const char *path = getenv("PATH") ?: DEFAULT_PATH;
	char file[4096];

	if (strchr(name, '/'))
		return is_program(name);
	for (;;) {
		size_t length = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", length ? (int)length : 1,
			 length ? path : ".", name);
		if (is_program(file))
			return true;
		if (!path[length])
			return false;
		path += length + 1;
	}
}
