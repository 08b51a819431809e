/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the ruleset's making. */
#pragma once

#include "policy/ruleset.h"

struct rs_build {
	const struct ir *ir;
	const char *digest;
	struct arena *arena;
	struct ruleset *rs;
	bool failed;
};

/* Each notes in b->failed when there is no memory. */
void rs_build_add(struct rs_build *b, struct rs_rule *rule,
		  struct rs_stmt stmt);
struct rs_set *rs_build_set(struct rs_build *b, const char *name,
			    enum rs_set_type type, struct place place);

/* The addresses of one family as a set, shared by every chain that has the
 * rule `id` (or the zone); `what` says which of its sets. */
const struct rs_set *rs_build_addr_set(struct rs_build *b, const char *what,
				       unsigned id, enum ip_family family,
				       const struct ipset *all,
				       struct place place);

/* What the policy's rule does, at the end of an nft rule. */
void rs_build_end(struct rs_build *b, struct rs_rule *nft,
		  const struct ir_rule *rule, bool queued);

/* ruleset_rule.c: the rule of the policy as nft rules in the chain of a pair of
 * zones; none when it can never match there. */
void rs_build_rule(struct rs_build *b, struct rs_chain *chain,
		   const struct ir_rule *rule, unsigned from, unsigned to);
