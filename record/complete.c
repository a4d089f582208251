// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/complete.h"

#include "record/build_id.h"
#include "record/opener.h"
#include "record/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define WALKS_MAX 16

struct complete {
	struct build_ids *build_ids;
	struct cgroups *cgroups;
	struct opener *opener;
	char cgroup[PATH_MAX];
};

int complete_open(struct opener *opener, struct complete **ret_complete)
{
	struct complete *complete = calloc(1, sizeof(*complete));
	int err = complete ? build_ids_open(&complete->build_ids) : -ENOMEM;

	if (!err) {
		complete->opener = opener;
		err = cgroups_open(&complete->cgroups);
	}
	if (err) {
		complete_close(complete);
		return err;
	}
	*ret_complete = complete;
	return 0;
}

void complete_close(struct complete *complete)
{
	if (!complete)
		return;
	build_ids_close(complete->build_ids);
	cgroups_close(complete->cgroups);
	free(complete);
}

/* Who runs an image, and is there to be asked. */
struct asked {
	int fd; /* its directory in /proc; -1: there is nobody */
	uint32_t pid;
	uint64_t start_ns;
};

static int ask_exe(struct complete *complete, struct image *image, const struct asked *asked)
{
	char path[PATH_MAX];
	int length = image->exe ? -EEXIST : proc_exe(asked->fd, path, sizeof(path));
	struct nst_bytes exe = { path, 0 };

	if (length == -EACCES)
		length = opener_exe_path(complete->opener, asked->pid, asked->start_ns, path,
					 sizeof(path));
	exe.len_bytes = (uint32_t)length;
	return length > 0 ? image_set_exe(image, &exe) : 0;
}

/* What was cut is replaced by the whole, unless the process has written over it. */
static int ask_args(struct image *image, int process_fd)
{
	char args[PROC_ARGS_MAX_BYTES];
	int length = image->args && !image->is_cut ? -EEXIST : proc_args(process_fd, args);
	const struct nst_bytes all = { args, (uint32_t)length };

	if (length <= 0)
		return 0;
	if (image->args &&
	    (all.len_bytes < image->args_len || memcmp(args, image->args, image->args_len)))
		return 0;
	return image_set_args(image, &all);
}

static int ask_image(struct complete *complete, struct image *image, const struct asked *asked)
{
	image->is_asked = true;
	return ask_exe(complete, image, asked) ?: ask_args(image, asked->fd);
}

static void ask_ids(struct process *process, int process_fd)
{
	process->is_asked = true;
	if (proc_ids(process_fd, &process->event.uid, &process->event.gid))
		process->event.has |= NST_PROCESS_HAS_UID;
}

/*
 * As fstat(2), but of what the kernel knows by itself. The process may have executed
 * something else since the kernel told what it runs, from a server that has gone, say.
 */
static bool get_status(int fd, struct stat *ret_status)
{
	struct statx known;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &known))
		return false;
	*ret_status = (struct stat){
		.st_dev = makedev(known.stx_dev_major, known.stx_dev_minor),
		.st_ino = known.stx_ino,
		.st_mode = known.stx_mode,
		.st_size = (off_t)known.stx_size,
		.st_ctim = { known.stx_ctime.tv_sec, known.stx_ctime.tv_nsec },
	};
	return true;
}

static bool is_exe(const struct image *image, const struct stat *status)
{
	return status->st_ino == image->exe_inode &&
	       status->st_dev == makedev(image->exe_device >> 20, image->exe_device & 0xfffff);
}

/*
 * The executable by its path as it is seen below root_fd: no longer its own name
 * for sure. Whoever made a path can have put a file system on it that never
 * answers; what was run a moment ago is in the kernel's cache, and nothing else
 * is looked for. Before 5.12 (99668f618062) that cannot be asked for, and such a
 * process has no build id. A mount made anywhere meanwhile ends the walk with the
 * same error as what is not in the cache (openat2(2), EAGAIN): hence the tries.
 */
static int open_path(const struct image *image, int root_fd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_CACHED };
	int fd = -1;

	errno = EAGAIN;
	for (int i = 0; fd < 0 && errno == EAGAIN && i < WALKS_MAX; i++)
		fd = (int)syscall(SYS_openat2, root_fd, image->exe, &how, sizeof(how));
	return fd;
}

