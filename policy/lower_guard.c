/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands beside the lists: guards, and who manages the gateway. */
#include "policy/lower_priv.h"

#include "policy/facts.h"

#include <netinet/in.h>

/* Those that can speak an application protocol at all. */
static void keep_ports_only(struct lowering *l, struct ir_rule *match)
{
	static const struct service both[] = {{IPPROTO_TCP, 0, UINT16_MAX},
					      {IPPROTO_UDP, 0, UINT16_MAX}};
	service_list kept = {0};

	if (!match->n_services) {
		match->services = both;
		match->n_services = 2;
		return;
	}
	for (size_t i = 0; i < match->n_services; i++) {
		const struct service *s = &match->services[i];
		struct service *slot;

		if (s->l4 != IPPROTO_TCP && s->l4 != IPPROTO_UDP)
			continue;
		slot = vec_push(l->arena, &kept);
		if (slot)
			*slot = *s;
		else
			l->failed = true;
	}
	match->services = kept.items;
	match->n_services = kept.n;
}

static app_mask lower_apps(const word_list *words)
{
	app_mask apps = 0;

	vec_foreach (w, words)
		apps |= APP_BIT(app_find(w->text));
	return apps;
}

void lower_protocols(struct lowering *l, struct ir *ir)
{
	size_t n = 0;
	struct ir_protocol *all =
		arena_calloc(l->arena, l->ast->protocols.n + 1, sizeof(*all));

	if (!all) {
		l->failed = true;
		return;
	}
	vec_foreach (p, &l->ast->protocols) {
		struct ir_protocol *out = &all[n++];

		out->match = (struct ir_rule){
			.name = lower_text(l, p->name),
			.place = p->place,
			.list = AST_LISTS,
			.from = lower_side(l, &p->from),
			.to = lower_side(l, &p->to),
			.observe = p->observe.set && p->observe.value,
		};
		lower_services(l, &p->service, &out->match.services,
			       &out->match.n_services);
		keep_ports_only(l, &out->match);
		out->require = lower_apps(&p->require);
		out->deny = lower_apps(&p->deny);
	}
	ir->protocols = all;
	ir->n_protocols = n;
}

void lower_management(struct lowering *l, struct ir *ir)
{
	static const struct service ssh[] = {{IPPROTO_TCP, 22, 22}};
	size_t n = 0;
	struct ir_rule *all =
		arena_calloc(l->arena, l->ast->management.n + 1, sizeof(*all));

	if (!all) {
		l->failed = true;
		return;
	}
	vec_foreach (m, &l->ast->management) {
		struct ir_rule *out = &all[n++];

		*out = (struct ir_rule){.name = lower_text(l, m->name),
					.place = m->place,
					.list = AST_LISTS,
					.from = lower_side(l, &m->from),
					.to = lower_side(l, &m->to)};
		if (!m->to.n)
			out->to = (struct ir_side){.zones = 1U << IR_ZONE_SELF};
		lower_services(l, &m->service, &out->services,
			       &out->n_services);
		if (!m->service.n) {
			out->services = ssh;
			out->n_services = 1;
		}
	}
	ir->management = all;
	ir->n_management = n;
}
