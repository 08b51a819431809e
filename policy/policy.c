/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/policy.h"

#include "policy/base/digest.h"
#include "policy/check.h"
#include "policy/findings.h"
#include "policy/findings_guard.h"
#include "policy/findings_limit.h"
#include "policy/load.h"
#include "policy/lower.h"
#include "policy/management.h"
#include "policy/read.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static enum fw_err read_input(const struct policy_input *in, struct policy *p)
{
	if (in->path)
		return read_policy_file(in->path, in->directory, &p->ast,
					&p->diags);
	return read_policy_text(in->text, in->text_name, &p->ast, &p->diags);
}

/* The lists that it names, from disk unless they came with it. */
static enum fw_err load_lists(const struct policy_input *in, struct policy *p)
{
	const struct load_from from = {
		.files = in->files,
		.known = in->before ? &in->before->lists : NULL,
		.unread = in->part == POLICY_BUNDLE,
	};
	struct loaded loaded;
	enum fw_err err = load_files(&p->ast, &from, &p->diags, &loaded);

	p->files = loaded.files;
	p->files_owned = !in->files;
	p->lists = loaded.lists;
	return err;
}

static enum fw_err check_tree(struct policy *p, const struct policy_env *env)
{
	check_policy(&p->ast, env, &p->diags);
	return p->diags.errors ? FW_ERR_POLICY : FW_OK;
}

/* What one stage had no memory for, the next must not miss. */
static enum fw_err after_stage(const struct policy *p, enum fw_err err)
{
	return p->arena.failed ? FW_ERR_NOMEM : err;
}

static enum fw_err find_all(const struct ir *ir, struct diag_list *diags)
{
	static enum fw_err (*const finders[])(const struct ir *,
					      struct diag_list *) = {
		find_limit_faults, find_guard_faults, find_faults};
	enum fw_err all = FW_OK;

	for (size_t i = 0; i < sizeof(finders) / sizeof(*finders); i++) {
		enum fw_err err = finders[i](ir, diags);

		if (err && err != FW_ERR_POLICY)
			return err;
		all = err ? err : all;
	}
	return all;
}

/* When nothing but single rules is wrong, the others are looked at as well: all
 * that there is to say is said in one run. */
static enum fw_err lower_and_look(const struct policy_input *in,
				  struct policy *p,
				  const struct policy_env *env,
				  enum fw_err before)
{
	enum fw_err err = before;

	if (!err || (err == FW_ERR_POLICY && !p->ast.partial &&
		     p->diags.errors == p->ast.rule_errors))
		err = lower_policy(&p->ast, env, &p->arena, &p->ir);
	err = after_stage(p, err);
	if (!err && in->part != POLICY_RULES)
		err = find_all(&p->ir, &p->diags);
	if (!err && !before && in->part != POLICY_RULES)
		management_warn(&p->ir, env->now, &p->diags);
	return err ? err : before;
}

/* The text that history keeps and the daemon gets, and its name. */
static enum fw_err print_canonical(struct policy *p)
{
	ast_print(&p->ast, &p->canonical);
	if (p->canonical.failed)
		return FW_ERR_NOMEM;
	return FW_OK;
}

/* Another text or another content of a file: another name. */
static enum fw_err name_policy(struct policy *p)
{
	struct digest d;
	uint64_t name;

	digest_begin(&d);
	digest_add(&d, p->canonical.p, p->canonical.len);
	for (size_t i = 0; i < p->files.n; i++)
		digest_add(&d, &p->files.items[i].hash,
			   sizeof(p->files.items[i].hash));
	if (!digest_end(&d, &name))
		return FW_ERR_NOMEM;
	(void)snprintf(p->digest, sizeof(p->digest), "%016" PRIx64, name);
	return FW_OK;
}

/* From the text to rules that are looked through. */
static enum fw_err front(const struct policy_input *in,
			 const struct policy_env *env, struct policy *p)
{
	enum fw_err err = after_stage(p, read_input(in, p));

	/* Of a tree that was read in part, what is there is checked too. */
	if (!err || err == FW_ERR_POLICY)
		err = after_stage(p, load_lists(in, p));
	if (!err || err == FW_ERR_POLICY)
		err = after_stage(p, check_tree(p, env));
	return after_stage(p, lower_and_look(in, p, env, err));
}

/* From the rules to the ruleset. */
static enum fw_err back(const struct policy_input *in, struct policy *p)
{
	enum fw_err err = after_stage(p, print_canonical(p));

	if (!err)
		err = name_policy(p);
	if (err || in->part == POLICY_RULES)
		return err;
	err = ruleset_build(&p->ir, p->digest,
			    in->map_from ? in->map_from : RS_MAP_FROM,
			    &p->diags, &p->ruleset);
	return after_stage(p, err);
}

static enum fw_err bundle(const struct policy_input *in, struct policy *p)
{
	enum fw_err err = after_stage(p, read_input(in, p));

	if (!err)
		err = after_stage(p, load_lists(in, p));
	return err ? err : print_canonical(p);
}

enum fw_err policy_compile(const struct policy_input *in,
			   struct policy **out_policy)
{
	static const struct policy_env unknown = {0};
	const struct policy_env *env = in->env ? in->env : &unknown;
	struct policy *p = calloc(1, sizeof(*p));
	enum fw_err err;

	*out_policy = p;
	if (!p)
		return FW_ERR_NOMEM;
	arena_init(&p->arena, 0, 0);
	diag_init(&p->diags, &p->arena);
	strbuf_init(&p->canonical, 0);
	if (in->part == POLICY_BUNDLE)
		return bundle(in, p);
	err = front(in, env, p);
	return err ? err : back(in, p);
}

void policy_forget_files(struct policy *policy)
{
	if (policy->files_owned)
		load_free_bytes(&policy->files);
	policy->files.n = 0;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	policy_forget_files(policy);
	for (size_t i = 0; i < policy->lists.n; i++)
		list_drop(policy->lists.items[i]);
	strbuf_done(&policy->canonical);
	arena_done(&policy->arena);
	free(policy);
}
