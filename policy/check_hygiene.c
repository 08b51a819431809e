/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/check_priv.h"

#include "policy/limit.h"

/* Does it say how sources are counted?  All together is the only way here. */
static bool says_per_source(struct str s)
{
	for (; s.len; s = str_skip(s, 1))
		if (str_starts(s, "per"))
			return true;
	return false;
}

void check_hygiene(struct check *c)
{
	const struct word *rate = &c->ast->hygiene.syn_rate;
	const struct number *on = &c->ast->hygiene.on[HYGIENE_SYN_FLOOD];
	struct limit limit;
	const char *why;

	if (!rate->text.p)
		return;
	why = says_per_source(rate->text)
		      ? "it counts all sources together, as in "
			"\"200/second burst 400\""
		      : limit_parse_rate(rate->text, &limit);
	if (why)
		diag_error(c->diags, rate->place, "bad-value",
			   "'syn-rate' cannot be %s: %s", check_quote(c, rate),
			   why);
	if (on->set && !on->value)
		diag_error(c->diags, rate->place, "bad-value",
			   "'syn-rate' belongs to 'syn-flood', which is off");
}
