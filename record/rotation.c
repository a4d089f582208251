// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/rotation.h"

#include "record/options.h"
#include "record/output.h"
#include "record/part_name.h"
#include "record/say.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of --max-size: the others keep at least as much of what came before. */
#define PART_OF_MAX 2

struct file {
	uint64_t bytes; /* 0: it has not been ended */
	dev_t device;
	ino_t inode;
};

struct rotation {
	const struct settings *settings;
	char *output;		 /* the name that the numbers go into; NULL: there are none */
	char *first;		 /* name of the oldest file that is there */
	uint64_t number, oldest; /* of the current file, and of the oldest that is there */
	struct file *files;	 /* of these, the oldest first */
	size_t n, room;		 /* how many of them were ended */
	uint64_t n_bytes;	 /* of these n */
	struct rotation_summary summary;
};

bool rotation_is_on(const struct rotation *rotation)
{
	return rotation->output;
}

int rotation_open(const struct settings *settings, struct rotation **ret_rotation)
{
	struct rotation *rotation = calloc(1, sizeof(*rotation));

	if (!rotation)
		return -ENOMEM;
	rotation->settings = settings;
	rotation->oldest = 1;
	if (settings->rotate_bytes || settings->rotate_ns) {
		rotation->output =
			settings->output ? strdup(settings->output) : output_default_name();
		if (!rotation->output) {
			free(rotation);
			return -ENOMEM;
		}
	}
	*ret_rotation = rotation;
	return 0;
}

void rotation_close(struct rotation *rotation)
{
	if (!rotation)
		return;
	free(rotation->output);
	free(rotation->first);
	free(rotation->files);
	free(rotation);
}

uint64_t rotation_part_bytes(const struct rotation *rotation)
{
	uint64_t bytes = rotation->settings->rotate_bytes, max = rotation->settings->max_bytes;

	if (rotation_is_on(rotation))
		max /= PART_OF_MAX;
	return max && (!bytes || max < bytes) ? max : bytes;
}

/* What another recording of the same name has left would be taken for parts of this one. */
static int refuse_others(const struct rotation *rotation)
{
	const char *slash = strrchr(rotation->output, '/');
	char *directory = slash ? strndup(rotation->output, (size_t)(slash + 1 - rotation->output))
				: strdup(".");
	DIR *files = directory ? opendir(directory) : NULL;
	struct dirent *entry;
	int err = files ? 0 : -errno;

	if (err)
		say("%s: %s", directory ?: rotation->output, strerror(-err));
	while (!err && (entry = readdir(files))) {
		if (!part_name_matches(rotation->output, entry->d_name))
			continue;
		say("%s%s exists; --force replaces such files as their turn comes",
		    slash ? directory : "", entry->d_name);
		err = -EEXIST;
	}
	if (files)
		closedir(files);
	free(directory);
	return err;
}

/* Some file systems (vfat, some in user space) number a file anew once it is closed. */
static bool is_ours(const struct file *file, const struct stat *status)
{
	return (status->st_dev == file->device && status->st_ino == file->inode) ||
	       (S_ISREG(status->st_mode) && (uint64_t)status->st_size == file->bytes);
}

/* Whoever deleted it before us wanted the same; another file in its place is not ours. */
static int delete_file(const char *name, const struct file *file)
{
	struct stat status;

	if (lstat(name, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!is_ours(file, &status))
		return 0;
	return unlink(name) && errno != ENOENT ? -errno : 0;
}

static size_t count_files(const struct rotation *rotation)
{
	return (size_t)(rotation->number + 1 - rotation->oldest);
}

static int delete_oldest(struct rotation *rotation)
{
	char *next = part_name(rotation->output, rotation->oldest + 1);
	uint64_t bytes = rotation->files[0].bytes;
	int err;

	if (!next)
		return -ENOMEM;
	err = delete_file(rotation->first, &rotation->files[0]);
	if (err) {

		say("%s: %s, and it should make room for what follows", rotation->first,
		    strerror(-err));
		free(next);
		return err;
	}
	free(rotation->first);
	rotation->first = next;
	rotation->oldest++;
	rotation->n_bytes -= bytes;
	rotation->summary.deleted++;
	rotation->summary.deleted_bytes += bytes;
	rotation->n--;
	memmove(rotation->files, rotation->files + 1,
		count_files(rotation) * sizeof(*rotation->files));
	return 0;
}

static int make_entry(struct rotation *rotation)
{
	size_t room = rotation->room ? 2 * rotation->room : 16;
	struct file *larger;

	if (count_files(rotation) < rotation->room)
		return 0;
	larger = reallocarray(rotation->files, room, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	rotation->files = larger;
	rotation->room = room;
	return 0;
}

static int open_next(struct rotation *rotation, const char *name, struct output *ret_output)
{
	struct stat status;
	int err = make_entry(rotation);

	if (!err)
		err = output_open_new(name, rotation->settings->force, ret_output);
	if (err)
		return err;
	if (fstat(ret_output->fd, &status)) /* it is known by its size alone */
		status = (struct stat){ 0 };
	rotation->files[count_files(rotation)] =
		(struct file){ .device = status.st_dev, .inode = status.st_ino };
	rotation->number++;
	return 0;
}

int rotation_next(struct rotation *rotation, struct output *ret_output)
{
	bool force = rotation->settings->force, is_first = !rotation->number;
	char *name;
	int err = 0;

	if (!rotation_is_on(rotation))
		return output_open(rotation->settings->output, force, ret_output);
	if (is_first && !force)
		err = refuse_others(rotation);
	if (err)
		return err;
	name = part_name(rotation->output, rotation->number + 1);
	err = name ? open_next(rotation, name, ret_output) : -ENOMEM;
	if (!err && is_first)
		rotation->first = name;
	else
		free(name);
	return err;
}

uint64_t rotation_number(const struct rotation *rotation)
{
	return rotation->number;
}

/* Of --keep, with the one that has begun. */
static int delete_surplus(struct rotation *rotation)
{
	int err = 0;

	while (!err && rotation->settings->keep && rotation->n + 1 > rotation->settings->keep)
		err = delete_oldest(rotation);
	return err;
}

int rotation_ended(struct rotation *rotation, uint64_t bytes)
{
	rotation->files[rotation->n++].bytes = bytes;
	rotation->n_bytes += bytes;
	rotation->summary.files++;
	rotation->summary.bytes += bytes;
	return delete_surplus(rotation);
}

int rotation_make_room(struct rotation *rotation, uint64_t bytes)
{
	uint64_t max = rotation->settings->max_bytes;
	int err = 0;

	while (!err && max && rotation->n && rotation->n_bytes + bytes > max)
		err = delete_oldest(rotation);
	return err;
}

void rotation_summarize(const struct rotation *rotation, struct rotation_summary *ret_summary)
{
	*ret_summary = rotation->summary;
	ret_summary->first = rotation->first;
}
