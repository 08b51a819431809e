/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which rules the kernel settles alone and which need the queue.
 *
 * Not a second opinion: it says what eval_flow() with EVAL_KERNEL would say of
 * a flow whose kernel conditions match the rule.
 */
#pragma once

#include "policy/ir.h"

enum split {
	SPLIT_KERNEL, /* certain */
	SPLIT_QUEUE,  /* the engine must see it */
};

/* For flows of protocol `l4` that match the rule in the kernel. */
enum split split_rule(const struct ir *ir, const struct ir_rule *rule,
		      uint8_t l4);

/* Can a flow of protocol `l4` fit the rule's services?  SPLIT_OTHER_L4: of
 * any protocol but TCP. */
#define SPLIT_OTHER_L4 0
bool split_rule_takes(const struct ir_rule *rule, uint8_t l4);

/* Can any flow come to the queue under this policy? */
bool split_needs_queue(const struct ir *ir);
