/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the netlink back end. */
#pragma once

#include "policy/backend.h"

struct nftnl_expr;
struct nftnl_rule;
struct nlmsghdr;

/* A rule while its expressions are added. */
struct nl_rule_out {
	struct nftnl_rule *rule;
	enum queue_target queue;
	uint32_t family, l4; /* already asked for in this rule */
	bool failed;         /* no memory */
};

/* backend_nl_load.c: an expression at the end of the rule, or NULL. */
struct nftnl_expr *nl_expr(struct nl_rule_out *o, const char *name);

#define NL_SET_U32(e, attr, value)                                \
	do {                                                      \
		if (e)                                            \
			nftnl_expr_set_u32((e), (attr), (value)); \
	} while (0)

/* A name for it, which it copies; nothing where e is NULL. */
void nl_set_str(struct nl_rule_out *o, struct nftnl_expr *e, uint16_t attr,
		const char *text);

/* Where a key is loaded to be compared or looked up. */
#define NL_REG_KEY NFT_REG_1

void nl_load_meta(struct nl_rule_out *o, uint32_t key);
void nl_load_meta_to(struct nl_rule_out *o, uint32_t key, uint32_t reg);
void nl_load_payload(struct nl_rule_out *o, uint32_t base, uint32_t offset,
		     uint32_t len);
void nl_load_payload_to(struct nl_rule_out *o, uint32_t base, uint32_t offset,
			uint32_t len, uint32_t reg);
void nl_compare(struct nl_rule_out *o, uint32_t op, const void *data,
		uint32_t len);
void nl_compare_u8(struct nl_rule_out *o, uint32_t op, uint32_t value);
void nl_compare_u16(struct nl_rule_out *o, uint32_t op, uint32_t value);
void nl_compare_u32(struct nl_rule_out *o, uint32_t op, uint32_t value);
void nl_lookup(struct nl_rule_out *o, const struct rs_set *set, bool invert);
/* Payload of one family must not be read from a packet of the other. */
void nl_need_family(struct nl_rule_out *o, uint32_t family);

/* backend_nl_extra.c: false when the statement is none of its. */
bool nl_extra_put(struct nl_rule_out *o, const struct rs_stmt *s);

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
