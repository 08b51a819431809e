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
};

/* The sources that a packet from the zone may have, beside which all are
 * spoofed: its networks, and what a host says before it has an address of
 * theirs (RFC 1122, 3.2.1.3: 0.0.0.0 in DHCP; RFC 4291, 2.5.6: link-local).
 * Neither of these is ever forwarded.  FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err zone_sources(const struct ir *ir, unsigned zone,
				       struct arena *arena,
				       struct ipset *out_sources);

/* The arms of all rules of the list that judges flows between the two zones, in
 * the policy's order, without those that can never match there; with `trim`
 * also without those whose sources are refused as spoofed before.  Their
 * reaches are prepared to be compared.  FW_ERR_NOMEM. */
FW_MUST_CHECK enum fw_err arms_between(const struct ir *ir, unsigned from,
				       unsigned to, bool trim,
				       struct arena *arena,
				       struct arm_list *out_arms);
