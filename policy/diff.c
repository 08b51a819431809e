/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Only flows that a rule reaches which is not the same in both can fare
 * differently.  Their boxes are taken one by one, cut along the rules of either
 * policy into pieces of one outcome each, and the pieces compared.
 */
#include "policy/diff.h"

#include "policy/base/map.h"
#include "policy/base/strbuf.h"
#include "policy/diff_priv.h"

/* Pieces of one box. */
#define PIECES_MAX 4096

/* Classes of flows that are told. */
#define CHANGES_MAX 65536

/* Pieces looked at in all: seconds. */
#define WORK_MAX 3000000

/* Boxes that are kept of one change; the rest is only counted. */
#define WHERE_MAX 256

struct piece {
	struct box box;
	struct outcome outcome;
};

typedef VEC(struct piece) piece_list;

/* --- pieces
 * -------------------------------------------------------------------- */

static void add_piece(struct differ *d, piece_list *list, const struct box *box,
		      const struct outcome *outcome)
{
	struct piece *slot =
		list->n < PIECES_MAX ? vec_push(&d->scratch, list) : NULL;

	if (slot)
		*slot = (struct piece){*box, *outcome};
	else
		d->out->too_much = true;
}

/* The ranges of a set (NULL: any) within a box's, without those taken off. */
static struct ipset within(struct differ *d, const struct ipset *set,
			   const struct ipset *but, const struct iprange *side)
{
	struct ipset whole = {.items = side, .n = 1};
	struct ipset rest = {0}, inside = {0};

	if (!set && !but)
		return whole;
	/* What is left when all else is taken from the side. */
	if (set) {
		if (ipset_subtract(&d->scratch, &whole, set, &rest) != FW_OK ||
		    ipset_subtract(&d->scratch, &whole, &rest, &inside) !=
			    FW_OK)
			d->out->failed = true;
		whole = inside;
	}
	if (but && ipset_subtract(&d->scratch, &whole, but, &inside) == FW_OK)
		whole = inside;
	return whole;
}

/* The part of a box that the arm takes. */
static void part_of_arm(struct differ *d, const struct arm *arm,
			const struct box *box, struct region *out)
{
	struct ipset src = within(d, arm->src, arm->not_src, &box->src);
	struct ipset dst = within(d, arm->dst, arm->not_dst, &box->dst);
	struct arm part = *arm;
	struct region all;
	struct region one = {.max = 1};

	part.src = &src;
	part.dst = &dst;
	part.not_src = part.not_dst = NULL;
	region_add(&one, box, &d->scratch);
	*out = (struct region){.max = PIECES_MAX};
	if (src.n == 0 || dst.n == 0)
		return;
	region_of_arm(&part, PIECES_MAX, &d->scratch, &all);
	region_common(&all, &one, &d->scratch, out);
	d->out->too_much |= out->too_big;
}

/* Every open piece is cut along the arm; who gets an end is done. */
static void cut_along(struct differ *d, const struct arm *arm, piece_list *open,
		      piece_list *done)
{
	piece_list next = {0};

	vec_foreach (p, open) {
		struct region taken, rest = {.max = PIECES_MAX};
		struct outcome o;

		part_of_arm(d, arm, &p->box, &taken);
		if (taken.boxes.n == 0) {
			add_piece(d, &next, &p->box, &p->outcome);
			continue;
		}
		o = outcome_with(&p->outcome, arm->rule);
		vec_foreach (box, &taken.boxes)
			add_piece(d, o.ends ? done : &next, box, &o);
		region_add(&rest, &p->box, &d->scratch);
		region_cut_all(&rest, &taken, &d->scratch);
		d->out->too_much |= rest.too_big;
		vec_foreach (box, &rest.boxes)
			add_piece(d, &next, box, &p->outcome);
	}
	*open = next;
}

/* For ever: it decides nothing. */
static bool only_observes(const struct ir_rule *rule)
{
	return rule->observe && !rule->until;
}

