/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events of the same kind between the same ends: the first is told at once,
 * what follows within a window is counted and told in one event at its end.
 */
#pragma once

#include "agent/verdict/event.h"

struct rollup;

/* How many kinds are followed at once; beyond, every event is told. */
#define ROLLUP_MOST 1024

/* Windows of `window_ns`.  Owned: rollup_free.  NULL without memory. */
struct rollup *rollup_new(uint64_t window_ns);
void rollup_free(struct rollup *r);
void rollup_set_window(struct rollup *r, uint64_t window_ns);

typedef void rollup_fn(void *ctx, const struct event *ev);

/* Tell the event by `fn` now, or count it. */
void rollup_event(struct rollup *r, const struct event *ev, rollup_fn *fn,
		  void *ctx);

/* Tell the counts of all windows that have ended by `now` (UINT64_MAX: all).
 * Must be called with UINT64_MAX before a policy that events point to is
 * freed. */
void rollup_tick(struct rollup *r, uint64_t now, rollup_fn *fn, void *ctx);
