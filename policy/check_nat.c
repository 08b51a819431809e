/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Translations of source addresses (the list `nat`), and rules of ingress that
 * lead their flows on to an inside address (`forward`).
 */
#include "policy/check_priv.h"

#include "policy/service.h"
#include "policy/service_words.h"

#include <netinet/in.h>

/* --- nat ----------------------------------------------------------------- */

static void check_address(struct check *c, const struct ast_nat *n)
{
	unsigned seen = 0;

	vec_foreach (w, &n->address) {
		struct ipaddr a;
		unsigned bit;

		if (ipaddr_parse(w->text, &a) != FW_OK) {
			diag_error(c->diags, w->place, "bad-address",
				   "%s is no address", check_quote(c, w));
			continue;
		}
		bit = a.family == IP_V4 ? 1 : 2;
		if (seen & bit)
			diag_error(c->diags, w->place, "bad-value",
				   "'address' has a second one of IPv%u: one "
				   "of a family is possible",
				   a.family);
		seen |= bit;
	}
}

/* What an action needs and what it cannot have. */
static void check_action(struct check *c, const struct ast_nat *n)
{
	bool snat = n->action.text.p && str_is(n->action.text, "snat");

	if (snat && !n->address.n)
		diag_error(c->diags, n->place, "missing",
			   "'snat' needs an 'address'");
	if (!snat && n->address.n && n->action.text.p)
		diag_error(c->diags, n->address.items->place, "bad-value",
			   "'address' belongs to 'snat' alone");
	if (snat && n->family.text.p)
		diag_error(c->diags, n->family.place, "bad-value",
			   "with 'snat' the family is that of 'address'");
	check_address(c, n);
}

void check_nat(struct check *c, const struct ast_nat *n)
{
	static const char *const actions[3] = {"masquerade", "snat", "none"};
	static const char *const families[3] = {"ip4", "ip6", "both"};

	check_rule_name(c, "translation", n->place, &n->name);
	check_ends(c, AST_LISTS, &n->from, &n->to);
	(void)check_service(c, &n->service);
	check_choice(c, &n->family, "family", families);
	if (!n->action.text.p && !n->action.broken)
		diag_error(c->diags, n->place, "missing",
			   "the translation has no 'action'");
	check_choice(c, &n->action, "action", actions);
	if (!n->to.n && !c->ast->broken)
		diag_error(c->diags, n->place, "missing",
			   "the translation has no 'to'");
	check_action(c, n);
	check_twice(c, "from", &n->from);
	check_twice(c, "to", &n->to);
	check_twice(c, "service", &n->service);
}

/* --- forward ------------------------------------------------------------- */

/* What clients connect to: the gateway or addresses, not zones. */
static void check_outside(struct check *c, const struct ast_rule *r)
{
	if (!r->to.n)
		diag_error(c->diags, r->place, "missing",
			   "a rule with 'forward' needs a 'to': \"self\", or "
			   "the addresses that are led on");
	vec_foreach (w, &r->to) {
		if (!check_word_side(c, "to", w))
			continue;
		if (str_is(w->text, "any") || str_is(w->text, "!self") ||
		    check_find(&c->zones, word_bare(w)))
			diag_error(c->diags, w->place, "bad-value",
				   "with 'forward', 'to' can be \"self\" or "
				   "addresses, not %s",
				   check_quote(c, w));
	}
}

/* Ports are what can be led on. */
static void check_ports(struct check *c, const struct ast_rule *r)
{
	service_list all;

	/* What is no service at all is told with the rest of the rule. */
	if (service_words(c->ast, c->arena, &r->service, &all) != FW_OK)
		return;
	if (all.n == 0)
		diag_error(c->diags, r->place, "missing",
			   "a rule with 'forward' needs a 'service': the ports "
			   "that are led on");
	for (size_t i = 0; i < all.n; i++)
		if (all.items[i].l4 != IPPROTO_TCP &&
		    all.items[i].l4 != IPPROTO_UDP) {
			diag_error(c->diags, r->service.items->place,
				   "bad-service",
				   "only TCP and UDP can be led on by "
				   "'forward'");
			return;
		}
}

/* Does some word of `to` leave it the family? */
static bool has_family(const word_list *words, enum ip_family family)
{
	vec_foreach (w, words) {
		struct iprange range;

		if (iprange_parse(w->text, &range) || range.lo.family == family)
			return true;
	}
	return false;
}

/* Is it in a zone that is not external? */
static bool is_inside(const struct check *c, struct ipaddr addr)
{
	const struct iprange range = {addr, addr};
	const struct ipset one = {.items = &range, .n = 1};

	return check_sides(c, &one) & SIDE_INSIDE;
}

static void check_target(struct check *c, const struct ast_rule *r)
{
	const struct word *w = &r->forward;
	struct ipaddr addr;
	uint16_t port;

	if (ipaddr_port_parse(w->text, &addr, &port) != FW_OK) {
		diag_error(c->diags, w->place, "bad-address",
			   "%s is no address with or without a port: expected "
			   "\"10.20.0.5\", \"10.20.0.5:8443\" or "
			   "\"[fd00:20::5]:8443\"",
			   check_quote(c, w));
		return;
	}
	if (!is_inside(c, addr))
		diag_error(c->diags, w->place, "bad-address",
			   "%s is in no inside zone: flows can be led on to "
			   "those alone",
			   check_quote(c, w));
	if (!has_family(&r->to, addr.family))
		diag_error(c->diags, w->place, "never-matches",
			   "%s is of another family than the addresses in "
			   "'to'",
			   check_quote(c, w));
}

void check_forward(struct check *c, enum ast_list list,
		   const struct ast_rule *r)
{
	struct word self = {.text = str_of("self")};
	word_list to = {.items = &self, .n = 1};

	check_ends(c, list == AST_INGRESS ? list : AST_LISTS, &r->from, &to);
	check_outside(c, r);
	check_ports(c, r);
	check_target(c, r);
	if (list != AST_INGRESS)
		diag_error(c->diags, r->forward.place, "wrong-list",
			   "'forward' belongs to rules of 'ingress', not of "
			   "'%s'",
			   ast_list_name(list));
	if (r->action.text.p && !str_is(r->action.text, "allow"))
		diag_error(c->diags, r->action.place, "bad-value",
			   "a rule with 'forward' can only allow");
	if (r->observe.set && r->observe.value)
		diag_error(c->diags, r->observe.place, "bad-value",
			   "a rule with 'forward' cannot only observe: its "
			   "flows are led on before they are judged");
}
