/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cgroups.  The engine cannot ask for that of a socket, so the kernel tells it:
 * the first packet of a flow carries in its mark, where verdicts have the
 * generation, the number of the innermost cgroup that the policy names.
 */
#include "policy/ruleset_priv.h"

#include "policy/marks.h"

struct rs_stmt rs_match_cgroup(const struct ir_cgroup *cgroup)
{
	return (struct rs_stmt){.op = RS_CGROUP,
				.name = cgroup->path,
				.n = cgroup->level,
				.m = (uint32_t)cgroup->id,
				.m2 = (uint32_t)(cgroup->id >> 32)};
}

void rs_build_cgroups(struct rs_build *b, struct rs_chain *chain)
{
	struct rs_chain *numbers;

	if (!b->ir->n_cgroups || !b->rs->queues)
		return;
	rs_build_add(b, rs_rule_new(b->arena, chain),
		     (struct rs_stmt){.op = RS_JUMP, .name = "c_cgroups"});
	numbers = rs_build_chain(b, "c_cgroups");
	for (unsigned i = 0; i < b->ir->n_cgroups; i++) {
		struct rs_rule *nft = rs_rule_new(b->arena, numbers);

		rs_build_add(b, nft, rs_match_cgroup(&b->ir->cgroups[i]));
		rs_build_add(
			b, nft,
			(struct rs_stmt){.op = RS_META_MARK_SET,
					 .n = mark_number(b->ir->marks, i + 1),
					 .m = mark_number(b->ir->marks,
							  MARK_GENERATIONS)});
		rs_build_add(b, nft, (struct rs_stmt){.op = RS_RETURN});
	}
}
