/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules of a pair of zones -> stages, so that a packet's cost does not grow
 * with their number.  A stage is one rule as it stands, or a group of rules
 * that ask for the same kinds of things and share no flow: their order does not
 * matter, and one look-up in a verdict map finds the only one that can fit.
 *
 * A rule goes to a stage behind all stages that hold an earlier rule it shares
 * a flow with; so the first that fits is the first in the policy's order.
 */
#include "policy/ruleset_priv.h"

#include <netinet/in.h>

/* A rule of more address and service combinations keeps its own sets. */
#define ENTRIES_PER_RULE_MAX 64

/* The kernel takes long over maps of ranges beyond some 100,000 entries. */
#define ENTRIES_PER_STAGE_MAX 32768

/* What the rules of one stage ask for. */
struct shape {
	bool src, dst;  /* by address */
	bool l4, ports; /* protocols as a whole; ports of protocols */
	bool ranges;    /* not only single addresses and ports */
	bool alone;     /* nothing that a map can hold */
};

struct stage {
	struct shape shape;
	VEC(const struct arm *) arms;
	size_t n_entries;
};

/* So many pairs of arms that meet are looked at, which takes seconds: 10,000
 * rules of which each shares a flow with all others.  Rules that name whom they
 * mean stay far below. */
#define WORK_MAX 50000000UL

/* Of an arm that is not in the plan. */
#define NO_STAGE SIZE_MAX

struct plan {
	struct rs_build *b;
	VEC(struct stage) stages;
	size_t *stage_of; /* by arm */
	size_t work;      /* pairs of arms that were looked at */
};

static bool same_shape(const struct shape *a, const struct shape *b)
{
	return a->src == b->src && a->dst == b->dst && a->l4 == b->l4 &&
	       a->ports == b->ports && a->ranges == b->ranges && !a->alone &&
	       !b->alone;
}

static bool has_ranges(const struct ipset *set)
{
	for (size_t i = 0; set && i < set->n; i++)
		if (ipaddr_cmp(&set->items[i].lo, &set->items[i].hi) != 0)
			return true;
	return false;
}

static bool is_whole(const struct service *s)
{
	return s->lo == 0 && s->hi == UINT16_MAX;
}

/* Once merged: 80 and 81 are a range. */
static bool port_ranges(struct rs_build *b, const struct ir_rule *rule,
			uint8_t l4)
{
	struct rs_set set = rs_ports_of(b, rule, l4);

	vec_foreach (range, &set.ports)
		if (range->lo != range->hi)
			return true;
	return false;
}

/* How many entries a map needs for the arm; the families apart. */
static size_t count_entries(const struct arm *arm)
{
	static const enum ip_family families[] = {IP_V4, IP_V6};
	size_t services = arm->rule->n_services ? arm->rule->n_services : 1;
	size_t n = 0;

	if (!arm->src && !arm->dst)
		return services;
	for (size_t i = 0; i < 2; i++) {
		size_t src =
			arm->src ? ipset_family(arm->src, families[i]).n : 1;
		size_t dst =
			arm->dst ? ipset_family(arm->dst, families[i]).n : 1;

		if (src > ENTRIES_PER_RULE_MAX || dst > ENTRIES_PER_RULE_MAX)
			return SIZE_MAX;
		n += src * dst * services;
	}
	return n;
}

static struct shape shape_of(struct rs_build *b, const struct arm *arm)
{
	struct shape shape = {
		.src = arm->src,
		.dst = arm->dst,
		/* From a map nothing comes back to be asked on. */
		.alone = rs_build_entry(b, arm->rule).op == RS_JUMP ||
			 count_entries(arm) > ENTRIES_PER_RULE_MAX};

	/* Long sets are not looked through: they stand alone. */
	if (!shape.alone)
		shape.ranges = has_ranges(arm->src) || has_ranges(arm->dst);
	for (size_t i = 0; i < arm->rule->n_services; i++) {
		const struct service *s = &arm->rule->services[i];
		bool whole = is_whole(s);

		shape.l4 |= whole;
		shape.ports |= !whole && rs_l4_has_ports(s->l4);
		if (shape.ports && rs_first_of_l4(arm->rule, i))
			shape.ranges |= port_ranges(b, arm->rule, s->l4);
		shape.alone |= !whole && !rs_l4_has_ports(s->l4);
	}
	shape.alone |= !shape.src && !shape.dst && !shape.l4 && !shape.ports;
	return shape;
}

/* It costs time, and changes nothing else: said once. */
static void tell_slow(struct rs_build *b, const struct ir_rule *rule)
{
	if (!b->slow)
		diag_warning(b->diags, rule->place, "too-many",
			     "too many rules meet: from rule '%s' on the "
			     "kernel asks the rules one after another, and "
			     "packets cost more with each",
			     rule->name);
	b->slow = true;
}

/* The first stage where the arm may stand; behind all where it would take too
 * long to find. */
