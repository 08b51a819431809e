/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/management.h"

#include <netinet/in.h>
#include <stdio.h>

#define SSH_PORT 22
/* One declared flow is asked for at most so many times; each dimension has at
 * most so many places where rules tell flows apart. */
#define ASKED_MOST  65536
#define PLACES_MOST 1024

struct places {
	struct ipaddr addr[PLACES_MOST];
	int zone[PLACES_MOST];
	size_t n;
};

struct asking {
	const struct ir *ir;
	const struct management_zones *zones;
	int64_t now;
	const struct ir_rule *flow;
	struct places src, dst;
	unsigned asked;
	struct management_miss miss;
};

bool management_allows(const struct ir *ir, const struct facts *facts,
		       struct decision *out)
{
	struct facts known = *facts;

	*out = eval_flow(ir, facts, EVAL_KERNEL);
	if (out->kind != DECISION_NOT_YET)
		return out->kind == DECISION_ALLOW;
	if (facts->l4 != IPPROTO_TCP || facts->dport != SSH_PORT)
		return true;
	/* Its banner is not known here: a rule that asks for one does not
	 * count. */
	(void)facts_layer_begin(&known, APP_SSH);
	facts_layer_settle(&known, false);
	*out = eval_flow(ir, &known, EVAL_ENGINE);
	return out->kind == DECISION_ALLOW;
}

/* --- where rules tell addresses apart ---------------------------------------
 */

static int zone_of(const struct asking *a, const struct ipaddr *addr)
{
	if (a->zones && a->zones->find)
		return a->zones->find(a->zones->ctx, addr);
	return ir_zone_by_address(a->ir, addr);
}

static void add_place(struct places *p, struct ipaddr addr, int zone)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->zone[i] == zone && !ipaddr_cmp(&p->addr[i], &addr))
			return;
	if (p->n == PLACES_MOST)
		return;
	p->addr[p->n] = addr;
	p->zone[p->n++] = zone;
}

static bool is_within(const struct iprange *r, const struct ipaddr *a)
{
	return a->family == r->lo.family && ipaddr_cmp(a, &r->lo) >= 0 &&
	       ipaddr_cmp(a, &r->hi) <= 0;
}

/* zone -1: by the address. */
static void add_in(const struct asking *a, struct places *p,
		   const struct iprange *r, struct ipaddr addr, int zone)
{
	if (is_within(r, &addr))
		add_place(p, addr, zone >= 0 ? zone : zone_of(a, &addr));
}

static void add_set(const struct asking *a, struct places *p,
		    const struct iprange *r, const struct ipset *set, int zone)
{
	for (size_t i = 0; i < set->n && p->n < PLACES_MOST; i++) {
		struct ipaddr behind = set->items[i].hi;

		add_in(a, p, r, set->items[i].lo, zone);
		if (ipaddr_next(&behind))
			add_in(a, p, r, behind, zone);
	}
}

/* Every place within a range at which a rule's end begins or ends. */
static void add_range(const struct asking *a, struct places *p,
		      const struct iprange *r, bool from, int zone)
{
	add_in(a, p, r, r->lo, zone);
	for (size_t i = 0; i < a->ir->n_all; i++) {
		const struct ir_rule *rule = &a->ir->all[i];
		const struct ir_side *side = from ? &rule->from : &rule->to;

		add_set(a, p, r, &side->addrs, zone);
		add_set(a, p, r, &side->except, zone);
	}
}

static void add_whole_zone(const struct asking *a, struct places *p, int zone,
			   const struct ipset *except, bool from)
{
	static const struct iprange all[] = {
		{.lo = {.family = IP_V4}, .hi = {.family = IP_V4}},
		{.lo = {.family = IP_V6}, .hi = {.family = IP_V6}}};
	const struct ipset *own = &a->ir->zones[zone].networks;

	for (size_t i = 0; i < own->n; i++)
		if (!ipset_has(except, &own->items[i].lo))
			add_range(a, p, &own->items[i], from, zone);
	/* Of the gateway itself, and of zones without networks, an address
	 * that no rule names. */
	for (size_t i = 0; i < 2 && own->n == 0; i++)
		add_place(p, all[i].lo, zone);
}

static void add_side(const struct asking *a, struct places *p,
		     const struct ir_side *side, bool from)
{
	for (unsigned z = 0; z < a->ir->n_zones; z++)
		if (side->any ? !(side->except_zones >> z & 1)
			      : side->zones >> z & 1)
			add_whole_zone(a, p, (int)z, &side->except, from);
	for (size_t i = 0; i < side->addrs.n; i++)
		add_range(a, p, &side->addrs.items[i], from, -1);
}

/* --- ask --------------------------------------------------------------------
 */

