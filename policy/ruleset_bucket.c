/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stage by one end of its flows: a map of single addresses or of ranges that
 * share nothing, each leading to the few rules that have it.  A packet that
 * none of them takes comes back and goes on.
 */
#include "policy/ruleset_priv.h"

#include <stdlib.h>

/* So many rules are met one after the other as fast as by another look-up. */
#define BUCKET_MAX 8

/* One range of one arm at the end in question. */
struct share {
	struct iprange range;
	const struct arm *arm;
	size_t order;
};

/* A family at one end. */
struct side {
	enum ip_family family;
	bool source;
	struct share *shares; /* sorted by range */
	size_t n;
	size_t most; /* rules that have one range */
};

static const struct ipset *end_of(const struct arm *arm, bool source)
{
	return source ? arm->src : arm->dst;
}

static int share_cmp(const void *pa, const void *pb)
{
	const struct share *a = pa, *b = pb;
	int d = ipaddr_cmp(&a->range.lo, &b->range.lo);

	if (!d)
		d = ipaddr_cmp(&a->range.hi, &b->range.hi);
	return d ? d : (a->order > b->order) - (a->order < b->order);
}

static bool same_range(const struct iprange *a, const struct iprange *b)
{
	return ipaddr_cmp(&a->lo, &b->lo) == 0 &&
	       ipaddr_cmp(&a->hi, &b->hi) == 0;
}

/* False when two ranges meet without being the same. */
static bool count_most(struct side *s)
{
	size_t same = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct iprange *r = &s->shares[i].range;
		const struct iprange *last = i ? &s->shares[i - 1].range : NULL;

		if (last && same_range(last, r))
			same++;
		else if (last && ipaddr_cmp(&r->lo, &last->hi) <= 0)
			return false;
		else
			same = 1;
		if (same > s->most)
			s->most = same;
	}
	return true;
}

/* Can this end tell the arms apart? */
static bool side_fill(struct rs_build *b, struct side *s,
		      const struct arm *const *arms, size_t n)
{
	size_t room = 0;

	for (size_t i = 0; i < n; i++) {
		const struct ipset *set = end_of(arms[i], s->source);

		if (!set)
			return false;
		room += ipset_family(set, s->family).n;
	}
	s->shares = arena_calloc(b->arena, room + 1, sizeof(*s->shares));
	if (!s->shares) {
		b->failed = true;
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		struct ipset set =
			ipset_family(end_of(arms[i], s->source), s->family);

		for (size_t j = 0; j < set.n; j++)
			s->shares[s->n++] =
				(struct share){set.items[j], arms[i], i};
	}
	if (s->n)
		qsort(s->shares, s->n, sizeof(*s->shares), share_cmp);
	return count_most(s) && s->most <= BUCKET_MAX;
}

static const char *bucket_chain(struct rs_build *b, const char *pair,
				const struct side *s, size_t i)
{
	const char *name = arena_printf(b->arena, "b_%u/%s", b->buckets++,
					pair + strlen("p_"));
	struct rs_chain *chain;
	size_t first = i;

	if (!name) {
		b->failed = true;
		return "nowhere";
	}
	chain = rs_build_chain(b, name);
	for (; i < s->n &&
	       same_range(&s->shares[i].range, &s->shares[first].range);
	     i++)
		rs_build_arm_of(b, chain, s->shares[i].arm, s->family,
				rs_build_entry(b, s->shares[i].arm->rule));
	return name;
}

static void side_build(struct rs_build *b, struct rs_chain *chain,
		       const struct side *s)
{
	struct rs_set map = {.type = RS_SET_VMAP,
			     .family = s->family,
			     .keys = s->source ? RS_KEY_SRC : RS_KEY_DST};

	for (size_t i = 0; i < s->n; i++) {
		const struct iprange *r = &s->shares[i].range;
		struct rs_entry *slot;

		if (i && same_range(r, &s->shares[i - 1].range))
			continue;
		slot = vec_push(b->arena, &map.entries);
		if (!slot) {
			b->failed = true;
			return;
		}
		slot->src = slot->dst = *r;
		slot->comes_back = true;
		slot->chain = bucket_chain(b, chain->name, s, i);
		map.ranges |= ipaddr_cmp(&r->lo, &r->hi) != 0;
	}
	if (map.entries.n)
		rs_build_add(b, rs_rule_new(b->arena, chain),
			     (struct rs_stmt){.op = RS_VMAP,
					      .set = rs_build_set(b, &map)});
}

bool rs_build_buckets(struct rs_build *b, struct rs_chain *chain,
		      const struct arm *const *arms, size_t n)
{
	static const enum ip_family families[] = {IP_V4, IP_V6};

	for (int source = 0; source < 2; source++) {
		struct side sides[2] = {0};
		bool good = true;

		for (size_t i = 0; i < 2 && good; i++) {
			sides[i].family = families[i];
			sides[i].source = source;
			good = side_fill(b, &sides[i], arms, n);
		}
		if (!good)
			continue;
		for (size_t i = 0; i < 2; i++)
			side_build(b, chain, &sides[i]);
		return true;
	}
	return false;
}
