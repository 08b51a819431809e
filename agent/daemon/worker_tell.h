/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events of one thread of the verdict process, on their way to the manager.
 *
 * No packet waits for a line of JSON: events are kept until the verdicts are
 * with the kernel, then written and sent, many lines in one message.
 */
#pragma once

#include "agent/verdict/event.h"
#include "agent/verdict/stats.h"

struct worker_tell;

/* `fd`: of a socket that keeps messages apart.  NULL without memory; owned:
 * worker_tell_free(), which tells nothing. */
struct worker_tell *worker_tell_new(int fd, struct stats *stats);
void worker_tell_free(struct worker_tell *t);

/* Keep an event that the policy's log wants; `ctx` is the worker_tell.  The
 * policy must be there until worker_tell_all(). */
void worker_tell(void *ctx, const struct event *ev);

/* Send what is kept; what the manager does not take is lost and counted. */
void worker_tell_all(struct worker_tell *t);
