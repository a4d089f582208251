// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Names of users in a program that is linked statically: glibc's own look-up opens
 * modules of the very glibc that it was linked with, which another host does not
 * have. Here a name is what the host's /etc/passwd and /etc/group say.
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

struct passwd *getpwnam(const char *name)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *user;

	if (!file)
		return NULL;
	while ((user = fgetpwent(file)) && strcmp(user->pw_name, name))
		;
	fclose(file); /* only read */
	return user;
}

static int is_member(const struct group *group, const char *name)
{
	for (char **member = group->gr_mem; *member; member++)
		if (!strcmp(*member, name))
			return 1;
	return 0;
}

/* How many groups there are is told in any case, -1 is the result if there is no room. */
int getgrouplist(const char *name, gid_t first, gid_t *groups, int *n)
{
	FILE *file = fopen("/etc/group", "re");
	struct group *group;
	int room = *n;

	*n = 0;
	if (room > 0)
		groups[0] = first;
	++*n;
	while (file && (group = fgetgrent(file))) {
		if (group->gr_gid == first || !is_member(group, name))
			continue;
		if (*n < room)
			groups[*n] = group->gr_gid;
		++*n;
	}
	if (file)
		fclose(file); /* only read */
	return *n > room ? -1 : *n;
}
