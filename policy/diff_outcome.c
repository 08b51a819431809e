/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of flows: the rules that may decide, in order. */
#include "policy/diff_priv.h"

#include "policy/base/strbuf.h"

#include <stdlib.h>

/* Longer lists of words are compared as they are written. */
#define WORDS_ORDERED_MAX 4096

/* The lines of ir_rule_print_conditions() as one. */
static void print_conditions(struct strbuf *out, const struct ir *ir,
			     const struct ir_rule *r)
{
	struct strbuf lines;
	const char *text;

	strbuf_init(&lines, 0);
	ir_rule_print_conditions(ir, r, &lines);
	text = strbuf_text(&lines);
	for (const char *c = text; *c; c++) {
		if (*c == '\t')
			strbuf_addz(out, c == text ? " if " : ", ");
		else if (*c != '\n')
			strbuf_add(out, str_mem(c, 1));
	}
	out->failed |= lines.failed;
	strbuf_done(&lines);
}

static void print_rule_outcome(struct strbuf *out, const struct ir *ir,
			       const struct ir_rule *r, bool named)
{
	strbuf_addz(out, ir_action_name(r->action));
	if (named)
		strbuf_addf(out, " by '%s'", r->name);
	print_conditions(out, ir, r);
}

static void print_outcome(const struct outcome *o, struct strbuf *out,
			  bool named)
{
	for (size_t i = 0; i < o->n; i++) {
		if (i)
			strbuf_addz(out, "; else ");
		print_rule_outcome(out, o->ir, o->rules[i], named);
	}
	if (o->more)
		strbuf_addz(out, "; else other rules");
	else if (!o->ends)
		strbuf_addf(out, "%s%s%s", o->n ? "; else " : "",
			    o->silent ? "deny" : "reject",
			    named ? ", as no rule fits" : "");
}

void outcome_print(const struct outcome *o, struct strbuf *out)
{
	print_outcome(o, out, true);
}

bool outcome_allows(const struct outcome *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->rules[i]->action == IR_ALLOW && !o->rules[i]->observe)
			return true;
	return o->more;
}

static int by_word(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool has_word(const struct str *words, size_t n, struct str word)
{
	return n && bsearch(&word, words, n, sizeof(word), by_word);
}

/* Does another of the sorted patterns hold for all names of this one? */
static bool is_contained(const struct str *words, size_t n, struct str word,
			 struct arena *arena)
{
	if (name_is_address(word))
		return false;
	if (!str_is(word, "*") && has_word(words, n, str_of("*")))
		return true;
	if (str_starts(word, "*."))
		word = str_skip(word, 2);
	for (;;) {
		struct str above = word;

		(void)str_cut(&above, '.');
		if (!above.len)
			return false;
		word = str_of(arena_printf(arena, "*.%.*s", STR_ARG(above)));
		if (has_word(words, n, word))
			return true;
		word = above;
	}
}

/* The patterns in order, without those that others contain; long lists as they
 * are. */
static void put_in_order(const struct str **words, size_t *n, bool names,
			 struct arena *arena)
{
	struct str *all, *kept;
	size_t n_kept = 0;

	if (*n < 2 || *n > WORDS_ORDERED_MAX)
		return;
	all = arena_calloc(arena, *n, sizeof(*all));
	kept = arena_calloc(arena, *n, sizeof(*kept));
	if (!all || !kept)
		return;
	memcpy(all, *words, *n * sizeof(*all));
	qsort(all, *n, sizeof(*all), by_word);
	for (size_t i = 0; i < *n; i++)
		if ((!i || !str_eq(all[i - 1], all[i])) &&
		    !(names && is_contained(all, *n, all[i], arena)))
			kept[n_kept++] = all[i];
	*words = kept;
	*n = n_kept;
}

/* The rule as every one that asks for the same is written. */
static struct ir_rule in_order(const struct ir_rule *rule, struct arena *arena)
{
	struct ir_rule r = *rule;

	put_in_order(&r.host_words, &r.n_host_words, true, arena);
	put_in_order(&r.sni_words.items, &r.sni_words.n, true, arena);
	put_in_order(&r.alpns.items, &r.alpns.n, false, arena);
	put_in_order(&r.ja4s.items, &r.ja4s.n, false, arena);
	put_in_order(&r.methods.items, &r.methods.n, false, arena);
	put_in_order(&r.paths.items, &r.paths.n, false, arena);
	put_in_order(&r.qname_words.items, &r.qname_words.n, true, arena);
	put_in_order(&r.banners.items, &r.banners.n, false, arena);
	return r;
}

struct str outcome_text(struct outcome *o, struct arena *arena)
{
	struct ir_rule rules[OUTCOME_RULES_MAX];
	struct outcome ordered = *o;
	struct strbuf text;
	struct str kept;

	for (size_t i = 0; i < o->n; i++) {
		rules[i] = in_order(o->rules[i], arena);
		ordered.rules[i] = &rules[i];
	}
	strbuf_init(&text, 0);
	print_outcome(&ordered, &text, false);
	kept = arena_str(arena, str_mem(text.p, text.len));
	if (text.failed)
		arena_fail(arena);
	strbuf_done(&text);
	return kept;
}

struct outcome outcome_with(const struct outcome *o, const struct ir_rule *rule)
{
	struct outcome next = *o;

	if (next.n < OUTCOME_RULES_MAX)
		next.rules[next.n++] = rule;
	else
		next.more = true;
	next.ends = ir_rule_takes_all(rule) || next.more;
	return next;
}
