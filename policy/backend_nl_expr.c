/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The statements of a rule -> libnftnl expressions.  They are those that nft
 * itself makes of the text back end's words, so that both list alike.
 */
#include "policy/backend_nl_priv.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#define REG_KEY NFT_REG_1

/* enum ip_conntrack_dir is not in the exported headers. */
#define CT_DIR_REPLY 1

static struct nftnl_expr *expr(struct nl_rule_out *o, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e) {
		o->failed = true;
		return NULL;
	}
	nftnl_rule_add_expr(o->rule, e);
	return e;
}

#define SET_U32(e, attr, value)                                   \
	do {                                                      \
		if (e)                                            \
			nftnl_expr_set_u32((e), (attr), (value)); \
	} while (0)

static void load_meta_to(struct nl_rule_out *o, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e = expr(o, "meta");

	SET_U32(e, NFTNL_EXPR_META_KEY, key);
	SET_U32(e, NFTNL_EXPR_META_DREG, reg);
}

static void load_meta(struct nl_rule_out *o, uint32_t key)
{
	load_meta_to(o, key, REG_KEY);
}

static void load_ct(struct nl_rule_out *o, uint32_t key)
{
	struct nftnl_expr *e = expr(o, "ct");

	SET_U32(e, NFTNL_EXPR_CT_KEY, key);
	SET_U32(e, NFTNL_EXPR_CT_DREG, REG_KEY);
}

static void load_payload_to(struct nl_rule_out *o, uint32_t base,
			    uint32_t offset, uint32_t len, uint32_t reg)
{
	struct nftnl_expr *e = expr(o, "payload");

	SET_U32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
	SET_U32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	SET_U32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	SET_U32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
}

static void load_payload(struct nl_rule_out *o, uint32_t base, uint32_t offset,
			 uint32_t len)
{
	load_payload_to(o, base, offset, len, REG_KEY);
}

static void compare(struct nl_rule_out *o, uint32_t op, const void *data,
		    uint32_t len)
{
	struct nftnl_expr *e = expr(o, "cmp");

	SET_U32(e, NFTNL_EXPR_CMP_SREG, REG_KEY);
	SET_U32(e, NFTNL_EXPR_CMP_OP, op);
	if (e)
		nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

static void compare_u8(struct nl_rule_out *o, uint32_t op, uint32_t value)
{
	uint8_t byte = (uint8_t)value;

	compare(o, op, &byte, sizeof(byte));
}

static void compare_u16(struct nl_rule_out *o, uint32_t op, uint32_t value)
{
	uint16_t be = htons((uint16_t)value);

	compare(o, op, &be, sizeof(be));
}

static void compare_u32(struct nl_rule_out *o, uint32_t op, uint32_t value)
{
	compare(o, op, &value, sizeof(value));
}

/* reg = (reg & mask) ^ xor, of `len` bytes. */
static void bitwise(struct nl_rule_out *o, const void *mask, const void * xor,
		    uint32_t len)
{
	struct nftnl_expr *e = expr(o, "bitwise");

	SET_U32(e, NFTNL_EXPR_BITWISE_SREG, REG_KEY);
	SET_U32(e, NFTNL_EXPR_BITWISE_DREG, REG_KEY);
	SET_U32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	SET_U32(e, NFTNL_EXPR_BITWISE_LEN, len);
	if (e) {
		nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
		nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, xor, len);
	}
}

static void bitwise_u32(struct nl_rule_out *o, uint32_t mask, uint32_t xor)
{
	bitwise(o, &mask, &xor, sizeof(mask));
}

static void lookup(struct nl_rule_out *o, const struct rs_set *set, bool invert)
{
	struct nftnl_expr *e = expr(o, "lookup");

	SET_U32(e, NFTNL_EXPR_LOOKUP_SREG, REG_KEY);
	if (e)
		nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set->name);
	if (rs_set_is_map(set))
		SET_U32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
	if (invert)
		SET_U32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

