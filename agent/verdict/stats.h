/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters; plain memory that the daemon shares between its processes, so they
 * outlive a verdict process.  Added to from many threads and
 * read from anywhere, by the atomic builtins.
 */
#pragma once

#include "agent/verdict/reason.h"

#include <stdint.h>

enum stats_counter {
#define X(id, name, help) STAT_##id,
#include "agent/verdict/stats.def"
#undef X
	STAT_COUNT
};

struct stats {
	uint64_t counters[STAT_COUNT];
	uint64_t by_reason[REASON_COUNT];
	uint64_t alive_ns; /* when the engine last went round its loop, by a
				clock that nobody sets */
};

static inline void stats_add(struct stats *s, enum stats_counter which,
			     uint64_t n)
{
	__atomic_fetch_add(&s->counters[which], n, __ATOMIC_RELAXED);
}

static inline void stats_reason(struct stats *s, enum reason reason)
{
	if (reason < REASON_COUNT)
		__atomic_fetch_add(&s->by_reason[reason], 1, __ATOMIC_RELAXED);
}

const char *stat_name(enum stats_counter which);
const char *stat_help(enum stats_counter which);
