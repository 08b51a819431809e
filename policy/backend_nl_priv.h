/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the netlink back end. */
#pragma once

#include "policy/backend.h"

struct nftnl_rule;

/* A rule while its expressions are added. */
struct nl_rule_out {
	struct nftnl_rule *rule;
	enum queue_target queue;
	uint32_t family, l4; /* already asked for in this rule */
	bool failed;         /* no memory */
};

/* Add the expressions of one statement. */
void nl_expr_put(struct nl_rule_out *o, const struct rs_stmt *s);
