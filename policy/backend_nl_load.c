/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The expressions that most statements are made of: load, compare, look up. */
#include "policy/backend_nl_priv.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

struct nftnl_expr *nl_expr(struct nl_rule_out *o, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e) {
		o->failed = true;
		return NULL;
	}
	nftnl_rule_add_expr(o->rule, e);
	return e;
}

void nl_set_str(struct nl_rule_out *o, struct nftnl_expr *e, uint16_t attr,
		const char *text)
{
	if (e && nftnl_expr_set_str(e, attr, text) < 0)
		o->failed = true;
}

void nl_load_meta_to(struct nl_rule_out *o, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e = nl_expr(o, "meta");

	NL_SET_U32(e, NFTNL_EXPR_META_KEY, key);
	NL_SET_U32(e, NFTNL_EXPR_META_DREG, reg);
}

void nl_load_meta(struct nl_rule_out *o, uint32_t key)
{
	nl_load_meta_to(o, key, NL_REG_KEY);
}

void nl_load_payload_to(struct nl_rule_out *o, uint32_t base, uint32_t offset,
			uint32_t len, uint32_t reg)
{
	struct nftnl_expr *e = nl_expr(o, "payload");

	NL_SET_U32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
	NL_SET_U32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	NL_SET_U32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	NL_SET_U32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
}

void nl_load_payload(struct nl_rule_out *o, uint32_t base, uint32_t offset,
		     uint32_t len)
{
	nl_load_payload_to(o, base, offset, len, NL_REG_KEY);
}

void nl_compare(struct nl_rule_out *o, uint32_t op, const void *data,
		uint32_t len)
{
	struct nftnl_expr *e = nl_expr(o, "cmp");

	NL_SET_U32(e, NFTNL_EXPR_CMP_SREG, NL_REG_KEY);
	NL_SET_U32(e, NFTNL_EXPR_CMP_OP, op);
	if (e)
		nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

void nl_compare_u8(struct nl_rule_out *o, uint32_t op, uint32_t value)
{
	uint8_t byte = (uint8_t)value;

	nl_compare(o, op, &byte, sizeof(byte));
}

void nl_compare_u16(struct nl_rule_out *o, uint32_t op, uint32_t value)
{
	uint16_t be = htons((uint16_t)value);

	nl_compare(o, op, &be, sizeof(be));
}

void nl_compare_u32(struct nl_rule_out *o, uint32_t op, uint32_t value)
{
	nl_compare(o, op, &value, sizeof(value));
}

void nl_lookup(struct nl_rule_out *o, const struct rs_set *set, bool invert)
{
	struct nftnl_expr *e = nl_expr(o, "lookup");

	NL_SET_U32(e, NFTNL_EXPR_LOOKUP_SREG, NL_REG_KEY);
	nl_set_str(o, e, NFTNL_EXPR_LOOKUP_SET, set->name);
	if (rs_set_is_map(set))
		NL_SET_U32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
	if (invert)
		NL_SET_U32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

/* Payload of one family must not be read from a packet of the other. */
void nl_need_family(struct nl_rule_out *o, uint32_t family)
{
	if (o->family == family)
		return;
	o->family = family;
	nl_load_meta(o, NFT_META_NFPROTO);
	nl_compare_u8(o, NFT_CMP_EQ,
		      family == IP_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}
