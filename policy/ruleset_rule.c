/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One rule of the policy -> nft rules, one per variant: address family times
 * kind of service (tcp ports, udp ports, ICMP types ...), since one nft rule
 * can ask for one of each only.
 */
#include "policy/ruleset_priv.h"

#include <netinet/in.h>
#include <stdlib.h>

/* What one nft rule asks of addresses and service. */
struct variant {
	enum ip_family family;         /* IP_NONE: both */
	const struct ipset *src, *dst; /* NULL: any */
	uint8_t l4;                    /* 0: any */
	bool by_port;                  /* service ranges of l4 matter */
	struct rs_stmt end;
};

bool rs_l4_has_ports(uint8_t l4)
{
	return l4 == IPPROTO_TCP || l4 == IPPROTO_UDP || l4 == IPPROTO_SCTP ||
	       l4 == IPPROTO_DCCP;
}

bool rs_l4_is_icmp(uint8_t l4)
{
	return l4 == IPPROTO_ICMP || l4 == IPPROTO_ICMPV6;
}

/* A range by itself, several as a set; true when that names the family. */
static bool add_end(struct rs_build *b, struct rs_rule *nft,
		    const struct ir_rule *rule, const struct variant *v,
		    const struct ipset *all, bool source)
{
	struct ipset set;

	if (!all)
		return false;
	set = ipset_family(all, v->family);
	if (set.n > 1)
		rs_build_add(b, nft,
			     (struct rs_stmt){
				     .op = source ? RS_SADDR_IN : RS_DADDR_IN,
				     .set = rs_build_addr_set(b, v->family, all,
							      rule->place)});
	else if (iprange_prefix_len(set.items) == 0)
		return false;
	else
		rs_build_add(
			b, nft,
			(struct rs_stmt){.op = source ? RS_SADDR : RS_DADDR,
					 .range = set.items});
	return true;
}

static void add_addresses(struct rs_build *b, struct rs_rule *nft,
			  const struct ir_rule *rule, const struct variant *v)
{
	bool named = add_end(b, nft, rule, v, v->src, true);

	named |= add_end(b, nft, rule, v, v->dst, false);
	if (!named && v->family != IP_NONE)
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_FAMILY, .n = v->family});
}

static int port_cmp(const void *pa, const void *pb)
{
	const struct rs_port_range *a = pa, *b = pb;

	return a->lo != b->lo ? a->lo - b->lo : a->hi - b->hi;
}

/* In order, what touches as one. */
static void ports_merge(struct rs_set *set)
{
	struct rs_port_range *ports = set->ports.items;
	size_t kept = 0;

	if (set->ports.n < 2)
		return;
	qsort(ports, set->ports.n, sizeof(*ports), port_cmp);
	for (size_t i = 1; i < set->ports.n; i++) {
		if (ports[i].lo > ports[kept].hi + 1)
			ports[++kept] = ports[i];
		else if (ports[i].hi > ports[kept].hi)
			ports[kept].hi = ports[i].hi;
	}
	set->ports.n = kept + 1;
}

struct rs_set rs_ports_of(struct rs_build *b, const struct ir_rule *rule,
			  uint8_t l4)
{
	struct rs_set set = {.type = RS_SET_PORTS, .place = rule->place};

	for (size_t i = 0; i < rule->n_services; i++) {
		const struct service *s = &rule->services[i];
		struct rs_port_range *slot =
			s->l4 == l4 ? vec_push(b->arena, &set.ports) : NULL;

		if (slot)
			*slot = (struct rs_port_range){s->lo, s->hi};
		else
			b->failed |= s->l4 == l4;
	}
	ports_merge(&set);
	return set;
}

static void add_ports(struct rs_build *b, struct rs_rule *nft,
		      const struct ir_rule *rule, uint8_t l4)
{
	struct rs_set ports = rs_ports_of(b, rule, l4);
	const struct rs_port_range *only = ports.ports.items;

	if (ports.ports.n == 0)
		return;
	if (ports.ports.n > 1)
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_DPORT_IN,
					      .n = l4,
					      .set = rs_build_set(b, &ports)});
	else if (only->lo == 0 && only->hi == UINT16_MAX)
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_L4PROTO, .n = l4});
	else
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_DPORT,
					      .n = l4,
					      .m = only->lo,
					      .m2 = only->hi});
}

/* One nft rule of the variant; *service is the ICMP or plain protocol service
 * that it is for, or NULL. */
static void add_variant(struct rs_build *b, struct rs_chain *chain,
			const struct ir_rule *rule, const struct variant *v,
			const struct service *service)
{
	struct rs_rule *nft = rs_rule_new(b->arena, chain);

	if (!nft)
		b->failed = true;
	else
		nft->place = rule->place;
	add_addresses(b, nft, rule, v);
	if (v->by_port)
		add_ports(b, nft, rule, v->l4);
	else if (service && rs_l4_is_icmp(v->l4) &&
		 !(service->lo == 0 && service->hi == UINT16_MAX))
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_ICMP_TYPE,
					      .n = v->l4,
					      .m = service->lo,
					      .m2 = service->hi});
	else if (v->l4)
		rs_build_add(b, nft,
			     (struct rs_stmt){.op = RS_L4PROTO, .n = v->l4});
	rs_build_add(b, nft, v->end);
}

bool rs_first_of_l4(const struct ir_rule *rule, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (rule->services[j].l4 == rule->services[i].l4)
			return false;
	return true;
}

/* Every kind of service of the rule, within one family. */
static void add_services(struct rs_build *b, struct rs_chain *chain,
			 const struct ir_rule *rule, struct variant v)
{
	if (rule->n_services == 0)
		add_variant(b, chain, rule, &v, NULL);
	for (size_t i = 0; i < rule->n_services; i++) {
		const struct service *s = &rule->services[i];

		v.l4 = s->l4;
		v.by_port = rs_l4_has_ports(s->l4);
		if (!v.by_port || rs_first_of_l4(rule, i))
			add_variant(b, chain, rule, &v, s);
	}
}

void rs_build_arm_of(struct rs_build *b, struct rs_chain *chain,
		     const struct arm *arm, enum ip_family family,
		     struct rs_stmt end)
{
	struct variant v = {
		.family = family, .src = arm->src, .dst = arm->dst, .end = end};

	if ((!v.src || ipset_family(v.src, v.family).n) &&
	    (!v.dst || ipset_family(v.dst, v.family).n))
		add_services(b, chain, arm->rule, v);
}

void rs_build_arm(struct rs_build *b, struct rs_chain *chain,
		  const struct arm *arm, struct rs_stmt end)
{
	if (!arm->src && !arm->dst) {
		add_services(b, chain, arm->rule, (struct variant){.end = end});
		return;
	}
	rs_build_arm_of(b, chain, arm, IP_V4, end);
	rs_build_arm_of(b, chain, arm, IP_V6, end);
}
