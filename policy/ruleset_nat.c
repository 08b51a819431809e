/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Translations.  A forward and a translation match like rules do, and each has
 * a chain of its own that does it: d_NAME leads on, t_NAME gives another
 * source.  The kernel asks these of the first packet of a flow only; the others
 * follow it.
 *
 * Before routing nobody knows the way out, but whether an address is the
 * gateway's own: dl_ZONE has the forwards of those, dr_ZONE of others.  After
 * routing both ways are known, and s_A/B is the chain of a pair of zones.
 */
#include "policy/arm.h"
#include "policy/ruleset_priv.h"

#include <netinet/in.h>

bool rs_build_has_nat(const struct ir *ir)
{
	return ir->n_ids > ir->n_all;
}

static struct rs_rule *rule_of(struct rs_build *b, struct rs_chain *chain,
			       const struct ir_rule *match)
{
	struct rs_rule *nft = rs_rule_new(b->arena, chain);

	if (nft) {
		nft->comment = match->name;
		nft->place = match->place;
	}
	return nft;
}

/* The match's own chain, "d_NAME": made empty, and known as where arms of the
 * match go on. */
static struct rs_chain *
own_chain(struct rs_build *b, const struct ir_rule *match, const char *prefix)
{
	const char *name =
		rs_build_name(b, prefix, rs_rule_label(b, match), NULL);

	b->bodies[match->id] = name;
	return rs_build_chain(b, name);
}

static const char *counter_of(struct rs_build *b, const struct ir_rule *match)
{
	return rs_build_name(b, "n_", b->bodies[match->id], NULL);
}

/* --- where flows are led on to ------------------------------------------- */

static void forward_rule(struct rs_build *b, struct rs_chain *chain,
			 const struct ir_forward *f, uint8_t l4)
{
	struct rs_rule *nft = rule_of(b, chain, &f->match);

	rs_build_add(b, nft,
		     (struct rs_stmt){.op = RS_FAMILY, .n = f->addr.family});
	if (l4)
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_L4PROTO, .n = l4});
	rs_build_count(b, nft, counter_of(b, &f->match));
	rs_build_add(b, nft,
		     (struct rs_stmt){
			     .op = RS_DNAT, .addr = &f->addr, .m = f->port});
}

/* A port is one of a protocol, and nft wants to be told which. */
static void forward_body(struct rs_build *b, const struct ir_forward *f)
{
	struct rs_chain *chain = own_chain(b, &f->match, "d_");

	if (!f->port)
		forward_rule(b, chain, f, 0);
	for (size_t i = 0; f->port && i < f->match.n_services; i++)
		if (rs_first_of_l4(&f->match, i))
			forward_rule(b, chain, f, f->match.services[i].l4);
}

/* The forwards of a zone for addresses of the gateway (`to` = self), or for
 * others, which only addresses in `to` can be; NULL: none. */
static const char *forward_chain(struct rs_build *b, const char *prefix,
				 unsigned from, unsigned to)
{
	const struct ir *ir = b->ir;
	const char *name = rs_build_name(b, prefix, ir->zones[from].name, NULL);
	struct rs_chain *chain = NULL;

	for (size_t i = 0; i < ir->n_all; i++) {
		const struct ir_forward *f = ir->all[i].forward;
		struct arm arm;

		if (!f || !arm_of(&f->match, from, to, NULL, &arm))
			continue;
		if (!chain)
			chain = rs_build_chain(b, name);
		rs_build_arm(b, chain, &arm, rs_build_entry(b, arm.rule));
	}
	return chain ? name : NULL;
}

/* Is the address the gateway's?  "dz_wan" */
static const char *forward_zone(struct rs_build *b, unsigned zone)
{
	const char *name =
		rs_build_name(b, "dz_", b->ir->zones[zone].name, NULL);
	const char *ours = forward_chain(b, "dl_", zone, IR_ZONE_SELF);
	const char *others = forward_chain(b, "dr_", zone, zone);
	struct rs_chain *chain;
	struct rs_rule *nft;

	if (!ours)
		return NULL; /* what others have, ours have too */
	chain = rs_build_chain(b, name);
	nft = rs_rule_new(b->arena, chain);
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_DADDR_LOCAL});
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_GOTO, .name = ours});
	if (others)
		rs_build_add(b, rs_rule_new(b->arena, chain),
			     (struct rs_stmt){.op = RS_GOTO, .name = others});
	return name;
}

static size_t count_forwards(const struct ir *ir)
{
	return ir->n_ids - ir->n_all - ir->n_nats;
}

