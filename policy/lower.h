/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tree -> flat rules: names looked up, defaults filled in, sets merged. */
#pragma once

#include "policy/env.h"
#include "policy/ir.h"

/* The tree must have passed check_policy() without an error.  The result:
 * `arena`; it borrows words from the tree.  FW_ERR_NOMEM is the only failure.
 */
FW_MUST_CHECK enum fw_err lower_policy(const struct ast *ast,
				       const struct policy_env *env,
				       struct arena *arena, struct ir *out_ir);

#define LOWER_QUEUE_DEFAULT  5720
#define LOWER_QUEUES_DEFAULT 1
#define LOWER_MARKS_DEFAULT  0xff000000
