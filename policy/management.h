/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Would the policy cut those who manage the gateway?  Pure.
 *
 * A declared flow stands for many: the evaluation is asked for one of each kind
 * that the rules tell apart, that is for every address and port at which a rule
 * begins or ends.
 */
#pragma once

#include "policy/base/diag.h"
#include "policy/eval.h"

/* The zone of an address; NULL: by the networks alone. */
struct management_zones {
	int (*find)(void *ctx, const struct ipaddr *addr);
	void *ctx;
};

/* A flow that the policy does not let through. */
struct management_miss {
	const struct ir_rule *flow; /* of ir->management */
	struct facts facts;         /* one that stands for it */
	struct decision decision;
};

/* Does the policy let one flow through?  A rule that asks the engine is asked
 * for ssh what it says of what is no known protocol; of other flows it may. */
bool management_allows(const struct ir *ir, const struct facts *facts,
		       struct decision *out);

/* The first miss of each declared flow, at most `room`; how many. */
size_t management_misses(const struct ir *ir,
			 const struct management_zones *zones, int64_t now,
			 struct management_miss *out, size_t room);

/* A warning for each declared flow that the policy refuses. */
void management_warn(const struct ir *ir, int64_t now, struct diag_list *diags);

/* "rule 'x' of segment refuses it", "no rule of ingress allows it" ...; `buf`
 * of `room` bytes. */
const char *management_why(const struct decision *d, char *buf, size_t room);
