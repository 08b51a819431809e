/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel translates, as the ruleset has it do so; for those who ask
 * about a flow. */
#pragma once

#include "policy/facts.h"
#include "policy/ir.h"

/* Lead a new flow on as a forward does: it becomes the flow that is judged.
 * The forward, or NULL: nothing has changed. */
const struct ir_forward *translate_lead_on(const struct ir *ir,
					   struct facts *f);

/* What an allowed flow is sent out as, or NULL: as itself. */
const struct ir_nat *translate_source(const struct ir *ir,
				      const struct facts *f);