static void verdict(struct nl_rule_out *o, int code, const char *chain)
{
	struct nftnl_expr *e = expr(o, "immediate");

	SET_U32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	SET_U32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)code);
	if (e && chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

/* Payload of one family must not be read from a packet of the other. */
static void need_family(struct nl_rule_out *o, uint32_t family)
{
	if (o->family == family)
		return;
	o->family = family;
	load_meta(o, NFT_META_NFPROTO);
	compare_u8(o, NFT_CMP_EQ,
		   family == IP_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
}

static void need_l4(struct nl_rule_out *o, uint32_t l4)
{
	if (o->l4 == l4)
		return;
	o->l4 = l4;
	load_meta(o, NFT_META_L4PROTO);
	compare_u8(o, NFT_CMP_EQ, l4);
}

static void match_interface(struct nl_rule_out *o, uint32_t key,
			    const char *name)
{
	char padded[IFNAMSIZ] = {0};

	memcpy(padded, name, strnlen(name, IFNAMSIZ - 1));
	load_meta(o, key);
	compare(o, NFT_CMP_EQ, padded, sizeof(padded));
}

static void match_address(struct nl_rule_out *o, const struct rs_stmt *s)
{
	bool v4 = s->set->type == RS_SET_IPV4;
	uint32_t offset = v4 ? 12 : 8, len = v4 ? 4 : 16;

	if (s->op == RS_DADDR_IN)
		offset += len;
	need_family(o, v4 ? IP_V4 : IP_V6);
	load_payload(o, NFT_PAYLOAD_NETWORK_HEADER, offset, len);
	lookup(o, s->set, s->op == RS_SADDR_NOT_IN);
}

static void match_port(struct nl_rule_out *o, const struct rs_stmt *s)
{
	need_l4(o, s->n);
	load_payload(o, NFT_PAYLOAD_TRANSPORT_HEADER, s->op == RS_SPORT ? 0 : 2,
		     2);
	if (s->op == RS_DPORT_IN) {
		lookup(o, s->set, false);
	} else if (s->m == s->m2) {
		compare_u16(o, NFT_CMP_EQ, s->m);
	} else {
		compare_u16(o, NFT_CMP_GTE, s->m);
		compare_u16(o, NFT_CMP_LTE, s->m2);
	}
}

static void match_icmp(struct nl_rule_out *o, const struct rs_stmt *s)
{
	need_family(o, s->n == IPPROTO_ICMP ? IP_V4 : IP_V6);
	need_l4(o, s->n);
	load_payload(o, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	if (s->m == s->m2) {
		compare_u8(o, NFT_CMP_EQ, s->m);
	} else {
		compare_u8(o, NFT_CMP_GTE, s->m);
		compare_u8(o, NFT_CMP_LTE, s->m2);
	}
}

static void load_tcp_flags(struct nl_rule_out *o, uint8_t mask)
{
	static const uint8_t none;

	need_l4(o, IPPROTO_TCP);
	load_payload(o, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);
	bitwise(o, &mask, &none, 1);
}

static void match_tcp_rst(struct nl_rule_out *o)
{
	load_tcp_flags(o, TH_RST);
	compare_u8(o, NFT_CMP_NEQ, 0);
}

static void match_tcp_syn(struct nl_rule_out *o)
{
	load_tcp_flags(o, TH_FIN | TH_SYN | TH_RST | TH_ACK);
	compare_u8(o, NFT_CMP_EQ, TH_SYN);
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
	load_ct(o, NFT_CT_STATE);
	bitwise_u32(o, kernel, 0);
	compare_u32(o, NFT_CMP_NEQ, 0);
}

static void set_mark(struct nl_rule_out *o, const struct rs_stmt *s)
{
	bool ct = s->op == RS_CT_MARK_SET;
	struct nftnl_expr *e;

	if (ct)
		load_ct(o, NFT_CT_MARK);
	else
		load_meta(o, NFT_META_MARK);
	bitwise_u32(o, ~s->m, s->n);
	e = expr(o, ct ? "ct" : "meta");
	SET_U32(e,
		ct ? (uint16_t)NFTNL_EXPR_CT_KEY
		   : (uint16_t)NFTNL_EXPR_META_KEY,
		ct ? (uint32_t)NFT_CT_MARK : (uint32_t)NFT_META_MARK);
	SET_U32(e,
		ct ? (uint16_t)NFTNL_EXPR_CT_SREG
		   : (uint16_t)NFTNL_EXPR_META_SREG,
		REG_KEY);
}

static void put_counter(struct nl_rule_out *o, const struct rs_stmt *s)
{
	struct nftnl_expr *e = expr(o, s->name ? "objref" : "counter");

	if (!e || !s->name)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME, s->name);
}

static void put_log(struct nl_rule_out *o, const struct rs_stmt *s)
{
	struct nftnl_expr *e = expr(o, "log");

	if (!e)
		return;
	nftnl_expr_set_str(e, NFTNL_EXPR_LOG_PREFIX, s->name);
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, (uint16_t)s->n);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOG_SNAPLEN, RS_LOG_SNAPLEN);
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_QTHRESHOLD, 1);
}

