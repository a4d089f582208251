// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/followed.h"

#include "bpf/events.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define ENDED_MAX 32768 /* half of the kernel's table */

struct ended {
	uint64_t start_ns;
	uint32_t pid; /* 0: none yet */
};

struct followed {
	int map_fd;
	size_t next;
	struct ended ended[ENDED_MAX];
};

int followed_open(int map_fd, struct followed **ret_followed)
{
	struct followed *followed = calloc(1, sizeof(*followed));

	if (!followed)
		return -ENOMEM;
	followed->map_fd = map_fd;
	*ret_followed = followed;
	return 0;
}

static bool has(const struct followed *followed, uint32_t pid, uint64_t start_ns)
{
	struct snoop_value value;

	return !bpf_map_lookup_elem(followed->map_fd, &pid, &value) && value.start_ns == start_ns;
}

void followed_ended(void *context, uint32_t pid, uint64_t start_ns)
{
	struct followed *followed = context;
	struct ended *ended = &followed->ended[followed->next];

	if (!has(followed, pid, start_ns))
		return;
	/* its number may be another's by now, who is followed, too */
	if (ended->pid && has(followed, ended->pid, ended->start_ns))
		bpf_map_delete_elem(followed->map_fd, &ended->pid);
	*ended = (struct ended){ start_ns, pid };
	followed->next = (followed->next + 1) % ENDED_MAX;
}

void followed_close(struct followed *followed)
{
	free(followed);
}
