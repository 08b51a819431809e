/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/ruleset_panic.h"

#include "policy/frame.h"
#include "policy/ruleset_priv.h"

#include <netinet/in.h>

/* --- from the policy --------------------------------------------------------
 */

struct gathering {
	struct panic_flow *out;
	size_t n, room;
};

static void add_flow(struct gathering *g, const struct iprange *from,
		     const struct iprange *to, const struct service *s)
{
	if (g->n == g->room || (to && to->lo.family != from->lo.family))
		return;
	g->out[g->n] = (struct panic_flow){.from = *from,
					   .to_self = to == NULL,
					   .l4 = s->l4,
					   .lo = s->lo,
					   .hi = s->hi};
	if (to)
		g->out[g->n].to = *to;
	g->n++;
}

/* Each range of one end, the networks of its zones among them. */
static const struct iprange *range_at(const struct ir *ir,
				      const struct ir_side *side, size_t i)
{
	if (i < side->addrs.n)
		return &side->addrs.items[i];
	i -= side->addrs.n;
	for (unsigned z = 1; z < ir->n_zones; z++) {
		const struct ipset *own = &ir->zones[z].networks;

		if (!side->any && !(side->zones >> z & 1))
			continue;
		if (i < own->n)
			return &own->items[i];
		i -= own->n;
	}
	return NULL;
}

static void add_to(struct gathering *g, const struct ir *ir,
		   const struct ir_rule *flow, const struct iprange *from,
		   const struct service *s)
{
	const struct iprange *to;

	if (flow->to.any || (flow->to.zones >> IR_ZONE_SELF & 1))
		add_flow(g, from, NULL, s);
	for (size_t j = 0; (to = range_at(ir, &flow->to, j)); j++)
		add_flow(g, from, to, s);
}

size_t panic_flows_of(const struct ir *ir, struct panic_flow *out, size_t room)
{
	struct gathering g = {.out = out, .room = room};
	const struct iprange *from;

	for (size_t i = 0; i < ir->n_management; i++) {
		const struct ir_rule *flow = &ir->management[i];

		for (size_t k = 0; k < flow->n_services; k++)
			for (size_t j = 0;
			     (from = range_at(ir, &flow->from, j)); j++)
				add_to(&g, ir, flow, from, &flow->services[k]);
	}
	return g.n;
}

/* --- ruleset ----------------------------------------------------------------
 */

struct panicking {
	struct rs_build build;
	const struct panic_flow *flows;
	size_t n;
};

static void match_range(struct panicking *p, struct rs_rule *rule,
			enum rs_op op, const struct iprange *range)
{
	const struct ipset set = {.items = range, .n = 1};

	rs_build_add(&p->build, rule,
		     (struct rs_stmt){.op = op,
				      .set = rs_build_addr_set(
					      &p->build, range->lo.family, &set,
					      (struct place){0})});
}

/* One direction of one flow: `op` is that of its port. */
static void add_rule(struct panicking *p, struct rs_chain *chain,
		     const struct panic_flow *f, enum rs_op op)
{
	struct rs_rule *rule = rs_rule_new(p->build.arena, chain);
	bool there = op == RS_DPORT;

	match_range(p, rule, there ? RS_SADDR_IN : RS_DADDR_IN, &f->from);
	if (!f->to_self)
		match_range(p, rule, there ? RS_DADDR_IN : RS_SADDR_IN, &f->to);
	if (f->l4 == IPPROTO_TCP || f->l4 == IPPROTO_UDP)
		rs_build_add(
			&p->build, rule,
			(struct rs_stmt){
				.op = op, .n = f->l4, .m = f->lo, .m2 = f->hi});
	else
		rs_build_add(&p->build, rule,
			     (struct rs_stmt){.op = RS_L4PROTO, .n = f->l4});
	rs_build_add(&p->build, rule, (struct rs_stmt){.op = RS_ACCEPT});
}

static bool fill_slot(void *ctx, const char *slot, struct rs_chain *chain)
{
	struct panicking *p = ctx;
	bool in = !strcmp(slot, "in"), out = !strcmp(slot, "out");

	for (size_t i = 0; i < p->n; i++) {
		const struct panic_flow *f = &p->flows[i];

		/* An address of `to` may be the gateway's own as well. */
		if (!in && !out && f->to_self)
			continue;
		if (!out)
			add_rule(p, chain, f, RS_DPORT);
		if (!in)
			add_rule(p, chain, f, RS_SPORT);
	}
	return in || out || !strcmp(slot, "through");
}

enum fw_err panic_ruleset(const struct panic_flow *flows, size_t n,
			  struct diag_list *diags, struct ruleset *out)
{
	struct panicking p = {
		.build = {.digest = "", .arena = diags->arena, .rs = out},
		.flows = flows,
		.n = n};
	const struct frame_filler filler = {.fill = fill_slot, .ctx = &p};
	enum fw_err err;

	*out = (struct ruleset){0};
	err = frame_read(frame_panic_text, "panic.nft", &filler, diags, out);
	return !err && p.build.failed ? FW_ERR_NOMEM : err;
}
