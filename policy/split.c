/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/split.h"

#include <netinet/in.h>

enum split split_rule(const struct ir *ir, const struct ir_rule *rule,
		      uint8_t l4)
{
	if (ir_rule_asks_engine(rule))
		return SPLIT_QUEUE;
	/* For ever without effect. */
	if (rule->observe && !rule->until)
		return SPLIT_KERNEL;
	/* A refusal is certain whatever a guard will say. */
	if (rule->action != IR_ALLOW || !ir->guards)
		return SPLIT_KERNEL;
	return l4 == IPPROTO_TCP ? SPLIT_QUEUE : SPLIT_KERNEL;
}

bool split_rule_takes(const struct ir_rule *rule, uint8_t l4)
{
	for (size_t i = 0; i < rule->n_services; i++)
		if (l4 == SPLIT_OTHER_L4 ? rule->services[i].l4 != IPPROTO_TCP
					 : rule->services[i].l4 == l4)
			return true;
	return rule->n_services == 0;
}

/* A guard may ask for what a rule allows. */
static bool guards_may_ask(const struct ir *ir)
{
	for (size_t i = 0; i < ir->n_all; i++)
		if (ir->n_protocols && ir->all[i].action == IR_ALLOW)
			return true;
	return false;
}

bool split_needs_queue(const struct ir *ir)
{
	static const uint8_t kinds[] = {IPPROTO_TCP, SPLIT_OTHER_L4};

	for (size_t i = 0; i < 2 * ir->n_all; i++) {
		const struct ir_rule *r = &ir->all[i / 2];

		if (split_rule_takes(r, kinds[i % 2]) &&
		    split_rule(ir, r, kinds[i % 2]) == SPLIT_QUEUE)
			return true;
	}
	return guards_may_ask(ir);
}
