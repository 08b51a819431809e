/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/ir.h"

#include "policy/facts.h"

static bool is_external(const struct ir *ir, int zone)
{
	return ir->zones[zone].external;
}

enum ast_list ir_list_of(const struct ir *ir, int zone_src, int zone_dst)
{
	bool from_outside, to_outside;

	if (zone_src < 0 || zone_dst < 0)
		return AST_LISTS;
	from_outside = is_external(ir, zone_src);
	to_outside = is_external(ir, zone_dst);
	if (from_outside && to_outside)
		return AST_LISTS;
	if (from_outside)
		return AST_INGRESS;
	return to_outside ? AST_EGRESS : AST_SEGMENT;
}

int ir_zone_by_interface(const struct ir *ir, const char *interface)
{
	for (unsigned z = 0; z < ir->n_zones; z++)
		for (size_t i = 0; i < ir->zones[z].n_interfaces; i++)
			if (!strcmp(ir->zones[z].interfaces[i], interface))
				return (int)z;
	return -1;
}

int ir_zone_by_address(const struct ir *ir, const struct ipaddr *addr)
{
	int outside = -1;

	for (unsigned z = 1; z < ir->n_zones; z++) {
		const struct ir_zone *zone = &ir->zones[z];

		if (ipset_has(&zone->networks, addr))
			return (int)z;
		if (zone->external && zone->networks.n == 0)
			outside = outside == -1 ? (int)z : -2;
	}
	return outside < 0 ? -1 : outside;
}

bool ir_side_has(const struct ir_side *side, int zone,
		 const struct ipaddr *addr)
{
	if ((zone >= 0 && (side->except_zones >> zone & 1)) ||
	    ipset_has(&side->except, addr))
		return false;
	if (side->any || (zone >= 0 && (side->zones >> zone & 1)))
		return true;
	return ipset_has(&side->addrs, addr);
}

bool ir_rule_asks_engine(const struct ir_rule *rule)
{
	return rule->apps || rule->has_hosts || rule->sni_words.n ||
	       rule->alpns.n || rule->ja4s.n || rule->methods.n ||
	       rule->paths.n || rule->qname_words.n || rule->banners.n;
}

bool ir_rule_takes_all(const struct ir_rule *rule)
{
	return !ir_rule_asks_engine(rule) && !rule->observe &&
	       !ir_rule_asks_more(rule);
}

bool ir_rule_asks_names(const struct ir_rule *rule)
{
	return rule->has_hosts || rule->sni_words.n;
}

bool ir_rule_asks_names_only(const struct ir_rule *rule)
{
	return !rule->observe && !ir_rule_asks_more(rule) &&
	       !rule->sni_words.n && !rule->alpns.n && !rule->ja4s.n &&
	       !rule->methods.n && !rule->paths.n && !rule->qname_words.n &&
	       !rule->banners.n;
}

bool ir_rule_asks_more(const struct ir_rule *rule)
{
	return rule->times.n || rule->n_macs || rule->n_uids || rule->cgroups;
}

bool ir_cgroup_within(const struct ir_cgroup *inner,
		      const struct ir_cgroup *outer)
{
	size_t n = strlen(outer->path);

	return !strncmp(inner->path, outer->path, n) &&
	       (inner->path[n] == '/' || !inner->path[n]);
}

bool ir_rule_has_limits(const struct ir_rule *rule)
{
	return rule->rate.n || rule->packets.n || rule->connections.n;
}

bool ir_rule_time_has(const struct ir_rule *rule, int64_t now)
{
	unsigned minute;

	if (rule->times.n == 0)
		return true;
	minute = window_minute(now);
	vec_foreach (w, &rule->times)
		if (minute >= w->from && minute < w->to)
			return true;
	return false;
}

static bool words_alike(const struct str *a, size_t n_a, const struct str *b,
			size_t n_b)
{
	bool alike = n_a == n_b;

	for (size_t i = 0; alike && i < n_a; i++)
		alike = str_eq(a[i], b[i]);
	return alike;
}

static bool names_alike(const struct nameset *a, const struct nameset *b)
{
	return a->any == b->any &&
	       words_alike(a->exact, a->n_exact, b->exact, b->n_exact) &&
	       words_alike(a->below, a->n_below, b->below, b->n_below);
}

