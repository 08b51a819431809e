/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Limits.  Those on flows stand first in the rule's own chain; what is beyond
 * goes on in x_NAME and is refused there.  Those on packets stand before what
 * is known of a flow, in c_police: from there the interfaces lead to the chain
 * of a pair of zones, y_A/B, and what fits the rule to yr_NAME.
 *
 * The sets of sources are the kernel's to fill; their names are made of the
 * rule's, so that they outlive an apply.
 */
#include "policy/ruleset_priv.h"

#define POLICE "c_police"

static struct rs_stmt over(const struct limit *limit)
{
	return (struct rs_stmt){.op = limit->seconds ? RS_LIMIT_OVER
						     : RS_FLOWS_OVER,
				.n = limit->n,
				.m = limit->seconds,
				.m2 = limit->burst};
}

/* Each packet in `chain` that exceeds the limit; the caller adds what becomes
 * of it.  One nft rule, or one for each family's sources. */
static void exceeding(struct rs_build *b, struct rs_chain *chain,
		      const struct ir_rule *rule, const struct limit *limit,
		      const char *kind,
		      void (*then)(struct rs_build *b, struct rs_rule *nft,
				   const struct ir_rule *rule))
{
	static const struct {
		enum ip_family family;
		const char *word;
	} families[] = {{IP_V4, "4_"}, {IP_V6, "6_"}};
	unsigned n = limit->per_source ? 2 : 1;

	for (unsigned i = 0; i < n && limit->n; i++) {
		struct rs_rule *nft = rs_rule_new(b->arena, chain);
		struct rs_stmt stmt = over(limit);
		const char *prefix =
			rs_build_name(b, kind, families[i].word, NULL);

		if (limit->per_source)
			stmt.set = rs_build_sources(
				b,
				rs_build_name(b, prefix, rs_rule_label(b, rule),
					      NULL),
				families[i].family, limit, rule->place);
		if (rule->until)
			rs_build_add(
				b, nft,
				(struct rs_stmt){.op = RS_TIME_FROM,
						 .n = (uint32_t)rule->until});
		rs_build_add(b, nft, stmt);
		then(b, nft, rule);
		if (nft) {
			nft->comment = rule->name;
			nft->place = rule->place;
		}
	}
}

/* --- flows ---------------------------------------------------------------- */

/* "x_NAME": too many. */
static const char *refusing_chain(struct rs_build *b,
				  const struct ir_rule *rule)
{
	const char *label = rs_rule_label(b, rule);
	const char *name = rs_build_name(b, "x_", label, NULL);
	struct rs_rule *nft;

	if (ruleset_chain_find(b->rs, name))
		return name;
	nft = rs_rule_new(b->arena, rs_build_chain(b, name));
	rs_build_count(b, nft, rs_build_name(b, "nl_", label, NULL));
	rs_build_refuse(b, nft, "limit", rule->id, rule->list == AST_INGRESS);
	if (nft) {
		nft->comment = rule->name;
		nft->place = rule->place;
	}
	return name;
}

static void then_refuse(struct rs_build *b, struct rs_rule *nft,
			const struct ir_rule *rule)
{
	rs_build_add(b, nft,
		     (struct rs_stmt){.op = RS_GOTO,
				      .name = refusing_chain(b, rule)});
}

void rs_build_limits(struct rs_build *b, struct rs_chain *chain,
		     const struct ir_rule *rule)
{
	/* What only observes limits nothing. */
	if (rule->observe && !rule->until)
		return;
	exceeding(b, chain, rule, &rule->rate, "l_r", then_refuse);
	exceeding(b, chain, rule, &rule->connections, "l_c", then_refuse);
}

/* --- packets ---------------------------------------------------------------
 */

static void then_drop(struct rs_build *b, struct rs_rule *nft,
		      const struct ir_rule *rule)
{
	rs_build_count(b, nft,
		       rs_build_name(b, "np_", rs_rule_label(b, rule), NULL));
	/* Else counted alone. */
	if (!b->ir->observe)
		rs_build_add(b, nft, (struct rs_stmt){.op = RS_DROP});
}

static const char *policing_chain(struct rs_build *b,
				  const struct ir_rule *rule)
{
	const char *name =
		rs_build_name(b, "yr_", rs_rule_label(b, rule), NULL);

	if (!ruleset_chain_find(b->rs, name))
		exceeding(b, rs_build_chain(b, name), rule, &rule->packets,
			  "l_p", then_drop);
	return name;
}

static const struct ir_rule *next_policed(const struct rs_build *b, size_t *i)
{
	while (*i < b->ir->n_all) {
		const struct ir_rule *rule = &b->ir->all[(*i)++];

		if (rule->packets.n)
			return rule;
	}
	return NULL;
}

static struct rs_stmt police_entry(struct rs_build *b,
				   const struct ir_rule *rule)
{
	return rs_build_way(b, rule, "wp_", policing_chain(b, rule));
}

void rs_build_police(struct rs_build *b, struct rs_chain *chain)
{
	static const struct rs_dispatch police = {.prefix = "y_",
						  .map = "my_",
						  .next = next_policed,
						  .entry = police_entry};
	struct rs_chain *to;
	struct rs_rule *nft;
	size_t first = 0;

	if (!next_policed(b, &first))
		return;
	rs_build_add(b, rs_rule_new(b->arena, chain),
		     (struct rs_stmt){.op = RS_JUMP, .name = POLICE});
	to = rs_build_chain(b, POLICE);
	nft = rs_rule_new(b->arena, to);
	/* Answers are packets of no rule. */
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_CT_REPLY});
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_RETURN});
	rs_build_dispatch(b, &police, to);
}
