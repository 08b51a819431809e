/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The statements of a rule -> libnftnl expressions.  They are those that nft
 * itself makes of the text back end's words, so that both list alike.
 */
#include "policy/backend_nl_priv.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

/* enum ip_conntrack_dir is not in the exported headers. */
#define CT_DIR_ORIGINAL 0
#define CT_DIR_REPLY    1

static void load_ct(struct nl_rule_out *o, uint32_t key)
{
	struct nftnl_expr *e = nl_expr(o, "ct");

	NL_SET_U32(e, NFTNL_EXPR_CT_KEY, key);
	NL_SET_U32(e, NFTNL_EXPR_CT_DREG, NL_REG_KEY);
}

/* reg = (reg & mask) ^ xor, of `len` bytes. */
static void bitwise(struct nl_rule_out *o, const void *mask, const void * xor,
		    uint32_t len)
{
	struct nftnl_expr *e = nl_expr(o, "bitwise");

	NL_SET_U32(e, NFTNL_EXPR_BITWISE_SREG, NL_REG_KEY);
	NL_SET_U32(e, NFTNL_EXPR_BITWISE_DREG, NL_REG_KEY);
	NL_SET_U32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	NL_SET_U32(e, NFTNL_EXPR_BITWISE_LEN, len);
	if (e) {
		nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
		nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, xor, len);
	}
}

static void bitwise_u32(struct nl_rule_out *o, uint32_t mask, uint32_t xor)
{
	bitwise(o, &mask, &xor, sizeof(mask));
}

static void verdict(struct nl_rule_out *o, int code, const char *chain)
{
	struct nftnl_expr *e = nl_expr(o, "immediate");

	NL_SET_U32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	NL_SET_U32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)code);
	if (chain)
		nl_set_str(o, e, NFTNL_EXPR_IMM_CHAIN, chain);
}

static void need_l4(struct nl_rule_out *o, uint32_t l4)
{
	if (o->l4 == l4)
		return;
	o->l4 = l4;
	nl_load_meta(o, NFT_META_L4PROTO);
	nl_compare_u8(o, NFT_CMP_EQ, l4);
}

static void match_interface(struct nl_rule_out *o, uint32_t key,
			    const char *name)
{
	char padded[IFNAMSIZ] = {0};

	memcpy(padded, name, strnlen(name, IFNAMSIZ - 1));
	nl_load_meta(o, key);
	nl_compare(o, NFT_CMP_EQ, padded, sizeof(padded));
}

static void match_address(struct nl_rule_out *o, const struct rs_stmt *s)
{
	bool v4 = s->set->type == RS_SET_IPV4;
	uint32_t offset = v4 ? 12 : 8, len = v4 ? 4 : 16;

	if (s->op == RS_DADDR_IN)
		offset += len;
	nl_need_family(o, v4 ? IP_V4 : IP_V6);
	nl_load_payload(o, NFT_PAYLOAD_NETWORK_HEADER, offset, len);
	nl_lookup(o, s->set, s->op == RS_SADDR_NOT_IN);
}

/* As nft does it: of a prefix that ends with a byte only those bytes. */
static void match_range(struct nl_rule_out *o, const struct rs_stmt *s)
{
	static const uint8_t none[16] = {0};
	const struct iprange *r = s->range;
	bool v4 = r->lo.family == IP_V4;
	uint32_t len = v4 ? 4 : 16, offset = v4 ? 12 : 8;
	int prefix = iprange_prefix_len(r);
	uint8_t mask[16] = {0};

	if (s->op == RS_DADDR)
		offset += len;
	nl_need_family(o, r->lo.family);
	if (prefix > 0 && prefix % 8 == 0)
		len = (uint32_t)prefix / 8;
	nl_load_payload(o, NFT_PAYLOAD_NETWORK_HEADER, offset, len);
	if (prefix < 0) {
		nl_compare(o, NFT_CMP_GTE, r->lo.bytes, len);
		nl_compare(o, NFT_CMP_LTE, r->hi.bytes, len);
		return;
	}
	if (prefix % 8 != 0) {
		for (int i = 0; i < prefix; i++)
			mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
		bitwise(o, mask, none, len);
	}
	nl_compare(o, NFT_CMP_EQ, r->lo.bytes, len);
}

