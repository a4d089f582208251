// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/cgroups.h"

#include "record/idmap.h"
#include "record/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MADE_MAX 1024
#define TOLD_MAX 16384	   /* of more cgroups, some are told of again */
#define KERNFS_HANDLE 0xfe /* FILEID_KERNFS, 5.5, 33c5ac917519 */

struct made {
	uint64_t id;
	char *path;
};

struct told {	    /* by its id */
	char *path; /* NULL: not known */
};

struct cgroups {
	char *mount;  /* NULL: not mounted */
	char *prefix; /* the part of the hierarchy that is mounted there, "" for all */
	int mount_fd;
	struct idmap told;
	struct made made[MADE_MAX];
	size_t next_made;
	char path[PATH_MAX];
};

/* \040 and the like, as mountinfo has a space. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		unsigned int value;

		if (sscanf(text, "\\%3o", &value) == 1) {
			*to++ = (char)value;
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* "32 31 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw" */
static int take_line(struct cgroups *cgroups, char *line)
{
	char root[PATH_MAX], mount[PATH_MAX];
	char *rest = strstr(line, " - ");

	if (!rest || strncmp(rest, " - cgroup2 ", 11) ||
	    sscanf(line, "%*s %*s %*s %4095s %4095s", root, mount) != 2)
		return 0;
	unescape(root);
	unescape(mount);
	cgroups->mount = strdup(mount);
	cgroups->prefix = strdup(strcmp(root, "/") ? root : "");
	return cgroups->mount && cgroups->prefix ? 0 : -ENOMEM;
}

static int find_mount(struct cgroups *cgroups)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!file)
		return 0;
	while (!err && !cgroups->mount && getline(&line, &room, file) > 0)
		err = take_line(cgroups, line);
	free(line);
	fclose(file);
	return err;
}

