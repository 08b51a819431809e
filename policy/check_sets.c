/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/check_priv.h"

#include "policy/hostname.h"
#include "policy/service.h"

#include <netinet/in.h>

/* Is each address of a also in b? */
static bool set_covers(const struct ipset *b, const struct ipset *a)
{
	size_t j = 0;

	/* Ranges of a set are merged: each of a's lies in one of b's. */
	for (size_t i = 0; i < a->n; i++) {
		while (j < b->n &&
		       ipaddr_cmp(&b->items[j].hi, &a->items[i].lo) < 0)
			j++;
		if (j == b->n ||
		    ipaddr_cmp(&b->items[j].lo, &a->items[i].lo) > 0 ||
		    ipaddr_cmp(&b->items[j].hi, &a->items[i].hi) < 0)
			return false;
	}
	return true;
}

unsigned check_sides(const struct check *c, const struct ipset *s)
{
	unsigned sides = SIDE_SELF; /* any address may be the gateway's */

	if (c->inside_anywhere || ipset_overlap(s, &c->inside))
		sides |= SIDE_INSIDE;
	if (!set_covers(&c->inside, s))
		sides |= SIDE_EXTERNAL;
	return sides;
}

void check_pattern(struct check *c, const struct word *w)
{
	const char *why = "";
	struct str normal;
	enum fw_err err = hostname_pattern(c->arena, w->text, &normal, &why);

	if (err)
		diag_error(c->diags, w->place,
			   err == FW_ERR_LIMIT ? "wide-wildcard" : "bad-host",
			   "%s is no host pattern: %s", check_quote(c, w), why);
}

/* '@' leads from rules to sets, not from sets to sets. */
static bool is_reference(struct check *c, const struct word *w)
{
	if (!str_starts(w->text, "@"))
		return false;
	if (str_starts(w->text, AST_FILE)) {
		diag_error(c->diags, w->place, "bad-service",
			   "services cannot be read from a file: %s",
			   check_quote(c, w));
		return true;
	}
	diag_error(c->diags, w->place, "nested-set",
		   "a set cannot name another set: %s", check_quote(c, w));
	diag_note(c->diags, w->place,
		  "write its members here, or name both sets in the rule");
	return true;
}

/* The sides of a list that a word leads to. */
unsigned check_list_sides(const struct check *c, const struct word *w)
{
	const struct ast_entries *entries =
		ast_entries_of(c->ast, LIST_ADDRESSES, w->text);

	return entries && entries->list ? check_sides(c, &entries->list->addrs)
					: SIDE_ANY;
}

/* The sides of one member; what could not be read could be anywhere. */
static unsigned member_sides(struct check *c, const struct word *w)
{
	struct iprange range;
	const struct ipset one = {.items = &range, .n = 1};

	if (ast_is_list(w->text))
		return check_list_sides(c, w);
	if (is_reference(c, w) || !check_range(c, w, &range))
		return SIDE_ANY;
	return check_sides(c, &one);
}

static void check_addresses(struct check *c)
{
	const set_list *sets = &c->ast->addresses;

	c->address_sides =
		arena_calloc(c->arena, sets->n + 1, sizeof(unsigned));
	if (!c->address_sides)
		return;
	vec_foreach (set, sets) {
		unsigned sides = set->members.n ? 0 : SIDE_ANY;

		vec_foreach (w, &set->members)
			sides |= member_sides(c, w);
		c->address_sides[set - sets->items] = sides;
	}
}

static void check_hosts(struct check *c)
{
	vec_foreach (set, &c->ast->hosts)
		vec_foreach (w, &set->members)
			/* What a file holds was judged when it was read. */
			if (!str_starts(w->text, AST_FILE) &&
			    !is_reference(c, w))
				check_pattern(c, w);
}

static bool has_ports(const struct service *s)
{
	return s->l4 == IPPROTO_TCP || s->l4 == IPPROTO_UDP;
}

static bool check_member(struct check *c, const struct word *w)
{
	struct str members = service_builtin(w->text);
	const char *fault = service_fault(w->text);
	struct service s;

	if (is_reference(c, w))
		return true;
	if (!service_parse(w->text, &s))
		return has_ports(&s);
	if (fault) {
		diag_error(c->diags, w->place, "bad-service",
			   "%s is no service: %s", check_quote(c, w), fault);
		return true;
	}
	diag_error(c->diags, w->place, "bad-service",
		   "%s is no protocol and port", check_quote(c, w));
	if (members.p)
		diag_note(c->diags, w->place,
			  "a service's members are written out; that one has: "
			  "%.*s",
			  STR_ARG(members));
	else
		diag_note(c->diags, w->place,
			  "possible: \"tcp/443\", \"udp/5000-5100\", "
			  "\"sctp/132\", \"icmp/8\", \"icmpv6/128\", "
			  "\"proto/47\"");
	return true;
}

static void check_services(struct check *c)
{
	const set_list *sets = &c->ast->services;

	c->service_ports = arena_calloc(c->arena, sets->n + 1, sizeof(bool));
	vec_foreach (set, sets) {
		bool ports = set->members.n == 0;

		if (service_builtin(set->name.text).p)
			diag_error(c->diags, set->name.place, "bad-name",
				   "service %s is built in: yours needs "
				   "another name",
				   check_quote(c, &set->name));
		vec_foreach (w, &set->members)
			ports |= check_member(c, w);
		if (c->service_ports)
			c->service_ports[set - sets->items] = ports;
	}
}

static const struct word *addresses_name(const struct ast *ast, size_t i)
{
	return &ast->addresses.items[i].name;
}

static const struct word *hosts_name(const struct ast *ast, size_t i)
{
	return &ast->hosts.items[i].name;
}

static const struct word *services_name(const struct ast *ast, size_t i)
{
	return &ast->services.items[i].name;
}

void check_sets(struct check *c)
{
	const struct ast *ast = c->ast;

	c->addresses = check_index_of(c, "set of addresses", ast->addresses.n,
				      addresses_name);
	c->hosts = check_index_of(c, "set of hosts", ast->hosts.n, hosts_name);
	c->services =
		check_index_of(c, "service", ast->services.n, services_name);
	check_addresses(c);
	check_hosts(c);
	check_services(c);
}
