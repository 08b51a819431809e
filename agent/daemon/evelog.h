/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The event log: lines appended to one file.
 *
 * A thread of its own writes: a disk that hangs stops neither the manager nor
 * the traffic.  What waits for it is bounded (LIMIT_LOG_WAITING); the lines
 * that find no room, and those that the disk does not take, are lost and
 * counted.
 */
#pragma once

#include "agent/verdict/stats.h"
#include "policy/base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evelog {
	const char *path;    /* borrowed */
	struct stats *stats; /* borrowed: STAT_EVENTS_LOST */
	int fd;              /* the thread's */
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t asked, done;
	char *waiting, *writing; /* LIMIT_LOG_WAITING each */
	size_t n_waiting;
	bool busy, reopen, ending;
	bool stuck; /* somebody has waited for it in vain */
	uint64_t lost;
};

FW_MUST_CHECK enum fw_err evelog_open(struct evelog *l, const char *path,
				      struct stats *stats);

/* What waits is written, if the disk takes it within two seconds. */
void evelog_close(struct evelog *l);

/* After the file was moved away (logrotate): start a new one. */
void evelog_reopen(struct evelog *l);

/* Append whole lines.  They are in the file when this returns, unless the disk
 * is slow; the file never ends in half a line. */
void evelog_write(struct evelog *l, const char *lines, size_t len);

/* Lines that were lost. */
uint64_t evelog_lost(const struct evelog *l);
