/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The compiler's front door: a policy file in, rules and ruleset out. */
#pragma once

#include "policy/ast.h"
#include "policy/base/strbuf.h"
#include "policy/bundle.h"
#include "policy/env.h"
#include "policy/ir.h"
#include "policy/ruleset.h"

#define POLICY_DIGEST_LEN 16

/* A compiled policy; immutable, and all its memory is its own. */
struct policy {
	struct arena arena;
	struct diag_list diags; /* what was said, also of a good policy */
	struct ast ast;
	struct strbuf canonical; /* the policy as one text, without includes */
	struct policy_files files;          /* what it names beside that */
	struct lists lists;                 /* and what is in them */
	bool files_owned;                   /* their bytes are its own */
	char digest[POLICY_DIGEST_LEN + 1]; /* hex; names text and files */
	struct ir ir;
	struct ruleset ruleset;
};

enum policy_part {
	POLICY_WHOLE,
	POLICY_RULES,  /* for the engine: found good before, no ruleset */
	POLICY_BUNDLE, /* only text and files, to be compiled elsewhere */
};

/* Where a policy comes from: a file (and the *.conf files of a directory, if
 * that is not NULL), or a text.  `files`: what it names is looked up only
 * there, and the policy borrows their bytes until policy_forget_files() or
 * policy_free(); NULL: it is looked up on disk. */
struct policy_input {
	const char *path, *directory;
	struct str text;
	const char *text_name;
	const struct policy_files *files;
	const struct policy *before; /* its lists are not read again; or NULL */
	unsigned map_from;           /* RS_MAP_FROM where 0 */
	const struct policy_env *env; /* NULL: UTC, no user, no cgroup */
	enum policy_part part;
};

/* Compile.  *out_policy (owned: policy_free) is set also for FW_ERR_POLICY, to
 * carry the diagnostics; NULL only without memory. */
FW_MUST_CHECK enum fw_err policy_compile(const struct policy_input *in,
					 struct policy **out_policy);
void policy_free(struct policy *policy);

/* Let go of the files, when nobody will ask for them any more. */
void policy_forget_files(struct policy *policy);
