/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verdict process: parses strangers' bytes, holds nothing but
 * CAP_NET_ADMIN.  One thread per queue, one more for the kernel's log and the
 * manager's orders.  Ends when the manager does.
 */
#pragma once

#include "agent/daemon/bindfile.h"
#include "agent/daemon/handshake_log.h"
#include "agent/verdict/stats.h"
#include "policy/policy.h"

struct worker_options {
	const struct policy
		*policy;          /* to begin with; compiled by the manager */
	int channel;              /* orders and answers */
	int events;               /* event lines, one a message */
	struct stats *stats;      /* shared with the manager */
	const char *user;         /* to become */
	struct bindfile bindings; /* shared with those before and after */
	struct handshake_log handshakes; /* likewise */
};

/* Runs until the manager is gone; never returns. */
_Noreturn void worker_run(const struct worker_options *options);