/* The pieces of box `i`. */
static void partition(struct differ *d, struct half *half,
		      const struct region *where, size_t i, piece_list *done)
{
	const struct outcome none = {.ir = half->ir, .silent = half->silent};
	const struct reach *reach = &half->reaches[half->arms.n + i];
	piece_list open = {0};

	add_piece(d, &open, &where->boxes.items[i], &none);
	reach_index_look(&half->index, reach, half->arms.n);
	for (size_t j = reach_index_next(&half->index, 0);
	     j != SIZE_MAX && open.n;
	     j = reach_index_next(&half->index, j + 1)) {
		const struct arm *arm = &half->arms.items[j];

		if (only_observes(arm->rule) ||
		    !reach_meets(&half->reaches[j], reach))
			continue;
		d->work += open.n;
		cut_along(d, arm, &open, done);
	}
	vec_foreach (p, &open)
		add_piece(d, done, &p->box, &p->outcome);
	vec_foreach (p, done)
		p->outcome.text = outcome_text(&p->outcome, &d->scratch);
}

/* --- what has changed --------------------------------------------------------
 */

static const struct outcome *keep_outcome(struct differ *d,
					  const struct outcome *o)
{
	struct outcome *kept = arena_alloc(d->arena, sizeof(*kept));

	if (!kept)
		return NULL;
	*kept = *o;
	kept->text = arena_str(d->arena, o->text);
	return kept;
}

static enum diff_kind kind_of(const struct outcome *before,
			      const struct outcome *after)
{
	if (outcome_allows(before) == outcome_allows(after))
		return DIFF_CHANGED;
	return outcome_allows(after) ? DIFF_GAINED : DIFF_LOST;
}

/* The change between these outcomes in this pair of zones, made at first. */
static struct flow_change *change_for(struct differ *d,
				      const struct outcome *before,
				      const struct outcome *after)
{
	struct str name = str_of(arena_printf(
		d->arena, "%s\n%s\n%s\n%s\n%.*s\n%.*s", d->from, d->to,
		before->n ? before->rules[before->n - 1]->name : "",
		after->n ? after->rules[after->n - 1]->name : "",
		STR_ARG(before->text), STR_ARG(after->text)));
	struct flow_change *c = map_get(&d->known, name), **slot;

	if (c)
		return c;
	if (d->out->changes.n >= CHANGES_MAX) {
		d->out->too_much = true;
		return NULL;
	}
	c = arena_alloc(d->arena, sizeof(*c));
	slot = vec_push(d->arena, &d->out->changes);
	if (!c || !slot || !map_put(d->arena, &d->known, name, c)) {
		d->out->failed = true;
		return NULL;
	}
	*c = (struct flow_change){.kind = kind_of(before, after),
				  .from = d->from,
				  .to = d->to,
				  .before = keep_outcome(d, before),
				  .after = keep_outcome(d, after),
				  .where = {.max = WHERE_MAX}};
	*slot = c;
	return c;
}

static void note_change(struct differ *d, const struct piece *before,
			const struct piece *after)
{
	struct box common = box_common(&before->box, &after->box);
	struct flow_change *c =
		change_for(d, &before->outcome, &after->outcome);

	if (!c)
		return;
	if (c->where.boxes.n == 0)
		c->example = example_of(d, &common);
	region_add(&c->where, &common, d->arena);
}

static void compare_box(struct differ *d, const struct region *where, size_t i)
{
	piece_list before = {0}, after = {0};

	arena_init(&d->scratch, 0, 0);
	partition(d, &d->before, where, i, &before);
	partition(d, &d->after, where, i, &after);
	d->work += before.n * after.n / 8;
	vec_foreach (a, &before)
		vec_foreach (b, &after)
			if (box_meets(&a->box, &b->box) &&
			    !str_eq(a->outcome.text, b->outcome.text))
				note_change(d, a, b);
	d->out->failed |= d->scratch.failed;
	arena_done(&d->scratch);
}

/* --- two policies ------------------------------------------------------------
 */

static int zone_named(const struct ir *ir, const char *name)
{
	for (unsigned z = 0; z < ir->n_zones; z++)
		if (!strcmp(ir->zones[z].name, name))
			return (int)z;
	return -1;
}

