/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/region.h"

#include "policy/base/strbuf.h"

#include <netinet/in.h>

static bool ranges_meet(const struct iprange *a, const struct iprange *b)
{
	return ipaddr_cmp(&a->lo, &b->hi) <= 0 &&
	       ipaddr_cmp(&b->lo, &a->hi) <= 0;
}

bool box_meets(const struct box *a, const struct box *b)
{
	return a->service_lo <= b->service_hi &&
	       b->service_lo <= a->service_hi &&
	       ranges_meet(&a->dst, &b->dst) && ranges_meet(&a->src, &b->src);
}

static struct iprange range_common(const struct iprange *a,
				   const struct iprange *b)
{
	return (struct iprange){
		.lo = ipaddr_cmp(&a->lo, &b->lo) > 0 ? a->lo : b->lo,
		.hi = ipaddr_cmp(&a->hi, &b->hi) < 0 ? a->hi : b->hi};
}

struct box box_common(const struct box *a, const struct box *b)
{
	return (struct box){
		.src = range_common(&a->src, &b->src),
		.dst = range_common(&a->dst, &b->dst),
		.service_lo = a->service_lo > b->service_lo ? a->service_lo
							    : b->service_lo,
		.service_hi = a->service_hi < b->service_hi ? a->service_hi
							    : b->service_hi,
	};
}

void region_add(struct region *r, const struct box *box, struct arena *arena)
{
	struct box *slot =
		r->boxes.n < r->max ? vec_push(arena, &r->boxes) : NULL;

	if (slot)
		*slot = *box;
	else
		r->too_big = true;
}

/* --- made of addresses and services --------------------------------------- */

static const struct iprange everywhere[] = {
	{.lo = {.family = IP_V4},
	 .hi = {.bytes = {255, 255, 255, 255}, .family = IP_V4}},
	{.lo = {.family = IP_V6},
	 .hi = {.bytes = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
			  255, 255, 255, 255, 255},
		.family = IP_V6}},
};

static const struct ipset all_addresses = {.items = everywhere, .n = 2};

/* The addresses of one end, by family; `but` is taken off. */
static struct ipset end_of(const struct ipset *set, const struct ipset *but,
			   struct arena *arena, struct region *r)
{
	struct ipset all = set ? *set : all_addresses, rest = {0};

	if (!but)
		return all;
	if (ipset_subtract(arena, &all, but, &rest) != FW_OK)
		r->too_big = true;
	return rest;
}

static void add_services(struct region *r, struct box box,
			 const struct ir_rule *rule, struct arena *arena)
{
	box.service_hi = REGION_SERVICE_MAX;
	if (rule->n_services == 0)
		region_add(r, &box, arena);
	for (size_t i = 0; i < rule->n_services; i++) {
		const struct service *s = &rule->services[i];

		/* Neither ICMP comes by the other version. */
		if (s->l4 == (box.src.lo.family == IP_V4 ? IPPROTO_ICMPV6
							 : IPPROTO_ICMP))
			continue;
		box.service_lo = (uint32_t)s->l4 << 16 | s->lo;
		box.service_hi = (uint32_t)s->l4 << 16 | s->hi;
		/* Services of one rule may meet; boxes may not. */
		if (i)
			region_cut(r, &box, arena);
		region_add(r, &box, arena);
	}
}

void region_of_arm(const struct arm *arm, size_t max, struct arena *arena,
		   struct region *out)
{
	struct region r = {.max = max};
	struct ipset src = end_of(arm->src, arm->not_src, arena, &r);
	struct ipset dst = end_of(arm->dst, arm->not_dst, arena, &r);

	/* Neither long sets nor long lists are multiplied. */
	r.too_big |= src.n > max || dst.n > max || src.n * dst.n > max;
	for (size_t i = 0; i < src.n && !r.too_big; i++) {
		for (size_t j = 0; j < dst.n && !r.too_big; j++) {
			struct box box = {.src = src.items[i],
					  .dst = dst.items[j]};

			if (box.src.lo.family == box.dst.lo.family)
				add_services(&r, box, arm->rule, arena);
		}
	}
	*out = r;
}

void region_all(struct region *r, size_t max, struct arena *arena)
{
	*r = (struct region){.max = max};
	for (size_t i = 0; i < 2; i++) {
		struct box box = {.src = everywhere[i],
				  .dst = everywhere[i],
				  .service_hi = REGION_SERVICE_MAX};

		region_add(r, &box, arena);
	}
}

/* --- cutting ---------------------------------------------------------------
 */

static bool ipaddr_before(struct ipaddr *a)
{
	size_t i = ipaddr_len(a->family);

	while (i-- > 0)
		if (a->bytes[i]--)
			return true;
	return false;
}

/* The part of `box` below and above `cut` in one dimension goes to `r`; what is
 * left in *box lies within the cut there. */
static void shave_addresses(struct region *r, struct box *box,
			    struct iprange *side, const struct iprange *cut,
			    struct arena *arena)
{
	struct iprange whole = *side;

