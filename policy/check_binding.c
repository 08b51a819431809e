/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What binds names to addresses: the group `application`. */
#include "policy/check_priv.h"

#include "policy/base/duration.h"
#include "policy/binding.h"

static void check_ttl(struct check *c, const struct word *w)
{
	long seconds;

	if (!w->text.p)
		return;
	if (duration_parse(w->text.p, true, &seconds) &&
	    seconds >= BINDING_TTL_LEAST && seconds <= BINDING_TTL_MOST)
		return;
	diag_error(c->diags, w->place, "bad-value",
		   "%s is no time for 'binding-ttl'", check_quote(c, w));
	diag_note(c->diags, w->place,
		  "possible: 1m to 7d, as in \"90m\", \"1h\", \"2d\"");
}

/* `w` asks for the set of resolvers. */
static void check_resolvers(struct check *c, const char *key,
			    const struct word *w)
{
	struct check_name *set =
		check_find(&c->addresses, str_of(BINDING_RESOLVERS));

	if (set) {
		set->used = true;
		return;
	}
	diag_error(c->diags, w->place, "undefined",
		   "'%s' needs to know whose answers count: there is no set of "
		   "addresses named '" BINDING_RESOLVERS "'",
		   key);
	diag_note(c->diags, w->place,
		  "write addresses: { " BINDING_RESOLVERS
		  " = [\"10.20.0.53\"]; }; with the addresses that clients "
		  "send their questions to");
}

static void check_network(struct check *c, const struct word *w)
{
	struct check_name *set;
	struct iprange range;
	struct suggest near;

	if (!str_starts(w->text, "@")) {
		(void)check_range(c, w, &range);
		return;
	}
	set = check_find(&c->addresses, str_skip(w->text, 1));
	if (set) {
		set->used = true;
		return;
	}
	diag_error(c->diags, w->place, "undefined",
		   "undefined set of addresses %s in 'networks'",
		   check_quote(c, w));
	suggest_init(&near, w->text);
	check_offer(c, &near, &c->addresses, "@");
	suggest_note(&near, c->diags, w->place);
}

static const struct word *cdn_name(const struct ast *ast, size_t i)
{
	return &ast->application.cdns.items[i].name;
}

static void check_cdns(struct check *c)
{
	const cdn_list *cdns = &c->ast->application.cdns;

	(void)check_index_of(c, "content network", cdns->n, cdn_name);
	vec_foreach (cdn, cdns) {
		if (!cdn->networks.n || !cdn->hosts.n)
			diag_error(c->diags, cdn->name.place, "missing",
				   "the content network %s has no '%s'",
				   check_quote(c, &cdn->name),
				   cdn->networks.n ? "hosts" : "networks");
		vec_foreach (w, &cdn->networks)
			check_network(c, w);
		check_host_words(c, "hosts", &cdn->hosts);
		check_twice(c, "networks", &cdn->networks);
		check_twice(c, "hosts", &cdn->hosts);
	}
}

static void check_ech(struct check *c)
{
	static const char *const ways[3] = {"allow", "strip", "deny"};
	const struct ast_application *a = &c->ast->application;

	check_choice(c, &a->ech, "ech", ways);
	if (str_is(a->ech.text, "strip"))
		check_resolvers(c, "ech", &a->ech);
	check_host_words(c, "ech-outer-names", &a->ech_outer);
	check_twice(c, "ech-outer-names", &a->ech_outer);
}

static void check_foreign(struct check *c)
{
	static const char *const ways[3] = {"allow", "deny"};
	const struct ast_application *a = &c->ast->application;

	check_choice(c, &a->foreign_dns, "foreign-dns", ways);
	if (str_is(a->foreign_dns.text, "deny"))
		check_resolvers(c, "foreign-dns", &a->foreign_dns);
	check_host_words(c, "foreign-dns-names", &a->foreign_names);
	check_twice(c, "foreign-dns-names", &a->foreign_names);
}

void check_binding(struct check *c)
{
	static const char *const modes[3] = {"off", "log", "enforce"};
	const struct ast_application *a = &c->ast->application;

	check_choice(c, &a->binding, "binding", modes);
	check_ttl(c, &a->binding_ttl);
	if (str_is(a->binding.text, "log") ||
	    str_is(a->binding.text, "enforce"))
		check_resolvers(c, "binding", &a->binding);
	check_ech(c);
	check_foreign(c);
	check_cdns(c);
}