int cgroups_open(struct cgroups **ret_cgroups)
{
	struct cgroups *cgroups = calloc(1, sizeof(*cgroups));
	int err = -ENOMEM;

	if (!cgroups)
		return err;
	cgroups->mount_fd = -1;
	err = idmap_open(&cgroups->told, sizeof(struct told), TOLD_MAX);
	if (!err)
		err = find_mount(cgroups);
	if (err) {
		cgroups_close(cgroups);
		return err;
	}
	if (cgroups->mount)
		cgroups->mount_fd = open(cgroups->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*ret_cgroups = cgroups;
	return 0;
}

static void forget_oldest(struct cgroups *cgroups)
{
	struct told *told = idmap_oldest(&cgroups->told);

	free(told->path);
	idmap_remove(&cgroups->told, told);
}

void cgroups_close(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	while (cgroups->told.n)
		forget_oldest(cgroups);
	for (size_t i = 0; i < MADE_MAX; i++)
		free(cgroups->made[i].path);
	if (cgroups->mount_fd >= 0)
		close(cgroups->mount_fd);
	idmap_close(&cgroups->told);
	free(cgroups->mount);
	free(cgroups->prefix);
	free(cgroups);
}

const char *cgroups_mount(const struct cgroups *cgroups)
{
	return cgroups->mount;
}

int cgroups_note(struct cgroups *cgroups, uint64_t id, const char *path, size_t len)
{
	struct made *made = &cgroups->made[cgroups->next_made];
	char *copy = strndup(path, len);

	if (!copy)
		return -ENOMEM;
	free(made->path);
	*made = (struct made){ id, copy };
	cgroups->next_made = (cgroups->next_made + 1) % MADE_MAX;
	return 0;
}

bool cgroups_meet(struct cgroups *cgroups, uint64_t id)
{
	struct told *told = idmap_find(&cgroups->told, id);

	if (told) {
		idmap_renew(&cgroups->told, told);
		return false;
	}
	if (cgroups->told.n == cgroups->told.max)
		forget_oldest(cgroups);
	idmap_add(&cgroups->told, id);
	return true;
}

int cgroups_tell(struct cgroups *cgroups, uint64_t id, const char *path)
{
	struct told *told = idmap_find(&cgroups->told, id);
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	free(told->path);
	told->path = copy;
	return 0;
}

int cgroups_told(const struct cgroups *cgroups, cgroup_sink *sink, void *context)
{
	int err = 0;

	for (struct told *told = idmap_oldest(&cgroups->told); !err && told;
	     told = idmap_newer(&cgroups->told, told))
		if (told->path)
			err = sink(context, idmap_id(told), told->path);
	return err;
}

static const char *path_as_made(const struct cgroups *cgroups, uint64_t id)
{
	for (size_t i = 0; i < MADE_MAX; i++)
		if (cgroups->made[i].path && cgroups->made[i].id == id)
			return cgroups->made[i].path;
	return NULL;
}

/* From "/sys/fs/cgroup/a/b" to "/a/b". */
static const char *below_mount(struct cgroups *cgroups, const char *path)
{
	size_t length = strlen(cgroups->mount);
	int n;

	if (strncmp(path, cgroups->mount, length) || (path[length] && path[length] != '/'))
		return NULL;
	n = snprintf(cgroups->path, sizeof(cgroups->path), "%s%s", cgroups->prefix, path + length);
	if (n < 0 || (size_t)n >= sizeof(cgroups->path))
		return NULL;
	return n ? cgroups->path : "/";
}

const char *cgroups_path(struct cgroups *cgroups, uint64_t id)
{
	struct {
		struct file_handle handle;
		uint64_t id;
	} of = { .handle = { .handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE } };
	const char *made = path_as_made(cgroups, id);
	char link[64], path[PATH_MAX];
	ssize_t length;
	int fd;

	if (made || cgroups->mount_fd < 0)
		return made;
	memcpy(of.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(cgroups->mount_fd, &of.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	close(fd);
	if (length < 0)
		return NULL;
	path[length] = '\0';
	return below_mount(cgroups, path);
}

/* The inode number of a cgroup's directory is its id, on 64-bit machines, since 5.5. */
const char *cgroups_path_of(struct cgroups *cgroups, uint64_t id, int process_fd)
{
	int length = proc_cgroup(process_fd, cgroups->path, sizeof(cgroups->path));
	struct stat status;
	int fd;

	if (length <= 0)
		return NULL;
	fd = cgroups_find(cgroups, cgroups->path);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) || status.st_ino != id)
		length = 0;
	close(fd);
	return length ? cgroups->path : NULL;
}

static int open_cgroup(int directory_fd, const char *name)
{
	int fd = openat(directory_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs status;

	if (fd < 0)
		return -errno;
	if (!fstatfs(fd, &status) && status.f_type == CGROUP2_SUPER_MAGIC)
		return fd;
	close(fd);
	return -EXDEV;
}

int cgroups_find(const struct cgroups *cgroups, const char *name)
{
	size_t length;

	if (cgroups->mount_fd < 0)
		return -ENOTSUP;
	length = strlen(cgroups->mount);
	if (!strncmp(name, cgroups->mount, length) && (!name[length] || name[length] == '/'))
		return open_cgroup(AT_FDCWD, name);
	while (*name == '/')
		name++;
	return open_cgroup(cgroups->mount_fd, *name ? name : ".");
}

static int walk_children(int cgroup_fd, int (*each)(void *context, uint64_t id), void *context)
{
	int fd = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int err = 0;

	if (!directory) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (!err && (entry = readdir(directory))) {
		int child_fd;

		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		child_fd = open_cgroup(fd, entry->d_name);
		if (child_fd < 0)
			continue; /* removed meanwhile */
		err = cgroups_walk(child_fd, each, context);
		close(child_fd);
	}
	closedir(directory);
	return err;
}

int cgroups_walk(int cgroup_fd, int (*each)(void *context, uint64_t id), void *context)
{
	struct stat status;
	int err;

	if (fstat(cgroup_fd, &status))
		return -errno;
	err = each(context, status.st_ino);
	if (!err)
		err = walk_children(cgroup_fd, each, context);
	return err == -ENOENT ? 0 : err; /* removed meanwhile */
}
