/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/verdict/decide.h"

static enum reason guard_reason(enum ir_guard guard)
{
	switch (guard) {
	case IR_GUARD_CONNECT:
		return REASON_GUARD_CONNECT;
	case IR_GUARD_SOCKS:
		return REASON_GUARD_SOCKS;
	case IR_GUARD_ECH:
		return REASON_GUARD_ECH;
	case IR_GUARD_FOREIGN_DNS:
		return REASON_GUARD_FOREIGN_DNS;
	case IR_GUARD_NO_SNI:
		return REASON_GUARD_NO_SNI;
	case IR_GUARD_COUNT:
		break;
	}
	return REASON_COUNT;
}

static enum reason rule_reason(const struct ir_rule *rule)
{
	switch (rule->action) {
	case IR_ALLOW:
		return REASON_RULE_ALLOW;
	case IR_DENY:
		return REASON_RULE_DENY;
	case IR_REJECT:
		return REASON_RULE_REJECT;
	}
	return REASON_COUNT;
}

enum reason decide_reason(const struct decision *d)
{
	switch (d->by) {
	case DECISION_BY_RULE:
		return rule_reason(d->rule);
	case DECISION_BY_DEFAULT:
		return REASON_DEFAULT_DENY;
	case DECISION_BY_NO_LIST:
		return REASON_ZONE_NONE;
	case DECISION_BY_GUARD:
		return guard_reason(d->guard);
	case DECISION_BY_PROTOCOL:
		return REASON_GUARD_PROTOCOL;
	case DECISION_BY_CDN:
		return REASON_CDN_UNKNOWN_NAME;
	case DECISION_BY_LIMIT:
		return REASON_RULE_LIMIT;
	}
	return REASON_COUNT;
}

/* In observe mode nothing is refused, only said. */
static struct outcome observed(const struct ir *ir, struct outcome o)
{
	if (o.kind == DECISION_REFUSE && ir->observe) {
		o.kind = DECISION_ALLOW;
		o.would = true;
	}
	return o;
}

static bool is_by_guard(const struct decision *d)
{
	return d->by == DECISION_BY_GUARD || d->by == DECISION_BY_PROTOCOL ||
	       d->by == DECISION_BY_CDN;
}

static struct outcome decide_by_view(const struct ir *ir,
				     const struct facts *facts,
				     enum eval_view view)
{
	struct decision d = eval_flow(ir, facts, view);
	struct outcome o = {
		.kind = d.kind,
		.reason = d.kind == DECISION_NOT_YET ? REASON_UNDECIDED
						     : decide_reason(&d),
		.silent = d.silent,
		.list = d.list,
		.rule = is_by_guard(&d) ? NULL : d.rule,
		.protocol = d.protocol,
		.cdn = d.cdn,
	};

	return observed(ir, o);
}

struct outcome decide_flow(const struct ir *ir, const struct facts *facts)
{
	return decide_by_view(ir, facts, EVAL_ENGINE);
}

struct outcome decide_hurried(const struct ir *ir, const struct facts *facts)
{
	return decide_by_view(ir, facts, EVAL_HURRIED);
}

const char *decide_binding_name(enum binding_result binding)
{
	static const char *const names[] = {NULL, "ok", "no-name", "unresolved",
					    "mismatch"};

	return names[binding];
}

struct outcome decide_binding(const struct ir *ir, const struct facts *facts,
			      struct outcome o, enum binding_result binding)
{
	static const enum reason reasons[] = {
		[BINDING_NO_NAME] = REASON_BINDING_NO_NAME,
		[BINDING_UNRESOLVED] = REASON_BINDING_UNRESOLVED,
		[BINDING_MISMATCH] = REASON_BINDING_MISMATCH,
	};
	/* Nobody sees what it asks by way of its loopback. */
	bool self = facts->zone_src == IR_ZONE_SELF;

	o.binding = binding;
	if (ir->binding != IR_BINDING_ENFORCE || binding <= BINDING_OK ||
	    (self && binding != BINDING_MISMATCH))
		return o;
	o.kind = DECISION_REFUSE;
	o.reason = reasons[binding];
	o.rule = NULL;
	return observed(ir, o);
}

struct outcome decide_observed(const struct ir_rule *rule)
{
	return (struct outcome){
		.kind = DECISION_NOT_YET,
		.reason = REASON_RULE_OBSERVE,
		.would = true,
		.list = rule->list,
		.rule = rule,
	};
}

struct outcome decide_observed_guard(const struct ir_protocol *protocol,
				     enum ast_list list)
{
	return (struct outcome){
		.kind = DECISION_NOT_YET,
		.reason = REASON_GUARD_PROTOCOL,
		.would = true,
		.list = list,
		.protocol = protocol,
	};
}

struct outcome decide_by_reason(const struct ir *ir, enum reason reason,
				bool allow)
{
	struct outcome o = {
		.kind = allow ? DECISION_ALLOW : DECISION_REFUSE,
		.reason = reason,
		.list = AST_LISTS,
	};

	return observed(ir, o);
}
