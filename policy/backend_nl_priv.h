/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the netlink back end. */
#pragma once

#include "policy/backend.h"

struct nftnl_rule;
struct nlmsghdr;

/* A rule while its expressions are added. */
struct nl_rule_out {
	struct nftnl_rule *rule;
	enum queue_target queue;
	uint32_t family, l4; /* already asked for in this rule */
	bool failed;         /* no memory */
};

/* backend_nl_nat.c: statements of translation. */
void nl_nat_put(struct nl_rule_out *o, const struct rs_stmt *s);

/* Add the expressions of one statement. */
void nl_expr_put(struct nl_rule_out *o, const struct rs_stmt *s);

/* The next message of the batch, NULL without memory; its source is kept under
 * its sequence number.  nl_push() ends it. */
struct nlmsghdr *nl_message(struct nl_batch *b, uint16_t type, uint16_t flags,
			    struct nl_source source);
void nl_push(struct nl_batch *b, const struct nlmsghdr *nlh);

/* backend_nl_set.c */
void nl_put_set(struct nl_batch *b, const struct ruleset *rs,
		const struct rs_set *set, uint32_t id);
void nl_put_elements(struct nl_batch *b, const struct ruleset *rs,
		     const struct rs_set *set);
