/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/split.h"

#include "policy/eval.h"

#include <netinet/in.h>

static uint32_t guards_of(enum split_kind kind)
{
	switch (kind) {
	case SPLIT_TCP:
		return eval_guards_of(IPPROTO_TCP);
	case SPLIT_UDP:
		return eval_guards_of(IPPROTO_UDP);
	case SPLIT_OTHERS:
	case SPLIT_KINDS:
		break;
	}
	return 0;
}

enum split split_rule(const struct ir *ir, const struct ir_rule *rule,
		      enum split_kind kind)
{
	if (ir_rule_asks_engine(rule))
		return SPLIT_QUEUE;
	/* For ever without effect. */
	if (rule->observe && !rule->until)
		return SPLIT_KERNEL;
	/* A refusal is certain whatever a guard will say. */
	if (rule->action != IR_ALLOW)
		return SPLIT_KERNEL;
	if (!(ir->guards & guards_of(kind)))
		return SPLIT_KERNEL;
	return kind == SPLIT_UDP && eval_only_hellos(ir) ? SPLIT_LISTEN
							 : SPLIT_QUEUE;
}

static bool service_takes(const struct service *s, enum split_kind kind)
{
	switch (kind) {
	case SPLIT_TCP:
		return s->l4 == IPPROTO_TCP;
	case SPLIT_UDP:
		return s->l4 == IPPROTO_UDP;
	case SPLIT_OTHERS:
		return s->l4 != IPPROTO_TCP && s->l4 != IPPROTO_UDP;
	case SPLIT_KINDS:
		break;
	}
	return false;
}

bool split_rule_takes(const struct ir_rule *rule, enum split_kind kind)
{
	for (size_t i = 0; i < rule->n_services; i++)
		if (service_takes(&rule->services[i], kind))
			return true;
	return rule->n_services == 0;
}

/* A guard may ask for what a rule allows. */
static bool guards_may_ask(const struct ir *ir)
{
	for (size_t i = 0; i < ir->n_all; i++)
		if ((ir->n_protocols || ir->n_looks) &&
		    ir->all[i].action == IR_ALLOW)
			return true;
	return false;
}

bool split_needs_queue(const struct ir *ir)
{
	for (size_t i = 0; i < SPLIT_KINDS * ir->n_all; i++) {
		const struct ir_rule *r = &ir->all[i / SPLIT_KINDS];
		enum split_kind kind = (enum split_kind)(i % SPLIT_KINDS);

		if (split_rule_takes(r, kind) &&
		    split_rule(ir, r, kind) != SPLIT_KERNEL)
			return true;
	}
	return guards_may_ask(ir);
}
