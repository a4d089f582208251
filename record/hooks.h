/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which programs this kernel can have, and their attachment. */
#ifndef NETSNOOP_RECORD_HOOKS_H
#define NETSNOOP_RECORD_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

struct bpf_object;
struct bpf_link;

#define HOOKS_MAX 24

struct hooks {
	struct bpf_object *object;
	struct bpf_link *links[HOOKS_MAX];
	char names[512]; /* those that serve, with a space between them */
};

/*
 * Before the object is loaded: leave out the programs whose hooks this kernel
 * has not got, and that which only a filter by cgroup needs. 0 or -errno.
 */
int hooks_choose(struct bpf_object *object, bool by_cgroup, struct hooks *hooks);

/*
 * Attach what learns owners, or, once that is done, what makes events. A program that
 * is not attached is told to the user; without one that makes events there is no recording.
 */
int hooks_attach_learners(struct hooks *hooks);
int hooks_attach_events(struct hooks *hooks);

bool hooks_has(const struct hooks *hooks, const char *hook);

/* May the programs be those with casts (bpf/cast.h)? */
bool hooks_can_cast(void);

/* Run a program that walks; nothing happens where it was left out. 0 or -errno. */
int hooks_walk(const struct hooks *hooks, const char *hook);

void hooks_detach(struct hooks *hooks);

#endif
