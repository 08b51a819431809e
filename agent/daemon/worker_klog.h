/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel decided alone and logged -> events. */
#pragma once

#include "agent/daemon/worker_queue.h"
#include "agent/daemon/worker_tell.h"
#include "agent/kernel/klog.h"
#include "agent/verdict/rollup.h"

/* The context of worker_klog_packet(). */
struct worker_klog {
	struct worker_shared *shared;
	const struct policy *policy;
	struct worker_tell *tell;
	struct rollup *rollup; /* refusals */
};

/* A klog_fn: the log prefix says which rule spoke (RS_LOG_PREFIX). */
void worker_klog_packet(void *ctx, const struct klog_packet *in);
