/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The flows of the list `management`; whether the rules allow them is asked
 * once they are lowered (management.c). */
#include "policy/check_priv.h"

void check_management(struct check *c, const struct ast_management *m)
{
	check_rule_name(c, "management flow", m->place, &m->name);
	if (!m->from.n)
		diag_error(c->diags, m->place, "missing",
			   "the management flow has no 'from': where do you "
			   "come from?");
	check_ends(c, AST_LISTS, &m->from, &m->to);
	(void)check_service(c, &m->service);
	check_twice(c, "from", &m->from);
	check_twice(c, "to", &m->to);
	check_twice(c, "service", &m->service);
}
