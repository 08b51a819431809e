/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/split.h"

#include <netinet/in.h>

enum split split_rule(const struct ir *ir, const struct ir_rule *rule,
		      uint8_t l4)
{
	if (ir_rule_asks_engine(rule))
		return SPLIT_QUEUE;
	/* A refusal is certain whatever a guard will say. */
	if (rule->action != IR_ALLOW || !ir->guards)
		return SPLIT_KERNEL;
	if (l4 == 0)
		return SPLIT_TCP_QUEUED;
	return l4 == IPPROTO_TCP ? SPLIT_QUEUE : SPLIT_KERNEL;
}

/* Whether it can speak of TCP at all. */
static bool rule_takes_tcp(const struct ir_rule *rule)
{
	for (size_t i = 0; i < rule->n_services; i++)
		if (rule->services[i].l4 == IPPROTO_TCP)
			return true;
	return rule->n_services == 0;
}

bool split_needs_queue(const struct ir *ir)
{
	for (size_t i = 0; i < ir->n_all; i++) {
		const struct ir_rule *r = &ir->all[i];

		if (split_rule(ir, r, rule_takes_tcp(r) ? IPPROTO_TCP : 1) !=
		    SPLIT_KERNEL)
			return true;
	}
	return false;
}
