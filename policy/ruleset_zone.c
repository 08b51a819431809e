/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zones -> chains.  For each pair of zones there is one chain, p_A/B, with the
 * rules of the one list that judges this pair, in order; verdict maps by
 * interface lead there.  No zone's name holds a '/', so generated names never
 * meet.
 */
#include "policy/ruleset_priv.h"

/* A rule that does one thing and ends. */
static void add_simple(struct rs_build *b, struct rs_chain *chain,
		       enum rs_op op, const char *target)
{
	rs_build_add(b, rs_rule_new(b->arena, chain),
		     (struct rs_stmt){.op = op, .name = target});
}

/* "p_lan/wan", made at first use. */
static const char *pair_chain(struct rs_build *b, unsigned from, unsigned to)
{
	const struct ir *ir = b->ir;
	const char *name = rs_build_name(b, "p_", ir->zones[from].name,
					 ir->zones[to].name);
	enum ast_list list = ir_list_of(ir, (int)from, (int)to);
	struct arm_list arms = {0};
	struct rs_chain *chain;
	struct rs_rule *last;

	if (ruleset_chain_find(b->rs, name))
		return name;
	chain = rs_build_chain(b, name);
	if (arms_between(ir, from, to,
			 ir->optimize && ir_cleans(ir, HYGIENE_SPOOFED),
			 b->arena, &arms) != FW_OK)
		b->failed = true;
	rs_build_arms(b, chain, &arms);
	last = rs_rule_new(b->arena, chain);
	rs_build_count(b, last, rs_build_name(b, "n_", name, NULL));
	rs_build_refuse(b, last, list == AST_LISTS ? "no-list" : "default",
			(unsigned)list, ir->zones[from].external);
	if (last)
		last->comment = "no rule";
	return name;
}

static void refuse_spoofed(struct rs_build *b, struct rs_chain *chain,
			   struct rs_stmt match, unsigned zone)
{
	struct rs_rule *rule = rs_rule_new(b->arena, chain);

	rs_build_add(b, rule, match);
	rs_build_count(b, rule,
		       rs_build_name(b, "n_z_", b->ir->zones[zone].name, NULL));
	rs_build_refuse(b, rule, "spoofed", zone, true);
	if (rule)
		rule->comment = "spoofed source";
}

/* An address must fit the networks of the zone it comes from, and those of
 * another zone fit no interface but their own. */
static void spoof_rules(struct rs_build *b, struct rs_chain *chain,
			unsigned zone, enum ip_family family)
{
	const struct ir_zone *z = &b->ir->zones[zone];
	struct rs_stmt match = {.op = RS_FAMILY, .n = family};
	struct ipset own = {0};

	if (zone_sources(b->ir, zone, b->arena, &own) != FW_OK)
		b->failed = true;
	if (ipset_family(&z->networks, family).n)
		match = (struct rs_stmt){
			.op = RS_SADDR_NOT_IN,
			.set = rs_build_addr_set(b, family, &own,
						 (struct place){0})};
	if (z->networks.n)
		refuse_spoofed(b, chain, match, zone);
	for (unsigned o = 1; o < b->ir->n_zones && !z->networks.n; o++) {
		const struct ipset *all = &b->ir->zones[o].networks;

		if (o == zone || !ipset_family(all, family).n)
			continue;
		match = (struct rs_stmt){
			.op = RS_SADDR_IN,
			.set = rs_build_addr_set(b, family, all,
						 (struct place){0})};
		refuse_spoofed(b, chain, match, zone);
	}
}

/* "z_lan": addresses that cannot be right. */
static const char *spoof_chain(struct rs_build *b, unsigned zone)
{
	const char *name =
		rs_build_name(b, "z_", b->ir->zones[zone].name, NULL);
	struct rs_chain *chain;

	if (ruleset_chain_find(b->rs, name))
		return name;
	chain = rs_build_chain(b, name);
	if (ir_cleans(b->ir, HYGIENE_SPOOFED)) {
		spoof_rules(b, chain, zone, IP_V4);
		spoof_rules(b, chain, zone, IP_V6);
	}
	rs_build_bogons(b, chain, zone);
	return name;
}

void rs_if_map_add(struct rs_build *b, struct rs_set *map, unsigned zone,
		   const char *chain)
{
	const struct ir_zone *z = &b->ir->zones[zone];

	for (size_t i = 0; map && i < z->n_interfaces; i++) {
		struct rs_if_goto *slot = vec_push(b->arena, &map->gotos);

		if (slot)
			*slot = (struct rs_if_goto){z->interfaces[i], chain};
		else
			b->failed = true;
	}
}

void rs_if_map_ask(struct rs_build *b, struct rs_chain *chain, enum rs_op op,
		   struct rs_set *map)
{
	if (map && map->gotos.n)
		rs_build_add(b, rs_rule_new(b->arena, chain),
			     (struct rs_stmt){.op = op, .set = map});
}

/* An interface of no zone: refused without an answer. */
static void add_stray(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_rule *rule = rs_rule_new(b->arena, chain);

	rs_build_count(b, rule, "n_no_zone");
	rs_build_refuse(b, rule, "no-zone", 0, true);
	if (rule)
		rule->comment = "interface of no zone";
}

/* "f_lan": checks the source, then goes on by the way out. */
static const char *forward_chain(struct rs_build *b, unsigned from)
{
	const char *zone = b->ir->zones[from].name;
	const char *name = rs_build_name(b, "f_", zone, NULL);
	struct rs_chain *chain = rs_build_chain(b, name);
	struct rs_set *map =
		rs_build_map(b, rs_build_name(b, "mf_", zone, NULL));

	add_simple(b, chain, RS_JUMP, spoof_chain(b, from));
	for (unsigned to = 1; to < b->ir->n_zones; to++)
		rs_if_map_add(b, map, to, pair_chain(b, from, to));
	rs_if_map_ask(b, chain, RS_OIFNAME_MAP, map);
	add_stray(b, chain);
	return name;
}

void rs_build_forward(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_set *map = rs_build_map(b, "m_forward");

	for (unsigned from = 1; from < b->ir->n_zones; from++)
		rs_if_map_add(b, map, from, forward_chain(b, from));
	rs_if_map_ask(b, chain, RS_IIFNAME_MAP, map);
	add_stray(b, chain);
}

void rs_build_input(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_set *map = rs_build_map(b, "m_input");

	for (unsigned from = 1; from < b->ir->n_zones; from++) {
		const char *name =
			rs_build_name(b, "i_", b->ir->zones[from].name, NULL);
		struct rs_chain *in = rs_build_chain(b, name);

		add_simple(b, in, RS_JUMP, spoof_chain(b, from));
		rs_build_syn_flood(b, in, from);
		add_simple(b, in, RS_GOTO, pair_chain(b, from, IR_ZONE_SELF));
		rs_if_map_add(b, map, from, name);
	}
	rs_if_map_ask(b, chain, RS_IIFNAME_MAP, map);
	add_stray(b, chain);
}

void rs_build_output(struct rs_build *b, struct rs_chain *chain)
{
	rs_build_cgroups(b, chain);
	struct rs_set *map = rs_build_map(b, "m_output");

	for (unsigned to = 1; to < b->ir->n_zones; to++)
		rs_if_map_add(b, map, to, pair_chain(b, IR_ZONE_SELF, to));
	rs_if_map_ask(b, chain, RS_OIFNAME_MAP, map);
	add_stray(b, chain);
}
