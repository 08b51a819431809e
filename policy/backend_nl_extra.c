/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rules ask beside zones, addresses and services, as expressions: times,
 * limits, and who sends. */
#include "policy/backend_nl_priv.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if_arp.h>

static void to_network_order(struct nl_rule_out *o, uint32_t len)
{
	struct nftnl_expr *e = nl_expr(o, "byteorder");

	NL_SET_U32(e, NFTNL_EXPR_BYTEORDER_SREG, NL_REG_KEY);
	NL_SET_U32(e, NFTNL_EXPR_BYTEORDER_DREG, NL_REG_KEY);
	NL_SET_U32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	NL_SET_U32(e, NFTNL_EXPR_BYTEORDER_LEN, len);
	NL_SET_U32(e, NFTNL_EXPR_BYTEORDER_SIZE, len);
}

/* Nanoseconds since the epoch. */
static void match_time(struct nl_rule_out *o, uint32_t op, uint32_t second)
{
	uint64_t be = htobe64((uint64_t)second * 1000000000);

	nl_load_meta(o, NFT_META_TIME_NS);
	to_network_order(o, sizeof(be));
	nl_compare(o, op, &be, sizeof(be));
}

/* Other links have no such addresses. */
static void match_ether(struct nl_rule_out *o, const struct rs_stmt *s)
{
	uint16_t type = ARPHRD_ETHER;

	nl_load_meta(o, NFT_META_IIFTYPE);
	nl_compare(o, NFT_CMP_EQ, &type, sizeof(type));
	nl_load_payload(o, NFT_PAYLOAD_LL_HEADER, 6, 6);
	nl_lookup(o, s->set, false);
}

static void match_cgroup(struct nl_rule_out *o, const struct rs_stmt *s)
{
	uint64_t id = (uint64_t)s->m2 << 32 | s->m;
	struct nftnl_expr *e = nl_expr(o, "socket");

	NL_SET_U32(e, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_CGROUPV2);
	NL_SET_U32(e, NFTNL_EXPR_SOCKET_DREG, NL_REG_KEY);
	NL_SET_U32(e, NFTNL_EXPR_SOCKET_LEVEL, s->n);
	nl_compare(o, NFT_CMP_EQ, &id, sizeof(id));
}

static void match_day(struct nl_rule_out *o, const struct rs_stmt *s)
{
	nl_load_meta(o, NFT_META_TIME_DAY);
	if (s->n == s->m) {
		nl_compare_u8(o, NFT_CMP_EQ, s->n);
	} else {
		nl_compare_u8(o, NFT_CMP_GTE, s->n);
		nl_compare_u8(o, NFT_CMP_LTE, s->m);
	}
}

static void match_hour(struct nl_rule_out *o, const struct rs_stmt *s)
{
	uint32_t lo = htonl(s->n), hi = htonl(s->m);

	nl_load_meta(o, NFT_META_TIME_HOUR);
	to_network_order(o, sizeof(lo));
	nl_compare(o, NFT_CMP_GTE, &lo, sizeof(lo));
	nl_compare(o, NFT_CMP_LTE, &hi, sizeof(hi));
}

/* What counts: a rate, or flows at once. */
static struct nftnl_expr *counting(const struct rs_stmt *s)
{
	bool rate = s->op == RS_LIMIT_OVER;
	struct nftnl_expr *e = nftnl_expr_alloc(rate ? "limit" : "connlimit");

	if (!e)
		return NULL;
	if (rate) {
		nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, s->n);
		nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, s->m);
		nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, s->m2);
		nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
		nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	} else {
		nftnl_expr_set_u32(e, NFTNL_EXPR_CONNLIMIT_COUNT, s->n);
		nftnl_expr_set_u32(e, NFTNL_EXPR_CONNLIMIT_FLAGS,
				   NFT_CONNLIMIT_F_INV);
	}
	return e;
}

static void match_limit(struct nl_rule_out *o, const struct rs_stmt *s)
{
	struct nftnl_expr *count = counting(s), *e;

	if (!count) {
		o->failed = true;
		return;
	}
	if (!s->set) {
		nftnl_rule_add_expr(o->rule, count);
		return;
	}
	nl_need_family(o, s->set->family);
	nl_load_payload(o, NFT_PAYLOAD_NETWORK_HEADER,
			s->set->family == IP_V4 ? 12 : 8,
			s->set->family == IP_V4 ? 4 : 16);
	e = nl_expr(o, "dynset");
	if (!e) {
		nftnl_expr_free(count);
		return;
	}
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NL_REG_KEY);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP,
			   s->op == RS_LIMIT_OVER ? NFT_DYNSET_OP_UPDATE
						  : NFT_DYNSET_OP_ADD);
	nl_set_str(o, e, NFTNL_EXPR_DYNSET_SET_NAME, s->set->name);
	nftnl_expr_add_expr(e, NFTNL_EXPR_DYNSET_EXPR, count);
}

bool nl_extra_put(struct nl_rule_out *o, const struct rs_stmt *s)
{
	switch ((int)s->op) {
	case RS_LIMIT_OVER:
	case RS_FLOWS_OVER:
		match_limit(o, s);
		return true;
	case RS_ETHER_IN:
		match_ether(o, s);
		return true;
	case RS_USER:
		nl_load_meta(o, NFT_META_SKUID);
		nl_compare_u32(o, NFT_CMP_EQ, s->n);
		return true;
	case RS_CGROUP:
		match_cgroup(o, s);
		return true;
	case RS_DAY:
		match_day(o, s);
		return true;
	case RS_HOUR:
		match_hour(o, s);
		return true;
	case RS_TIME_BEFORE:
		match_time(o, NFT_CMP_LT, s->n);
		return true;
	case RS_TIME_FROM:
		match_time(o, NFT_CMP_GTE, s->n);
		return true;
	default:
		return false;
	}
}
