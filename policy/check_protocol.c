/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guards of the list `protocol`. */
#include "policy/check_priv.h"

#include "policy/facts.h"

/* A word of `deny` that `require` has as well. */
static const struct word *contradiction(const struct ast_protocol *p)
{
	vec_foreach (d, &p->deny)
		vec_foreach (r, &p->require)
			if (str_eq(d->text, r->text))
				return d;
	return NULL;
}

void check_protocol(struct check *c, const struct ast_protocol *p)
{
	const struct word *both = contradiction(p);

	check_rule_name(c, "guard", p->place, &p->name);
	check_ends(c, AST_LISTS, &p->from, &p->to);
	if (!check_service(c, &p->service))
		diag_error(c->diags, p->service.items->place, "never-matches",
			   "the guard can never speak: its services have "
			   "neither TCP nor UDP");
	(void)check_apps(c, "require", &p->require);
	(void)check_apps(c, "deny", &p->deny);
	if (!p->require.n && !p->deny.n)
		diag_error(c->diags, p->place, "missing",
			   "the guard has neither 'require' nor 'deny'");
	if (both)
		diag_error(c->diags, both->place, "bad-value",
			   "%s stands in 'require' and in 'deny'",
			   check_quote(c, both));
	check_twice(c, "from", &p->from);
	check_twice(c, "to", &p->to);
	check_twice(c, "service", &p->service);
	check_twice(c, "require", &p->require);
	check_twice(c, "deny", &p->deny);
}
