/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/eval.h"

#include "policy/eval_priv.h"

#include <netinet/in.h>

static bool service_has(const struct ir_rule *rule, const struct facts *f)
{
	if (rule->n_services == 0)
		return true;
	for (size_t i = 0; i < rule->n_services; i++) {
		const struct service *s = &rule->services[i];

		if (s->l4 == f->l4 && f->dport >= s->lo && f->dport <= s->hi)
			return true;
	}
	return false;
}

static bool mac_has(const struct ir_rule *rule, const struct facts *f)
{
	for (size_t i = 0; i < rule->n_macs; i++)
		if (f->has_mac &&
		    !memcmp(&rule->macs[i], &f->mac, sizeof(f->mac)))
			return true;
	return rule->n_macs == 0;
}

/* The gateway's own socket. */
static bool owner_has(const struct ir_rule *rule, const struct facts *f)
{
	bool user = rule->n_uids == 0;

	for (size_t i = 0; i < rule->n_uids && f->has_uid; i++)
		user |= rule->uids[i] == f->uid;
	return user && (!rule->cgroups || (f->cgroups & rule->cgroups));
}

enum tri eval_rule(const struct ir_rule *rule, const struct facts *f,
		   enum eval_view view)
{
	if (!ir_side_has(&rule->from, f->zone_src, &f->src) ||
	    !ir_side_has(&rule->to, f->zone_dst, &f->dst) ||
	    !service_has(rule, f) || !ir_rule_time_has(rule, f->time) ||
	    !mac_has(rule, f) || !owner_has(rule, f))
		return TRI_NO;
	if (!ir_rule_asks_engine(rule))
		return TRI_YES;
	if (view == EVAL_KERNEL || f->n_layers == 0)
		return TRI_NOT_YET;
	return eval_engine_conditions(rule, f);
}

/* A rule that only observes decides nothing; but while it is not known whether
 * it matches, the flow must not be let go. */
static bool is_passed_over(const struct ir_rule *rule, const struct facts *f,
			   enum tri t, enum eval_view view)
{
	return ir_rule_observes(rule, f->time) &&
	       (t == TRI_YES || view == EVAL_HURRIED);
}

const struct ir_rule *eval_observed(const struct ir *ir, const struct facts *f,
				    const struct ir_rule *after, bool by_engine)
{
	enum ast_list list = ir_list_of(ir, f->zone_src, f->zone_dst);
	/* The kernel goes through the list up to the first it cannot judge. */
	bool in_kernel = true;

	if (list == AST_LISTS || !ir->rules_observe)
		return NULL;
	for (size_t i = ir->list_from[list]; i < ir->list_to[list]; i++) {
		const struct ir_rule *rule = &ir->all[i];
		enum tri t = eval_rule(rule, f, EVAL_ENGINE);

		in_kernel &= eval_rule(rule, f, EVAL_KERNEL) != TRI_NOT_YET;
		if (t == TRI_NO)
			continue;
		if (!ir_rule_observes(rule, f->time))
			break;
		if (t == TRI_YES && !(by_engine && in_kernel) &&
		    (!after || rule->id > after->id))
			return rule;
	}
	return NULL;
}

/* The kernel counts before anybody else looks. */
static bool is_limited(const struct ir_rule *rule, const struct facts *f)
{
	return f->over_limit && (rule->rate.n || rule->connections.n) &&
	       !ir_rule_observes(rule, f->time) &&
	       eval_rule(rule, f, EVAL_KERNEL) != TRI_NO;
}

/* The list alone. */
static struct decision eval_list(const struct ir *ir, const struct facts *f,
				 enum eval_view view)
{
	struct decision d = {.kind = DECISION_REFUSE,
			     .by = DECISION_BY_NO_LIST,
			     .guard = IR_GUARD_COUNT,
			     .list = ir_list_of(ir, f->zone_src, f->zone_dst)};

	/* Strangers get no answer when nothing was meant for them, and nobody
	 * gets one by way of an interface of no zone. */
	d.silent = f->zone_src < 0 || f->zone_dst < 0 ||
		   ir->zones[f->zone_src].external;
	if (d.list == AST_LISTS)
		return d;
	for (size_t i = ir->list_from[d.list]; i < ir->list_to[d.list]; i++) {
		enum tri t = eval_rule(&ir->all[i], f, view);

		if (is_limited(&ir->all[i], f)) {
			d.by = DECISION_BY_LIMIT;
			d.rule = &ir->all[i];
			d.silent = d.list == AST_INGRESS;
			return d;
		}
		if (t == TRI_NO || is_passed_over(&ir->all[i], f, t, view))
			continue;
		d.by = DECISION_BY_RULE;
		d.rule = &ir->all[i];
		d.silent = d.rule->action == IR_DENY;
		if (t == TRI_NOT_YET)
			d.kind = DECISION_NOT_YET;
		else if (d.rule->action == IR_ALLOW)
			d.kind = DECISION_ALLOW;
		return d;
	}
	d.by = DECISION_BY_DEFAULT;
	return d;
}

