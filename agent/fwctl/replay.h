/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures through the engine, on their own clock. */
#pragma once

#include "policy/policy.h"

#include <stdio.h>

struct replay_options {
	const struct policy *policy;
	bool table;  /* a line a decision for people, else EVE JSON */
	bool verify; /* check checksums: captures of a sender's own card have
		      * none yet */
};

/* Replay one capture ("-": standard input) and write what was decided.
 * FW_ERR_IO or FW_ERR_INVAL when it cannot be read, or not to its end: the
 * reason is written to `err`. */
FW_MUST_CHECK enum fw_err replay_capture(const struct replay_options *options,
					 const char *path, FILE *out,
					 FILE *err);
