/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ends of the flows of a rule or guard: `from` and `to`. */
#include "policy/check_priv.h"

/* The sides that flows of a list begin and end on (design: exactly one list
 * judges a flow). */
static const struct {
	unsigned from, to;
} list_sides[AST_LISTS + 1] = {
	[AST_INGRESS] = {SIDE_EXTERNAL, SIDE_INSIDE | SIDE_SELF},
	[AST_SEGMENT] = {SIDE_INSIDE | SIDE_SELF, SIDE_INSIDE | SIDE_SELF},
	[AST_EGRESS] = {SIDE_INSIDE | SIDE_SELF, SIDE_EXTERNAL},
	[AST_LISTS] = {SIDE_ANY, SIDE_ANY},
};

/* One end of the flows of a rule. */
struct end {
	const char *key;
	const word_list *words;
	unsigned sides;   /* of all words */
	unsigned allowed; /* by the list */
	bool unknown;     /* some word means nothing: nothing is judged */
};

/* The word's text is that of a named set, without '!'. */
static unsigned set_side(struct check *c, const struct end *e,
			 const struct word *w)
{
	struct str name = str_skip(w->text, 1);
	struct check_name *set = check_find(&c->addresses, name);
	struct suggest near;

	if (set) {
		set->used = true;
		return c->address_sides ? c->address_sides[set->i] : SIDE_ANY;
	}
	diag_error(c->diags, w->place, "undefined",
		   "undefined set of addresses %s in '%s'", check_quote(c, w),
		   e->key);
	if (str_starts(w->text, AST_FILE)) {
		diag_note(c->diags, w->place, CHECK_FILE_NOTE);
		return 0;
	}
	if (check_find(&c->hosts, name)) {
		diag_note(c->diags, w->place,
			  "'hosts' has such a set; it belongs in 'host'");
		return 0;
	}
	suggest_init(&near, w->text);
	check_offer(c, &near, &c->addresses, "@");
	suggest_note(&near, c->diags, w->place);
	return 0;
}

static bool looks_like_address(struct str s)
{
	return s.len > 0 &&
	       (ascii_is_digit(s.p[0]) || s.p[0] == '[' ||
		memchr(s.p, ':', s.len) || memchr(s.p, '/', s.len));
}

static void undefined_zone(struct check *c, const struct end *e,
			   const struct word *w)
{
	struct suggest near;

	diag_error(c->diags, w->place, "undefined", "undefined zone %s in '%s'",
		   check_quote(c, w), e->key);
	if (check_find(&c->addresses, w->text)) {
		diag_note(c->diags, w->place,
			  "a set of addresses is named with '@' before it");
		return;
	}
	if (w->text.len && memchr(w->text.p, '.', w->text.len)) {
		diag_note(c->diags, w->place,
			  "a host name belongs in 'host'; '%s' takes zones, "
			  "addresses and \"@sets\" of them",
			  e->key);
		return;
	}
	suggest_init(&near, w->text);
	check_offer(c, &near, &c->zones, "");
	suggest_offer(&near, str_of("self"));
	suggest_offer(&near, str_of("any"));
	check_offer(c, &near, &c->addresses, "@");
	suggest_note(&near, c->diags, w->place);
}

/* Sides of one word of from or to (without '!'); 0 when it means nothing. */
static unsigned bare_side(struct check *c, const struct end *e,
			  const struct word *w)
{
	const struct check_name *zone;
	struct iprange range;
	struct ipset one = {.items = &range, .n = 1};

	if (str_is(w->text, "any"))
		return SIDE_ANY;
	if (str_is(w->text, "self"))
		return SIDE_SELF;
	if (str_starts(w->text, "@"))
		return set_side(c, e, w);
	if (ast_is_list(w->text))
		return check_list_sides(c, w);
	zone = check_find(&c->zones, w->text);
	if (zone)
		return c->ast->zones.items[zone->i].external.value
			       ? SIDE_EXTERNAL
			       : SIDE_INSIDE;
	if (!looks_like_address(w->text)) {
		undefined_zone(c, e, w);
		return 0;
	}
	return check_range(c, w, &range) ? check_sides(c, &one) : 0;
}

static unsigned word_side(struct check *c, const struct end *e,
			  const struct word *w)
{
	struct word bare = *w;

	bare.text = word_bare(w);
	return bare_side(c, e, &bare);
}

/* One of the sides in words. */
static const char *side_name(unsigned sides)
{
	if (sides & SIDE_EXTERNAL)
		return "external";
	return sides & SIDE_INSIDE ? "inside" : "self";
}

bool check_names_some(const word_list *words)
{
	vec_foreach (w, words)
		if (!word_is_negated(w))
			return true;
	return false;
}

static bool has_negated(const word_list *words, struct str name)
{
	vec_foreach (w, words)
		if (word_is_negated(w) && str_eq(word_bare(w), name))
			return true;
	return false;
}