	if (ipaddr_cmp(&whole.lo, &cut->lo) < 0) {
		side->hi = cut->lo;
		(void)ipaddr_before(&side->hi);
		region_add(r, box, arena);
		side->lo = cut->lo;
		side->hi = whole.hi;
	}
	if (ipaddr_cmp(&cut->hi, &whole.hi) < 0) {
		struct ipaddr low = side->lo;

		side->lo = cut->hi;
		(void)ipaddr_next(&side->lo);
		region_add(r, box, arena);
		side->lo = low;
		side->hi = cut->hi;
	}
}

static void shave_services(struct region *r, struct box *box,
			   const struct box *cut, struct arena *arena)
{
	uint32_t hi = box->service_hi;

	if (box->service_lo < cut->service_lo) {
		box->service_hi = cut->service_lo - 1;
		region_add(r, box, arena);
		box->service_lo = cut->service_lo;
		box->service_hi = hi;
	}
	if (cut->service_hi < hi) {
		uint32_t lo = box->service_lo;

		box->service_lo = cut->service_hi + 1;
		region_add(r, box, arena);
		box->service_lo = lo;
		box->service_hi = cut->service_hi;
	}
}

void region_cut(struct region *r, const struct box *cut, struct arena *arena)
{
	size_t n = r->boxes.n, kept = 0, first = 0;

	while (first < n && !box_meets(&r->boxes.items[first], cut))
		first++;
	if (first == n)
		return;
	/* What is shaved off is put behind the first n. */
	for (size_t i = first; i < n; i++) {
		struct box box = r->boxes.items[i];

		if (!box_meets(&box, cut))
			continue;
		shave_services(r, &box, cut, arena);
		shave_addresses(r, &box, &box.dst, &cut->dst, arena);
		shave_addresses(r, &box, &box.src, &cut->src, arena);
		/* What is left of it lies within the cut: gone. */
		r->boxes.items[i].service_lo = 1;
		r->boxes.items[i].service_hi = 0;
	}
	for (size_t i = 0; i < r->boxes.n; i++)
		if (r->boxes.items[i].service_lo <=
		    r->boxes.items[i].service_hi)
			r->boxes.items[kept++] = r->boxes.items[i];
	r->boxes.n = kept;
}

void region_cut_all(struct region *r, const struct region *other,
		    struct arena *arena)
{
	vec_foreach (box, &other->boxes)
		region_cut(r, box, arena);
}

void region_common(const struct region *r, const struct region *other,
		   struct arena *arena, struct region *out)
{
	*out = (struct region){.max = r->max,
			       .too_big = r->too_big || other->too_big};
	vec_foreach (a, &r->boxes) {
		vec_foreach (b, &other->boxes) {
			struct box common;

			if (!box_meets(a, b))
				continue;
			common = box_common(a, b);
			region_add(out, &common, arena);
		}
	}
}

/* --- for people ------------------------------------------------------------
 */

static void print_end(const struct iprange *range, struct strbuf *out)
{
	char text[IPRANGE_TEXT_MAX];
	int prefix = iprange_prefix_len(range);

	if (prefix == 0)
		strbuf_addf(out, "any IPv%u", range->lo.family);
	else
		strbuf_addz(out, iprange_print(range, text));
}

static void print_service(const struct box *box, struct strbuf *out)
{
	struct service s = {.l4 = (uint8_t)(box->service_lo >> 16),
			    .lo = (uint16_t)box->service_lo,
			    .hi = (uint16_t)box->service_hi};
	char text[SERVICE_TEXT_MAX];

	if (box->service_lo == 0 && box->service_hi == REGION_SERVICE_MAX)
		strbuf_addz(out, "any service");
	else if (box->service_lo >> 16 == box->service_hi >> 16)
		strbuf_addz(out, service_print(&s, text));
	else
		strbuf_addf(out, "%s", service_print(&s, text));
}

/* A range over several protocols, protocol by protocol where it is cut. */
static void print_services(const struct box *box, struct strbuf *out)
{
	struct box part = *box;
	uint32_t last = box->service_hi >> 16;

	if (box->service_lo >> 16 == last ||
	    (box->service_lo == 0 && box->service_hi == REGION_SERVICE_MAX)) {
		print_service(box, out);
		return;
	}
	if (part.service_lo & 0xffff) {
		part.service_hi = part.service_lo | 0xffff;
		print_service(&part, out);
		strbuf_addz(out, ", ");
		part.service_lo = part.service_hi + 1;
	}
	if ((box->service_hi & 0xffff) != 0xffff) {
		if (part.service_lo >> 16 < last)
			strbuf_addf(out, "proto/%u-%u, ", part.service_lo >> 16,
				    last - 1);
		part.service_lo = last << 16;
		part.service_hi = box->service_hi;
		print_service(&part, out);
	} else {
		strbuf_addf(out, "proto/%u-%u", part.service_lo >> 16, last);
	}
}

void box_print(const struct box *box, struct strbuf *out)
{
	print_end(&box->src, out);
	strbuf_addz(out, " -> ");
	print_end(&box->dst, out);
	strbuf_addz(out, " ");
	print_services(box, out);
}
