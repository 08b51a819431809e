/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/lower_sets.h"

#include "policy/hostname.h"

void lower_sets_init(struct lower_sets *s, const struct ast *ast,
		     struct arena *arena)
{
	*s = (struct lower_sets){.ast = ast, .arena = arena};
	s->addresses = arena_calloc(arena, ast->addresses.n + 1,
				    sizeof(*s->addresses));
	s->hosts = arena_calloc(arena, ast->hosts.n + 1, sizeof(*s->hosts));
	s->failed = !s->addresses || !s->hosts;
}

/* The index of the set with that name. */
static size_t index_of(const set_list *sets, struct str name)
{
	for (size_t i = 0; i < sets->n; i++)
		if (str_eq(sets->items[i].name.text, name))
			return i;
	FW_ASSERT(!"a set that was checked");
	return 0;
}

/* --- addresses ----------------------------------------------------------- */

static void push_ranges(struct lower_sets *s, struct gather *g,
			const struct ipset *ranges)
{
	for (size_t i = 0; i < ranges->n; i++) {
		struct iprange *slot = vec_push(s->arena, &g->all);

		if (slot)
			*slot = ranges->items[i];
		else
			s->failed = true;
	}
}

void gather_set(struct lower_sets *s, struct gather *g,
		const struct ipset *more)
{
	if (!g->only.n && !g->all.n) {
		g->only = *more;
		return;
	}
	push_ranges(s, g, &g->only);
	push_ranges(s, g, more);
	g->only = (struct ipset){0};
}

void gather_word(struct lower_sets *s, struct gather *g, struct str word)
{
	const struct ast_entries *entries;
	struct iprange range;
	const struct ipset one = {.items = &range, .n = 1};

	if (!ast_is_list(word)) {
		if (iprange_parse(word, &range))
			FW_ASSERT(!"an address that was checked");
		push_ranges(s, g, &g->only);
		push_ranges(s, g, &one);
		g->only = (struct ipset){0};
		return;
	}
	entries = ast_entries_of(s->ast, LIST_ADDRESSES, word);
	FW_ASSERT(entries && entries->list);
	gather_set(s, g, &entries->list->addrs);
}

struct ipset gather_done(const struct gather *g)
{
	return g->only.n ? g->only : ipset_of(g->all.items, g->all.n);
}

const struct ipset *lower_sets_addresses(struct lower_sets *s, struct str name)
{
	size_t i = index_of(&s->ast->addresses, name);
	struct lower_addrs *made = &s->addresses[i];
	struct gather g = {0};

	if (!made->made) {
		vec_foreach (w, &s->ast->addresses.items[i].members)
			gather_word(s, &g, w->text);
		*made = (struct lower_addrs){gather_done(&g), true};
	}
	return &made->set;
}

/* --- hosts --------------------------------------------------------------- */

typedef VEC(struct str) pattern_list;

static void push_pattern(struct lower_sets *s, pattern_list *out,
			 struct str pattern)
{
	struct str *slot = vec_push(s->arena, out);

	if (slot)
		*slot = pattern;
	else
		s->failed = true;
}

static void push_written(struct lower_sets *s, pattern_list *out,
			 struct str written)
{
	const char *why;
	struct str normal;

	if (hostname_pattern(s->arena, written, &normal, &why))
		s->failed = true;
	else
		push_pattern(s, out, normal);
}

static void push_names(struct lower_sets *s, pattern_list *out,
		       const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		push_pattern(s, out, names[i]);
}

static struct lower_names names_of(struct lower_sets *s,
				   const struct str *words, size_t n)
{
	struct lower_names made = {.words = words, .n = n, .made = true};

	if (nameset_of(s->arena, words, n, &made.set))
		s->failed = true;
	return made;
}

/* A set's members: as they are where they are one whole list. */
static struct lower_names set_names(struct lower_sets *s,
				    const struct ast_set *set)
{
	pattern_list all = {0};

	vec_foreach (w, &set->members) {
		const struct ast_entries *entries =
			ast_entries_of(s->ast, LIST_NAMES, w->text);
		const struct list *list = entries ? entries->list : NULL;

		if (list && set->members.n == 1)
			return (struct lower_names){list->names, list->n_names,
						    list->set, true};
		if (list)
			push_names(s, &all, list->names, list->n_names);
		else
			push_written(s, &all, w->text);
	}
	return names_of(s, all.items, all.n);
}

const struct lower_names *lower_sets_hosts(struct lower_sets *s,
					   struct str name)
{
	size_t i = index_of(&s->ast->hosts, name);

	if (!s->hosts[i].made)
		s->hosts[i] = set_names(s, &s->ast->hosts.items[i]);
	return &s->hosts[i];
}

struct lower_names lower_sets_names(struct lower_sets *s,
				    const word_list *words)
{
	pattern_list all = {0};

	vec_foreach (w, words) {
		const struct lower_names *set;

		if (!str_starts(w->text, "@")) {
			push_written(s, &all, w->text);
			continue;
		}
		set = lower_sets_hosts(s, str_skip(w->text, 1));
		if (words->n == 1)
			return *set;
		push_names(s, &all, set->words, set->n);
	}
	return names_of(s, all.items, all.n);
}