enum tri eval_protocol(const struct ir_protocol *p, const struct facts *f,
		       enum eval_view view)
{
	if (eval_rule(&p->match, f, EVAL_KERNEL) == TRI_NO)
		return TRI_NO;
	if (view == EVAL_KERNEL)
		return TRI_NOT_YET;
	if (p->require && f->n_layers &&
	    !(p->require & APP_BIT(f->layers[0].app)))
		return TRI_YES;
	for (unsigned i = 0; i < f->n_layers; i++)
		if (p->deny & APP_BIT(f->layers[i].app))
			return TRI_YES;
	if (f->n_layers && !p->deny)
		return TRI_NO;
	return eval_unfinished(f) ? TRI_NOT_YET : TRI_NO;
}

/* Guards of one kind: refused by one of them, or told to wait. */
static bool refused_by_guard(const struct ir *ir, const struct facts *f,
			     enum eval_view view, struct decision *d,
			     bool *waiting)
{
	for (enum ir_guard g = 0; g < IR_GUARD_COUNT; g++) {
		enum tri t = TRI_NO;

		if (ir->guards >> g & 1)
			t = eval_guard(ir, g, f, view);
		*waiting |= t == TRI_NOT_YET;
		if (t != TRI_YES)
			continue;
		d->by = DECISION_BY_GUARD;
		d->guard = g;
		return true;
	}
	return false;
}

static bool refused_by_protocol(const struct ir *ir, const struct facts *f,
				enum eval_view view, struct decision *d,
				bool *waiting)
{
	for (size_t i = 0; i < ir->n_protocols; i++) {
		const struct ir_protocol *p = &ir->protocols[i];
		enum tri t = eval_protocol(p, f, view);

		if (p->match.observe && (t == TRI_YES || view == EVAL_HURRIED))
			continue;
		*waiting |= t == TRI_NOT_YET;
		if (t != TRI_YES)
			continue;
		d->by = DECISION_BY_PROTOCOL;
		d->protocol = p;
		return true;
	}
	return false;
}

static bool has_streams(const struct facts *f)
{
	return f->l4 == IPPROTO_TCP || f->l4 == IPPROTO_UDP;
}

enum tri eval_cdn(const struct ir_cdn *cdn, const struct facts *f,
		  enum eval_view view)
{
	if (!has_streams(f) || !ipset_has(&cdn->networks, &f->dst))
		return TRI_NO;
	if (view == EVAL_KERNEL)
		return TRI_NOT_YET;
	switch (eval_names(&cdn->hosts, f)) {
	case TRI_NO:
		return TRI_YES;
	case TRI_NOT_YET:
		return TRI_NOT_YET;
	case TRI_YES:
		break;
	}
	return TRI_NO;
}

static bool refused_by_cdn(const struct ir *ir, const struct facts *f,
			   enum eval_view view, struct decision *d,
			   bool *waiting)
{
	for (size_t i = 0; i < ir->n_cdns; i++) {
		enum tri t = eval_cdn(&ir->cdns[i], f, view);

		*waiting |= t == TRI_NOT_YET;
		if (t != TRI_YES)
			continue;
		d->by = DECISION_BY_CDN;
		d->cdn = &ir->cdns[i];
		return true;
	}
	return false;
}

/* The engine must see all that a decision could need. */
static bool is_looked_at(const struct ir *ir, const struct facts *f,
			 enum ast_list list, enum eval_view view)
{
	const struct ir_protocol *look = ir->protocols + ir->n_protocols;

	if (view != EVAL_KERNEL && !eval_unfinished(f))
		return false;
	for (size_t i = 0; i < ir->n_looks; i++)
		if ((look[i].match.list == AST_LISTS ||
		     look[i].match.list == list) &&
		    eval_rule(&look[i].match, f, EVAL_KERNEL) != TRI_NO)
			return true;
	return false;
}

struct decision eval_flow(const struct ir *ir, const struct facts *f,
			  enum eval_view view)
{
	struct decision d = eval_list(ir, f, view);
	bool waiting = false;

	if (d.kind == DECISION_REFUSE)
		return d;
	/* Of a flow that has said nothing no guard can say more. */
	if (d.kind == DECISION_NOT_YET && f->n_layers == 0)
		return d;
	if (refused_by_guard(ir, f, view, &d, &waiting) ||
	    refused_by_protocol(ir, f, view, &d, &waiting) ||
	    refused_by_cdn(ir, f, view, &d, &waiting)) {
		d.kind = DECISION_REFUSE;
		d.silent = false;
	} else if (waiting || is_looked_at(ir, f, d.list, view)) {
		d.kind = DECISION_NOT_YET;
	}
	return d;
}

bool eval_but_hello(const struct ir *ir, const struct facts *f,
		    struct decision *out)
{
	struct facts rest = *f;
	struct decision d;

	if (f->l4 != IPPROTO_UDP || f->n_layers > 0 || !f->open ||
	    !eval_only_hellos(ir) ||
	    eval_list(ir, f, EVAL_KERNEL).kind != DECISION_ALLOW ||
	    eval_flow(ir, f, EVAL_ENGINE).kind != DECISION_NOT_YET)
		return false;
	rest.layers[rest.n_layers++] =
		(struct facts_layer){.app = APP_UNKNOWN, .settled = true};
	rest.open = false;
	d = eval_flow(ir, &rest, EVAL_ENGINE);
	if (d.kind == DECISION_ALLOW)
		*out = d;
	return d.kind == DECISION_ALLOW;
}
