/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the gateway does beside all rules (hygiene.def), where the frame itself
 * does not say it. */
#include "policy/ruleset_priv.h"

static const enum ip_family families[] = {IP_V4, IP_V6};

static void count(struct rs_build *b, struct rs_rule *rule, enum hygiene h)
{
	rs_build_count(b, rule, hygiene_counter(h));
	if (rule)
		rule->comment = hygiene_name(h);
}

static void refuse_bogons(struct rs_build *b, struct rs_chain *chain,
			  unsigned zone, enum hygiene h, bool source)
{
	struct ipset all = {0};

	if (ir_bogons(b->ir, zone, h, source, b->arena, &all) != FW_OK)
		b->failed = true;
	for (size_t i = 0; i < 2; i++) {
		struct rs_rule *rule;

		if (!ipset_family(&all, families[i]).n)
			continue;
		rule = rs_rule_new(b->arena, chain);
		rs_build_add(
			b, rule,
			(struct rs_stmt){
				.op = source ? RS_SADDR_IN : RS_DADDR_IN,
				.set = rs_build_addr_set(b, families[i], &all,
							 (struct place){0})});
		count(b, rule, h);
		rs_build_refuse(b, rule, "bogon", zone, true);
	}
}

void rs_build_bogons(struct rs_build *b, struct rs_chain *chain, unsigned zone)
{
	static const enum hygiene by_address[] = {
		HYGIENE_BOGONS, HYGIENE_PRIVATE, HYGIENE_DOCUMENTATION};

	for (size_t i = 0; i < sizeof(by_address) / sizeof(*by_address); i++) {
		refuse_bogons(b, chain, zone, by_address[i], true);
		refuse_bogons(b, chain, zone, by_address[i], false);
	}
}

/* From outside only: those inside can always reach the gateway. */
void rs_build_syn_flood(struct rs_build *b, struct rs_chain *chain,
			unsigned zone)
{
	const struct limit *limit = &b->ir->syn_rate;
	struct rs_rule *rule;

	if (!ir_cleans(b->ir, HYGIENE_SYN_FLOOD) || b->ir->observe ||
	    !b->ir->zones[zone].external)
		return;
	rule = rs_rule_new(b->arena, chain);
	rs_build_add(b, rule, (struct rs_stmt){.op = RS_TCP_SYN});
	rs_build_add(b, rule,
		     (struct rs_stmt){.op = RS_LIMIT_OVER,
				      .n = limit->n,
				      .m = limit->seconds,
				      .m2 = limit->burst});
	count(b, rule, HYGIENE_SYN_FLOOD);
	rs_build_add(b, rule, (struct rs_stmt){.op = RS_DROP});
}

void rs_build_invalid(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_rule *rule;

	/* The engine, too, would refuse what it has not seen begin. */
	if (!ir_cleans(b->ir, HYGIENE_INVALID) && !b->ir->observe)
		return;
	rule = rs_rule_new(b->arena, chain);
	rs_build_add(b, rule,
		     (struct rs_stmt){.op = RS_CT_STATE, .n = RS_CT_INVALID});
	count(b, rule, HYGIENE_INVALID);
	if (b->ir->observe)
		rs_build_add(b, rule,
			     (struct rs_stmt){.op = RS_GOTO, .name = "c_pass"});
	else
		rs_build_add(b, rule, (struct rs_stmt){.op = RS_DROP});
}
