/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters; plain memory that the daemon shares between its processes, so they
 * outlive a verdict process.  Added to from many threads and
 * read from anywhere, by the atomic builtins.
 */
#pragma once

#include "agent/verdict/reason.h"
#include "policy/base/ipaddr.h"

#include <stdint.h>

enum stats_counter {
#define X(id, name, help) STAT_##id,
#include "agent/verdict/stats.def"
#undef X
	STAT_COUNT
};

#define STATS_QUEUES 16

/* How full an engine is, and the client that has most of what is undecided:
 * for people, who look now and then. */
struct stats_fill {
	uint32_t flows, undecided, held;
	uint32_t top_flows, top_held; /* undecided flows; packets that wait */
	struct ipaddr top;            /* family IP_NONE: nobody */
};

struct stats {
	uint64_t counters[STAT_COUNT];
	uint64_t by_reason[REASON_COUNT];
	/* When each queue's engine last went round its loop, by a clock that
	 * nobody sets; 0: there is no such queue. */
	uint64_t alive_ns[STATS_QUEUES];
	struct stats_fill fill[STATS_QUEUES];
};

static inline void stats_alive(struct stats *s, unsigned queue, uint64_t now)
{
	__atomic_store_n(&s->alive_ns[queue], now, __ATOMIC_RELAXED);
}

/* The one that has been silent for longest; 0: there is none. */
uint64_t stats_alive_oldest(const struct stats *s);

/* Of engines that are no more. */
void stats_alive_forget(struct stats *s);

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
