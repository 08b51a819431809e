/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libconfig settings -> tree, by the table in keywords.def. */
#pragma once

#include "policy/ast.h"
#include "policy/base/err.h"

/* A policy file is at most this long, and so is each file it includes. */
#define READ_FILE_MAX (16UL * 1024 * 1024)

/* Read a policy file (with its @include files) and, where `directory` is not
 * NULL and exists, every *.conf in it in the order of their names; groups and
 * lists of the files are joined, in that order.  Everything wrong is said in
 * `diags` with file:line; FW_ERR_POLICY when there was an error.  The tree:
 * arena of `diags`. */
FW_MUST_CHECK enum fw_err read_policy_file(const char *path,
					   const char *directory,
					   struct ast *out_ast,
					   struct diag_list *diags);

/* The same from memory (NUL-terminated or not); `name` stands for the file in
 * messages; @include is refused. */
FW_MUST_CHECK enum fw_err read_policy_text(struct str text, const char *name,
					   struct ast *out_ast,
					   struct diag_list *diags);
