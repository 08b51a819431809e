/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/lower_priv.h"

/* All of these services at one port, each protocol once. */
static void services_at(struct lowering *l, struct ir_rule *rule, uint16_t port)
{
	struct service *at =
		arena_calloc(l->arena, rule->n_services + 1, sizeof(*at));
	size_t n = 0;

	if (!at) {
		l->failed = true;
		return;
	}
	for (size_t i = 0; i < rule->n_services; i++) {
		bool there = false;

		for (size_t j = 0; j < n; j++)
			there |= at[j].l4 == rule->services[i].l4;
		if (!there)
			at[n++] = (struct service){.l4 = rule->services[i].l4,
						   .lo = port,
						   .hi = port};
	}
	rule->services = at;
	rule->n_services = n;
}

/* One address as one end of a rule. */
static struct ir_side side_of(struct lowering *l, struct ipaddr addr)
{
	struct iprange *one = arena_alloc(l->arena, sizeof(*one));

	if (!one) {
		l->failed = true;
		return (struct ir_side){0};
	}
	*one = (struct iprange){addr, addr};
	return (struct ir_side){.addrs = {one, 1}};
}

void lower_forward(struct lowering *l, const struct ast_rule *in,
		   struct ir_rule *out)
{
	struct ir_forward *f = arena_alloc(l->arena, sizeof(*f));
	struct ir_forward **slot = vec_push(l->arena, &l->forwards);

	if (!f || !slot ||
	    ipaddr_port_parse(in->forward.text, &f->addr, &f->port)) {
		l->failed = true;
		return;
	}
	f->match = (struct ir_rule){.name = out->name,
				    .place = out->place,
				    .list = AST_INGRESS,
				    .from = out->from,
				    .to = out->to,
				    .services = out->services,
				    .n_services = out->n_services};
	*slot = f;
	out->forward = f;
	out->to = side_of(l, f->addr);
	if (f->port)
		services_at(l, out, f->port);
}

static void take_addresses(const struct ast_nat *in, struct ir_nat *out)
{
	vec_foreach (w, &in->address) {
		struct ipaddr a;

		if (ipaddr_parse(w->text, &a))
			FW_ASSERT(!"an address that was checked");
		*(a.family == IP_V4 ? &out->addr4 : &out->addr6) = a;
	}
	out->v4 = out->addr4.family != IP_NONE;
	out->v6 = out->addr6.family != IP_NONE;
}

static void lower_nat(struct lowering *l, const struct ast_nat *in,
		      struct ir_nat *out)
{
	struct str family = in->family.text;

	out->match = (struct ir_rule){
		.name = lower_text(l, in->name),
		.place = in->place,
		.list = AST_EGRESS,
		.from = lower_side(l, &in->from),
		.to = lower_side(l, &in->to),
	};
	lower_services(l, &in->service, &out->match.services,
		       &out->match.n_services);
	out->action = str_is(in->action.text, "masquerade") ? IR_MASQUERADE
		      : str_is(in->action.text, "snat")     ? IR_SNAT
							    : IR_NO_NAT;
	/* IPv6 is translated only where one asks for it. */
	out->v4 = !str_is(family, "ip6");
	out->v6 = str_is(family, "ip6") || str_is(family, "both") ||
		  (!family.p && out->action == IR_NO_NAT);
	if (out->action == IR_SNAT)
		take_addresses(in, out);
}

void lower_nats(struct lowering *l, struct ir *ir)
{
	struct ir_nat *all =
		arena_calloc(l->arena, l->ast->nats.n + 1, sizeof(*all));

	if (!all) {
		l->failed = true;
		return;
	}
	vec_foreach (in, &l->ast->nats) {
		struct ir_nat *out = &all[ir->n_nats++];

		lower_nat(l, in, out);
		out->match.id = (unsigned)ir->n_ids++;
	}
	ir->nats = all;
	vec_foreach (f, &l->forwards)
		(*f)->match.id = (unsigned)ir->n_ids++;
}
