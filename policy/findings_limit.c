/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/findings_limit.h"

#include "policy/arm.h"

/* Flows of the limited rule that an earlier one sends to the engine first never
 * come to where they are counted. */
static bool blurs(const struct ir_rule *early, const struct ir_rule *late)
{
	if (late->packets.n)
		return true;
	return (late->rate.n || late->connections.n) &&
	       ir_rule_asks_engine(early);
}

static void report(struct diag_list *diags, const struct ir_rule *early,
		   const struct ir_rule *late)
{
	diag_error(
		diags, late->place, "limit",
		late->packets.n
			? "the packets of rule %s cannot be told from those "
			  "of %s before it"
			: "the flows of rule %s cannot be counted: %s before "
			  "it has the engine look at some of them first",
		diag_quote(diags, str_of(late->name)),
		diag_quote(diags, str_of(early->name)));
	diag_note(diags, early->place,
		  "that rule stands here; put the one with the limit before "
		  "it, or give them other addresses or services");
}

static enum fw_err look_between(const struct ir *ir, unsigned from, unsigned to,
				bool *told, struct arena *arena,
				struct diag_list *diags)
{
	struct arm_list arms;

	if (arms_between(ir, from, to, false, arena, &arms) != FW_OK)
		return FW_ERR_NOMEM;
	for (size_t i = 1; i < arms.n; i++) {
		const struct ir_rule *late = arms.items[i].rule;

		if (!ir_rule_has_limits(late))
			continue;
		for (size_t j = 0; j < i && !told[late->id]; j++) {
			const struct arm *early = &arms.items[j];

			if (!blurs(early->rule, late) ||
			    !reach_meets(&early->reach, &arms.items[i].reach))
				continue;
			told[late->id] = true;
			report(diags, early->rule, late);
		}
	}
	return FW_OK;
}

enum fw_err find_limit_faults(const struct ir *ir, struct diag_list *diags)
{
	size_t before = diags->errors;
	enum fw_err err = FW_OK;
	struct arena scratch;
	bool any = false;
	bool *told = arena_calloc(diags->arena, ir->n_all + 1, sizeof(*told));

	if (!told)
		return FW_ERR_NOMEM;
	for (size_t i = 0; i < ir->n_all; i++)
		any |= ir_rule_has_limits(&ir->all[i]);
	for (unsigned from = 0; any && !err && from < ir->n_zones; from++) {
		arena_init(&scratch, 0, 0);
		for (unsigned to = 0; !err && to < ir->n_zones; to++)
			err = look_between(ir, from, to, told, &scratch, diags);
		if (scratch.failed)
			err = FW_ERR_NOMEM;
		arena_done(&scratch);
	}
	if (!err && diags->errors != before)
		err = FW_ERR_POLICY;
	return err;
}
