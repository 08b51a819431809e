/* SPDX-License-Identifier: GPL-3.0-or-later */
/* At what times a rule holds, how much it lets pass, and whether it only
 * observes. */
#include "policy/check_priv.h"

#include "policy/calendar.h"
#include "policy/limit.h"
#include "policy/window.h"

static void check_until(struct check *c, const struct ast_rule *r)
{
	const struct word *w = &r->until;
	int64_t day;

	if (!w->text.p)
		return;
	if (!calendar_date_parse(w->text, &day)) {
		diag_error(c->diags, w->place, "bad-value",
			   "%s is no date for 'until'", check_quote(c, w));
		diag_note(c->diags, w->place,
			  "a date is written as in \"2027-01-31\"");
		return;
	}
	if (!r->observe.broken && !(r->observe.set && r->observe.value)) {
		diag_error(c->diags, w->place, "bad-value",
			   "'until' says how long a rule observes, and this "
			   "one does not");
		diag_note(c->diags, w->place, "write 'observe = true;' too");
	} else if (c->env->now &&
		   (day + 1) * CALENDAR_DAY_SECONDS <= c->env->now) {
		diag_warning(c->diags, w->place, "past",
			     "%s is past: the rule decides", check_quote(c, w));
	}
}

static void check_times(struct check *c, const word_list *words)
{
	window_list ignored = {0};

	vec_foreach (w, words) {
		const char *why =
			window_parse(c->arena, w->text, false, 0, &ignored);

		if (why)
			diag_error(c->diags, w->place, "bad-value",
				   "%s is no time of the week: %s",
				   check_quote(c, w), why);
	}
}

static void check_limit(struct check *c, const struct ast_rule *r,
			const char *key, const struct word *w,
			const char *(*parse)(struct str, struct limit *))
{
	struct limit ignored;
	const char *why;

	if (!w->text.p)
		return;
	why = parse(w->text, &ignored);
	if (why)
		diag_error(c->diags, w->place, "bad-value",
			   "%s is no limit for '%s': %s", check_quote(c, w),
			   key, why);
	else if (r->action.text.p && !str_is(r->action.text, "allow"))
		diag_error(c->diags, w->place, "bad-value",
			   "'%s' limits what a rule allows, and this one does "
			   "not",
			   key);
}

static void check_limits(struct check *c, const struct ast_rule *r)
{
	check_limit(c, r, "rate", &r->rate, limit_parse_rate);
	check_limit(c, r, "packets", &r->packets, limit_parse_rate);
	check_limit(c, r, "connections", &r->connections, limit_parse_count);
	if (r->packets.text.p && r->observe.value)
		diag_error(c->diags, r->packets.place, "bad-value",
			   "'packets' drops packets: a rule that only observes "
			   "cannot have it");
}

void check_when(struct check *c, const struct ast_rule *r)
{
	check_limits(c, r);
	check_times(c, &r->time);
	check_until(c, r);
}
