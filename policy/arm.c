/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/arm.h"

#include "policy/base/arena.h"

enum fw_err zone_sources(const struct ir *ir, unsigned zone,
			 struct arena *arena, struct ipset *out_sources)
{
	static const char *const more[] = {"0.0.0.0", "fe80::/10"};
	const struct ipset *networks = &ir->zones[zone].networks;
	struct iprange *all =
		arena_calloc(arena, networks->n + 2, sizeof(*all));
	size_t n = networks->n;

	if (!all)
		return FW_ERR_NOMEM;
	if (n)
		memcpy(all, networks->items, n * sizeof(*all));
	for (size_t i = 0; i < 2; i++)
		if (iprange_parse(str_of(more[i]), &all[n]) == FW_OK)
			n++;
	*out_sources = ipset_of(all, n);
	return FW_OK;
}

enum fw_err zone_strangers(const struct ir *ir, unsigned zone,
			   struct arena *arena, struct ipset *out_strangers)
{
	VEC(struct iprange) all = {0};

	for (unsigned z = 1; z < ir->n_zones; z++) {
		const struct ipset *networks = &ir->zones[z].networks;

		for (size_t i = 0; z != zone && i < networks->n; i++) {
			struct iprange *slot = vec_push(arena, &all);

			if (!slot)
				return FW_ERR_NOMEM;
			*slot = networks->items[i];
		}
	}
	*out_strangers = ipset_of(all.items, all.n);
	return FW_OK;
}

/* One end of the rule for a given zone there; false: never. */
static bool side_for_zone(const struct ir_side *side, unsigned zone,
			  const struct ipset **out_addrs,
			  const struct ipset **out_but)
{
	*out_addrs = NULL;
	*out_but = NULL;
	if (side->except_zones >> zone & 1)
		return false;
	if (side->any || (side->zones >> zone & 1)) {
		*out_but = side->except.n ? &side->except : NULL;
		return !ipset_is_all(&side->except, IP_V4) ||
		       !ipset_is_all(&side->except, IP_V6);
	}
	*out_addrs = &side->addrs;
	return side->addrs.n > 0;
}

bool arm_of(const struct ir_rule *rule, unsigned from, unsigned to,
	    const struct ipset *own, struct arm *out)
{
	*out = (struct arm){.rule = rule};
	if (!side_for_zone(&rule->from, from, &out->src, &out->not_src) ||
	    !side_for_zone(&rule->to, to, &out->dst, &out->not_dst) ||
	    (own && out->src && !ipset_overlap(own, out->src)))
		return false;
	out->reach = (struct reach){.src = out->src,
				    .dst = out->dst,
				    .services = rule->services,
				    .n_services = rule->n_services};
	return true;
}

enum fw_err arms_between(const struct ir *ir, unsigned from, unsigned to,
			 bool trim, struct arena *arena,
			 struct arm_list *out_arms)
{
	enum ast_list list = ir_list_of(ir, (int)from, (int)to);
	bool bounded = trim && ir->zones[from].networks.n &&
		       ir_cleans(ir, HYGIENE_SPOOFED);
	struct ipset own = {0};
	struct arm_list arms = {0};
	size_t room = 0;

	if (bounded && zone_sources(ir, from, arena, &own) != FW_OK)
		return FW_ERR_NOMEM;
	if (list != AST_LISTS)
		room = ir->list_to[list] - ir->list_from[list];
	arms.items = arena_calloc(arena, room + 1, sizeof(*arms.items));
	if (!arms.items)
		return FW_ERR_NOMEM;
	for (size_t i = 0; i < room; i++)
		arms.n += arm_of(&ir->all[ir->list_from[list] + i], from, to,
				 bounded ? &own : NULL, &arms.items[arms.n]);
	if (!reach_prepare(&arms.items->reach, arms.n, sizeof(*arms.items),
			   arena) ||
	    !reach_index_make(&arms.index, &arms.items->reach, arms.n,
			      sizeof(*arms.items), arena))
		return FW_ERR_NOMEM;
	*out_arms = arms;
	return FW_OK;
}

size_t arms_next(const struct arm_list *arms, size_t i, size_t from)
{
	for (;; from++) {
		from = reach_index_next(&arms->index, from);
		if (from == SIZE_MAX || reach_meets(&arms->items[from].reach,
						    &arms->items[i].reach))
			return from;
	}
}
