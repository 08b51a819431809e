/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the manager. */
#pragma once

#include "agent/control/server.h"
#include "agent/daemon/evelog.h"
#include "agent/daemon/manager.h"
#include "agent/daemon/verdict_process.h"
#include "policy/backend.h"

struct manager {
	struct manager_options opt;
	int lock, signals;
	struct server *server;
	struct evelog log;
	struct stats *stats;
	struct policy *policy; /* in force, or NULL */
	struct verdict_process verdict;
	enum queue_target queue;
	uint64_t since_ns; /* in force since */
	uint64_t retry_ns; /* start the verdict process then; 0: it runs */
	unsigned restarts;
	char *event_room;
	bool stopping;
};

/* manager_apply.c: the request `apply`; the answer is owned. */
json_t *manager_apply(struct manager *m, const json_t *request,
		      const struct policy_files *files,
		      const struct server_peer *peer);

/* Put the stored policy into force; trouble is logged. */
void manager_load_stored(struct manager *m);

/* manager_status.c: the request `status`; the answer is owned. */
json_t *manager_status(const struct manager *m);