static void compare_zones(struct differ *d, unsigned from, unsigned to)
{
	const struct ir *before = d->before.ir, *after = d->after.ir;
	struct region where = {.max = DIFF_BOXES_MAX};
	int f, t;

	d->from = before->zones[from].name;
	d->to = before->zones[to].name;
	f = zone_named(after, d->from);
	t = zone_named(after, d->to);
	/* What stays within the gateway is not filtered. */
	if (f < 0 || t < 0 || (from == IR_ZONE_SELF && to == IR_ZONE_SELF))
		return;
	d->now[0] = (unsigned)f;
	d->now[1] = (unsigned)t;
	if (arms_between(before, from, to, ir_cleans(before, HYGIENE_SPOOFED),
			 d->arena, &d->before.arms) != FW_OK ||
	    arms_between(after, (unsigned)f, (unsigned)t,
			 ir_cleans(after, HYGIENE_SPOOFED), d->arena,
			 &d->after.arms) != FW_OK) {
		d->out->failed = true;
		return;
	}
	d->before.silent = before->zones[from].external;
	d->after.silent = after->zones[f].external;
	example_prepare(d);
	diff_where(d, from, to, &where);
	d->out->too_much |= where.too_big;
	if (!diff_index(d, &d->before, &where) ||
	    !diff_index(d, &d->after, &where))
		d->out->failed = true;
	for (size_t i = 0; i < where.boxes.n && !d->out->failed; i++) {
		if (d->work > WORK_MAX || d->out->changes.n >= CHANGES_MAX)
			d->out->too_much = true;
		else
			compare_box(d, &where, i);
	}
}

static bool same_words(const struct ir_words *a, const struct ir_words *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (!str_eq(a->items[i], b->items[i]))
			return false;
	return a->n == b->n;
}

static bool same_bindings(const struct ir *a, const struct ir *b)
{
	if (a->binding != b->binding || a->binding_ttl != b->binding_ttl ||
	    a->strips_ech != b->strips_ech || a->n_cdns != b->n_cdns ||
	    !same_words(&a->ech_outer_words, &b->ech_outer_words) ||
	    !same_words(&a->foreign_dns_words, &b->foreign_dns_words) ||
	    !diff_same_set(&a->resolvers, &b->resolvers))
		return false;
	for (size_t i = 0; i < a->n_cdns; i++)
		if (!diff_same_set(&a->cdns[i].networks,
				   &b->cdns[i].networks) ||
		    !same_words(&a->cdns[i].host_words, &b->cdns[i].host_words))
			return false;
	return true;
}

static bool same_guards(struct flow_diff *out, const struct ir *a,
			const struct ir *b)
{
	struct arm x = {0}, y = {0};

	if (a->guards != b->guards || a->n_protocols != b->n_protocols ||
	    !same_bindings(a, b))
		return false;
	for (size_t i = 0; i < a->n_protocols; i++) {
		const struct ir_protocol *p = &a->protocols[i];
		const struct ir_protocol *q = &b->protocols[i];

		x.rule = &p->match;
		y.rule = &q->match;
		if (p->require != q->require || p->deny != q->deny ||
		    p->match.from.zones != q->match.from.zones ||
		    p->match.to.zones != q->match.to.zones ||
		    !diff_same_set(&p->match.from.addrs,
				   &q->match.from.addrs) ||
		    !diff_same_set(&p->match.to.addrs, &q->match.to.addrs) ||
		    !diff_same_arm(out, a, &x, b, &y))
			return false;
	}
	return true;
}

void diff_flows(const struct ir *before, const struct ir *after,
		struct arena *arena, struct flow_diff *out)
{
	struct differ d = {.before.ir = before,
			   .after.ir = after,
			   .arena = arena,
			   .out = out};

	out->guards = !same_guards(out, before, after);
	for (unsigned from = 0; from < before->n_zones; from++)
		for (unsigned to = 0; to < before->n_zones && !out->failed;
		     to++)
			compare_zones(&d, from, to);
	out->failed |= arena->failed;
}
