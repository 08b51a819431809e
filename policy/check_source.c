/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rule asks of the client beside its address. */
#include "policy/check_priv.h"

#include "policy/mac.h"
#include "policy/uid.h"

/* Do the words name the gateway and nobody else? */
static bool is_self_only(const word_list *words)
{
	return words->n == 1 && str_is(words->items->text, "self");
}

static void check_mac(struct check *c, enum ast_list list,
		      const struct ast_rule *r)
{
	struct mac ignored;

	vec_foreach (w, &r->mac) {
		if (mac_parse(w->text, &ignored))
			continue;
		diag_error(c->diags, w->place, "bad-address",
			   "%s is no Ethernet address of a host",
			   check_quote(c, w));
		diag_note(c->diags, w->place,
			  "an address is written as in \"02:00:00:00:00:01\"");
	}
	if (r->mac.n && (list == AST_INGRESS || is_self_only(&r->from)))
		diag_error(c->diags, r->mac.items->place, "never-matches",
			   "'mac' can never hold: it is known of clients in "
			   "inside zones alone");
}

/* Known to the gateway, where that can be asked. */
static void check_user(struct check *c, const struct word *w)
{
	const struct policy_env *env = c->env;
	uint32_t uid;

	if (uid_parse(w->text, &uid) ||
	    (env->user && env->user(env->ctx, w->text.p, &uid)))
		return;
	diag_error(c->diags, w->place, "undefined",
		   "there is no user %s on this gateway", check_quote(c, w));
	if (!env->user)
		diag_note(c->diags, w->place,
			  "users are not looked up here: write its number");
}

/* Is `s` a name, and not another way to write the path without it? */
static bool is_cgroup_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"')
			return false;
	return s.len && !str_is(s, ".") && !str_is(s, "..");
}

/* The kernel compares at the depth that the path has: each name counts. */
static bool is_cgroup_path(struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i <= s.len; i++) {
		if (i < s.len && s.p[i] != '/')
			continue;
		if (!is_cgroup_name(str_mem(s.p + from, i - from)))
			return false;
		from = i + 1;
	}
	return true;
}

static void check_cgroup(struct check *c, const struct word *w)
{
	const struct policy_env *env = c->env;
	unsigned level;
	uint64_t id;

	if (!is_cgroup_path(w->text)) {
		diag_error(c->diags, w->place, "bad-value",
			   "%s is no path of a cgroup", check_quote(c, w));
		diag_note(c->diags, w->place,
			  "a path begins below the root: "
			  "\"system.slice/chrony.service\"");
	} else if (!env->cgroup ||
		   !env->cgroup(env->ctx, w->text.p, &id, &level)) {
		diag_error(c->diags, w->place, "undefined",
			   "there is no cgroup %s on this gateway",
			   check_quote(c, w));
	}
}

static void check_owner(struct check *c, const struct ast_rule *r)
{
	const word_list *asked = r->user.n ? &r->user : &r->cgroup;

	vec_foreach (w, &r->user)
		check_user(c, w);
	vec_foreach (w, &r->cgroup)
		check_cgroup(c, w);
	if (asked->n && !is_self_only(&r->from)) {
		diag_error(c->diags, asked->items->place, "never-matches",
			   "'%s' is known of the gateway's own flows alone",
			   r->user.n ? "user" : "cgroup");
		diag_note(c->diags, asked->items->place,
			  "write 'from = \"self\";'");
	}
	/* The kernel polices packets of all hooks, and knows sockets in one. */
	if (asked->n && r->packets.text.p)
		diag_error(c->diags, r->packets.place, "bad-value",
			   "'packets' cannot be limited by '%s'",
			   r->user.n ? "user" : "cgroup");
}

void check_source(struct check *c, enum ast_list list, const struct ast_rule *r)
{
	check_mac(c, list, r);
	check_owner(c, r);
	check_twice(c, "user", &r->user);
	check_twice(c, "cgroup", &r->cgroup);
	check_twice(c, "mac", &r->mac);
}

void check_cgroups(struct check *c)
{
	word_list all = {0};
	const struct word **sorted;
	size_t distinct = 0;

	for (int i = 0; i < AST_LISTS; i++)
		vec_foreach (r, &c->ast->rules[i])
			vec_foreach (w, &r->cgroup) {
				struct word *slot = vec_push(c->arena, &all);

				if (slot)
					*slot = *w;
			}
	sorted = check_sorted(c, &all);
	for (size_t i = 0; sorted && i < all.n; i++) {
		if (i && str_eq(sorted[i - 1]->text, sorted[i]->text))
			continue;
		if (++distinct == CHECK_CGROUPS_MAX + 1)
			diag_error(c->diags, sorted[i]->place, "too-many",
				   "a policy can name %d cgroups",
				   CHECK_CGROUPS_MAX);
	}
}