static bool senders_alike(const struct ir_rule *a, const struct ir_rule *b)
{
	return a->cgroups == b->cgroups && a->n_uids == b->n_uids &&
	       a->n_macs == b->n_macs &&
	       (!a->n_uids ||
		!memcmp(a->uids, b->uids, a->n_uids * sizeof(*a->uids))) &&
	       (!a->n_macs ||
		!memcmp(a->macs, b->macs, a->n_macs * sizeof(*a->macs)));
}

bool ir_rule_asks_alike(const struct ir_rule *a, const struct ir_rule *b)
{
	return a->action == b->action && a->apps == b->apps &&
	       a->has_hosts == b->has_hosts && a->observe == b->observe &&
	       a->until == b->until && names_alike(&a->hosts, &b->hosts) &&
	       senders_alike(a, b) && names_alike(&a->snis, &b->snis) &&
	       words_alike(a->sni_words.items, a->sni_words.n,
			   b->sni_words.items, b->sni_words.n) &&
	       words_alike(a->alpns.items, a->alpns.n, b->alpns.items,
			   b->alpns.n) &&
	       words_alike(a->ja4s.items, a->ja4s.n, b->ja4s.items,
			   b->ja4s.n) &&
	       words_alike(a->methods.items, a->methods.n, b->methods.items,
			   b->methods.n) &&
	       words_alike(a->paths.items, a->paths.n, b->paths.items,
			   b->paths.n) &&
	       names_alike(&a->qnames, &b->qnames) &&
	       words_alike(a->qname_words.items, a->qname_words.n,
			   b->qname_words.items, b->qname_words.n) &&
	       words_alike(a->banners.items, a->banners.n, b->banners.items,
			   b->banners.n);
}

bool ir_rule_observes(const struct ir_rule *rule, int64_t now)
{
	return rule->observe && (!rule->until || now < rule->until);
}

bool ir_cleans(const struct ir *ir, enum hygiene h)
{
	return ir->hygiene >> h & 1;
}

enum fw_err ir_bogons(const struct ir *ir, unsigned zone, enum hygiene h,
		      bool source, struct arena *arena, struct ipset *out_set)
{
	struct ipset all = {0};
	enum fw_err err = FW_OK;

	if (ir_cleans(ir, h) && ir->zones[zone].external)
		err = hygiene_bogons(h, source, arena, &all);
	/* A source must be of the zone anyhow; a destination may be led on to
	 * any zone. */
	for (unsigned z = 1; z < ir->n_zones && !err && all.n; z++)
		if (!source || z == zone)
			err = ipset_subtract(arena, &all,
					     &ir->zones[z].networks, &all);
	if (!err)
		*out_set = all;
	return err;
}

/* Do the networks of the zones say so? */
static bool is_spoofed(const struct ir *ir, int zone, const struct ipaddr *src)
{
	const struct ipset *networks = &ir->zones[zone].networks;

	if (networks->n)
		return !ipset_has(networks, src);
	for (unsigned z = 1; z < ir->n_zones; z++)
		if (ipset_has(&ir->zones[z].networks, src))
			return true;
	return false;
}

static bool is_bogon(const struct ir *ir, int zone, enum hygiene h, bool source,
		     const struct ipaddr *addr)
{
	struct ipset set = {0};
	struct arena arena;
	bool found;

	arena_init(&arena, 0, 0);
	found = ir_bogons(ir, (unsigned)zone, h, source, &arena, &set) ==
			FW_OK &&
		ipset_has(&set, addr);
	arena_done(&arena);
	return found;
}

enum hygiene ir_wrong_address(const struct ir *ir, int zone,
			      const struct ipaddr *src,
			      const struct ipaddr *dst)
{
	static const enum hygiene by_address[] = {
		HYGIENE_BOGONS, HYGIENE_PRIVATE, HYGIENE_DOCUMENTATION};

	if (zone <= IR_ZONE_SELF)
		return HYGIENE_COUNT;
	if (ir_cleans(ir, HYGIENE_SPOOFED) && is_spoofed(ir, zone, src))
		return HYGIENE_SPOOFED;
	for (size_t i = 0; i < sizeof(by_address) / sizeof(*by_address); i++)
		if (is_bogon(ir, zone, by_address[i], true, src) ||
		    is_bogon(ir, zone, by_address[i], false, dst))
			return by_address[i];
	return HYGIENE_COUNT;
}
