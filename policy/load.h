/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists that a tree's words lead to: read, and put beside the tree. */
#pragma once

#include "policy/ast.h"
#include "policy/base/err.h"
#include "policy/bundle.h"

/* Where lists come from. */
struct load_from {
	const struct policy_files *files; /* NULL: from disk */
	const struct lists *known;        /* are not read again; or NULL */
	bool unread;                      /* the files alone: no list is read */
};

/* What was loaded, in the arena of the diagnostics.  Bytes of files are
 * borrowed from where they came from, or from disk owned (load_free_bytes);
 * lists are owned (list_drop each). */
struct loaded {
	struct policy_files files;
	struct lists lists;
};

/* Fill ast->entries, and write the words as the canonical policy has them.
 * *out is set in any case.  FW_ERR_POLICY: what is wrong was said. */
FW_MUST_CHECK enum fw_err load_files(struct ast *ast,
				     const struct load_from *from,
				     struct diag_list *diags,
				     struct loaded *out);

/* Free the bytes of files that were read from disk. */
void load_free_bytes(const struct policy_files *files);
