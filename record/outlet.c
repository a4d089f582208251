// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/outlet.h"

#include "format/trace.h"
#include "record/clock.h"
#include "record/outlet_fd.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef QUEUE_BYTES /* a test has one that is soon full */
#define QUEUE_BYTES ((size_t)32 << 20)
#endif
#define KEPT_BYTES (QUEUE_BYTES / 32)	 /* that stay the queue's while it is empty */
#define METADATA_BYTES (QUEUE_BYTES / 4) /* as large as the largest chunk of all */
#define SYNC_PATIENCE 15		 /* a slow disk is not one that stalls */
#define STOP_NS NS_PER_S		 /* for a write(2) that is under way */

/* What the queue holds of each chunk, before its bytes. */
struct entry {
	uint32_t len_bytes;
	uint32_t n_events;
};

/*
 * The recorder puts entries in at `head`, the thread takes them out at `tail`;
 * `used` bytes lie between. Each copies without the lock, as these bytes are its
 * own until `used` says otherwise.
 */
struct outlet {
	struct outlet_fd to;
	struct nst_sink sink;
	uint64_t sync_ns; /* 0: it is not synced */
	uint8_t *queue;
	size_t head, tail;
	size_t used;	/* atomic for who does not hold the lock */
	size_t reached; /* of the queue's pages, the end of those in use since it was empty */
	pthread_t thread;
	bool has_thread, is_stuck;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t work;
	bool stop;     /* write no more */
	bool finish;   /* sync what is there without delay */
	bool is_dirty; /* something was written since the last sync */
	bool is_syncing;
	int error; /* atomic for who does not hold the lock */
	uint64_t sync_due_ns;
	struct outlet_written written;
	uint64_t moved_ns; /* atomic: when something was last written or synced */
	int progress_fd;   /* tells outlet_finish() that something has changed */
	int cancel_fd;	   /* tells the thread that it has waited for long enough */
};

/* ---- The queue --------------------------------------------------------- */

static size_t wrap(size_t position)
{
	return position < QUEUE_BYTES ? position : position - QUEUE_BYTES;
}

/* len bytes at position of the queue, which are in two parts where they go around its end. */
static void parts_of(const struct outlet *outlet, size_t position, size_t len,
		     struct iovec parts[2])
{
	size_t first = QUEUE_BYTES - position < len ? QUEUE_BYTES - position : len;

	parts[0] = (struct iovec){ outlet->queue + position, first };
	parts[1] = (struct iovec){ outlet->queue, len - first };
}

/* The position behind them. */
static size_t put(struct outlet *outlet, size_t position, const void *data, size_t len)
{
	struct iovec parts[2];

	parts_of(outlet, position, len, parts);
	memcpy(parts[0].iov_base, data, parts[0].iov_len);
	memcpy(parts[1].iov_base, (const char *)data + parts[0].iov_len, parts[1].iov_len);
	return wrap(position + len);
}

static void get(const struct outlet *outlet, size_t position, void *data, size_t len)
{
	struct iovec parts[2];

	parts_of(outlet, position, len, parts);
	memcpy(data, parts[0].iov_base, parts[0].iov_len);
	memcpy((char *)data + parts[0].iov_len, parts[1].iov_base, parts[1].iov_len);
}

/* A disk that has stalled is no reason to hold for good what had to wait for it. */
static void give_back(struct outlet *outlet)
{
	if (outlet->reached <= KEPT_BYTES)
		return;
	madvise(outlet->queue + KEPT_BYTES, outlet->reached - KEPT_BYTES, MADV_DONTNEED);
	outlet->reached = 0;
}

/* 0, -EAGAIN for want of room, or the error that is final. */
static int reserve(struct outlet *outlet, size_t len)
{
	int err;

	pthread_mutex_lock(&outlet->lock);
	err = outlet->error ?: len > QUEUE_BYTES - outlet->used ? -EAGAIN : 0;
	/* an outlet that keeps up stays within the same few pages */
	if (!outlet->used) {
		give_back(outlet);
		outlet->head = outlet->tail = 0;
	}
	pthread_mutex_unlock(&outlet->lock);
	return err;
}

/* A nst_sink's function. */
static int take(void *context, const struct iovec *parts, int n_parts,
		const struct nst_chunk *chunk)
{
	struct outlet *outlet = context;
	struct entry entry = { .n_events = chunk ? chunk->n_events : 0 };
	size_t begins, len = sizeof(entry);
	int err;

	for (int i = 0; i < n_parts; i++)
		len += parts[i].iov_len;
	entry.len_bytes = (uint32_t)(len - sizeof(entry));
	err = reserve(outlet, len);
	if (err)
		return err;
	begins = outlet->head;
	outlet->head = put(outlet, outlet->head, &entry, sizeof(entry));
	for (int i = 0; i < n_parts; i++)
		outlet->head = put(outlet, outlet->head, parts[i].iov_base, parts[i].iov_len);
	if (begins + len > QUEUE_BYTES)
		outlet->reached = QUEUE_BYTES;
	else if (begins + len > outlet->reached)
		outlet->reached = begins + len;
	pthread_mutex_lock(&outlet->lock);
	__atomic_store_n(&outlet->used, outlet->used + len, __ATOMIC_RELAXED);
	outlet->finish = false;
	pthread_cond_signal(&outlet->work);
	pthread_mutex_unlock(&outlet->lock);
	return 0;
}

