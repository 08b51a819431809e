/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Translation as libnftnl expressions: address and port through registers. */
#include "policy/backend_nl_priv.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#define REG_ADDR NFT_REG_1
#define REG_PORT NFT_REG_2

static void load(struct nl_rule_out *o, uint32_t reg, const void *data,
		 size_t len)
{
	struct nftnl_expr *e = nl_expr(o, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, reg);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, data, (uint32_t)len);
}

static void put_nat(struct nl_rule_out *o, const struct rs_stmt *s)
{
	bool v6 = s->addr->family == IP_V6;
	uint16_t port = htons((uint16_t)s->m);
	struct nftnl_expr *e;

	load(o, REG_ADDR, s->addr->bytes, ipaddr_len(s->addr->family));
	if (port)
		load(o, REG_PORT, &port, sizeof(port));
	e = nl_expr(o, "nat");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE,
			   s->op == RS_DNAT ? NFT_NAT_DNAT : NFT_NAT_SNAT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FAMILY,
			   v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, REG_ADDR);
	if (port)
		nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, REG_PORT);
}

/* Is the address one of this machine's? */
static void match_local(struct nl_rule_out *o, uint32_t which)
{
	struct nftnl_expr *e = nl_expr(o, "fib");
	uint32_t local = RTN_LOCAL;

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, REG_ADDR);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, which);
	e = nl_expr(o, "cmp");
	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, REG_ADDR);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, &local, sizeof(local));
}

void nl_nat_put(struct nl_rule_out *o, const struct rs_stmt *s)
{
	if (s->op == RS_SADDR_LOCAL)
		match_local(o, NFTA_FIB_F_SADDR);
	else if (s->op == RS_DADDR_LOCAL)
		match_local(o, NFTA_FIB_F_DADDR);
	else if (s->op == RS_MASQUERADE)
		(void)nl_expr(o, "masq");
	else
		put_nat(o, s);
}