static void put_queue_native(struct nl_rule_out *o, const struct rs_stmt *s)
{
	struct nftnl_expr *e = expr(o, "queue");

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
	struct nftnl_expr *e = expr(o, "target");

	if (!e || !info) {
		o->failed = true;
		free(info);
		return;
	}
	info->queuenum = (uint16_t)s->n;
	info->queues_total = (uint16_t)s->m;
	info->flags = s->m2 ? NFQ_FLAG_BYPASS : 0;
	nftnl_expr_set_str(e, NFTNL_EXPR_TG_NAME, "NFQUEUE");
	nftnl_expr_set_u32(e, NFTNL_EXPR_TG_REV, 3);
	/* The expression takes the memory and frees it. */
	if (nftnl_expr_set(e, NFTNL_EXPR_TG_INFO, info, 8) < 0) {
		o->failed = true;
		free(info);
	}
} /* NOLINT(clang-analyzer-unix.Malloc): `info` is the expression's */

static void put_reject(struct nl_rule_out *o, uint32_t type, uint8_t code)
{
	struct nftnl_expr *e = expr(o, "reject");

	SET_U32(e, NFTNL_EXPR_REJECT_TYPE, type);
	if (e)
		nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, code);
}

/* The keys one behind the other, each from a register of four bytes on. */
static void put_vmap(struct nl_rule_out *o, const struct rs_set *map)
{
	bool v6 = map->family == IP_V6;
	uint32_t reg = NFT_REG32_00, len = v6 ? 16 : 4, src = v6 ? 8 : 12;

	if (map->family != IP_NONE)
		need_family(o, map->family);
	if (map->keys & RS_KEY_SRC) {
		load_payload_to(o, NFT_PAYLOAD_NETWORK_HEADER, src, len, reg);
		reg += len / 4;
	}
	if (map->keys & RS_KEY_DST) {
		load_payload_to(o, NFT_PAYLOAD_NETWORK_HEADER, src + len, len,
				reg);
		reg += len / 4;
	}
	if (map->keys & RS_KEY_L4)
		load_meta_to(o, NFT_META_L4PROTO, reg++);
	if (map->keys & RS_KEY_PORT)
		load_payload_to(o, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, reg);
	lookup(o, map, false);
}

static void to_network_order(struct nl_rule_out *o, uint32_t len)
{
	struct nftnl_expr *e = expr(o, "byteorder");

	SET_U32(e, NFTNL_EXPR_BYTEORDER_SREG, REG_KEY);
	SET_U32(e, NFTNL_EXPR_BYTEORDER_DREG, REG_KEY);
	SET_U32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	SET_U32(e, NFTNL_EXPR_BYTEORDER_LEN, len);
	SET_U32(e, NFTNL_EXPR_BYTEORDER_SIZE, len);
}

/* Nanoseconds since the epoch. */
static void match_time(struct nl_rule_out *o, uint32_t op, uint32_t second)
{
	uint64_t be = htobe64((uint64_t)second * 1000000000);

	load_meta(o, NFT_META_TIME_NS);
	to_network_order(o, sizeof(be));
	compare(o, op, &be, sizeof(be));
}

/* Other links have no such addresses. */
static void match_ether(struct nl_rule_out *o, const struct rs_stmt *s)
{
	uint16_t type = ARPHRD_ETHER;

	load_meta(o, NFT_META_IIFTYPE);
	compare(o, NFT_CMP_EQ, &type, sizeof(type));
	load_payload(o, NFT_PAYLOAD_LL_HEADER, 6, 6);
	lookup(o, s->set, false);
}