/* ---- The thread, which holds the lock wherever it does not say otherwise ---- */

static void tell(int event_fd)
{
	uint64_t one = 1;

	if (write(event_fd, &one, sizeof(one)) < 0)
		return; /* it has been told 2^64 times */
}

/* The first error is the one that counts. */
static void tell_progress(struct outlet *outlet, int err)
{
	if (err && err != -ECANCELED && !outlet->error)
		__atomic_store_n(&outlet->error, err, __ATOMIC_RELAXED);
	tell(outlet->progress_fd);
}

static void write_entry(struct outlet *outlet)
{
	struct iovec parts[2];
	struct entry entry;
	size_t len;
	int err;

	pthread_mutex_unlock(&outlet->lock);
	get(outlet, outlet->tail, &entry, sizeof(entry));
	len = sizeof(entry) + entry.len_bytes;
	parts_of(outlet, wrap(outlet->tail + sizeof(entry)), entry.len_bytes, parts);
	err = outlet_fd_write(&outlet->to, parts, 2);
	pthread_mutex_lock(&outlet->lock);
	if (!err) {
		outlet->tail = wrap(outlet->tail + len);
		__atomic_store_n(&outlet->used, outlet->used - len, __ATOMIC_RELAXED);
		outlet->written.bytes += entry.len_bytes;
		outlet->written.events += entry.n_events;
		if (!outlet->is_dirty)
			outlet->sync_due_ns = clock_ns(CLOCK_MONOTONIC) + outlet->sync_ns;
		outlet->is_dirty = true;
	}
	tell_progress(outlet, err);
}

static void sync_file(struct outlet *outlet)
{
	int err;

	outlet->is_dirty = false;
	outlet->is_syncing = true;
	pthread_mutex_unlock(&outlet->lock);
	err = fdatasync(outlet->to.fd) ? -errno : 0;
	pthread_mutex_lock(&outlet->lock);
	outlet->is_syncing = false;
	if (err == -EINVAL || err == -EROFS) { /* a pipe, a socket or a device */
		outlet->sync_ns = 0;
		err = 0;
	}
	__atomic_store_n(&outlet->moved_ns, clock_ns(CLOCK_MONOTONIC), __ATOMIC_RELAXED);
	tell_progress(outlet, err);
}

static bool is_sync_due(const struct outlet *outlet)
{
	if (!outlet->sync_ns || !outlet->is_dirty)
		return false;
	if (outlet->finish && !outlet->used)
		return true;
	return clock_ns(CLOCK_MONOTONIC) >= outlet->sync_due_ns;
}

static void wait_for_work(struct outlet *outlet)
{
	const struct timespec due = { .tv_sec = (time_t)(outlet->sync_due_ns / NS_PER_S),
				      .tv_nsec = (long)(outlet->sync_due_ns % NS_PER_S) };

	if (outlet->sync_ns && outlet->is_dirty)
		pthread_cond_timedwait(&outlet->work, &outlet->lock, &due);
	else
		pthread_cond_wait(&outlet->work, &outlet->lock);
}

static void *run(void *context)
{
	struct outlet *outlet = context;

	pthread_mutex_lock(&outlet->lock);
	while (!outlet->stop && !outlet->error) {
		if (is_sync_due(outlet))
			sync_file(outlet);
		else if (outlet->used)
			write_entry(outlet);
		else
			wait_for_work(outlet);
	}
	if (outlet->sync_ns && outlet->is_dirty)
		sync_file(outlet);
	pthread_mutex_unlock(&outlet->lock);
	return NULL;
}

/* ---- For the recorder -------------------------------------------------- */

/* Every signal is the recorder's. */
static int start_thread(struct outlet *outlet)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&outlet->thread, NULL, run, outlet);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	outlet->has_thread = !err;
	return -err;
}