static size_t first_stage(struct plan *p, struct arm_list *arms, size_t i)
{
	size_t first = 0;

	arms_meeting (j, arms, i) {
		if (++p->work > WORK_MAX) {
			tell_slow(p->b, arms->items[i].rule);
			return p->stages.n;
		}
		if (p->stage_of[j] != NO_STAGE && p->stage_of[j] >= first)
			first = p->stage_of[j] + 1;
	}
	return first;
}

static struct stage *find_stage(struct plan *p, size_t first,
				const struct shape *shape, size_t entries)
{
	struct stage *new_stage;

	for (size_t i = first; i < p->stages.n; i++) {
		struct stage *s = &p->stages.items[i];

		if (same_shape(&s->shape, shape) &&
		    s->n_entries + entries <= ENTRIES_PER_STAGE_MAX)
			return s;
	}
	new_stage = vec_push(p->b->arena, &p->stages);
	if (new_stage)
		new_stage->shape = *shape;
	return new_stage;
}

static void place(struct plan *p, struct arm_list *arms, size_t i)
{
	const struct arm *arm = &arms->items[i];
	struct shape shape = shape_of(p->b, arm);
	size_t entries = shape.alone ? 0 : count_entries(arm);
	struct stage *stage =
		find_stage(p, first_stage(p, arms, i), &shape, entries);
	const struct arm **slot =
		stage ? vec_push(p->b->arena, &stage->arms) : NULL;

	if (!slot) {
		p->b->failed = true;
		return;
	}
	*slot = arm;
	stage->n_entries += entries;
	p->stage_of[i] = (size_t)(stage - p->stages.items);
}

/* --- a stage as maps ------------------------------------------------------ */

/* One map of a stage: of one family (or none) and one kind of service. */
struct map_kind {
	enum ip_family family;
	bool l4, ports;
};

static void add_entry(struct rs_build *b, struct rs_set *map,
		      const struct rs_entry *entry)
{
	struct rs_entry *slot = vec_push(b->arena, &map->entries);

	if (slot)
		*slot = *entry;
	else
		b->failed = true;
}

static void add_plain(struct rs_build *b, struct rs_set *map,
		      const struct ir_rule *rule, struct rs_entry entry)
{
	(void)rule;
	add_entry(b, map, &entry);
}

/* Is the protocol as a whole among the services before i? */
static bool whole_before(const struct ir_rule *rule, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (rule->services[j].l4 == rule->services[i].l4 &&
		    is_whole(&rule->services[j]))
			return true;
	return false;
}

/* An entry for each protocol that the rule takes as a whole. */
static void add_protocols(struct rs_build *b, struct rs_set *map,
			  const struct ir_rule *rule, struct rs_entry entry)
{
	for (size_t i = 0; i < rule->n_services; i++) {
		entry.l4 = rule->services[i].l4;
		if (is_whole(&rule->services[i]) && !whole_before(rule, i))
			add_entry(b, map, &entry);
	}
}

/* An entry for each range of ports, with those of a protocol merged. */
static void add_ports(struct rs_build *b, struct rs_set *map,
		      const struct ir_rule *rule, struct rs_entry entry)
{
	for (size_t i = 0; i < rule->n_services; i++) {
		struct rs_set ports;

		entry.l4 = rule->services[i].l4;
		if (!rs_first_of_l4(rule, i) || !rs_l4_has_ports(entry.l4))
			continue;
		ports = rs_ports_of(b, rule, entry.l4);
		vec_foreach (range, &ports.ports) {
			entry.ports = *range;
			if (range->lo != 0 || range->hi != UINT16_MAX)
				add_entry(b, map, &entry);
		}
	}
}

static void add_arm(struct rs_build *b, struct rs_set *map,
		    const struct map_kind *kind, const struct arm *arm)
{
	void (*add)(struct rs_build * b, struct rs_set * map,
		    const struct ir_rule *rule, struct rs_entry entry) =
		kind->ports ? add_ports
		: kind->l4  ? add_protocols
			    : add_plain;
	static const struct iprange none;
	struct ipset any = {.items = &none, .n = 1};
	struct ipset src =
		arm->src ? ipset_family(arm->src, kind->family) : any;
	struct ipset dst =
		arm->dst ? ipset_family(arm->dst, kind->family) : any;

	for (size_t i = 0; i < src.n; i++)
		for (size_t j = 0; j < dst.n; j++)
			add(b, map, arm->rule,
			    (struct rs_entry){
				    .src = src.items[i],
				    .dst = dst.items[j],
				    .chain = rs_build_body(b, arm->rule)});
}

static bool is_range(const struct rs_set *map, const struct rs_entry *e)
{
	return ((map->keys & RS_KEY_SRC) &&
		ipaddr_cmp(&e->src.lo, &e->src.hi) != 0) ||
	       ((map->keys & RS_KEY_DST) &&
		ipaddr_cmp(&e->dst.lo, &e->dst.hi) != 0) ||
	       ((map->keys & RS_KEY_PORT) && e->ports.lo != e->ports.hi);
}

