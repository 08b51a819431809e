/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One queue's thread: packets to its engine, verdicts back. */
#pragma once

#include "agent/engine.h"
#include "agent/kernel/inject.h"
#include "agent/verdict/event.h"
#include "agent/verdict/stats.h"
#include "policy/policy.h"

struct worker_queue;

/* What all queues and the kernel's log share; outlives them. */
struct worker_shared {
	struct stats *stats;
	int events;                /* event lines go here */
	int ifnames;               /* for ifname_get() */
	struct bindings *bindings; /* or NULL */
	struct inject inject;
};

/* Bind the policy's queue of this index (FW_ERR_EXIST: another program holds
 * it); no thread yet. */
FW_MUST_CHECK enum fw_err worker_queue_open(struct worker_shared *shared,
					    const struct policy *policy,
					    unsigned index,
					    struct worker_queue **out_queue);

/* Start its thread. */
FW_MUST_CHECK enum fw_err worker_queue_start(struct worker_queue *q);

/* Judge by this policy from now on; returns when the thread has taken it, so
 * that the old one may be freed. */
void worker_queue_set_policy(struct worker_queue *q,
			     const struct policy *policy);

/* Ask its engine about the flows that nobody has spoken of yet
 * (ENGINE_AGAIN_UNKNOWN); returns when it has answered. */
void worker_queue_judge(struct worker_queue *q, const struct engine_flow *flows,
			uint8_t *answers, size_t n);

/* Within which alike refusals are told in one event. */
uint64_t worker_rollup_window(const struct policy *policy);

/* The zone that an interface belongs to; -1 for none. */
int worker_zone(const struct worker_shared *shared, const struct ir *ir,
		uint32_t ifindex);

/* Nanoseconds since the epoch. */
uint64_t worker_now(void);
