/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rule asks of the client beside its address. */
#include "policy/check_priv.h"

#include "policy/mac.h"

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

void check_source(struct check *c, enum ast_list list, const struct ast_rule *r)
{
	check_mac(c, list, r);
	check_twice(c, "mac", &r->mac);
}
