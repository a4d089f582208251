// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/grace.h"

#include "record/clock.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The programs' clock is read without a lock and may be that much behind ours. */
#define CLOCKS_APART_NS NS_PER_MS

struct grace {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int net_events, ring;
	uint64_t due_ns; /* when waiting begins; 0: there is nothing to wait for */
	bool ends;
};

/*
 * Programs run within RCU read sections. An update of a map of maps returns only once all
 * of them have ended that could still use what was there before; here it is the same ring.
 * membarrier(2) waits for the same unless CPUs run without ticks (nohz_full).
 */
void grace_wait(int net_events, int ring)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(net_events, &zero, &ring, BPF_ANY) &&
	    syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		sleep(1);
}

/* With the lock held, until it is time or the thread has to end. */
static void sleep_until(struct grace *grace, uint64_t at_ns)
{
	uint64_t now;

	while (!grace->ends && (now = now_ns()) < at_ns) {
		uint64_t until_ns = clock_ns(CLOCK_MONOTONIC) + (at_ns - now);
		const struct timespec until = { .tv_sec = (time_t)(until_ns / NS_PER_S),
						.tv_nsec = (long)(until_ns % NS_PER_S) };

		pthread_cond_clockwait(&grace->changed, &grace->lock, CLOCK_MONOTONIC, &until);
	}
}

static void *wait_for_programs(void *context)
{
	struct grace *grace = context;

	pthread_mutex_lock(&grace->lock);
	while (!grace->ends) {
		if (!grace->due_ns) {
			pthread_cond_wait(&grace->changed, &grace->lock);
			continue;
		}
		sleep_until(grace, grace->due_ns);
		if (grace->ends)
			break;
		pthread_mutex_unlock(&grace->lock);
		grace_wait(grace->net_events, grace->ring);
		pthread_mutex_lock(&grace->lock);
		grace->due_ns = 0;
	}
	pthread_mutex_unlock(&grace->lock);
	return NULL;
}

int grace_open(int net_events, int ring, struct grace **ret_grace)
{
	struct grace *grace = calloc(1, sizeof(*grace));
	sigset_t all, before;
	int err;

	if (!grace)
		return -ENOMEM;
	grace->net_events = net_events;
	grace->ring = ring;
	pthread_mutex_init(&grace->lock, NULL);
	pthread_cond_init(&grace->changed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&grace->thread, NULL, wait_for_programs, grace);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		free(grace);
		return err;
	}
	*ret_grace = grace;
	return 0;
}

void grace_begin(struct grace *grace, uint64_t at_ns)
{
	pthread_mutex_lock(&grace->lock);
	grace->due_ns = at_ns + CLOCKS_APART_NS;
	pthread_cond_signal(&grace->changed);
	pthread_mutex_unlock(&grace->lock);
}

bool grace_is_over(struct grace *grace)
{
	bool is_over;

	pthread_mutex_lock(&grace->lock);
	is_over = !grace->due_ns;
	pthread_mutex_unlock(&grace->lock);
	return is_over;
}

void grace_close(struct grace *grace)
{
	if (!grace)
		return;
	pthread_mutex_lock(&grace->lock);
	grace->ends = true;
	pthread_cond_signal(&grace->changed);
	pthread_mutex_unlock(&grace->lock);
	pthread_join(grace->thread, NULL);
	pthread_mutex_destroy(&grace->lock);
	pthread_cond_destroy(&grace->changed);
	free(grace);
}
