/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/eval.h"

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

/* Is a layer still to come, or the last one not told in full? */
static bool facts_unfinished(const struct facts *f)
{
	return f->open || f->n_layers == 0 ||
	       !f->layers[f->n_layers - 1].settled;
}

/* Every layer must be one of the apps. */
static enum tri apps_have(uint32_t apps, const struct facts *f)
{
	for (unsigned i = 0; i < f->n_layers; i++)
		if (!(apps >> f->layers[i].app & 1))
			return TRI_NO;
	return facts_unfinished(f) ? TRI_NOT_YET : TRI_YES;
}

static bool is_name_field(enum field field)
{
	return field == FIELD_TLS_SNI || field == FIELD_HTTP_HOST ||
	       field == FIELD_CONNECT_TARGET || field == FIELD_SOCKS_TARGET;
}

/* "host:port" -> host; brackets off an IPv6 literal. */
static struct str without_port(struct str s)
{
	for (size_t i = s.len; i-- > 0;) {
		if (s.p[i] == ':') {
			s.len = i;
			break;
		}
		if (!ascii_is_digit(s.p[i]))
			break;
	}
	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_mem(s.p + 1, s.len - 2);
	return s;
}

static bool host_fits(const struct nameset *hosts, const struct fact_value *v)
{
	char buf[NAME_BUF];
	struct str name = v->value;

	if (v->field == FIELD_CONNECT_TARGET || v->field == FIELD_SOCKS_TARGET)
		name = without_port(name);
	if (name_is_address(name))
		return nameset_has(hosts, name);
	return name_normalise(name, buf, &name) == FW_OK &&
	       nameset_has(hosts, name);
}

/* A settled layer whose protocol carries names must have told one. */
static bool layer_lacks_name(const struct facts *f, unsigned layer)
{
	if (!f->layers[layer].settled ||
	    !app_carries_name(f->layers[layer].app))
		return false;
	for (unsigned i = 0; i < f->n_values; i++)
		if (f->values[i].layer == layer &&
		    is_name_field(f->values[i].field))
			return false;
	return true;
}

/* Every name the flow asks for must fit, and there must be one. */
static enum tri hosts_have(const struct nameset *hosts, const struct facts *f)
{
	bool any = false;

	for (unsigned i = 0; i < f->n_values; i++) {
		if (!is_name_field(f->values[i].field))
			continue;
		any = true;
		if (!host_fits(hosts, &f->values[i]))
			return TRI_NO;
	}
	for (unsigned i = 0; i < f->n_layers; i++)
		if (layer_lacks_name(f, i))
			return TRI_NO;
	if (f->dropped)
		return TRI_NO;
	if (facts_unfinished(f))
		return TRI_NOT_YET;
	return any ? TRI_YES : TRI_NO;
}

static enum tri tri_and(enum tri a, enum tri b)
{
	return a < b ? a : b;
}

enum tri eval_rule(const struct ir_rule *rule, const struct facts *f,
		   enum eval_view view)
{
	enum tri t = TRI_YES;

	if (!ir_side_has(&rule->from, f->zone_src, &f->src) ||
	    !ir_side_has(&rule->to, f->zone_dst, &f->dst) ||
	    !service_has(rule, f))
		return TRI_NO;
	if (!ir_rule_asks_engine(rule))
		return TRI_YES;
	if (view == EVAL_KERNEL)
		return TRI_NOT_YET;
	if (rule->apps)
		t = tri_and(t, apps_have(rule->apps, f));
	if (rule->has_hosts)
		t = tri_and(t, hosts_have(&rule->hosts, f));
	return t;
}

static bool layer_has(const struct facts *f, unsigned layer, enum field field)
{
	for (unsigned i = 0; i < f->n_values; i++)
		if (f->values[i].layer == layer && f->values[i].field == field)
			return true;
	return false;
}

static bool guard_sees(enum ir_guard guard, const struct facts *f,
		       unsigned layer)
{
	const struct facts_layer *l = &f->layers[layer];

	switch (guard) {
	case IR_GUARD_CONNECT:
		return layer_has(f, layer, FIELD_CONNECT_TARGET);
	case IR_GUARD_SOCKS:
		return l->app == APP_SOCKS;
	case IR_GUARD_NO_SNI:
		return l->app == APP_TLS && l->settled &&
		       !layer_has(f, layer, FIELD_TLS_SNI);
	case IR_GUARD_COUNT:
		break;
	}
	return false;
}

enum tri eval_guard(enum ir_guard guard, const struct facts *f,
		    enum eval_view view)
{
	/* The guards of this version speak of TCP streams alone. */
	if (f->l4 != IPPROTO_TCP)
		return TRI_NO;
	if (view == EVAL_KERNEL)
		return TRI_NOT_YET;
	for (unsigned i = 0; i < f->n_layers; i++)
		if (guard_sees(guard, f, i))
			return TRI_YES;
	return facts_unfinished(f) ? TRI_NOT_YET : TRI_NO;
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

	if (list == AST_LISTS)
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

struct decision eval_flow(const struct ir *ir, const struct facts *f,
			  enum eval_view view)
{
	struct decision d = eval_list(ir, f, view);
	bool waiting = false;

	if (d.kind == DECISION_REFUSE)
		return d;
	for (enum ir_guard g = 0; g < IR_GUARD_COUNT; g++) {
		enum tri t;

		if (!(ir->guards >> g & 1))
			continue;
		t = eval_guard(g, f, view);
		if (t == TRI_YES) {
			d.kind = DECISION_REFUSE;
			d.by = DECISION_BY_GUARD;
			d.guard = g;
			d.silent = false;
			return d;
		}
		waiting |= t == TRI_NOT_YET;
	}
	if (waiting)
		d.kind = DECISION_NOT_YET;
	return d;
}