static void match_port(struct nl_rule_out *o, const struct rs_stmt *s)
{
	need_l4(o, s->n);
	nl_load_payload(o, NFT_PAYLOAD_TRANSPORT_HEADER,
			s->op == RS_SPORT ? 0 : 2, 2);
	if (s->op == RS_DPORT_IN) {
		nl_lookup(o, s->set, false);
	} else if (s->m == s->m2) {
		nl_compare_u16(o, NFT_CMP_EQ, s->m);
	} else {
		nl_compare_u16(o, NFT_CMP_GTE, s->m);
		nl_compare_u16(o, NFT_CMP_LTE, s->m2);
	}
}

static void match_icmp(struct nl_rule_out *o, const struct rs_stmt *s)
{
	nl_need_family(o, s->n == IPPROTO_ICMP ? IP_V4 : IP_V6);
	need_l4(o, s->n);
	nl_load_payload(o, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	if (s->m == s->m2) {
		nl_compare_u8(o, NFT_CMP_EQ, s->m);
	} else {
		nl_compare_u8(o, NFT_CMP_GTE, s->m);
		nl_compare_u8(o, NFT_CMP_LTE, s->m2);
	}
}

static void load_tcp_flags(struct nl_rule_out *o, uint8_t mask)
{
	static const uint8_t none;

	need_l4(o, IPPROTO_TCP);
	nl_load_payload(o, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
	bitwise(o, &mask, &none, 1);
}

#define TCP_STATE_FLAGS (TH_FIN | TH_SYN | TH_RST | TH_ACK)

static void match_tcp_flag(struct nl_rule_out *o, uint8_t flag)
{
	load_tcp_flags(o, flag);
	nl_compare_u8(o, NFT_CMP_NEQ, 0);
}

/* These flags alone, of `among`. */
static void match_tcp_flags(struct nl_rule_out *o, uint8_t flags, uint8_t among)
{
	load_tcp_flags(o, among);
	nl_compare_u8(o, NFT_CMP_EQ, flags);
}

/* As nft does it: the bytes that they stand in, the others of them masked. */
static void match_udp_bits(struct nl_rule_out *o, const struct rs_stmt *s)
{
	static const uint8_t none[8] = {0};
	uint32_t len = (s->n % 8 + s->m + 7) / 8;
	unsigned after = len * 8 - s->n % 8 - s->m;
	uint64_t ones = ((1ULL << s->m) - 1) << after;
	uint64_t wanted = (uint64_t)s->m2 << after;
	uint8_t mask[8], bytes[8];

	for (uint32_t i = 0; i < len; i++) {
		mask[i] = (uint8_t)(ones >> 8 * (len - 1 - i));
		bytes[i] = (uint8_t)(wanted >> 8 * (len - 1 - i));
	}
	nl_load_payload(o, NFT_PAYLOAD_TRANSPORT_HEADER,
			(RS_UDP_HEADER_BITS + s->n) / 8, len);
	if (s->m % 8 != 0)
		bitwise(o, mask, none, len);
	nl_compare(o, NFT_CMP_EQ, bytes, len);
}

static void match_ct_state(struct nl_rule_out *o, uint32_t bits)
{
	uint32_t kernel = 0;

	if (bits & RS_CT_INVALID)
		kernel |= NF_CT_STATE_INVALID_BIT;
	if (bits & RS_CT_ESTABLISHED)
		kernel |= NF_CT_STATE_BIT(IP_CT_ESTABLISHED);
	if (bits & RS_CT_RELATED)
		kernel |= NF_CT_STATE_BIT(IP_CT_RELATED);
	if (bits & RS_CT_NEW)
		kernel |= NF_CT_STATE_BIT(IP_CT_NEW);
	if (bits & RS_CT_UNTRACKED)
		kernel |= NF_CT_STATE_UNTRACKED_BIT;
	load_ct(o, NFT_CT_STATE);
	bitwise_u32(o, kernel, 0);
	nl_compare_u32(o, NFT_CMP_NEQ, 0);
}

static void set_mark(struct nl_rule_out *o, const struct rs_stmt *s)
{
	bool ct = s->op == RS_CT_MARK_SET;
	struct nftnl_expr *e;

	if (ct)
		load_ct(o, NFT_CT_MARK);
	else
		nl_load_meta(o, NFT_META_MARK);
	bitwise_u32(o, ~s->m, s->n);
	e = nl_expr(o, ct ? "ct" : "meta");
	NL_SET_U32(e,
		   ct ? (uint16_t)NFTNL_EXPR_CT_KEY
		      : (uint16_t)NFTNL_EXPR_META_KEY,
		   ct ? (uint32_t)NFT_CT_MARK : (uint32_t)NFT_META_MARK);
	NL_SET_U32(e,
		   ct ? (uint16_t)NFTNL_EXPR_CT_SREG
		      : (uint16_t)NFTNL_EXPR_META_SREG,
		   NL_REG_KEY);
}

static void put_counter(struct nl_rule_out *o, const struct rs_stmt *s)
{
	struct nftnl_expr *e = nl_expr(o, s->name ? "objref" : "counter");

	if (!e || !s->name)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nl_set_str(o, e, NFTNL_EXPR_OBJREF_IMM_NAME, s->name);
}

static void put_log(struct nl_rule_out *o, const struct rs_stmt *s)
{
	struct nftnl_expr *e = nl_expr(o, "log");

	if (!e)
		return;
	nl_set_str(o, e, NFTNL_EXPR_LOG_PREFIX, s->name);
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, (uint16_t)s->n);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOG_SNAPLEN, RS_LOG_SNAPLEN);
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_QTHRESHOLD, 1);
}

