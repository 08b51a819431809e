/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the lowering. */
#pragma once

#include "policy/lower.h"
#include "policy/lower_sets.h"

struct lowering {
	const struct ast *ast;
	const struct policy_env *env;
	struct arena *arena;
	struct lower_sets sets;
	struct ir_zone *zones;
	unsigned n_zones;
	VEC(struct ir_forward *) forwards; /* of the rules so far */
	struct ir_cgroup *cgroups;
	unsigned n_cgroups;
	bool failed; /* no memory: tested once, at the end */
};

/* Each notes in l->failed when there is no memory. */
const char *lower_text(struct lowering *l, struct word w);
struct ir_side lower_side(struct lowering *l, const word_list *words);
void lower_services(struct lowering *l, const word_list *words,
		    const struct service **out, size_t *out_n);

/* lower_source.c: all cgroups of the policy, before its rules; and what a rule
 * asks of the client beside its address. */
void lower_cgroups(struct lowering *l);
void lower_source(struct lowering *l, const struct ast_rule *in,
		  struct ir_rule *out);

/* lower_nat.c: the rule becomes that of the flows as they are led on, and says
 * where they came to. */
void lower_forward(struct lowering *l, const struct ast_rule *in,
		   struct ir_rule *out);
/* The translations; and ids for them and for all forwards. */
void lower_nats(struct lowering *l, struct ir *ir);

/* lower_binding.c: behind the guards. */
void lower_binding(struct lowering *l, struct ir *ir);

/* lower_guard.c: what stands beside the lists. */
void lower_protocols(struct lowering *l, struct ir *ir);
void lower_management(struct lowering *l, struct ir *ir);