static void read_below(struct complete *complete, struct image *image, const char *root)
{
	int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = root_fd < 0 ? -1 : open_path(image, root_fd);
	struct build_id id = { 0 };
	struct stat status;

	if (fd >= 0 && get_status(fd, &status) && is_exe(image, &status)) {
		id = build_ids_find(complete->build_ids, fd, &status);
		image->is_read = true;
	}
	image->build_id_len = id.len_bytes;
	memcpy(image->build_id, id.data, id.len_bytes);
	if (fd >= 0)
		close(fd);
	if (root_fd >= 0)
		close(root_fd);
}

/* The kernel's own link to the file leads there whatever stands at its path by now. */
static void read_exe_of(struct complete *complete, struct image *image, const struct asked *asked)
{
	int fd = openat(asked->fd, "exe", O_PATH | O_CLOEXEC);
	struct build_id id = { 0 };
	struct stat status;

	if (fd < 0 && errno == EACCES)
		fd = opener_exe(complete->opener, asked->pid, asked->start_ns);
	if (fd < 0)
		return;
	if (get_status(fd, &status) && status.st_ino == image->exe_inode) {
		id = build_ids_find(complete->build_ids, fd, &status);
		image->is_read = true;
	}
	close(fd);
	image->build_id_len = id.len_bytes;
	memcpy(image->build_id, id.data, id.len_bytes);
}

static void find_build_id(struct complete *complete, struct image *image, const struct asked *asked,
			  const struct process *parent)
{
	char root[48];

	if (image->is_read || !build_id_may_read(image->exe_filesystem))
		return;
	if (asked->fd >= 0)
		read_exe_of(complete, image, asked);
	if (image->is_read || !image->exe)
		return;
	read_below(complete, image, "/");
	if (image->is_read || !parent || parent->is_dead)
		return;
	snprintf(root, sizeof(root), "/proc/%" PRIu32 "/root", parent->event.pid);
	read_below(complete, image, root);
}

static bool is_whole(const struct image *image)
{
	return image->is_asked || (image->exe && image->args && !image->is_cut);
}

static struct asked open_one(const struct process *process)
{
	uint32_t pid = process->event.pid;
	uint64_t start_ns = process->event.start_ns;

	return (struct asked){ process->is_dead ? -1 : proc_open(pid, start_ns), pid, start_ns };
}

/* Who runs this image and can be asked: the process itself, or the parent that it was forked by. */
static struct asked open_any(const struct process *process, const struct process *parent)
{
	struct asked asked = open_one(process);

	if (asked.fd < 0 && parent && !parent->is_dead && parent->image == process->image)
		asked = open_one(parent);
	return asked;
}

int complete_process(struct complete *complete, struct process *process,
		     const struct process *parent)
{
	struct image *image = process->image;
	struct asked asked = open_one(process);
	int err = 0;

	if (asked.fd >= 0 && !process->is_asked)
		ask_ids(process, asked.fd);
	if (asked.fd < 0)
		asked = open_any(process, parent);
	if (asked.fd >= 0 && !is_whole(image))
		err = ask_image(complete, image, &asked);
	if (!err)
		find_build_id(complete, image, &asked, parent);
	if (asked.fd >= 0)
		close(asked.fd);
	return err;
}

int complete_image(struct complete *complete, struct process *process)
{
	struct asked asked;
	int err;

	if (process->is_dead || is_whole(process->image))
		return 0;
	asked = open_one(process);
	if (asked.fd < 0)
		return 0;
	err = ask_image(complete, process->image, &asked);
	close(asked.fd);
	return err;
}

int complete_note_cgroup(struct complete *complete, uint64_t id, const struct nst_bytes *path)
{
	return cgroups_note(complete->cgroups, id, path->data, path->len_bytes);
}

static const char *find_cgroup(struct complete *complete, const struct process *process,
			       uint64_t id)
{
	const char *path = cgroups_path(complete->cgroups, id);
	int fd;

	if (!path &&
	    opener_cgroup(complete->opener, id, complete->cgroup, sizeof(complete->cgroup)) > 0)
		path = complete->cgroup;
	if (path || process->is_dead)
		return path;
	fd = proc_open(process->event.pid, process->event.start_ns);
	if (fd < 0)
		return NULL;
	path = cgroups_path_of(complete->cgroups, id, fd);
	close(fd);
	return path;
}

const char *complete_cgroup(struct complete *complete, const struct process *process, uint64_t id)
{
	const char *path;

	if (!cgroups_meet(complete->cgroups, id))
		return NULL;
	path = find_cgroup(complete, process, id);
	/* without memory for it, the path is in this file alone */
	if (path)
		cgroups_tell(complete->cgroups, id, path);
	return path;
}

int complete_cgroups_told(const struct complete *complete, cgroup_sink *sink, void *context)
{
	return cgroups_told(complete->cgroups, sink, context);
}
