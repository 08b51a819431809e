/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One flow of a change, as a person would try it: with a usual service, and
 * with addresses that lie in the zones it is about.
 */
#include "policy/diff_priv.h"

#include "policy/base/strbuf.h"

#include <netinet/in.h>

#define CANDIDATES_MAX (8 + 2 * IR_ZONES_MAX)

struct candidates {
	const struct iprange *range;
	struct ipaddr items[CANDIDATES_MAX];
	size_t n;
};

static void add_candidate(struct candidates *c, const struct ipaddr *a)
{
	if (c->n < CANDIDATES_MAX && a->family == c->range->lo.family &&
	    ipaddr_cmp(&c->range->lo, a) <= 0 &&
	    ipaddr_cmp(a, &c->range->hi) <= 0)
		c->items[c->n++] = *a;
}

static void add_next(struct candidates *c, struct ipaddr a)
{
	(void)ipaddr_next(&a);
	add_candidate(c, &a);
}

/* Best first: those of documents, of the zones, at the ends of the range; not
 * the first of a range, which is often a network's own. */
static void gather(const struct ir *ir, unsigned zone,
		   const struct iprange *range, struct candidates *c)
{
	static const char *const usual[] = {"198.51.100.1", "203.0.113.1",
					    "2001:db8::1"};
	const struct ipset *own = &ir->zones[zone].networks;
	struct ipaddr a;

	*c = (struct candidates){.range = range};
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (ipaddr_parse(str_of(usual[i]), &a) == FW_OK)
			add_candidate(c, &a);
	for (size_t i = 0; i < own->n && i < 4; i++)
		add_next(c, own->items[i].lo);
	add_next(c, range->lo);
	for (unsigned z = 1; z < ir->n_zones; z++)
		for (size_t i = 0; i < ir->zones[z].networks.n && i < 2; i++)
			add_next(c, ir->zones[z].networks.items[i].hi);
	add_candidate(c, &range->lo);
}

static bool is_of_zone(const struct ir *ir, unsigned zone,
		       const struct ipaddr *a)
{
	return zone == IR_ZONE_SELF || ir_zone_by_address(ir, a) == (int)zone;
}

void example_prepare(struct differ *d)
{
	static const enum hygiene by_address[DIFF_BOGONS] = {
		HYGIENE_BOGONS, HYGIENE_PRIVATE, HYGIENE_DOCUMENTATION};

	for (size_t i = 0; i < DIFF_BOGONS; i++) {
		d->no_src[i] = d->no_dst[i] = (struct ipset){0};
		if (ir_bogons(d->after.ir, d->now[0], by_address[i], true,
			      d->arena, &d->no_src[i]) != FW_OK ||
		    ir_bogons(d->after.ir, d->now[0], by_address[i], false,
			      d->arena, &d->no_dst[i]) != FW_OK)
			d->out->failed = true;
	}
}

static bool is_dropped(const struct differ *d, const struct ipaddr *src,
		       const struct ipaddr *dst)
{
	for (size_t i = 0; i < DIFF_BOGONS; i++)
		if (ipset_has(&d->no_src[i], src) ||
		    ipset_has(&d->no_dst[i], dst))
			return true;
	return false;
}

static void choose_addresses(const struct differ *d, const struct box *box,
			     struct ipaddr *src, struct ipaddr *dst)
{
	const struct ir *ir = d->after.ir;
	unsigned from = d->now[0], to = d->now[1];
	struct candidates s, t;

	gather(ir, from, &box->src, &s);
	gather(ir, to, &box->dst, &t);
	*src = s.items[0];
	*dst = t.items[0];
	for (size_t i = 0; i < s.n; i++) {
		if (!is_of_zone(ir, from, &s.items[i]))
			continue;
		for (size_t j = 0; j < t.n; j++) {
			if (!is_of_zone(ir, to, &t.items[j]) ||
			    is_dropped(d, &s.items[i], &t.items[j]))
				continue;
			*src = s.items[i];
			*dst = t.items[j];
			return;
		}
	}
}

static uint32_t choose_service(const struct box *box)
{
	const uint32_t usual[] = {
		IPPROTO_TCP << 16 | 443, IPPROTO_UDP << 16 | 443,
		box->src.lo.family == IP_V6 ? IPPROTO_ICMPV6 << 16 | 128
					    : IPPROTO_ICMP << 16 | 8,
		IPPROTO_TCP << 16 | 1, IPPROTO_UDP << 16 | 1};

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (box->service_lo <= usual[i] && usual[i] <= box->service_hi)
			return usual[i];
	return box->service_lo;
}

struct box example_of(const struct differ *d, const struct box *box)
{
	struct box one = {.service_lo = choose_service(box)};

	choose_addresses(d, box, &one.src.lo, &one.dst.lo);
	one.src.hi = one.src.lo;
	one.dst.hi = one.dst.lo;
	one.service_hi = one.service_lo;
	return one;
}

/* Where any address of the gateway will do, it is named. */
static void print_end(const char *zone, const struct iprange *range,
		      const struct ipaddr *a, struct strbuf *out)
{
	char text[IPADDR_TEXT_MAX];
	bool self = !strcmp(zone, "self") && iprange_prefix_len(range) == 0;

	strbuf_addz(out, self ? "self" : ipaddr_print(a, text));
}

void example_print(const struct flow_change *c, struct strbuf *out)
{
	const struct box *e = &c->example;
	const struct service s = {.l4 = (uint8_t)(e->service_lo >> 16),
				  .lo = (uint16_t)e->service_lo,
				  .hi = (uint16_t)e->service_lo};
	char text[SERVICE_TEXT_MAX];

	print_end(c->from, &c->where.boxes.items[0].src, &e->src.lo, out);
	strbuf_addz(out, " -> ");
	print_end(c->to, &c->where.boxes.items[0].dst, &e->dst.lo, out);
	strbuf_addf(out, " %s", service_print(&s, text));
}
