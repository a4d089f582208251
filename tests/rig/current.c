// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * current: charge each packet to the current task, until SIGINT; then print, one
 * line each, tab-separated: netns, ifindex, is_send, protocol, local address and
 * port, remote address and port, pid, its start in ns, payload bytes, packets.
 * Says "counting" on standard error when it does.
 *
 * current --sees PID: does the kernel show this process to BPF programs? 0: yes, 1: no.
 */
#include "tests/rig/current.h"

#include "common/protocol.h"
#include "tests/rig/current.skel.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print(const struct current_key *key, const struct current_sum *sum)
{
	int family = key->family == 6 ? AF_INET6 : AF_INET;
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN], name[PROTOCOL_NAME_MAX];

	inet_ntop(family, key->local, local, sizeof(local));
	inet_ntop(family, key->remote, remote, sizeof(remote));
	printf("%u\t%u\t%u\t%s\t%s\t%u\t%s\t%u\t%u\t%llu\t%llu\t%llu\n", key->netns, key->ifindex,
	       key->is_send, protocol_name((struct protocol){ true, key->protocol }, name), local,
	       key->local_port, remote, key->remote_port, key->pid, key->start_ns,
	       sum->payload_bytes, sum->packets);
}

static int print_all(int map)
{
	struct current_key key, next;
	struct current_sum sum;
	void *last = NULL;

	while (!bpf_map_get_next_key(map, last, &next)) {
		key = next;
		last = &key;
		if (!bpf_map_lookup_elem(map, &key, &sum))
			print(&key, &sum);
	}
	return fflush(stdout) ? 1 : 0;
}

/* Walk over all tasks, of which a kernel may hide some. */
static int sees(int pid)
{
	struct current_bpf *skel = current_bpf__open();
	struct bpf_link *link = NULL;
	int fd = -1, status = 2;
	char byte;

	if (!skel)
		goto out;
	skel->rodata->wanted_pid = pid;
	if (current_bpf__load(skel))
		goto out;
	link = bpf_program__attach_iter(skel->progs.meet, NULL);
	fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	if (fd < 0)
		goto out;
	while (read(fd, &byte, 1) > 0)
		;
	status = skel->bss->met ? 0 : 1;
out:
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	current_bpf__destroy(skel);
	return status;
}

int main(int argc, char **argv)
{
	struct current_bpf *skel;
	sigset_t wanted;
	int got, status = 1;

	if (argc == 3 && !strcmp(argv[1], "--sees"))
		return sees(atoi(argv[2]));

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGINT);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	skel = current_bpf__open();
	if (skel)
		bpf_program__set_autoload(skel->progs.meet, false);
	if (!skel || current_bpf__load(skel) || current_bpf__attach(skel)) {
		fprintf(stderr, "current: cannot load its programs: %s\n", strerror(errno));
		goto out;
	}
	fputs("counting\n", stderr);
	sigwait(&wanted, &got);
	current_bpf__detach(skel);
	status = print_all(bpf_map__fd(skel->maps.sums));
out:
	current_bpf__destroy(skel);
	return status;
}
