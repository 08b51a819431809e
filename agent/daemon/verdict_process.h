/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manager's hold on one verdict process. */
#pragma once

#include "agent/daemon/worker.h"
#include "agent/engine.h"
#include "agent/kernel/sysenv.h"
#include "agent/verdict/stats.h"
#include "policy/policy.h"

#include <sys/types.h>

struct verdict_process {
	pid_t pid;   /* 0: none */
	int channel; /* orders and answers */
	int events;  /* event lines */
	uint64_t started_ns;
	char error[256]; /* why the last call failed */
};

/* Fork one with these, but for its channels, and wait until it is bound.  On
 * failure `error` says why, and there is none. */
FW_MUST_CHECK enum fw_err
verdict_process_start(struct verdict_process *v,
		      const struct worker_options *with);

/* Hand over a policy with its files, but for lists that it knows from the
 * policy it uses; it does not use the new one yet. */
FW_MUST_CHECK enum fw_err verdict_process_prepare(struct verdict_process *v,
						  const struct policy *policy,
						  const struct policy *used,
						  const struct sysenv *env);

/* Use what was prepared. */
FW_MUST_CHECK enum fw_err verdict_process_commit(struct verdict_process *v);

/* What it says of flows that were allowed under earlier policies: into
 * `answers`, a byte each, enum engine_again. */
FW_MUST_CHECK enum fw_err verdict_process_judge(struct verdict_process *v,
						const struct engine_flow *flows,
						size_t n, uint8_t *answers);

/* End it and let go of its files. */
void verdict_process_stop(struct verdict_process *v);