static void put_queue_native(struct nl_rule_out *o, const struct rs_stmt *s)
{
	struct nftnl_expr *e = nl_expr(o, "queue");

	if (!e)
		return;
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_NUM, (uint16_t)s->n);
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_TOTAL, (uint16_t)s->m);
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_FLAGS,
			   s->m2 ? NFT_QUEUE_FLAG_BYPASS : 0);
}

/* The xt target through nft_compat, for kernels without the native one. */
static void put_queue_xt(struct nl_rule_out *o, const struct rs_stmt *s)
{
	struct xt_NFQ_info_v3 *info =
		calloc(1, 8); /* padded as XT_ALIGN does */
	struct nftnl_expr *e = nl_expr(o, "target");

	if (!e || !info) {
		o->failed = true;
		free(info);
		return;
	}
	info->queuenum = (uint16_t)s->n;
	info->queues_total = (uint16_t)s->m;
	info->flags = s->m2 ? NFQ_FLAG_BYPASS : 0;
	nl_set_str(o, e, NFTNL_EXPR_TG_NAME, "NFQUEUE");
	nftnl_expr_set_u32(e, NFTNL_EXPR_TG_REV, 3);
	/* The expression takes the memory and frees it. */
	if (nftnl_expr_set(e, NFTNL_EXPR_TG_INFO, info, 8) < 0) {
		o->failed = true;
		free(info);
	}
} /* NOLINT(clang-analyzer-unix.Malloc): `info` is the expression's */

static void put_reject(struct nl_rule_out *o, uint32_t type, uint8_t code)
{
	struct nftnl_expr *e = nl_expr(o, "reject");

	NL_SET_U32(e, NFTNL_EXPR_REJECT_TYPE, type);
	if (e)
		nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, code);
}

/* The keys one behind the other, each from a register of four bytes on. */
static void put_vmap(struct nl_rule_out *o, const struct rs_set *map)
{
	bool v6 = map->family == IP_V6;
	uint32_t reg = NFT_REG32_00, len = v6 ? 16 : 4, src = v6 ? 8 : 12;

	if (map->family != IP_NONE)
		nl_need_family(o, map->family);
	if (map->keys & RS_KEY_SRC) {
		nl_load_payload_to(o, NFT_PAYLOAD_NETWORK_HEADER, src, len,
				   reg);
		reg += len / 4;
	}
	if (map->keys & RS_KEY_DST) {
		nl_load_payload_to(o, NFT_PAYLOAD_NETWORK_HEADER, src + len,
				   len, reg);
		reg += len / 4;
	}
	if (map->keys & RS_KEY_L4)
		nl_load_meta_to(o, NFT_META_L4PROTO, reg++);
	if (map->keys & RS_KEY_PORT)
		nl_load_payload_to(o, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, reg);
	nl_lookup(o, map, false);
}