static int allocate(struct outlet *outlet)
{
	void *queue = mmap(NULL, QUEUE_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (queue == MAP_FAILED)
		return -errno;
	outlet->queue = queue;
	outlet->progress_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	outlet->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return outlet->progress_fd < 0 || outlet->cancel_fd < 0 ? -errno : 0;
}

int outlet_open(int fd, uint64_t sync_ns, struct outlet **ret_outlet)
{
	struct outlet *outlet = calloc(1, sizeof(*outlet));
	pthread_condattr_t attributes;
	int err;

	if (!outlet)
		return -ENOMEM;
	outlet->sync_ns = sync_ns;
	outlet->sink = (struct nst_sink){ .context = outlet, .write = take };
	outlet->progress_fd = outlet->cancel_fd = -1;
	pthread_mutex_init(&outlet->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&outlet->work, &attributes);
	pthread_condattr_destroy(&attributes);
	err = allocate(outlet);
	if (!err)
		err = outlet_fd_open(fd, outlet->cancel_fd, &outlet->moved_ns, &outlet->to);
	if (!err)
		err = start_thread(outlet);
	if (err) {
		outlet_close(outlet);
		return err;
	}
	*ret_outlet = outlet;
	return 0;
}

const struct nst_sink *outlet_sink(const struct outlet *outlet)
{
	return &outlet->sink;
}

bool outlet_has_room(const struct outlet *outlet)
{
	return __atomic_load_n(&outlet->used, __ATOMIC_RELAXED) <= QUEUE_BYTES - METADATA_BYTES;
}

int outlet_error(const struct outlet *outlet)
{
	return __atomic_load_n(&outlet->error, __ATOMIC_RELAXED);
}

void outlet_written(const struct outlet *outlet, struct outlet_written *ret_written)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&outlet->lock;

	pthread_mutex_lock(lock);
	*ret_written = outlet->written;
	pthread_mutex_unlock(lock);
}

/* 1: there is nothing left to do; 0: there is; else the error. */
static int is_finished(struct outlet *outlet, uint64_t patience_ns, uint64_t *ret_patience_ns)
{
	int err;

	pthread_mutex_lock(&outlet->lock);
	err = outlet->error
		      ?: !outlet->used && !outlet->is_syncing &&
				 !(outlet->sync_ns && outlet->is_dirty);
	*ret_patience_ns = (outlet->is_syncing ? SYNC_PATIENCE : 1) * patience_ns;
	pthread_mutex_unlock(&outlet->lock);
	return err;
}

/* Wait for the next progress. 0, or why there is no more waiting. */
static int wait_for_progress(struct outlet *outlet, uint64_t since_ns, uint64_t patience_ns,
			     int cancel_fd)
{
	struct pollfd waiting[] = { { .fd = outlet->progress_fd, .events = POLLIN },
				    { .fd = cancel_fd, .events = POLLIN } };
	uint64_t moved_ns = __atomic_load_n(&outlet->moved_ns, __ATOMIC_RELAXED);
	uint64_t at_ns = clock_ns(CLOCK_MONOTONIC), due_ns, count;
	struct timespec left;

	due_ns = (moved_ns > since_ns ? moved_ns : since_ns) + patience_ns;
	if (at_ns >= due_ns)
		return -ETIME;
	left = (struct timespec){ .tv_sec = (time_t)((due_ns - at_ns) / NS_PER_S),
				  .tv_nsec = (long)((due_ns - at_ns) % NS_PER_S) };
	if (ppoll(waiting, 2, &left, NULL) < 0 && errno != EINTR)
		return -errno;
	if (waiting[1].revents)
		return -ECANCELED;
	if (read(outlet->progress_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	return 0;
}

/* Until more is given: who does not wait for it now may ask again. */
static void want_finish(struct outlet *outlet)
{
	pthread_mutex_lock(&outlet->lock);
	outlet->finish = true;
	pthread_cond_signal(&outlet->work);
	pthread_mutex_unlock(&outlet->lock);
}

int outlet_finish(struct outlet *outlet, uint64_t patience_ns, int cancel_fd)
{
	uint64_t since_ns = clock_ns(CLOCK_MONOTONIC), now_patience_ns;
	int err, waited = 0;

	want_finish(outlet);
	while (!(err = is_finished(outlet, patience_ns, &now_patience_ns)) && !waited)
		waited = wait_for_progress(outlet, since_ns, now_patience_ns, cancel_fd);
	return err ? (err > 0 ? 0 : err) : waited;
}

/*
 * A write(2) to a disk that does not answer cannot be given up. Then the thread is left
 * alone, with what it uses, until the process ends.
 */
void outlet_stop(struct outlet *outlet)
{
	uint64_t due_ns = clock_ns(CLOCK_MONOTONIC) + STOP_NS;
	const struct timespec due = { .tv_sec = (time_t)(due_ns / NS_PER_S),
				      .tv_nsec = (long)(due_ns % NS_PER_S) };

	if (!outlet->has_thread)
		return;
	pthread_mutex_lock(&outlet->lock);
	outlet->stop = true;
	pthread_cond_signal(&outlet->work);
	pthread_mutex_unlock(&outlet->lock);
	tell(outlet->cancel_fd);
	outlet->is_stuck = pthread_clockjoin_np(outlet->thread, NULL, CLOCK_MONOTONIC, &due);
	outlet->has_thread = false;
}

void outlet_close(struct outlet *outlet)
{
	if (!outlet)
		return;
	outlet_stop(outlet);
	if (outlet->is_stuck)
		return;
	if (outlet->progress_fd >= 0)
		close(outlet->progress_fd);
	if (outlet->cancel_fd >= 0)
		close(outlet->cancel_fd);
	if (outlet->queue)
		munmap(outlet->queue, QUEUE_BYTES);
	pthread_mutex_destroy(&outlet->lock);
	pthread_cond_destroy(&outlet->work);
	free(outlet);
}
