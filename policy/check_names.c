/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of rules, guards, translations and flows of management: each is told
 * wherever a decision is, so that no two may be the same. */
#include "policy/check_priv.h"

#include "policy/hygiene.h"

#define RULE_NAME_MAX 64

/* What is said, or counted, in place of a rule. */
static const char *const reserved[] = {
	"no rule", "no list", "gateway", "no_zone", "undecided",
#define X(id, key, help) key,
#include "policy/guards.def"
#undef X
#define X(id, key, on, counter, help) key,
#include "policy/hygiene.def"
#undef X
};

#define N_RESERVED (sizeof(reserved) / sizeof(*reserved))

bool check_printable(struct str s)
{
	while (s.len > 0) {
		size_t n = str_utf8(s);

		if (n == 0)
			return false;
		s = str_skip(s, n);
	}
	return true;
}

static bool rule_name_is_good(struct str s)
{
	return s.len > 0 && s.len <= RULE_NAME_MAX && s.p[0] != ' ' &&
	       s.p[s.len - 1] != ' ' && check_printable(s);
}

/* The counters of zones and of hygiene stand beside those of rules. */
static bool is_counter(struct check *c, struct str name)
{
	for (enum hygiene h = 0; h < HYGIENE_COUNT; h++)
		if (*hygiene_counter(h) &&
		    str_is(name, hygiene_counter(h) + strlen("n_")))
			return true;
	return str_starts(name, "z_") &&
	       check_find(&c->zones, str_skip(name, strlen("z_")));
}

static bool is_reserved(struct check *c, struct str name)
{
	for (size_t i = 0; i < N_RESERVED; i++)
		if (str_is(name, reserved[i]))
			return true;
	return is_counter(c, name);
}

void check_rule_name(struct check *c, const char *what, struct place place,
		     const struct word *name)
{
	if (name->broken)
		return;
	if (!name->text.p)
		diag_error(c->diags, place, "missing", "the %s has no 'name'",
			   what);
	else if (!rule_name_is_good(name->text))
		diag_error(c->diags, name->place, "bad-name",
			   "%s is no name for a %s: 1 to %d printable bytes "
			   "of UTF-8, no space at an end",
			   check_quote(c, name), what, RULE_NAME_MAX);
	else if (is_reserved(c, name->text))
		diag_error(c->diags, name->place, "bad-name",
			   "a %s cannot be named %s: fwagent itself says or "
			   "counts "
			   "something by that name",
			   what, check_quote(c, name));
}

static void add_name(struct check *c, word_list *names, const struct word *name)
{
	struct word *w;

	if (!name->text.p)
		return;
	w = vec_push(c->arena, names);
	if (w)
		*w = *name;
}

void check_rule_names(struct check *c)
{
	word_list names = {0};
	const struct word **sorted;

	for (int i = 0; i < AST_LISTS; i++)
		vec_foreach (r, &c->ast->rules[i])
			add_name(c, &names, &r->name);
	vec_foreach (p, &c->ast->protocols)
		add_name(c, &names, &p->name);
	vec_foreach (m, &c->ast->management)
		add_name(c, &names, &m->name);
	vec_foreach (n, &c->ast->nats)
		add_name(c, &names, &n->name);
	sorted = check_sorted(c, &names);
	for (size_t i = 1; sorted && i < names.n; i++) {
		if (!str_eq(sorted[i - 1]->text, sorted[i]->text))
			continue;
		diag_error(c->diags, sorted[i]->place, "duplicate-name",
			   "a rule, guard or translation named %s is there "
			   "already",
			   check_quote(c, sorted[i]));
		diag_note(c->diags, sorted[i - 1]->place, "it stands here");
	}
}