static void put_match(struct nl_rule_out *o, const struct rs_stmt *s)
{
	switch ((int)s->op) {
	case RS_FAMILY:
		nl_need_family(o, s->n);
		break;
	case RS_IIFNAME:
		match_interface(o, NFT_META_IIFNAME, s->name);
		break;
	case RS_OIFNAME:
		match_interface(o, NFT_META_OIFNAME, s->name);
		break;
	case RS_L4PROTO:
		need_l4(o, s->n);
		break;
	case RS_SADDR:
	case RS_DADDR:
		match_range(o, s);
		break;
	case RS_SADDR_IN:
	case RS_SADDR_NOT_IN:
	case RS_DADDR_IN:
		match_address(o, s);
		break;
	case RS_SPORT:
	case RS_DPORT:
	case RS_DPORT_IN:
		match_port(o, s);
		break;
	case RS_ICMP_TYPE:
		match_icmp(o, s);
		break;
	case RS_TCP_RST:
		match_tcp_flag(o, TH_RST);
		break;
	case RS_TCP_URG:
		match_tcp_flag(o, TH_URG);
		break;
	case RS_PAYLOAD:
		/* Any value: without a byte it cannot be loaded. */
		nl_load_payload(o, NFT_PAYLOAD_INNER_HEADER, 0, 1);
		nl_compare_u8(o, NFT_CMP_GTE, 0);
		break;
	case RS_UDP_BITS:
		match_udp_bits(o, s);
		break;
	case RS_TCP_SYN:
		match_tcp_flags(o, TH_SYN, TCP_STATE_FLAGS);
		break;
	case RS_TCP_ACK:
		match_tcp_flags(o, TH_ACK, TCP_STATE_FLAGS | TH_URG);
		break;
	case RS_TCP_SYN_ACK:
		match_tcp_flags(o, TH_SYN | TH_ACK, TCP_STATE_FLAGS | TH_URG);
		break;
	case RS_CT_STATE:
		match_ct_state(o, s->n);
		break;
	case RS_CT_REPLY:
	case RS_CT_ORIGINAL:
		load_ct(o, NFT_CT_DIRECTION);
		nl_compare_u8(o, NFT_CMP_EQ,
			      s->op == RS_CT_REPLY ? CT_DIR_REPLY
						   : CT_DIR_ORIGINAL);
		break;
	case RS_CT_MARK:
		load_ct(o, NFT_CT_MARK);
		bitwise_u32(o, s->m, 0);
		nl_compare_u32(o, NFT_CMP_EQ, s->n);
		break;
	case RS_META_MARK:
		nl_load_meta(o, NFT_META_MARK);
		bitwise_u32(o, s->m, 0);
		nl_compare_u32(o, NFT_CMP_EQ, s->n);
		break;
	default:
		if (!nl_extra_put(o, s))
			FW_ASSERT(!"a statement of the ruleset");
	}
}

void nl_expr_put(struct nl_rule_out *o, const struct rs_stmt *s)
{
	switch ((int)s->op) {
	case RS_CT_MARK_SET:
	case RS_META_MARK_SET:
		set_mark(o, s);
		break;
	case RS_COUNTER:
		put_counter(o, s);
		break;
	case RS_LOG:
		put_log(o, s);
		break;
	case RS_QUEUE:
		if (o->queue == QUEUE_NATIVE)
			put_queue_native(o, s);
		else
			put_queue_xt(o, s);
		break;
	case RS_REJECT_TCP:
		put_reject(o, NFT_REJECT_TCP_RST, 0);
		break;
	case RS_REJECT_ICMP:
		put_reject(o, NFT_REJECT_ICMPX_UNREACH,
			   NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
		break;
	case RS_ACCEPT:
		verdict(o, NF_ACCEPT, NULL);
		break;
	case RS_DROP:
		verdict(o, NF_DROP, NULL);
		break;
	case RS_RETURN:
		verdict(o, NFT_RETURN, NULL);
		break;
	case RS_JUMP:
		verdict(o, NFT_JUMP, s->name);
		break;
	case RS_GOTO:
		verdict(o, NFT_GOTO, s->name);
		break;
	case RS_IIFNAME_MAP:
		nl_load_meta(o, NFT_META_IIFNAME);
		nl_lookup(o, s->set, false);
		break;
	case RS_OIFNAME_MAP:
		nl_load_meta(o, NFT_META_OIFNAME);
		nl_lookup(o, s->set, false);
		break;
	case RS_VMAP:
		put_vmap(o, s->set);
		break;
	case RS_DNAT:
	case RS_SNAT:
	case RS_MASQUERADE:
	case RS_SADDR_LOCAL:
	case RS_DADDR_LOCAL:
		nl_nat_put(o, s);
		break;
	default:
		put_match(o, s);
	}
}
