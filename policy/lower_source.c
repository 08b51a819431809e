/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rule asks of the client beside its address. */
#include "policy/lower_priv.h"

#include "policy/uid.h"

#include <stdlib.h>

static void lower_macs(struct lowering *l, const word_list *words,
		       struct ir_rule *out)
{
	struct mac *macs = arena_calloc(l->arena, words->n + 1, sizeof(*macs));

	if (!macs) {
		l->failed = true;
		return;
	}
	vec_foreach (w, words)
		if (mac_parse(w->text, &macs[out->n_macs]))
			out->n_macs++;
	out->macs = macs;
}

static void lower_users(struct lowering *l, const word_list *words,
			struct ir_rule *out)
{
	const struct policy_env *env = l->env;
	uint32_t *uids = arena_calloc(l->arena, words->n + 1, sizeof(*uids));

	if (!uids) {
		l->failed = true;
		return;
	}
	vec_foreach (w, words)
		if (uid_parse(w->text, &uids[out->n_uids]) ||
		    env->user(env->ctx, w->text.p, &uids[out->n_uids]))
			out->n_uids++;
	out->uids = uids;
}

static uint32_t cgroup_bit(const struct lowering *l, const struct word *w)
{
	for (unsigned i = 0; i < l->n_cgroups; i++)
		if (str_is(w->text, l->cgroups[i].path))
			return 1U << i;
	return 0;
}

/* The innermost first, so that the first that fits says the most. */
static int by_level(const void *pa, const void *pb)
{
	const struct ir_cgroup *a = pa, *b = pb;

	if (a->level != b->level)
		return a->level > b->level ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Once, in no order yet. */
static void add_cgroup(struct lowering *l, const struct word *w)
{
	const struct policy_env *env = l->env;
	struct ir_cgroup *g = &l->cgroups[l->n_cgroups];

	if (cgroup_bit(l, w) || l->n_cgroups == IR_CGROUPS_MAX ||
	    !env->cgroup(env->ctx, w->text.p, &g->id, &g->level))
		return;
	g->path = lower_text(l, *w);
	l->n_cgroups++;
}

/* Each that a rule names.  There are no more than IR_CGROUPS_MAX: that was
 * checked. */
void lower_cgroups(struct lowering *l)
{
	l->cgroups =
		arena_calloc(l->arena, IR_CGROUPS_MAX + 1, sizeof(*l->cgroups));
	if (!l->cgroups) {
		l->failed = true;
		return;
	}
	for (enum ast_list i = 0; i < AST_LISTS; i++)
		vec_foreach (r, &l->ast->rules[i])
			for (size_t j = 0; j < r->cgroup.n && !r->bad; j++)
				add_cgroup(l, &r->cgroup.items[j]);
	if (l->n_cgroups)
		qsort(l->cgroups, l->n_cgroups, sizeof(*l->cgroups), by_level);
}

void lower_source(struct lowering *l, const struct ast_rule *in,
		  struct ir_rule *out)
{
	lower_macs(l, &in->mac, out);
	lower_users(l, &in->user, out);
	vec_foreach (w, &in->cgroup)
		out->cgroups |= cgroup_bit(l, w);
}
