/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names, values, duplicates, overlaps: tree -> diagnostics. */
#pragma once

#include "policy/ast.h"
#include "policy/env.h"

/* Report all that is wrong with the tree, each with its place and, where a
 * word is unknown, the nearest known one.  After a check without errors
 * lower() cannot fail but for memory; after one whose errors all concern single
 * rules (ast->rule_errors) neither, and it leaves those rules out. */
void check_policy(struct ast *ast, const struct policy_env *env,
		  struct diag_list *diags);
