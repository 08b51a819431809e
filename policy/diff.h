/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What flows two policies treat differently: exact on zones, addresses, and
 * services; names and other things that only the engine sees as the rules say
 * them.  What cannot be is not looked at: spoofed sources, destinations of
 * another zone than the one they are in, ICMP of the other IP version.
 */
#pragma once

#include "policy/region.h"

/* What becomes of the flows of a box: the rules that may decide, in order; all
 * but the last ask for more than the kernel sees. */
#define OUTCOME_RULES_MAX 16

struct outcome {
	const struct ir *ir;
	const struct ir_rule *rules[OUTCOME_RULES_MAX];
	size_t n;
	bool more;   /* and others behind those */
	bool ends;   /* the last one decides all that is left, else no rule */
	bool silent; /* and then there is no answer */
	struct str text; /* the same text: the same outcome */
};

enum diff_kind { DIFF_GAINED, DIFF_LOST, DIFF_CHANGED };

/* Flows of one pair of zones that fared alike before, and do so now. */
struct flow_change {
	enum diff_kind kind;
	const char *from, *to; /* zones */
	const struct outcome *before, *after;
	struct region where;
	struct box example; /* one address and service of it */
};

struct flow_diff {
	VEC(struct flow_change *) changes;
	bool guards;   /* guards differ: they concern all that is allowed */
	bool too_much; /* not all is in it: there were too many pieces */
	bool failed;   /* no memory */
};

/* Between zones of the same names; what concerns a zone that only one of them
 * has is not looked at. */
void diff_flows(const struct ir *before, const struct ir *after,
		struct arena *arena, struct flow_diff *out);

/* "allow 'web' if host www.example.org; else reject 'rest'" */
void outcome_print(const struct outcome *o, struct strbuf *out);

/* May such a flow be allowed? */
bool outcome_allows(const struct outcome *o);

/* "10.0.0.1 -> self tcp/443": as `fwctl test` reads it. */
void example_print(const struct flow_change *c, struct strbuf *out);