static void build_map(struct rs_build *b, struct rs_chain *chain,
		      const struct stage *stage, const struct map_kind *kind)
{
	struct rs_set map = {
		.type = RS_SET_VMAP,
		.family = kind->family,
		.keys = (stage->shape.src ? RS_KEY_SRC : 0) |
			(stage->shape.dst ? RS_KEY_DST : 0) |
			(kind->l4 ? RS_KEY_L4 : 0) |
			(kind->ports ? RS_KEY_PORT : 0),
	};

	vec_foreach (arm, &stage->arms)
		add_arm(b, &map, kind, *arm);
	vec_foreach (entry, &map.entries)
		map.ranges |= is_range(&map, entry);
	if (map.entries.n)
		rs_build_add(b, rs_rule_new(b->arena, chain),
			     (struct rs_stmt){.op = RS_VMAP,
					      .set = rs_build_set(b, &map)});
}

/* Protocols as a whole go by one map, ports by another: a packet that has no
 * ports must not be asked for them. */
static void build_maps(struct rs_build *b, struct rs_chain *chain,
		       const struct stage *stage)
{
	static const enum ip_family both[] = {IP_V4, IP_V6}, none[] = {IP_NONE};
	bool addresses = stage->shape.src || stage->shape.dst;
	const enum ip_family *families = addresses ? both : none;

	for (size_t i = 0; i < (addresses ? 2 : 1); i++) {
		struct map_kind kind = {.family = families[i]};

		if (!stage->shape.l4 && !stage->shape.ports)
			build_map(b, chain, stage, &kind);
		kind.l4 = true;
		if (stage->shape.l4)
			build_map(b, chain, stage, &kind);
		kind.ports = true;
		if (stage->shape.ports)
			build_map(b, chain, stage, &kind);
	}
}

/* Few rules are read more easily, and met as fast, one after the other. */
static void build_stage(struct rs_build *b, struct rs_chain *chain,
			const struct stage *stage)
{
	if (!stage->shape.alone && stage->arms.n >= b->map_from) {
		/* A map of ranges costs more with each 64 of them. */
		if (!stage->shape.ranges ||
		    !rs_build_buckets(b, chain, stage->arms.items,
				      stage->arms.n))
			build_maps(b, chain, stage);
		return;
	}
	vec_foreach (arm, &stage->arms)
		rs_build_arm(b, chain, *arm, rs_build_entry(b, (*arm)->rule));
}

/* The arms that `takes` takes, in stages. */
static void build_plan(struct rs_build *b, struct rs_chain *chain,
		       struct arm_list *arms,
		       bool (*takes)(const struct ir_rule *rule))
{
	struct plan p = {.b = b};

	p.stage_of = arena_calloc(b->arena, arms->n + 1, sizeof(*p.stage_of));
	if (!p.stage_of) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < arms->n; i++)
		p.stage_of[i] = NO_STAGE;
	for (size_t i = 0; i < arms->n; i++)
		if (takes(arms->items[i].rule))
			place(&p, arms, i);
	vec_foreach (stage, &p.stages)
		build_stage(b, chain, stage);
}

/* --- ICMP apart -------------------------------------------------------------
 * No map has types: rules that ask for them are asked one after the other.  So
 * where there are many, other packets go round them.
 */

static size_t count_icmp(const struct ir_rule *rule)
{
	size_t n = 0;

	for (size_t i = 0; i < rule->n_services; i++)
		n += rs_l4_is_icmp(rule->services[i].l4);
	return n;
}

static bool takes_any(const struct ir_rule *rule)
{
	(void)rule;
	return true;
}

static bool takes_icmp(const struct ir_rule *rule)
{
	return rule->n_services == 0 || count_icmp(rule) > 0;
}

static bool takes_others(const struct ir_rule *rule)
{
	return rule->n_services == 0 || count_icmp(rule) < rule->n_services;
}

static void lead_icmp(struct rs_build *b, struct rs_chain *chain,
		      const char *to)
{
	static const uint8_t both[] = {IPPROTO_ICMP, IPPROTO_ICMPV6};

	for (size_t i = 0; i < 2; i++) {
		struct rs_rule *rule = rs_rule_new(b->arena, chain);

		rs_build_add(b, rule,
			     (struct rs_stmt){.op = RS_L4PROTO, .n = both[i]});
		rs_build_add(b, rule,
			     (struct rs_stmt){.op = RS_GOTO, .name = to});
	}
}

struct rs_chain *rs_build_arms(struct rs_build *b, struct rs_chain *chain,
			       struct arm_list *arms)
{
	struct rs_chain *icmp;
	size_t n = 0;

	for (size_t i = 0; i < arms->n; i++)
		n += !takes_others(arms->items[i].rule);
	if (n < b->map_from) {
		build_plan(b, chain, arms, takes_any);
		return NULL;
	}
	icmp = rs_build_chain(b, rs_build_name(b, "i_", chain->name, NULL));
	lead_icmp(b, chain, icmp->name);
	build_plan(b, icmp, arms, takes_icmp);
	build_plan(b, chain, arms, takes_others);
	return icmp;
}
