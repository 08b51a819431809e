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

/* What no rule of the list has decided is refused. */
static void end_pair(struct rs_build *b, struct rs_chain *chain,
		     const char *pair, enum ast_list list, unsigned from)
{
	struct rs_rule *last = rs_rule_new(b->arena, chain);

	rs_build_count(b, last, rs_build_name(b, "n_", pair, NULL));
	rs_build_refuse(b, last, list == AST_LISTS ? "no-list" : "default",
			(unsigned)list, b->ir->zones[from].external);
	if (last)
		last->comment = "no rule";
}

/* "p_lan/wan", made at first use. */
static const char *pair_chain(struct rs_build *b, unsigned from, unsigned to)
{
	const struct ir *ir = b->ir;
	const char *name = rs_build_name(b, "p_", ir->zones[from].name,
					 ir->zones[to].name);
	enum ast_list list = ir_list_of(ir, (int)from, (int)to);
	struct arm_list arms = {0};
	struct rs_chain *chain, *icmp;

	if (ruleset_chain_find(b->rs, name))
		return name;
	chain = rs_build_chain(b, name);
	if (arms_between(ir, from, to,
			 ir->optimize && ir_cleans(ir, HYGIENE_SPOOFED),
			 b->arena, &arms) != FW_OK)
		b->failed = true;
	icmp = rs_build_arms(b, chain, &arms);
	end_pair(b, chain, name, list, from);
	if (icmp)
		end_pair(b, icmp, name, list, from);
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

/* What the zone's addresses must be among, or, where it has no networks, what
 * they must not be: those of other zones fit no interface but their own. */
static struct ipset spoof_set(struct rs_build *b, unsigned zone)
{
	struct ipset set = {0};

	if ((b->ir->zones[zone].networks.n
		     ? zone_sources(b->ir, zone, b->arena, &set)
		     : zone_strangers(b->ir, zone, b->arena, &set)) != FW_OK)
		b->failed = true;
	return set;
}

static void spoof_rules(struct rs_build *b, struct rs_chain *chain,
			unsigned zone, enum ip_family family)
{
	const struct ipset *networks = &b->ir->zones[zone].networks;
	struct rs_stmt match = {.op = RS_FAMILY, .n = family};
	struct ipset set = spoof_set(b, zone);

	if (!networks->n && !ipset_family(&set, family).n)
		return;
	if (!networks->n || ipset_family(networks, family).n)
		match = (struct rs_stmt){
			.op = networks->n ? RS_SADDR_NOT_IN : RS_SADDR_IN,
			.set = rs_build_addr_set(b, family, &set,
						 (struct place){0})};
	refuse_spoofed(b, chain, match, zone);
}

/* Before anything is known of a flow: its addresses alone say which it is, and
 * those anybody can write.  "z_lan": sources that are not of the zone. */
void rs_build_spoofed(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_set *map = rs_build_map(b, "m_spoofed");

	for (unsigned zone = 1; zone < b->ir->n_zones; zone++) {
		const char *name =
			rs_build_name(b, "z_", b->ir->zones[zone].name, NULL);
		struct rs_chain *check = rs_build_chain(b, name);

		spoof_rules(b, check, zone, IP_V4);
		spoof_rules(b, check, zone, IP_V6);
		rs_if_map_add(b, map, zone, name);
	}
	rs_if_map_ask(b, chain, RS_IIFNAME_MAP, map);
}

/* "b_wan": addresses that nobody outside can have. */
static void check_bogons(struct rs_build *b, struct rs_chain *chain,
			 unsigned zone)
{
	const char *name =
		rs_build_name(b, "b_", b->ir->zones[zone].name, NULL);

	if (!b->ir->zones[zone].external)
		return;
	if (!ruleset_chain_find(b->rs, name))
		rs_build_bogons(b, rs_build_chain(b, name), zone);
	add_simple(b, chain, RS_JUMP, name);
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

/* "f_lan": goes on by the way out. */
static const char *forward_chain(struct rs_build *b, unsigned from)
{
	const char *zone = b->ir->zones[from].name;
	const char *name = rs_build_name(b, "f_", zone, NULL);
	struct rs_chain *chain = rs_build_chain(b, name);
	struct rs_set *map =
		rs_build_map(b, rs_build_name(b, "mf_", zone, NULL));

	check_bogons(b, chain, from);
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

		check_bogons(b, in, from);
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
