/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which flows may fare differently at all. */
#include "policy/diff_priv.h"

#include "policy/base/strbuf.h"

bool diff_same_set(const struct ipset *a, const struct ipset *b)
{
	if (!a || !b)
		return a == b;
	return a->n == b->n && (a->n == 0 || !memcmp(a->items, b->items,
						     a->n * sizeof(*a->items)));
}

bool diff_same_arm(struct flow_diff *out, const struct ir *ir_a,
		   const struct arm *a, const struct ir *ir_b,
		   const struct arm *b)
{
	const struct ir_rule *x = a->rule, *y = b->rule;
	struct strbuf one, other;
	bool same;

	if (x->action != y->action || !diff_same_set(a->src, b->src) ||
	    !diff_same_set(a->dst, b->dst) ||
	    !diff_same_set(a->not_src, b->not_src) ||
	    !diff_same_set(a->not_dst, b->not_dst) ||
	    x->n_services != y->n_services)
		return false;
	for (size_t i = 0; i < x->n_services; i++)
		if (x->services[i].l4 != y->services[i].l4 ||
		    x->services[i].lo != y->services[i].lo ||
		    x->services[i].hi != y->services[i].hi)
			return false;
	strbuf_init(&one, 0);
	strbuf_init(&other, 0);
	ir_rule_print_conditions(ir_a, x, &one);
	ir_rule_print_conditions(ir_b, y, &other);
	same = !strcmp(strbuf_text(&one), strbuf_text(&other));
	out->failed |= one.failed || other.failed;
	strbuf_done(&one);
	strbuf_done(&other);
	return same;
}

/* What of a set is no address of the other zones; false: nothing.  The gateway
 * has addresses in all of them. */
static bool without_other_zones(struct differ *d, const struct ir *ir,
				unsigned to, const struct ipset *set,
				struct ipset *out)
{
	*out = *set;
	for (unsigned z = 1; z < ir->n_zones && to != IR_ZONE_SELF; z++)
		if (z != to &&
		    ipset_subtract(d->arena, out, &ir->zones[z].networks,
				   out) != FW_OK)
			d->out->failed = true;
	return out->n > 0;
}

/* Add what of the arm can be at all: sources of the zone's networks, and no
 * destinations of other zones'. */
static void add_reach(struct differ *d, const struct half *half,
		      const struct arm *arm, unsigned from, unsigned to,
		      struct region *where)
{
	const struct ipset *own = &half->ir->zones[from].networks;
	struct region part;
	struct arm clipped = *arm;
	struct ipset dst;

	/* What is led on goes to one machine of one zone. */
	if (arm->rule->forward &&
	    ir_zone_by_address(half->ir, &arm->rule->forward->addr) != (int)to)
		return;
	if (own->n && !arm->src && ir_cleans(half->ir, HYGIENE_SPOOFED))
		clipped.src = own;
	if (arm->dst && !without_other_zones(d, half->ir, to, arm->dst, &dst))
		return;
	if (arm->dst)
		clipped.dst = &dst;
	region_of_arm(&clipped, DIFF_BOXES_MAX, d->arena, &part);
	d->out->too_much |= part.too_big;
	vec_foreach (box, &part.boxes) {
		region_cut(where, box, d->arena);
		region_add(where, box, d->arena);
	}
}

void diff_where(struct differ *d, unsigned from, unsigned to,
		struct region *where)
{
	const struct arm_list *a = &d->before.arms, *b = &d->after.arms;
	size_t head = 0, tail = 0;

	while (head < a->n && head < b->n &&
	       diff_same_arm(d->out, d->before.ir, &a->items[head], d->after.ir,
			     &b->items[head]))
		head++;
	while (tail < a->n - head && tail < b->n - head &&
	       diff_same_arm(d->out, d->before.ir, &a->items[a->n - 1 - tail],
			     d->after.ir, &b->items[b->n - 1 - tail]))
		tail++;
	for (size_t i = head; i < a->n - tail; i++)
		add_reach(d, &d->before, &a->items[i], from, to, where);
	for (size_t i = head; i < b->n - tail; i++)
		add_reach(d, &d->after, &b->items[i], d->now[0], d->now[1],
			  where);
}

/* What a box reaches, to find the rules that do so too. */
struct box_reach {
	struct ipset src, dst;
	struct service service;
};

static struct reach reach_of_box(const struct box *box, struct box_reach *r)
{
	*r = (struct box_reach){
		.src = {.items = &box->src, .n = 1},
		.dst = {.items = &box->dst, .n = 1},
		.service = {.l4 = (uint8_t)(box->service_lo >> 16),
			    .lo = (uint16_t)box->service_lo,
			    .hi = (uint16_t)box->service_hi}};
	return (struct reach){
		.src = &r->src,
		.dst = &r->dst,
		.services = &r->service,
		/* Those of several protocols: as if it had all. */
		.n_services = box->service_lo >> 16 == box->service_hi >> 16,
	};
}

bool diff_index(struct differ *d, struct half *half, const struct region *where)
{
	size_t n_arms = half->arms.n, n = n_arms + where->boxes.n;
	struct box_reach *boxes =
		arena_calloc(d->arena, where->boxes.n + 1, sizeof(*boxes));

	half->reaches = arena_calloc(d->arena, n + 1, sizeof(*half->reaches));
	if (!boxes || !half->reaches)
		return false;
	for (size_t i = 0; i < n_arms; i++)
		half->reaches[i] = half->arms.items[i].reach;
	for (size_t i = 0; i < where->boxes.n; i++)
		half->reaches[n_arms + i] =
			reach_of_box(&where->boxes.items[i], &boxes[i]);
	return reach_prepare(half->reaches, n, sizeof(*half->reaches),
			     d->arena) &&
	       reach_index_make(&half->index, half->reaches, n_arms,
				sizeof(*half->reaches), d->arena);
}
