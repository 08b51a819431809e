/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel translates, as the ruleset has it do so; for those who ask
 * about a flow. */
#pragma once

#include "policy/facts.h"
#include "policy/ir.h"

/* The forward that leads the flow on, or NULL. */
const struct ir_forward *translate_forward(const struct ir *ir,
					   const struct facts *f);

/* Lead it on: the flow as it is judged. */
void translate_apply(const struct ir *ir, const struct ir_forward *forward,
		     struct facts *f);

/* What an allowed flow is sent out as, or NULL: as itself. */
const struct ir_nat *translate_source(const struct ir *ir,
				      const struct facts *f);
