/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/daemon/evelog.h"

#include "agent/limits.h"
#include "policy/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long somebody waits for the disk. */
#define WRITE_MS 50
#define CLOSE_MS 2000

static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

static uint64_t count_lines(const char *p, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += p[i] == '\n';
	return n;
}

/* The lock is held. */
static void lose(struct evelog *l, const char *lines, size_t len,
		 const char *why)
{
	uint64_t n = count_lines(lines, len);

	if (l->lost == 0)
		log_error("%s: %s; events are lost until it can be written",
			  l->path, why);
	(void)__atomic_fetch_add(&l->lost, n, __ATOMIC_RELAXED);
	stats_add(l->stats, STAT_EVENTS_LOST, n);
}

/* --- the thread ---------------------------------------------------------- */

static void start_anew(struct evelog *l)
{
	int fd = open_file(l->path);

	if (fd < 0) {
		log_error("%s: %s; events go on to the old file", l->path,
			  strerror(errno));
		return;
	}
	(void)close(l->fd);
	l->fd = fd;
}

static void append(struct evelog *l, size_t len)
{
	off_t before = lseek(l->fd, 0, SEEK_END);
	ssize_t n = write(l->fd, l->writing, len);
	const char *why = n < 0 ? strerror(errno) : "disk full";

	if (n == (ssize_t)len)
		return;
	/* A full disk took a part: take it back up to what was there. */
	if (n > 0 && before >= 0 && ftruncate(l->fd, before) < 0)
		log_error("%s: %s", l->path, strerror(errno));
	(void)pthread_mutex_lock(&l->lock);
	lose(l, l->writing, len, why);
	(void)pthread_mutex_unlock(&l->lock);
}

static void *run(void *arg)
{
	struct evelog *l = arg;

	(void)pthread_mutex_lock(&l->lock);
	for (;;) {
		size_t n = l->n_waiting;
		bool reopen = l->reopen;
		char *taken = l->waiting;

		if (n == 0 && !reopen) {
			l->busy = l->stuck = false;
			(void)pthread_cond_broadcast(&l->done);
			if (l->ending)
				break;
			(void)pthread_cond_wait(&l->asked, &l->lock);
			continue;
		}
		l->waiting = l->writing;
		l->writing = taken;
		l->n_waiting = 0;
		l->reopen = false;
		(void)pthread_mutex_unlock(&l->lock);
		/* The lines were there before the file was moved. */
		if (n)
			append(l, n);
		if (reopen)
			start_anew(l);
		(void)pthread_mutex_lock(&l->lock);
	}
	(void)pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* --- who has lines to write ---------------------------------------------- */

static struct timespec after_ms(unsigned ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* The thread has something to do; wait for it, unless it hangs.  The lock is
 * held. */
static void ask(struct evelog *l, unsigned ms)
{
	struct timespec until = after_ms(ms);

	l->busy = true;
	(void)pthread_cond_signal(&l->asked);
	while (l->busy && !l->stuck)
		if (pthread_cond_clockwait(&l->done, &l->lock, CLOCK_MONOTONIC,
					   &until))
			l->stuck = l->busy;
}

enum fw_err evelog_open(struct evelog *l, const char *path, struct stats *stats)
{
	int error;

	*l = (struct evelog){.path = path, .stats = stats};
	l->fd = open_file(path);
	if (l->fd < 0)
		return fw_err_of_errno(errno);
	/* Pages that no line was written to cost nothing. */
	l->waiting = malloc(LIMIT_LOG_WAITING);
	l->writing = malloc(LIMIT_LOG_WAITING);
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->asked, NULL);
	(void)pthread_cond_init(&l->done, NULL);
	error = l->waiting && l->writing
			? pthread_create(&l->thread, NULL, run, l)
			: ENOMEM;
	if (error) {
		free(l->waiting);
		free(l->writing);
		(void)close(l->fd);
		l->fd = -1;
	}
	return fw_err_of_errno(error);
}

void evelog_close(struct evelog *l)
{
	bool stuck;

	if (l->fd < 0)
		return;
	(void)pthread_mutex_lock(&l->lock);
	l->ending = true;
	l->stuck = false;
	ask(l, CLOSE_MS);
	stuck = l->stuck;
	(void)pthread_mutex_unlock(&l->lock);
	/* It stands in a system call, without the lock. */
	if (stuck)
		(void)pthread_cancel(l->thread);
	(void)pthread_join(l->thread, NULL);
	free(l->waiting);
	free(l->writing);
	(void)close(l->fd);
	l->fd = -1;
}

void evelog_reopen(struct evelog *l)
{
	(void)pthread_mutex_lock(&l->lock);
	l->reopen = true;
	ask(l, WRITE_MS);
	(void)pthread_mutex_unlock(&l->lock);
}

void evelog_write(struct evelog *l, const char *lines, size_t len)
{
	(void)pthread_mutex_lock(&l->lock);
	if (len > LIMIT_LOG_WAITING - l->n_waiting) {
		lose(l, lines, len, "the disk is too slow");
	} else {
		memcpy(l->waiting + l->n_waiting, lines, len);
		l->n_waiting += len;
		ask(l, WRITE_MS);
	}
	(void)pthread_mutex_unlock(&l->lock);
}

uint64_t evelog_lost(const struct evelog *l)
{
	return __atomic_load_n(&l->lost, __ATOMIC_RELAXED);
}
