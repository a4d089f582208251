/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#define THREADS_MAX 8	   /* with this one: more find nothing to do, the reading is one thread's */
#define JOBS_OF_A_THREAD 2 /* and one that is being filled */
/*
 * A recorder's chunks have less than a megabyte each, and may all be on their way; of
 * others, which may have eight times as much and take five times that, only some.
 */
#define RAW_BYTES_MAX ((size_t)16 << 20)
#define LARGE_RAW_BYTES ((size_t)2 << 20)
#define JOBS_MAX (THREADS_MAX * JOBS_OF_A_THREAD + 1)

/* Numbers of jobs only grow; job n is in jobs[n % n_jobs]. */
struct ahead {
	pthread_mutex_t lock;
	pthread_cond_t is_work, is_done;
	uint64_t oldest, next, end; /* next: to be done; end: to be filled */
	size_t raw_bytes;	    /* of all that are on their way */
	bool is_over;
	size_t n_jobs, n_threads; /* n_threads: others than the one that asks */
	pthread_t threads[THREADS_MAX - 1];
	struct ahead_job jobs[JOBS_MAX];
};

static int sum(struct ahead_job *job)
{
	const struct nst_events *events = &job->events;
	uint32_t to;

	job->from = 0;
	job->to = events->n_events;
	if (!job->in_order)
		return slices_sum(&job->slices, &job->axis, job->interval_ns, events, 0,
				  events->run_ends, events->n_runs, job->split.n_lanes);
	job->from = events_find(events, 0, events->n_events, job->from_ns);
	job->to = events_find(events, job->from, events->n_events, job->to_ns);
	to = (uint32_t)job->to;
	return slices_sum(&job->slices, &job->axis, job->interval_ns, events, job->from, &to, 1,
			  job->split.n_lanes);
}

static void work(struct ahead_job *job)
{
	const struct nst_events *events;

	job->err = nst_unpacker_decode(job->unpacker, !job->in_order, &job->dictionaries, &events);
	if (job->err)
		return;
	job->events = *events;
	job->err = split_chunk(&job->split, &job->charging, job->dictionaries, &job->events);
	if (!job->err)
		job->err = sum(job);
}

static struct ahead_job *job_at(struct ahead *ahead, uint64_t number)
{
	return &ahead->jobs[number % ahead->n_jobs];
}

/* Do the next job; the lock is held before and after. */
static void work_on_next(struct ahead *ahead)
{
	struct ahead_job *job = job_at(ahead, ahead->next++);

	pthread_mutex_unlock(&ahead->lock);
	work(job);
	pthread_mutex_lock(&ahead->lock);
	job->is_done = true;
	pthread_cond_signal(&ahead->is_done);
}

static void *run(void *context)
{
	struct ahead *ahead = context;

	pthread_mutex_lock(&ahead->lock);
	while (!ahead->is_over) {
		if (ahead->next < ahead->end)
			work_on_next(ahead);
		else
			pthread_cond_wait(&ahead->is_work, &ahead->lock);
	}
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

static size_t count_cpus(void)
{
	cpu_set_t set;

	/* fails where there are more than a set holds */
	if (sched_getaffinity(0, sizeof(set), &set))
		return THREADS_MAX;
	return (size_t)CPU_COUNT(&set);
}

/* Signals stay with the thread that was there before. */
static void start_threads(struct ahead *ahead)
{
	size_t n = count_cpus();
	sigset_t all, before;

	n = n > THREADS_MAX ? THREADS_MAX : n;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return;
	while (ahead->n_threads + 1 < n &&
	       !pthread_create(&ahead->threads[ahead->n_threads], NULL, run, ahead))
		ahead->n_threads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int ahead_open(struct ahead **ret_ahead)
{
	struct ahead *ahead = calloc(1, sizeof(*ahead));
	int err = 0;

	if (!ahead)
		return -ENOMEM;
	pthread_mutex_init(&ahead->lock, NULL);
	pthread_cond_init(&ahead->is_work, NULL);
	pthread_cond_init(&ahead->is_done, NULL);
	start_threads(ahead);
	ahead->n_jobs = ahead->n_threads ? (ahead->n_threads + 1) * JOBS_OF_A_THREAD + 1 : 1;
	for (size_t i = 0; i < ahead->n_jobs && !err; i++)
		err = nst_unpacker_new(&ahead->jobs[i].unpacker);
	if (err)
		ahead_close(ahead);
	else
		*ret_ahead = ahead;
	return err;
}

void ahead_close(struct ahead *ahead)
{
	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->lock);
	ahead->is_over = true;
	pthread_cond_broadcast(&ahead->is_work);
	pthread_mutex_unlock(&ahead->lock);
	for (size_t i = 0; i < ahead->n_threads; i++)
		pthread_join(ahead->threads[i], NULL);
	for (size_t i = 0; i < ahead->n_jobs; i++) {
		nst_unpacker_free(ahead->jobs[i].unpacker);
		split_free(&ahead->jobs[i].split);
		slices_free(&ahead->jobs[i].slices);
	}
	pthread_cond_destroy(&ahead->is_done);
	pthread_cond_destroy(&ahead->is_work);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}

struct ahead_job *ahead_begin(struct ahead *ahead, size_t raw_bytes)
{
	struct ahead_job *job = job_at(ahead, ahead->end);

	if (ahead->end - ahead->oldest == ahead->n_jobs ||
	    (ahead->raw_bytes && ahead->raw_bytes + raw_bytes > RAW_BYTES_MAX))
		return NULL;
	job->raw_bytes = raw_bytes;
	return job;
}

void ahead_submit(struct ahead *ahead)
{
	job_at(ahead, ahead->end)->is_done = false;
	ahead->raw_bytes += job_at(ahead, ahead->end)->raw_bytes;
	pthread_mutex_lock(&ahead->lock);
	ahead->end++;
	pthread_cond_signal(&ahead->is_work);
	pthread_mutex_unlock(&ahead->lock);
}

struct ahead_job *ahead_oldest(struct ahead *ahead, bool wait)
{
	struct ahead_job *job = NULL;

	if (ahead->oldest == ahead->end)
		return NULL;
	pthread_mutex_lock(&ahead->lock);
	job = job_at(ahead, ahead->oldest);
	/* with nothing better to do, this thread helps */
	while (wait && !job->is_done) {
		if (ahead->next < ahead->end)
			work_on_next(ahead);
		else
			pthread_cond_wait(&ahead->is_done, &ahead->lock);
	}
	if (!job->is_done)
		job = NULL;
	pthread_mutex_unlock(&ahead->lock);
	return job;
}

/* What a large chunk took is not kept for each job: together they would be too much. */
static int shrink(struct ahead_job *job)
{
	nst_unpacker_free(job->unpacker);
	job->unpacker = NULL;
	split_free(&job->split);
	slices_free(&job->slices);
	return nst_unpacker_new(&job->unpacker);
}

int ahead_release(struct ahead *ahead)
{
	struct ahead_job *job = job_at(ahead, ahead->oldest++);

	ahead->raw_bytes -= job->raw_bytes;
	return job->raw_bytes > LARGE_RAW_BYTES ? shrink(job) : 0;
}
