// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The namespaces of this machine. */
#include "record/namespaces.h"

#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

/* As ip-netns(8) leaves it behind. Only root can make it, and where there is such a directory. */
static void what_is_none(void)
{
	char file[64];
	struct namespaces namespaces;

	snprintf(file, sizeof(file), "/run/netns/netsnoop-file-%d", getpid());
	mknod(file, S_IFREG | 0600, 0);
	CHECK_INT(namespaces_read(&namespaces), 0);
	unlink(file);
	for (size_t i = 0; i < namespaces.n; i++)
		CHECK(strcmp(namespaces.names[i], strrchr(file, '/') + 1) != 0);
	namespaces_free(&namespaces);
}

int main(void)
{
	RUN(what_is_none);
	return test_result();
}
