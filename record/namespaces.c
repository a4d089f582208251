// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/namespaces.h"

#include "format/trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_NAMESPACE "/proc/self/ns/net"
#define NAMED_NAMESPACES "/run/netns"

static int append(struct namespaces *namespaces, uint32_t netns, const char *name)
{
	size_t n = namespaces->n + 1;
	char **names = reallocarray(namespaces->names, n, sizeof(*names));
	struct nst_netns *rows;

	if (!names)
		return -ENOMEM;
	namespaces->names = names;
	rows = reallocarray(namespaces->rows, n, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	namespaces->rows = rows;
	names[n - 1] = strdup(name);
	if (!names[n - 1])
		return -ENOMEM;
	rows[n - 1] = (struct nst_netns){
		.netns = netns,
		.name = { .data = names[n - 1], .len_bytes = (uint32_t)strlen(name) },
	};
	namespaces->n = n;
	return 0;
}

/* A row by the name of ip-netns(8), unless it is there already under another one. */
static int add(struct namespaces *namespaces, uint32_t netns, const char *name, bool *ret_is_new)
{
	for (size_t i = 0; i < namespaces->n; i++) {
		struct nst_netns *row = &namespaces->rows[i];
		char *copy;

		if (row->netns != netns)
			continue;
		*ret_is_new = false;
		if (row->name.len_bytes)
			return 0;
		copy = strdup(name);
		if (!copy)
			return -ENOMEM;
		free(namespaces->names[i]);
		namespaces->names[i] = copy;
		row->name = (struct nst_bytes){ .data = copy, .len_bytes = (uint32_t)strlen(copy) };
		return 0;
	}
	*ret_is_new = true;
	return append(namespaces, netns, name);
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
	close(fd);
	return err == -ENOMEM ? err : 0;
}

/* Look into another namespace and come back. What is forbidden is left out. */
static int visit(struct namespaces *namespaces, int own_fd, int directory_fd, const char *name)
{
	int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat status;
	bool is_new;
	int err = 0;

	if (fd < 0)
		return 0;
	if (fstat(fd, &status))
		goto out;
	err = add(namespaces, (uint32_t)status.st_ino, name, &is_new);
	if (err || !is_new || setns(fd, CLONE_NEWNET))
		goto out;
	err = add_devices(namespaces, (uint32_t)status.st_ino);
	if (setns(own_fd, CLONE_NEWNET))
		abort(); /* the command would run in the wrong namespace */
out:
	close(fd);
	return err;
}

static int visit_named(struct namespaces *namespaces, int own_fd)
{
	DIR *directory = opendir(NAMED_NAMESPACES);
	struct dirent *entry;
	int err = 0;

	if (!directory)
		return 0;
	while (!err && (entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			err = visit(namespaces, own_fd, dirfd(directory), entry->d_name);
	closedir(directory);
	return err;
}

int namespaces_read(struct namespaces *ret_namespaces)
{
	struct namespaces namespaces = { 0 };
	int own_fd = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	struct stat status;
	bool is_new;
	int err = 0;

	if (own_fd >= 0 && !fstat(own_fd, &status)) {
		err = add(&namespaces, (uint32_t)status.st_ino, "", &is_new);
		if (!err)
			err = add_devices(&namespaces, (uint32_t)status.st_ino);
		if (!err)
			err = visit_named(&namespaces, own_fd);
	}
	if (own_fd >= 0)
		close(own_fd);
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
	free(namespaces->rows);
	interfaces_free(&namespaces->interfaces);
	*namespaces = (struct namespaces){ 0 };
}
