/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the difference share; nobody else includes this. */
#pragma once

#include "policy/diff.h"

/* The text that two equal outcomes share; in the arena. */
struct str outcome_text(struct outcome *o, struct arena *arena);

/* ... and then this rule. */
struct outcome outcome_with(const struct outcome *o,
			    const struct ir_rule *rule);

/* One flow of a box between two zones. */
struct box example_of(const struct ir *ir, unsigned from, unsigned to,
		      const struct box *box);
