/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules that no flow can reach because an earlier one of their list decides all
 * that they could.  Only what the words show: each condition of the earlier
 * rule is absent, the word for everything, or has all the later rule's words.
 */
#include "policy/check_priv.h"

#include "policy/base/name.h"

/* Beyond this the check is left out: it compares rules in pairs. */
#define ORDER_RULES_MAX 4000

static bool has_word(const word_list *words, struct str s)
{
	vec_foreach (w, words)
		if (str_eq(w->text, s))
			return true;
	return false;
}

/* Long lists are not compared: they are hardly ever repeated. */
#define ORDER_WORDS_MAX 64

/* Whatever early takes away, late does too. */
static bool covers_negated(const word_list *early, const word_list *late)
{
	vec_foreach (w, early)
		if (word_is_negated(w) && !has_word(late, w->text))
			return false;
	return true;
}

/* Does `early` hold whenever `late` does?  `all` is the word, if there is one,
 * that always holds. */
static bool covers(const word_list *early, const word_list *late,
		   const char *all)
{
	size_t named_early = 0, named_late = 0;

	if (early->n > ORDER_WORDS_MAX || !covers_negated(early, late))
		return false;
	vec_foreach (w, early)
		named_early += !word_is_negated(w);
	if (named_early == 0 || (all && has_word(early, str_of(all))))
		return true;
	if (late->n > ORDER_WORDS_MAX)
		return false;
	vec_foreach (w, late) {
		if (word_is_negated(w))
			continue;
		named_late++;
		if (!has_word(early, w->text))
			return false;
	}
	return named_late > 0;
}

/* "*" holds for every name, not for an address, nor for no name at all. */
static bool names_only(const word_list *words)
{
	vec_foreach (w, words)
		if (str_starts(w->text, "@") || name_is_address(w->text))
			return false;
	return words->n > 0;
}

static bool rule_covers(const struct ast_rule *early,
			const struct ast_rule *late)
{
	/* It decides nothing, for now. */
	if (early->observe.value)
		return false;
	return covers(&early->from, &late->from, "any") &&
	       covers(&early->to, &late->to, "any") &&
	       covers(&early->service, &late->service, "any") &&
	       covers(&early->app, &late->app, NULL) &&
	       covers(&early->host, &late->host,
		      names_only(&late->host) ? "*" : NULL);
}

static void check_list(struct check *c, const rule_list *rules)
{
	for (size_t late = 1; late < rules->n; late++) {
		const struct ast_rule *l = &rules->items[late];

		for (size_t early = 0; early < late; early++) {
			const struct ast_rule *e = &rules->items[early];

			if (!rule_covers(e, l))
				continue;
			diag_error(c->diags, l->place, "unreachable",
				   "rule %s can never decide: %s before it "
				   "does for all its flows",
				   check_quote(c, &l->name),
				   check_quote(c, &e->name));
			diag_note(c->diags, e->place, "that rule stands here");
			break;
		}
	}
}

void check_order(struct check *c)
{
	for (int i = 0; i < AST_LISTS; i++)
		if (c->ast->rules[i].n <= ORDER_RULES_MAX)
			check_list(c, &c->ast->rules[i]);
}