static bool is_allowed(struct asking *a, size_t i, size_t j, uint8_t l4,
		       uint16_t port)
{
	struct management_miss *m = &a->miss;

	if (a->asked++ >= ASKED_MOST)
		return true;
	facts_init(&m->facts, NULL);
	m->flow = a->flow;
	m->facts.src = a->src.addr[i];
	m->facts.dst = a->dst.addr[j];
	m->facts.zone_src = a->src.zone[i];
	m->facts.zone_dst = a->dst.zone[j];
	m->facts.sport = UINT16_MAX;
	m->facts.dport = port;
	m->facts.l4 = l4;
	m->facts.time = a->now;
	return management_allows(a->ir, &m->facts, &m->decision);
}

static bool all_allowed_at(struct asking *a, uint8_t l4, uint16_t port)
{
	for (size_t i = 0; i < a->src.n; i++)
		for (size_t j = 0; j < a->dst.n; j++)
			if (a->src.addr[i].family == a->dst.addr[j].family &&
			    !is_allowed(a, i, j, l4, port))
				return false;
	return true;
}

/* The ports of a service at which a rule's service begins or ends. */
static bool service_allowed(struct asking *a, const struct service *s)
{
	if (!all_allowed_at(a, s->l4, s->lo))
		return false;
	for (size_t i = 0; i < a->ir->n_all; i++)
		for (size_t k = 0; k < a->ir->all[i].n_services; k++) {
			const struct service *t = &a->ir->all[i].services[k];

			if (t->l4 != s->l4)
				continue;
			if (t->lo > s->lo && t->lo <= s->hi &&
			    !all_allowed_at(a, s->l4, t->lo))
				return false;
			if (t->hi >= s->lo && t->hi < s->hi &&
			    !all_allowed_at(a, s->l4, (uint16_t)(t->hi + 1)))
				return false;
		}
	return true;
}

static bool flow_allowed(struct asking *a)
{
	static const struct service any = {IPPROTO_TCP, 0, UINT16_MAX};

	add_side(a, &a->src, &a->flow->from, true);
	add_side(a, &a->dst, &a->flow->to, false);
	for (size_t i = 0; i < a->flow->n_services; i++)
		if (!service_allowed(a, &a->flow->services[i]))
			return false;
	return a->flow->n_services || service_allowed(a, &any);
}

size_t management_misses(const struct ir *ir,
			 const struct management_zones *zones, int64_t now,
			 struct management_miss *out, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < ir->n_management && n < room && !ir->observe;
	     i++) {
		struct asking a = {.ir = ir,
				   .zones = zones,
				   .now = now,
				   .flow = &ir->management[i]};

		if (!flow_allowed(&a))
			out[n++] = a.miss;
	}
	return n;
}

/* --- say --------------------------------------------------------------------
 */

const char *management_why(const struct decision *d, char *buf, size_t room)
{
	const char *list = ast_list_name(d->list);

	switch (d->by) {
	case DECISION_BY_RULE:
		(void)snprintf(buf, room,
			       d->kind == DECISION_NOT_YET
				       ? "rule '%s' of %s does not decide it"
				       : "rule '%s' of %s refuses it",
			       d->rule->name, list);
		break;
	case DECISION_BY_LIMIT:
		(void)snprintf(buf, room, "rule '%s' of %s has a limit",
			       d->rule->name, list);
		break;
	case DECISION_BY_DEFAULT:
		(void)snprintf(buf, room, "no rule of %s allows it", list);
		break;
	case DECISION_BY_NO_LIST:
		(void)snprintf(buf, room,
			       "an end of it is in no zone, or both are in "
			       "external ones");
		break;
	case DECISION_BY_GUARD:
		(void)snprintf(buf, room, "the guard %s refuses it",
			       ir_guard_name(d->guard));
		break;
	case DECISION_BY_PROTOCOL:
		(void)snprintf(buf, room, "rule '%s' of protocol refuses it",
			       d->protocol->match.name);
		break;
	case DECISION_BY_CDN:
		(void)snprintf(buf, room, "the content network %s refuses it",
			       d->cdn->name);
		break;
	}
	return buf;
}

void management_warn(const struct ir *ir, int64_t now, struct diag_list *diags)
{
	struct management_miss misses[16];
	size_t n = management_misses(ir, NULL, now, misses, 16);

	for (size_t i = 0; i < n; i++) {
		const struct decision *d = &misses[i].decision;
		char src[IPADDR_TEXT_MAX], why[200];

		diag_warning(diags, misses[i].flow->place, "management",
			     "the policy cuts '%s', as from %s: %s",
			     misses[i].flow->name,
			     ipaddr_print(&misses[i].facts.src, src),
			     management_why(d, why, sizeof(why)));
		if (d->by == DECISION_BY_RULE)
			diag_note(diags, d->rule->place,
				  "the rule stands here");
	}
}
