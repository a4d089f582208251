// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/user.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USERS_FILE "/etc/passwd"
#define GROUPS_FILE "/etc/group"

struct user {
	uid_t uid;
	gid_t gid;
	size_t n_groups;
	gid_t groups[NGROUPS_MAX];
};

static bool is_user(const struct passwd *entry, const char *name)
{
	char number[16];

	snprintf(number, sizeof(number), "%" PRIuMAX, (uintmax_t)entry->pw_uid);
	return !strcmp(entry->pw_name, name) || !strcmp(number, name);
}

static bool is_member(const struct group *group, const char *name)
{
	for (char **member = group->gr_mem; *member; member++)
		if (!strcmp(*member, name))
			return true;
	return false;
}

static void read_groups(const char *name, struct user *user)
{
	FILE *file = fopen(GROUPS_FILE, "re");
	struct group *group;

	user->groups[user->n_groups++] = user->gid;
	if (!file)
		return;
	while (user->n_groups < NGROUPS_MAX && (group = fgetgrent(file)))
		if (group->gr_gid != user->gid && is_member(group, name))
			user->groups[user->n_groups++] = group->gr_gid;
	fclose(file);
}

int user_find(const char *name, struct user **ret_user)
{
	FILE *file = fopen(USERS_FILE, "re");
	struct passwd *entry = NULL;
	struct user *user = NULL;
	int err = -ENOENT;

	while (file && (entry = fgetpwent(file)) && !is_user(entry, name))
		;
	if (entry) {
		user = calloc(1, sizeof(*user));
		err = user ? 0 : -ENOMEM;
	}
	if (user) {
		user->uid = entry->pw_uid;
		user->gid = entry->pw_gid;
		read_groups(entry->pw_name, user);
		*ret_user = user;
	}
	if (file)
		fclose(file);
	return err;
}

bool user_is_own(const struct user *user)
{
	uid_t uid, effective_uid, saved_uid;
	gid_t gid, effective_gid, saved_gid;

	return !getresuid(&uid, &effective_uid, &saved_uid) &&
	       !getresgid(&gid, &effective_gid, &saved_gid) && uid == user->uid &&
	       effective_uid == uid && saved_uid == uid && gid == user->gid &&
	       effective_gid == gid && saved_gid == gid;
}

int user_become(const struct user *user)
{
	if (user_is_own(user))
		return 0;
	if (setgroups(user->n_groups, user->groups) || setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid))
		return -errno;
	return 0;
}

int user_give(const struct user *user, int fd)
{
	return fchown(fd, user->uid, user->gid) ? -errno : 0;
}

void user_free(struct user *user)
{
	free(user);
}
