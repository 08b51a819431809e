/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guards of the list `protocol`, and what else the engine must see: what a
 * rule allows goes through c_guards, which sends to the queue what a guard has
 * to look at, and returns the rest.
 */
#include "policy/ruleset_priv.h"

#define GUARDS "c_guards"

static const struct ir_rule *next_guard(const struct rs_build *b, size_t *i)
{
	return *i < b->ir->n_protocols + b->ir->n_looks
		       ? &b->ir->protocols[(*i)++].match
		       : NULL;
}

static struct rs_stmt guard_entry(struct rs_build *b,
				  const struct ir_rule *guard)
{
	return rs_build_way(b, guard, "w_", "c_queue");
}

const char *rs_build_guards(struct rs_build *b)
{
	static const struct rs_dispatch guards = {.prefix = "g_",
						  .map = "mg_",
						  .next = next_guard,
						  .entry = guard_entry};

	if (!b->ir->n_protocols && !b->ir->n_looks)
		return NULL;
	if (!ruleset_chain_find(b->rs, GUARDS))
		rs_build_dispatch(b, &guards, rs_build_chain(b, GUARDS));
	return GUARDS;
}
