/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the words of a policy would become: a service is the ports of its set, a
 * set that stands beside other words is copied for the rule, and a rule that
 * names no zone stands between all of them.  What would take minutes, or more
 * memory than there is, is refused before any of it is made.
 */
#include "policy/check_priv.h"

#define RULE_SERVICES_MAX 1024
/* Over all rules. */
#define COPIES_MAX (4UL * 1024 * 1024)
#define PAIRS_MAX  (1000UL * 1000)

/* Entries of each set of the policy. */
struct set_sizes {
	const struct check_index *index;
	enum list_kind kind;
	size_t *n;
};

struct sizes {
	struct check *c;
	struct set_sizes addresses, hosts;
	size_t copies, pairs; /* of the rules so far */
};

/* One entry, or those of the list that it leads to. */
static size_t entries_of(const struct check *c, enum list_kind kind,
			 struct str word)
{
	const struct ast_entries *entries =
		ast_is_list(word) ? ast_entries_of(c->ast, kind, word) : NULL;

	if (!entries)
		return 1;
	return entries->list ? list_size(entries->list) : 0;
}

static bool measure_sets(struct check *c, const set_list *sets,
			 struct set_sizes *out)
{
	out->n = arena_calloc(c->arena, sets->n + 1, sizeof(*out->n));
	if (!out->n)
		return false;
	for (size_t i = 0; i < sets->n; i++)
		vec_foreach (w, &sets->items[i].members)
			out->n[i] += entries_of(c, out->kind, w->text);
	return true;
}

/* Only what stands beside other words is copied. */
static void add_copies(struct sizes *s, const struct set_sizes *sizes,
		       const word_list *words, struct place at)
{
	const size_t before = s->copies;

	vec_foreach (w, words) {
		struct str word = word_bare(w);
		const struct check_name *set =
			str_starts(word, "@")
				? check_find(sizes->index, str_skip(word, 1))
				: NULL;

		if (words->n > 1)
			s->copies += set ? sizes->n[set->i]
					 : entries_of(s->c, sizes->kind, word);
	}
	if (before > COPIES_MAX || s->copies <= COPIES_MAX)
		return;
	diag_error(s->c->diags, at, "too-many",
		   "with this one there are more than %lu entries in lists "
		   "that stand beside other words",
		   COPIES_MAX);
	diag_note(s->c->diags, at,
		  "a list that stands alone is not copied: make one set of "
		  "it and the other words, or a rule of its own");
}

static void add_services(struct sizes *s, const word_list *words)
{
	size_t n = 0;

	vec_foreach (w, words) {
		const struct check_name *own =
			check_find(&s->c->services, word_bare(w));

		n += own ? s->c->ast->services.items[own->i].members.n : 1;
	}
	if (n <= RULE_SERVICES_MAX)
		return;
	diag_error(s->c->diags, words->items->place, "too-many",
		   "'service' names %zu protocols and ports, %d are possible",
		   n, RULE_SERVICES_MAX);
	diag_note(s->c->diags, words->items->place,
		  "ports that follow each other are one: \"tcp/8000-8999\"");
}

/* Between how many zones it stands at this end: addresses may be anywhere. */
static size_t zones_of(const struct check *c, const word_list *words)
{
	size_t named = 0;

	vec_foreach (w, words) {
		if (word_is_negated(w))
			continue;
		if (!str_is(w->text, "self") && !check_find(&c->zones, w->text))
			return c->ast->zones.n + 1;
		named++;
	}
	return named ? named : c->ast->zones.n + 1;
}

static void add_pairs(struct sizes *s, const struct ast_rule *r)
{
	const size_t before = s->pairs;

	s->pairs += zones_of(s->c, &r->from) * zones_of(s->c, &r->to);
	if (before > PAIRS_MAX || s->pairs <= PAIRS_MAX)
		return;
	diag_error(s->c->diags, r->place, "too-many",
		   "with this one the rules stand between more than %lu pairs "
		   "of zones, each rule counted for itself",
		   PAIRS_MAX);
	diag_note(s->c->diags, r->place,
		  "a rule that names zones in 'from' and 'to' stands only "
		  "between those");
}

static void add_rule(struct sizes *s, const struct ast_rule *r)
{
	add_copies(s, &s->addresses, &r->from, r->place);
	add_copies(s, &s->addresses, &r->to, r->place);
	add_copies(s, &s->hosts, &r->host, r->place);
	add_copies(s, &s->hosts, &r->sni, r->place);
	add_services(s, &r->service);
	add_pairs(s, r);
}

/* Guards, translations and flows of management have these. */
#define ADD_ENDS(s, x)                                                    \
	do {                                                              \
		add_copies((s), &(s)->addresses, &(x)->from, (x)->place); \
		add_copies((s), &(s)->addresses, &(x)->to, (x)->place);   \
		add_services((s), &(x)->service);                         \
	} while (0)

bool check_sizes(struct check *c)
{
	struct sizes s = {.c = c,
			  .addresses = {&c->addresses, LIST_ADDRESSES, NULL},
			  .hosts = {&c->hosts, LIST_NAMES, NULL}};
	const size_t before = c->diags->errors;

	if (!measure_sets(c, &c->ast->addresses, &s.addresses) ||
	    !measure_sets(c, &c->ast->hosts, &s.hosts))
		return false;
	for (enum ast_list l = 0; l < AST_LISTS; l++)
		vec_foreach (r, &c->ast->rules[l])
			add_rule(&s, r);
	vec_foreach (p, &c->ast->protocols)
		ADD_ENDS(&s, p);
	vec_foreach (m, &c->ast->management)
		ADD_ENDS(&s, m);
	vec_foreach (n, &c->ast->nats)
		ADD_ENDS(&s, n);
	return c->diags->errors == before;
}
