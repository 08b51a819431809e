/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A way for packets of all hooks to the rules of their pair of zones, beside
 * that of ruleset_zone.c: a chain that looks up the interfaces, leads to
 * PREFIX_A/B, and returns what fits none of the rules there.
 */
#include "policy/arm.h"
#include "policy/ruleset_priv.h"

#define NOTHING "c_nothing"

/* Rules of the pair into `chain`, or only (chain NULL): is there one? */
static bool fill_pair(struct rs_build *b, const struct rs_dispatch *d,
		      struct rs_chain *chain, unsigned from, unsigned to)
{
	const struct ir_rule *rule;
	bool some = false;
	struct arm arm;
	size_t i = 0;

	while ((rule = d->next(b, &i))) {
		if ((rule->list != AST_LISTS &&
		     rule->list != ir_list_of(b->ir, (int)from, (int)to)) ||
		    !arm_of(rule, from, to, NULL, &arm))
			continue;
		some = true;
		if (chain)
			rs_build_arm(b, chain, &arm, d->entry(b, rule));
	}
	return some;
}

static const char *pair_chain(struct rs_build *b, const struct rs_dispatch *d,
			      unsigned from, unsigned to)
{
	const struct ir *ir = b->ir;
	const char *name;

	if (ir_list_of(ir, (int)from, (int)to) == AST_LISTS ||
	    !fill_pair(b, d, NULL, from, to))
		return NOTHING;
	name = rs_build_name(b, d->prefix, ir->zones[from].name,
			     ir->zones[to].name);
	(void)fill_pair(b, d, rs_build_chain(b, name), from, to);
	return name;
}

/* By the way out; what has none is for the gateway. */
static void fill_from(struct rs_build *b, const struct rs_dispatch *d,
		      struct rs_chain *chain, unsigned from)
{
	struct rs_set *map = rs_build_map(
		b, rs_build_name(b, d->map, b->ir->zones[from].name, NULL));

	for (unsigned to = 1; to < b->ir->n_zones; to++)
		rs_if_map_add(b, map, to, pair_chain(b, d, from, to));
	rs_if_map_ask(b, chain, RS_OIFNAME_MAP, map);
	if (from != IR_ZONE_SELF)
		rs_build_add(
			b, rs_rule_new(b->arena, chain),
			(struct rs_stmt){
				.op = RS_GOTO,
				.name = pair_chain(b, d, from, IR_ZONE_SELF)});
}

void rs_build_dispatch(struct rs_build *b, const struct rs_dispatch *d,
		       struct rs_chain *chain)
{
	struct rs_set *map = rs_build_map(b, d->map);

	if (!ruleset_chain_find(b->rs, NOTHING))
		(void)rs_build_chain(b, NOTHING);
	for (unsigned from = 1; from < b->ir->n_zones; from++) {
		const char *name = rs_build_name(b, d->prefix,
						 b->ir->zones[from].name, NULL);

		fill_from(b, d, rs_build_chain(b, name), from);
		rs_if_map_add(b, map, from, name);
	}
	rs_if_map_ask(b, chain, RS_IIFNAME_MAP, map);
	fill_from(b, d, chain, IR_ZONE_SELF);
}
