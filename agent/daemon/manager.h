/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The manager: owns the table, the control socket, the stored policy and the
 * event log; starts the verdict process again when it dies.
 */
#pragma once

#include "policy/base/err.h"

#include <stdbool.h>

/* As the frame names it, in family inet. */
#define MANAGER_TABLE "fwagent"

struct manager_options {
	const char *state_dir, *run_dir, *log_dir;
	const char *user; /* of the verdict process */
	bool leave_open;  /* do not own the table: heal it */
};

struct manager;

/* Everything is opened and the last policy is in force; trouble is logged.
 * Owned: manager_free. */
FW_MUST_CHECK enum fw_err manager_new(const struct manager_options *options,
				      struct manager **out_manager);

/* At the start of the system: load the ruleset of the last confirmed policy
 * (and panic, if it was on) and be done; no verdict process, no name is looked
 * up. Returns an exit status; trouble is logged. */
int manager_boot(const struct manager_options *options);

/* Until SIGTERM or SIGINT. */
void manager_run(struct manager *m);

/* The ruleset stays: stopping the daemon opens nothing. */
void manager_free(struct manager *m);
