/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists that a tree's words lead to: read, and put beside the tree. */
#pragma once

#include "policy/ast.h"
#include "policy/base/err.h"
#include "policy/bundle.h"

/* Fill ast->entries, and write the words as the canonical policy has them.
 * The files come from `given`, or with NULL from disk.  *out_files: all of
 * them; arena of `diags`, the bytes borrowed from `given` or else owned
 * (load_free_bytes).  FW_ERR_POLICY: what is wrong was said. */
FW_MUST_CHECK enum fw_err load_files(struct ast *ast,
				     const struct policy_files *given,
				     struct diag_list *diags,
				     struct policy_files *out_files);

/* Free the bytes of files that were read from disk. */
void load_free_bytes(const struct policy_files *files);
