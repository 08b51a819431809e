/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a rule asks of a packet beside zones, addresses and services, in a chain
 * w_NAME before the rule's own: nft rules that return what does not fit, and
 * one that goes on in r_NAME.  So the chain of a pair jumps here, and goes on
 * with its next rule when this one does not hold.
 */
#include "policy/ruleset_priv.h"

/* Addresses are left out of the side's own already. */
static bool side_asks_more(const struct ir_side *side)
{
	return side->except.n && (side->any || side->zones);
}

/* What was taken away from one end, by family. */
static void return_except(struct rs_build *b, struct rs_chain *chain,
			  const struct ir_rule *rule,
			  const struct ir_side *side, enum rs_op op)
{
	static const enum ip_family families[] = {IP_V4, IP_V6};

	if (!side_asks_more(side))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct rs_rule *nft;

		if (!ipset_family(&side->except, families[i]).n)
			continue;
		nft = rs_rule_new(b->arena, chain);
		rs_build_add(b, nft,
			     (struct rs_stmt){
				     .op = op,
				     .set = rs_build_addr_set(b, families[i],
							      &side->except,
							      rule->place)});
		rs_build_add(b, nft, (struct rs_stmt){.op = RS_RETURN});
		if (nft)
			nft->place = rule->place;
	}
}

static bool asks_more(const struct ir_rule *rule)
{
	return side_asks_more(&rule->from) || side_asks_more(&rule->to);
}

/* Where the rule goes on when it holds; a guard's flows are the engine's. */
static const char *target_of(struct rs_build *b, const struct ir_rule *rule)
{
	return rule->list == AST_LISTS ? "c_queue" : rs_build_body(b, rule);
}

static const char *extra_chain(struct rs_build *b, const struct ir_rule *rule)
{
	const char *name = rs_build_name(b, "w_", rs_rule_label(b, rule), NULL);
	struct rs_chain *chain = ruleset_chain_find(b->rs, name);
	struct rs_rule *nft;

	if (chain)
		return name;
	chain = rs_build_chain(b, name);
	return_except(b, chain, rule, &rule->from, RS_SADDR_IN);
	return_except(b, chain, rule, &rule->to, RS_DADDR_IN);
	nft = rs_rule_new(b->arena, chain);
	rs_build_add(
		b, nft,
		(struct rs_stmt){.op = RS_GOTO, .name = target_of(b, rule)});
	if (nft)
		nft->place = rule->place;
	return name;
}

/* Can a packet come back from the rule's own chain? */
static bool lets_pass(const struct ir_rule *rule)
{
	return rule->observe && rule->list != AST_LISTS &&
	       !ir_rule_asks_engine(rule);
}

struct rs_stmt rs_build_entry(struct rs_build *b, const struct ir_rule *rule)
{
	if (asks_more(rule))
		return (struct rs_stmt){.op = RS_JUMP,
					.name = extra_chain(b, rule)};
	return (struct rs_stmt){.op = lets_pass(rule) ? RS_JUMP : RS_GOTO,
				.name = target_of(b, rule)};
}