void rs_build_dnat(struct rs_build *b, struct rs_chain *chain)
{
	const struct ir *ir = b->ir;
	struct rs_set *map;

	if (!count_forwards(ir))
		return;
	for (size_t i = 0; i < ir->n_all; i++)
		if (ir->all[i].forward)
			forward_body(b, ir->all[i].forward);
	map = rs_build_map(b, "m_dnat");
	for (unsigned z = 1; z < ir->n_zones; z++) {
		const char *name =
			ir->zones[z].external ? forward_zone(b, z) : NULL;

		if (name)
			rs_if_map_add(b, map, z, name);
	}
	rs_if_map_ask(b, chain, RS_IIFNAME_MAP, map);
}

/* --- what flows are sent out as ------------------------------------------ */

static void source_rule(struct rs_build *b, struct rs_chain *chain,
			const struct ir_nat *n, enum ip_family family)
{
	struct rs_rule *nft = rule_of(b, chain, &n->match);
	struct rs_stmt end = {.op = RS_MASQUERADE};

	if (n->action == IR_SNAT)
		end = (struct rs_stmt){.op = RS_SNAT,
				       .addr = family == IP_V4 ? &n->addr4
							       : &n->addr6};
	else if (n->action == IR_NO_NAT)
		end.op = RS_ACCEPT;
	rs_build_add(b, nft, (struct rs_stmt){.op = RS_FAMILY, .n = family});
	rs_build_count(b, nft, counter_of(b, &n->match));
	rs_build_add(b, nft, end);
}

static void source_body(struct rs_build *b, const struct ir_nat *n)
{
	struct rs_chain *chain = own_chain(b, &n->match, "t_");

	if (n->v4)
		source_rule(b, chain, n, IP_V4);
	if (n->v6)
		source_rule(b, chain, n, IP_V6);
}

/* "s_lan/wan", or NULL: nothing is translated between these. */
static const char *source_pair(struct rs_build *b, unsigned from, unsigned to)
{
	const struct ir *ir = b->ir;
	struct rs_chain *chain = NULL;
	const char *name = rs_build_name(b, "s_", ir->zones[from].name,
					 ir->zones[to].name);

	for (size_t i = 0; i < ir->n_nats; i++) {
		struct arm arm;

		if (!arm_of(&ir->nats[i].match, from, to, NULL, &arm))
			continue;
		if (!chain)
			chain = rs_build_chain(b, name);
		rs_build_arm(b, chain, &arm, rs_build_entry(b, arm.rule));
	}
	return chain ? name : NULL;
}

/* By the way in; what came in nowhere is the gateway's own.  "s_wan" */
static const char *source_zone(struct rs_build *b, unsigned to)
{
	const char *zone = b->ir->zones[to].name;
	const char *name = rs_build_name(b, "s_", zone, NULL);
	struct rs_chain *chain = rs_build_chain(b, name);
	struct rs_set *map =
		rs_build_map(b, rs_build_name(b, "ms_", zone, NULL));
	const char *pair;
	struct rs_rule *local;

	for (unsigned from = 1; from < b->ir->n_zones; from++) {
		pair = source_pair(b, from, to);
		if (pair)
			rs_if_map_add(b, map, from, pair);
	}
	rs_if_map_ask(b, chain, RS_IIFNAME_MAP, map);
	pair = source_pair(b, IR_ZONE_SELF, to);
	if (!pair)
		return name;
	local = rs_rule_new(b->arena, chain);
	rs_build_add(b, local, (struct rs_stmt){.op = RS_SADDR_LOCAL});
	rs_build_add(b, local, (struct rs_stmt){.op = RS_GOTO, .name = pair});
	return name;
}

static bool zone_has_source(const struct ir *ir, unsigned to)
{
	struct arm arm;

	for (size_t i = 0; i < ir->n_nats; i++)
		for (unsigned from = 0; from < ir->n_zones; from++)
			if (arm_of(&ir->nats[i].match, from, to, NULL, &arm))
				return true;
	return false;
}

void rs_build_srcnat(struct rs_build *b, struct rs_chain *chain)
{
	const struct ir *ir = b->ir;
	struct rs_set *map;

	if (!ir->n_nats)
		return;
	for (size_t i = 0; i < ir->n_nats; i++)
		source_body(b, &ir->nats[i]);
	map = rs_build_map(b, "m_srcnat");
	for (unsigned to = 1; to < ir->n_zones; to++)
		if (zone_has_source(ir, to))
			rs_if_map_add(b, map, to, source_zone(b, to));
	rs_if_map_ask(b, chain, RS_OIFNAME_MAP, map);
}
