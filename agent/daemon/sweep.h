/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * After a change of policy: connections that the old one allowed and the new
 * one refuses are cut; the others never notice.
 */
#pragma once

#include "agent/daemon/evelog.h"
#include "agent/daemon/verdict_process.h"

struct sweep {
	const struct policy *old; /* NULL: none, or not known */
	const struct policy *now;
	struct verdict_process *verdict; /* knows what flows asked for */
	struct evelog *log;
	struct stats *stats;
	size_t seen, cut; /* results */
};

/* Trouble is logged. */
void sweep_run(struct sweep *in);