static void match_cgroup(struct nl_rule_out *o, const struct rs_stmt *s)
{
	uint64_t id = (uint64_t)s->m2 << 32 | s->m;
	struct nftnl_expr *e = expr(o, "socket");

	SET_U32(e, NFTNL_EXPR_SOCKET_KEY, NFT_SOCKET_CGROUPV2);
	SET_U32(e, NFTNL_EXPR_SOCKET_DREG, REG_KEY);
	SET_U32(e, NFTNL_EXPR_SOCKET_LEVEL, s->n);
	compare(o, NFT_CMP_EQ, &id, sizeof(id));
}

static void match_day(struct nl_rule_out *o, const struct rs_stmt *s)
{
	load_meta(o, NFT_META_TIME_DAY);
	if (s->n == s->m) {
		compare_u8(o, NFT_CMP_EQ, s->n);
	} else {
		compare_u8(o, NFT_CMP_GTE, s->n);
		compare_u8(o, NFT_CMP_LTE, s->m);
	}
}

static void match_hour(struct nl_rule_out *o, const struct rs_stmt *s)
{
	uint32_t lo = htonl(s->n), hi = htonl(s->m);

	load_meta(o, NFT_META_TIME_HOUR);
	to_network_order(o, sizeof(lo));
	compare(o, NFT_CMP_GTE, &lo, sizeof(lo));
	compare(o, NFT_CMP_LTE, &hi, sizeof(hi));
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
	need_family(o, s->set->family);
	load_payload(o, NFT_PAYLOAD_NETWORK_HEADER,
		     s->set->family == IP_V4 ? 12 : 8,
		     s->set->family == IP_V4 ? 4 : 16);
	e = expr(o, "dynset");
	if (!e) {
		nftnl_expr_free(count);
		return;
	}
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, REG_KEY);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP,
			   s->op == RS_LIMIT_OVER ? NFT_DYNSET_OP_UPDATE
						  : NFT_DYNSET_OP_ADD);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, s->set->name);
	nftnl_expr_add_expr(e, NFTNL_EXPR_DYNSET_EXPR, count);
}

static void put_match(struct nl_rule_out *o, const struct rs_stmt *s)
{
	switch ((int)s->op) {
	case RS_FAMILY:
		need_family(o, s->n);
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
		match_tcp_rst(o);
		break;
	case RS_TCP_SYN:
		match_tcp_syn(o);
		break;
	case RS_CT_STATE:
		match_ct_state(o, s->n);
		break;
	case RS_CT_REPLY:
		load_ct(o, NFT_CT_DIRECTION);
		compare_u8(o, NFT_CMP_EQ, CT_DIR_REPLY);
		break;
	case RS_CT_MARK:
		load_ct(o, NFT_CT_MARK);
		bitwise_u32(o, s->m, 0);
		compare_u32(o, NFT_CMP_EQ, s->n);
		break;
	case RS_META_MARK:
		load_meta(o, NFT_META_MARK);
		bitwise_u32(o, s->m, 0);
		compare_u32(o, NFT_CMP_EQ, s->n);
		break;
	case RS_LIMIT_OVER:
	case RS_FLOWS_OVER:
		match_limit(o, s);
		break;
	case RS_ETHER_IN:
		match_ether(o, s);
		break;
	case RS_USER:
		load_meta(o, NFT_META_SKUID);
		compare_u32(o, NFT_CMP_EQ, s->n);
		break;
	case RS_CGROUP:
		match_cgroup(o, s);
		break;
	case RS_DAY:
		match_day(o, s);
		break;
	case RS_HOUR:
		match_hour(o, s);
		break;
	case RS_TIME_BEFORE:
		match_time(o, NFT_CMP_LT, s->n);
		break;
	case RS_TIME_FROM:
		match_time(o, NFT_CMP_GTE, s->n);
		break;
	default:
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
		load_meta(o, NFT_META_IIFNAME);
		lookup(o, s->set, false);
		break;
	case RS_OIFNAME_MAP:
		load_meta(o, NFT_META_OIFNAME);
		lookup(o, s->set, false);
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
