/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/check_priv.h"

#include <stdlib.h>

#define INTERFACE_MAX 15 /* IFNAMSIZ - 1 */

static const char *why_no_interface(struct str s)
{
	if (s.len == 0 || s.len > INTERFACE_MAX)
		return "1 to 15 bytes";
	if (str_is(s, ".") || str_is(s, ".."))
		return "the kernel refuses '.' and '..'";
	if (str_is(s, "lo"))
		return "'lo' is the gateway's own, zone 'self'";
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f ||
		    strchr("/:*\"\\", s.p[i]))
			return "printable ASCII without space, '/', ':', '*', "
			       "'\"' and '\\'";
	return NULL;
}

struct zone_interface {
	const struct word *word;
	const struct ast_zone *zone;
};

static int by_interface(const void *pa, const void *pb)
{
	const struct zone_interface *a = pa, *b = pb;
	int d = str_cmp(a->word->text, b->word->text);

	if (d == 0)
		d = (a->zone > b->zone) - (a->zone < b->zone);
	return d ? d : (a->word > b->word) - (a->word < b->word);
}

static void interface_twice(struct check *c, const struct zone_interface *first,
			    const struct zone_interface *second)
{
	const char *name = check_quote(c, second->word);

	if (first->zone == second->zone)
		diag_error(c->diags, second->word->place, "overlap",
			   "interface %s stands twice in zone %s", name,
			   check_quote(c, &second->zone->name));
	else
		diag_error(c->diags, second->word->place, "overlap",
			   "interface %s is in zone %s and in zone %s", name,
			   check_quote(c, &first->zone->name),
			   check_quote(c, &second->zone->name));
	diag_note(c->diags, first->word->place, "it stands here first");
}

static void check_interfaces(struct check *c)
{
	VEC(struct zone_interface) all = {0};

	vec_foreach (z, &c->ast->zones) {
		vec_foreach (w, &z->interfaces) {
			const char *why = why_no_interface(w->text);
			struct zone_interface *one;

			if (why)
				diag_error(c->diags, w->place, "bad-interface",
					   "%s cannot be an interface: %s",
					   check_quote(c, w), why);
			one = vec_push(c->arena, &all);
			if (!one)
				return;
			*one = (struct zone_interface){w, z};
		}
	}
	if (all.n)
		qsort(all.items, all.n, sizeof(*all.items), by_interface);
	for (size_t i = 1; i < all.n; i++)
		if (str_eq(all.items[i - 1].word->text,
			   all.items[i].word->text))
			interface_twice(c, &all.items[i - 1], &all.items[i]);
}

/* The networks of one zone as a set; those that cannot be read are left out. */
static struct ipset zone_networks(struct check *c, const struct ast_zone *z)
{
	struct iprange *ranges =
		arena_calloc(c->arena, z->networks.n + 1, sizeof(*ranges));
	size_t n = 0;

	if (!ranges)
		return (struct ipset){0};
	vec_foreach (w, &z->networks)
		if (check_range(c, w, &ranges[n]))
			n++;
	return ipset_of(ranges, n);
}

static void check_overlap(struct check *c, const struct ipset *networks)
{
	const zone_list *zones = &c->ast->zones;
	char text[IPRANGE_TEXT_MAX];

	for (size_t b = 1; b < zones->n; b++) {
		for (size_t a = 0; a < b; a++) {
			const struct iprange *both =
				ipset_overlap(&networks[a], &networks[b]);

			if (!both)
				continue;
			diag_error(
				c->diags, zones->items[b].name.place, "overlap",
				"the networks of zones %s and %s overlap: %s",
				check_quote(c, &zones->items[a].name),
				check_quote(c, &zones->items[b].name),
				iprange_print(both, text));
			diag_note(c->diags, zones->items[a].name.place,
				  "the other zone is here");
		}
	}
}

/* All inside networks as one set: for which side an address is on. */
static void gather_inside(struct check *c, const struct ipset *networks)
{
	const zone_list *zones = &c->ast->zones;
	struct iprange *all;
	size_t n = 0;

	for (size_t i = 0; i < zones->n; i++)
		n += networks[i].n;
	all = arena_calloc(c->arena, n + 1, sizeof(*all));
	if (!all)
		return;
	n = 0;
	for (size_t i = 0; i < zones->n; i++) {
		if (zones->items[i].external.value)
			continue;
		if (zones->items[i].networks.n == 0)
			c->inside_anywhere = true;
		for (size_t j = 0; j < networks[i].n; j++)
			all[n++] = networks[i].items[j];
	}
	c->inside = ipset_of(all, n);
}

static void check_networks(struct check *c)
{
	const zone_list *zones = &c->ast->zones;
	struct ipset *networks;

	networks = arena_calloc(c->arena, zones->n + 1, sizeof(*networks));
	if (!networks)
		return;
	for (size_t i = 0; i < zones->n; i++)
		networks[i] = zone_networks(c, &zones->items[i]);
	check_overlap(c, networks);
	gather_inside(c, networks);
}

static const struct word *zone_name(const struct ast *ast, size_t i)
{
	return &ast->zones.items[i].name;
}

void check_zones(struct check *c)
{
	const zone_list *zones = &c->ast->zones;
	struct place whole = {c->ast->file, 0};
	bool external = false;

	c->zones = check_index_of(c, "zone", zones->n, zone_name);
	vec_foreach (z, zones) {
		external |= z->external.value != 0 || z->external.broken;
		if (!c->ast->broken && z->interfaces.n == 0 &&
		    z->networks.n == 0)
			diag_error(c->diags, z->name.place, "missing",
				   "zone %s has neither 'interfaces' nor "
				   "'networks'",
				   check_quote(c, &z->name));
	}
	if (c->ast->broken && !external) {
		/* It may be among what is broken. */
	} else if (zones->n == 0) {
		diag_error(c->diags, whole, "missing",
			   "the policy has no zones");
		diag_note(c->diags, whole,
			  "zones: { lan: { interfaces = [\"lan0\"]; }; "
			  "wan: { interfaces = [\"wan0\"]; external = true; }; "
			  "};");
	} else if (!external) {
		diag_error(c->diags, zones->items[0].name.place, "missing",
			   "no zone is external");
		diag_note(c->diags, zones->items[0].name.place,
			  "write 'external = true;' in the zone that leads "
			  "outside");
	}
	check_interfaces(c);
	if (zones->n > CHECK_ZONES_MAX)
		diag_error(c->diags, zones->items[CHECK_ZONES_MAX].name.place,
			   "too-many", "there are %zu zones, %d are possible",
			   zones->n, CHECK_ZONES_MAX);
	else
		check_networks(c);
}
