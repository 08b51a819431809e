/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guards of the list `protocol`: what a rule allows goes through c_guards,
 * which sends to the queue what a guard has to look at, and returns the rest.
 * As with rules, the interfaces lead to the chain of a pair of zones, g_A/B.
 */
#include "policy/arm.h"
#include "policy/ruleset_priv.h"

#define GUARDS    "c_guards"
#define UNGUARDED "c_unguarded"

/* Is there a guard for this pair? */
static bool pair_has_guards(struct rs_build *b, unsigned from, unsigned to)
{
	struct arm arm;

	if (ir_list_of(b->ir, (int)from, (int)to) == AST_LISTS)
		return false;
	for (size_t i = 0; i < b->ir->n_protocols; i++)
		if (arm_of(&b->ir->protocols[i].match, from, to, NULL, &arm))
			return true;
	return false;
}

/* "g_lan/wan", or the chain that does nothing. */
static const char *pair_chain(struct rs_build *b, unsigned from, unsigned to)
{
	const struct ir *ir = b->ir;
	const char *name;
	struct rs_chain *chain;

	if (!pair_has_guards(b, from, to))
		return UNGUARDED;
	name = rs_build_name(b, "g_", ir->zones[from].name, ir->zones[to].name);
	chain = rs_build_chain(b, name);
	for (size_t i = 0; i < ir->n_protocols; i++) {
		struct arm arm;

		if (arm_of(&ir->protocols[i].match, from, to, NULL, &arm))
			rs_build_arm(b, chain, &arm);
	}
	return name;
}

/* By the way out; what has none is for the gateway. */
static void fill_from(struct rs_build *b, struct rs_chain *chain, unsigned from)
{
	struct rs_set *map = rs_build_map(
		b, rs_build_name(b, "mg_", b->ir->zones[from].name, NULL));

	for (unsigned to = 1; to < b->ir->n_zones; to++)
		rs_if_map_add(b, map, to, pair_chain(b, from, to));
	rs_if_map_ask(b, chain, RS_OIFNAME_MAP, map);
	if (from != IR_ZONE_SELF)
		rs_build_add(b, rs_rule_new(b->arena, chain),
			     (struct rs_stmt){.op = RS_GOTO,
					      .name = pair_chain(
						      b, from, IR_ZONE_SELF)});
}

const char *rs_build_guards(struct rs_build *b)
{
	struct rs_chain *chain;
	struct rs_set *map;

	if (!b->ir->n_protocols)
		return NULL;
	if (ruleset_chain_find(b->rs, GUARDS))
		return GUARDS;
	(void)rs_build_chain(b, UNGUARDED);
	chain = rs_build_chain(b, GUARDS);
	map = rs_build_map(b, "m_guards");
	for (unsigned from = 1; from < b->ir->n_zones; from++) {
		const char *name =
			rs_build_name(b, "g_", b->ir->zones[from].name, NULL);

		fill_from(b, rs_build_chain(b, name), from);
		rs_if_map_add(b, map, from, name);
	}
	rs_if_map_ask(b, chain, RS_IIFNAME_MAP, map);
	fill_from(b, chain, IR_ZONE_SELF);
	return GUARDS;
}
