// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/namespaces.h"

#include "format/trace.h"
#include "record/nsid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OWN_NAMESPACE "/proc/self/ns/net"
#define NAMED_NAMESPACES "/run/netns"

int namespaces_append(struct namespaces *namespaces, uint32_t netns, const char *name, int fd)
{
	size_t n = namespaces->n + 1;
	char **names = reallocarray(namespaces->names, n, sizeof(*names));
	struct nst_netns *rows;
	int *fds;

	if (!names)
		return -ENOMEM;
	namespaces->names = names;
	fds = reallocarray(namespaces->fds, n, sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	namespaces->fds = fds;
	rows = reallocarray(namespaces->rows, n, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	namespaces->rows = rows;
	names[n - 1] = strdup(name);
	if (!names[n - 1])
		return -ENOMEM;
	fds[n - 1] = fd;
	rows[n - 1] = (struct nst_netns){
		.netns = netns,
		.name = { .data = names[n - 1], .len_bytes = (uint32_t)strlen(name) },
	};
	namespaces->n = n;
	return 0;
}

/* Give a namespace that is there already the name of ip-netns(8). 1: done; 0: it is new. */
static int rename_known(struct namespaces *namespaces, uint32_t netns, const char *name)
{
	for (size_t i = 0; i < namespaces->n; i++) {
		struct nst_netns *row = &namespaces->rows[i];
		char *copy;

		if (row->netns != netns)
			continue;
		if (row->name.len_bytes || !*name)
			return 1;
		copy = strdup(name);
		if (!copy)
			return -ENOMEM;
		free(namespaces->names[i]);
		namespaces->names[i] = copy;
		row->name = (struct nst_bytes){ .data = copy, .len_bytes = (uint32_t)strlen(copy) };
		return 1;
	}
	return 0;
}

/* Among the named ones there may be files: from another mount namespace, they are no more. */
static int open_namespace(int directory_fd, const char *path, uint32_t *ret_netns)
{
	int fd = openat(directory_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct statfs system;
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &system) || system.f_type != NSFS_MAGIC || fstat(fd, &status)) {
		close(fd);
		return -EINVAL;
	}
	*ret_netns = (uint32_t)status.st_ino;
	return fd;
}

/*
 * Add the namespace that path, seen from a directory, stands for: of a process, which may
 * enter another one at any time, the one that was opened. What is forbidden is left out.
 */
static int add(struct namespaces *namespaces, int directory_fd, const char *path, const char *name)
{
	struct stat status;
	uint32_t netns = 0;
	int known, fd;

	if (fstatat(directory_fd, path, &status, 0))
		return 0;
	known = rename_known(namespaces, (uint32_t)status.st_ino, name);
	if (known)
		return known < 0 ? known : 0;
	fd = open_namespace(directory_fd, path, &netns);
	if (fd < 0)
		return 0;
	known = rename_known(namespaces, netns, name);
	if (!known) {
		known = namespaces_append(namespaces, netns, name, fd);
		if (!known)
			return 0;
	}
	close(fd);
	return known < 0 ? known : 0;
}

static int add_named(struct namespaces *namespaces)
{
	DIR *directory = opendir(NAMED_NAMESPACES);
	struct dirent *entry;
	int err = 0;

	if (!directory)
		return 0;
	while (!err && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			err = add(namespaces, dirfd(directory), entry->d_name, entry->d_name);
	closedir(directory);
	return err;
}

/* Containers' namespaces have no name, but processes. */
static int add_of_processes(struct namespaces *namespaces)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	if (!directory)
		return 0;
	while (!err && (entry = readdir(directory))) {
		char path[sizeof(entry->d_name) + sizeof("/ns/net")];

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/ns/net", entry->d_name);
		err = add(namespaces, dirfd(directory), path, "");
	}
	closedir(directory);
	return err;
}

/* From the number of the link's namespace to its inode number; without it the link says nothing. */
static void resolve_links(const struct namespaces *namespaces, int socket_fd, size_t first)
{
	const struct interfaces *interfaces = &namespaces->interfaces;
	size_t open = 0;

	for (size_t i = first; i < interfaces->n; i++) {
		struct nst_interface *row = &interfaces->rows[i];

		if (!(row->has & NST_INTERFACE_HAS_LINK))
			continue;
		row->link_netns = row->netns;
		row->has |= NST_INTERFACE_HAS_LINK_NETNS;
		if (interfaces->texts[i].link_nsid < 0)
			continue;
		row->has &= ~(uint32_t)(NST_INTERFACE_HAS_LINK | NST_INTERFACE_HAS_LINK_NETNS);
		open++;
	}
	for (size_t n = 0; open && n < namespaces->n; n++) {
		int32_t nsid = nsid_ask(socket_fd, namespaces->fds[n]);

		for (size_t i = first; nsid >= 0 && i < interfaces->n; i++) {
			if (interfaces->texts[i].link_nsid != nsid)
				continue;
			interfaces->rows[i].link_netns = namespaces->rows[n].netns;
			interfaces->rows[i].has |=
				NST_INTERFACE_HAS_LINK | NST_INTERFACE_HAS_LINK_NETNS;
			open--;
		}
	}
}

/* Devices of the namespace that we are in now. */
static int add_devices(struct namespaces *namespaces, uint32_t netns)
{
	size_t before = namespaces->interfaces.n;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err;

	if (fd < 0)
		return 0;
	err = interfaces_read(fd, netns, &namespaces->interfaces);
	if (err)
		namespaces->interfaces.n = before;
	else
		resolve_links(namespaces, fd, before);
	close(fd);
	return err == -ENOMEM ? err : 0;
}

/* Look into each namespace; the first one is our own. */
static int visit_all(struct namespaces *namespaces)
{
	int err = namespaces->n ? add_devices(namespaces, namespaces->rows[0].netns) : 0;

	for (size_t i = 1; !err && i < namespaces->n; i++) {
		if (setns(namespaces->fds[i], CLONE_NEWNET))
			continue;
		err = add_devices(namespaces, namespaces->rows[i].netns);
		if (setns(namespaces->fds[0], CLONE_NEWNET))
			abort(); /* everything from now on would be of the wrong one */
	}
	return err;
}

/* An open descriptor would keep a namespace alive that is deleted meanwhile. */
static void close_all(struct namespaces *namespaces)
{
	for (size_t i = 0; i < namespaces->n; i++) {
		close(namespaces->fds[i]);
		namespaces->fds[i] = -1;
	}
}

int namespaces_read(struct namespaces *ret_namespaces)
{
	struct namespaces namespaces = { 0 };
	int err = add(&namespaces, AT_FDCWD, OWN_NAMESPACE, "");

	if (!err && namespaces.n)
		err = add_named(&namespaces) ?: add_of_processes(&namespaces);
	if (!err)
		err = visit_all(&namespaces);
	close_all(&namespaces);
	if (err) {
		namespaces_free(&namespaces);
		return err;
	}
	interfaces_link(&namespaces.interfaces);
	*ret_namespaces = namespaces;
	return 0;
}

void namespaces_free(struct namespaces *namespaces)
{
	for (size_t i = 0; i < namespaces->n; i++)
		free(namespaces->names[i]);
	free(namespaces->names);
	free(namespaces->fds);
	free(namespaces->rows);
	interfaces_free(&namespaces->interfaces);
	*namespaces = (struct namespaces){ 0 };
}
