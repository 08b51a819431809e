/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rule as it looks between one pair of zones: what is left of its ends. */
#pragma once

#include "policy/ir.h"
#include "policy/overlap.h"

struct arm {
	const struct ir_rule *rule;
	const struct ipset *src, *dst;         /* NULL: any ... */
	const struct ipset *not_src, *not_dst; /* ... but these, or NULL */
	struct reach reach;
};

struct arm_list {
	struct arm *items;
	size_t n;
	struct reach_index index;
};

/* For each arm before `i` that shares a flow with it; `j` is declared here. */
#define arms_meeting(j, arms, i)                                         \
	for (size_t j = (reach_index_look(&(arms)->index,                \
					  &(arms)->items[i].reach, (i)), \
			 arms_next(arms, i, 0));                         \
	     j != SIZE_MAX; j = arms_next(arms, i, j + 1))

/* The next that was found, at or behind `from`, and does share one. */
size_t arms_next(const struct arm_list *arms, size_t i, size_t from);

/* The sources that a packet from the zone may have, beside which all are
 * spoofed: its networks, and what a host says before it has an address of
 * theirs (RFC 1122, 3.2.1.3: 0.0.0.0 in DHCP; RFC 4291, 2.5.6: link-local).
 * Neither of these is ever forwarded.  FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err zone_sources(const struct ir *ir, unsigned zone,
				       struct arena *arena,
				       struct ipset *out_sources);

/* The networks of all other zones. */
FW_MUST_CHECK enum fw_err zone_strangers(const struct ir *ir, unsigned zone,
					 struct arena *arena,
					 struct ipset *out_strangers);

/* The rule's arm between two zones, false when it can never match there.
 * `own`: the sources that may come, or NULL. */
bool arm_of(const struct ir_rule *rule, unsigned from, unsigned to,
	    const struct ipset *own, struct arm *out);

/* The arms of all rules of the list that judges flows between the two zones, in
 * the policy's order, without those that can never match there; with `trim`
 * also without those whose sources are refused as spoofed before.  Their
 * reaches are prepared and indexed to be compared.  FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err arms_between(const struct ir *ir, unsigned from,
				       unsigned to, bool trim,
				       struct arena *arena,
				       struct arm_list *out_arms);