static void wrong_list(struct check *c, enum ast_list list, const struct end *e,
		       const struct end *other, const struct word *w)
{
	bool is_from = !strcmp(e->key, "from");
	unsigned near = word_side(c, e, w);
	unsigned far = other->sides & other->allowed;
	unsigned from, to;

	if (far == 0)
		far = other->sides;
	from = is_from ? near : far;
	to = is_from ? far : near;
	diag_error(c->diags, w->place, "wrong-list",
		   "%s in '%s' can never match in '%s'", check_quote(c, w),
		   e->key, ast_list_name(list));
	for (int i = 0; i < AST_LISTS; i++) {
		if (!(from & list_sides[i].from) || !(to & list_sides[i].to))
			continue;
		diag_note(c->diags, w->place,
			  "flows from %s to %s are judged by '%s'",
			  side_name(from & list_sides[i].from),
			  side_name(to & list_sides[i].to),
			  ast_list_name((enum ast_list)i));
		return;
	}
	diag_note(c->diags, w->place,
		  "flows from one external zone to another are always denied");
}

/* The sides that have a zone which no word takes away. */
static unsigned sides_left(struct check *c, const word_list *words)
{
	unsigned sides = has_negated(words, str_of("self")) ? 0 : SIDE_SELF;

	vec_foreach (z, &c->ast->zones)
		if (!has_negated(words, z->name.text))
			sides |=
				z->external.value ? SIDE_EXTERNAL : SIDE_INSIDE;
	return sides;
}

/* Is all that the word names taken away again?  Only what is plain to see: by
 * its own name, or by a prefix around it. */
static bool word_is_taken(const struct word *w, const word_list *words)
{
	struct iprange named, taken;
	bool is_range = iprange_parse(w->text, &named) == FW_OK;

	if (has_negated(words, w->text))
		return true;
	vec_foreach (n, words)
		if (is_range && word_is_negated(n) &&
		    iprange_parse(word_bare(n), &taken) == FW_OK &&
		    ipaddr_cmp(&taken.lo, &named.lo) <= 0 &&
		    ipaddr_cmp(&named.hi, &taken.hi) <= 0)
			return true;
	return false;
}

/* Does every word name only what is taken away again?  Of words that only take
 * away: do they leave the list nothing? */
static bool all_is_taken(const struct end *e)
{
	if (!check_names_some(e->words))
		return e->words->n && !(e->sides & e->allowed);
	vec_foreach (w, e->words)
		if (!word_is_negated(w) && !word_is_taken(w, e->words))
			return false;
	return true;
}

/* Complains of words that take away all there is. */
static void check_negated(struct check *c, const struct end *e)
{
	const struct word *first = NULL;

	vec_foreach (w, e->words) {
		if (word_is_negated(w) && !first)
			first = w;
		if (!str_is(w->text, "!any"))
			continue;
		diag_error(c->diags, w->place, "bad-value",
			   "%s in '%s' would take away everything",
			   check_quote(c, w), e->key);
		return;
	}
	if (first && !e->unknown && all_is_taken(e))
		diag_error(c->diags, first->place, "never-matches",
			   "'%s' can never hold: all that it names is taken "
			   "away again",
			   e->key);
}

static void gather_sides(struct check *c, struct end *e)
{
	vec_foreach (w, e->words) {
		unsigned sides = word_side(c, e, w);

		if (!word_is_negated(w))
			e->sides |= sides;
		e->unknown |= sides == 0;
	}
	if (!check_names_some(e->words))
		e->sides = sides_left(c, e->words);
}

static void check_end(struct check *c, enum ast_list list, const struct end *e,
		      const struct end *other)
{
	if (e->unknown || other->unknown)
		return;
	vec_foreach (w, e->words)
		if (!word_is_negated(w) && !(word_side(c, e, w) & e->allowed))
			wrong_list(c, list, e, other, w);
}

void check_ends(struct check *c, enum ast_list list,
		const word_list *from_words, const word_list *to_words)
{
	struct end from = {.key = "from",
			   .words = from_words,
			   .allowed = list_sides[list].from};
	struct end to = {
		.key = "to", .words = to_words, .allowed = list_sides[list].to};

	gather_sides(c, &from);
	gather_sides(c, &to);
	check_negated(c, &from);
	check_negated(c, &to);
	check_end(c, list, &from, &to);
	check_end(c, list, &to, &from);
	if (from.sides == SIDE_SELF && to.sides == SIDE_SELF &&
	    (list == AST_SEGMENT || list == AST_LISTS) && from_words->n == 1 &&
	    to_words->n == 1 &&
	    str_eq(from_words->items->text, to_words->items->text))
		diag_error(c->diags, to_words->items->place, "wrong-list",
			   "flows from 'self' to 'self' are not filtered");
}

unsigned check_word_side(struct check *c, const char *key, const struct word *w)
{
	const struct end e = {.key = key};

	return word_side(c, &e, w);
}
