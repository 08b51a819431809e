/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which rules the kernel settles alone and which need the queue.
 *
 * Not a second opinion: it says what eval_flow() with EVAL_KERNEL would say of
 * a flow whose kernel conditions match the rule; but that the kernel sees for
 * itself which datagrams begin like a hello, and may be what a guard denies.
 */
#pragma once

#include "policy/ir.h"

enum split {
	SPLIT_KERNEL, /* certain */
	SPLIT_LISTEN, /* certain, but for a hello */
	SPLIT_QUEUE,  /* the engine must see it */
};

/* Flows that differ in the guards that look at them. */
enum split_kind {
	SPLIT_TCP,
	SPLIT_UDP,
	SPLIT_OTHERS,
	SPLIT_KINDS,
};

/* For flows of this kind that match the rule in the kernel. */
enum split split_rule(const struct ir *ir, const struct ir_rule *rule,
		      enum split_kind kind);

/* Can a flow of this kind fit the rule's services? */
bool split_rule_takes(const struct ir_rule *rule, enum split_kind kind);

/* Can any flow come to the queue under this policy? */
bool split_needs_queue(const struct ir *ir);
