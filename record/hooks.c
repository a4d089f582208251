// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/hooks.h"

#include "record/say.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum role {
	LEARNS,
	MAKES_EVENTS,
	WALKS,
};

/*
 * What learns needs the storage of sockets in tracing programs (5.11,
 * 8e4597c627fb), known by that function's name in the kernel's BTF. A hook that
 * a kernel has not got is left out, and the rest goes without it.
 */
struct hook {
	const char *program;
	const char *name;
	enum role role;
	bool needs_storage;
	const char *since;
};
static const struct hook table[] = {
	{ "see_fork", "sched_process_fork", LEARNS, false, "5.5" },
	{ "see_exec", "sched_process_exec", LEARNS, false, "5.5" },
	{ "see_exit", "sched_process_exit", LEARNS, false, "5.5" },
	{ "see_rename", "task_rename", LEARNS, false, "5.5" },
	{ "see_cgroup", "cgroup_mkdir", LEARNS, false, "5.5" },
	{ "see_cgroup_end", "cgroup_release", LEARNS, false, "5.5" },
	{ "see_state", "inet_sock_set_state", LEARNS, true, "4.16, 563e0bb0dc74" },
	{ "see_consume", "sock_recv_length", LEARNS, true, "6.3, 6e6eda44b939" },
	{ "see_end", "sched_process_exit", LEARNS, false, "5.5" },
	{ "see_tcp_consume", "tcp_rcv_space_adjust", LEARNS, true, "4.18, 6163849d289b" },
	{ "see_ready", "sk_data_ready", LEARNS, true, "6.3, 40e0b0908142" },
	{ "seed", "iter/task_file", WALKS, true, "5.8, eaaacd23910f" },
	{ "list_processes", "iter/task", WALKS, false, "5.8, eaaacd23910f" },
	{ "keep", "iter/bpf_sk_storage_map", WALKS, true, "5.9, 5ce6e77c7edf" },
	{ "see_receive", "netif_receive_skb", MAKES_EVENTS, false, "5.5" },
	{ "see_send", "net_dev_queue", MAKES_EVENTS, false, "5.5" },
};
#define N_HOOKS (sizeof(table) / sizeof(table[0]))
_Static_assert(N_HOOKS <= HOOKS_MAX, "more hooks than links");

#define STORAGE_FUNCTION "bpf_sk_storage_get_tracing"
#define CAST_FUNCTION "bpf_rdonly_cast"
#define STORAGE_MAP "endpoints"
#define ITERATOR "iter/"

static bool is_iterator(const struct hook *hook)
{
	return hook->role == WALKS;
}

/* What the kernel calls it in its BTF: an iterator's is a function of its own. */
static bool is_there(const struct btf *btf, const struct hook *hook)
{
	char name[64];

	if (hook->needs_storage && btf__find_by_name_kind(btf, STORAGE_FUNCTION, BTF_KIND_FUNC) < 0)
		return false;
	if (is_iterator(hook)) {
		snprintf(name, sizeof(name), "bpf_iter_%s", hook->name + strlen(ITERATOR));
		return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
	}
	snprintf(name, sizeof(name), "btf_trace_%s", hook->name);
	return btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF) > 0;
}

static bool is_word_of(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

/* The build for tests can do as if the kernel were an older one. */
static bool is_left_out(const char *name)
{
#ifdef NETSNOOP_TEST_HOOKS
	const char *without = getenv("NETSNOOP_WITHOUT");

	return without && is_word_of(without, name);
#else
	(void)name;
	return false;
#endif
}

bool hooks_can_cast(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool can = btf && btf__find_by_name_kind(btf, CAST_FUNCTION, BTF_KIND_FUNC) > 0;

	btf__free(btf);
	return can && !is_left_out(CAST_FUNCTION);
}

static void add_name(struct hooks *hooks, const char *name)
{
	size_t len = strlen(hooks->names);

	snprintf(hooks->names + len, sizeof(hooks->names) - len, "%s%s", len ? " " : "", name);
}

int hooks_choose(struct bpf_object *object, bool by_cgroup, struct hooks *hooks)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int err = btf ? 0 : -errno;

	hooks->object = object;
	for (size_t i = 0; !err && i < N_HOOKS; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(object, table[i].program);
		bool is_wanted = table[i].role == MAKES_EVENTS ||
				 (is_there(btf, &table[i]) && !is_left_out(table[i].name));

		if (!strcmp(table[i].program, "see_cgroup_end") && !by_cgroup)
			is_wanted = false;
		/* stands behind it in the table, and in for it */
		if (!strcmp(table[i].program, "see_end") && hooks_has(hooks, "sock_recv_length"))
			is_wanted = false;
		err = program ? bpf_program__set_autoload(program, is_wanted) : -ENOENT;
		if (!err && is_wanted && !hooks_has(hooks, table[i].name))
			add_name(hooks, table[i].name);
	}
	btf__free(btf);
	return err;
}

static int attach(struct hooks *hooks, size_t i)
{
	struct bpf_program *program =
		bpf_object__find_program_by_name(hooks->object, table[i].program);
	struct bpf_map *storage = bpf_object__find_map_by_name(hooks->object, STORAGE_MAP);
	union bpf_iter_link_info info = { .map.map_fd = (__u32)bpf_map__fd(storage) };
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
			    .link_info_len = sizeof(info));

	if (!bpf_program__autoload(program))
		return 0;
	if (!strcmp(table[i].program, "keep"))
		hooks->links[i] = bpf_program__attach_iter(program, &options);
	else
		hooks->links[i] = bpf_program__attach(program);
	return hooks->links[i] ? 0 : -errno;
}

int hooks_attach_learners(struct hooks *hooks)
{
	for (size_t i = 0; i < N_HOOKS; i++) {
		int err;

		if (table[i].role == MAKES_EVENTS)
			continue;
		err = attach(hooks, i);
		if (!err)
			continue;
		say("the hook %s (Linux %s): %s", table[i].name, table[i].since, strerror(-err));
		return err;
	}
	return 0;
}

int hooks_attach_events(struct hooks *hooks)
{
	for (size_t i = 0; i < N_HOOKS; i++) {
		int err;

		if (table[i].role != MAKES_EVENTS)
			continue;
		err = attach(hooks, i);
		if (!err)
			continue;
		say("the tracepoint %s: %s; nothing is recorded without it", table[i].name,
		    strerror(-err));
		return err;
	}
	return 0;
}

bool hooks_has(const struct hooks *hooks, const char *hook)
{
	return is_word_of(hooks->names, hook);
}

int hooks_walk(const struct hooks *hooks, const char *hook)
{
	char nothing[64];
	ssize_t got = 0;
	size_t i = 0;
	int fd;

	while (i < N_HOOKS && strcmp(table[i].name, hook))
		i++;
	if (i == N_HOOKS || !hooks->links[i])
		return 0;
	fd = bpf_iter_create(bpf_link__fd(hooks->links[i]));
	if (fd < 0)
		return fd;
	do
		got = read(fd, nothing, sizeof(nothing));
	while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)));
	got = got < 0 ? -errno : 0;
	close(fd);
	return (int)got;
}

void hooks_detach(struct hooks *hooks)
{
	for (size_t i = 0; i < N_HOOKS; i++) {
		bpf_link__destroy(hooks->links[i]);
		hooks->links[i] = NULL;
	}
}
