/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does one rule leave another nothing to decide? */
#pragma once

#include "policy/arm.h"

/* Memory for the questions; `failed`: there was none, and answers are no. */
struct cover {
	struct arena *arena;
	bool failed;
};

/* One end of an arm: of these addresses (NULL: any), but not of those. */
struct arm_end {
	const struct ipset *set, *but;
};

static inline struct arm_end arm_src(const struct arm *arm)
{
	return (struct arm_end){arm->src, arm->not_src};
}

static inline struct arm_end arm_dst(const struct arm *arm)
{
	return (struct arm_end){arm->dst, arm->not_dst};
}

/* Are all addresses of `late` among those of `early`? */
bool cover_end(struct cover *c, struct arm_end early, struct arm_end late);

bool cover_services(const struct ir_rule *early, const struct ir_rule *late);

/* Does `wide` take every flow that `narrow` takes? */
bool cover_arm(struct cover *c, const struct arm *wide,
	       const struct arm *narrow);
