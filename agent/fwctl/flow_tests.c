/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/fwctl/flow_tests.h"

#include "policy/translate.h"

#include <string.h>

static const char *const verdicts[] = {
	[FLOW_ALLOW] = "allow",    [FLOW_DENY] = "deny",
	[FLOW_REJECT] = "reject",  [FLOW_REFUSE] = "refuse",
	[FLOW_OPEN] = "undecided",
};

const char *flow_verdict_name(enum flow_verdict verdict)
{
	return verdicts[verdict];
}

/* --- reading ----------------------------------------------------------------
 */

struct line {
	struct str rest;
	struct place place;
	struct diag_list *diags;
	bool bad;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct line *l)
{
	while (l->rest.len && is_blank(l->rest.p[0]))
		l->rest = str_skip(l->rest, 1);
}

static void complain(struct line *l, const char *what, struct str word)
{
	if (!l->bad)
		diag_error(l->diags, l->place, "flow", "%s %s", what,
			   diag_quote(l->diags, word));
	l->bad = true;
}

/* The next word; quotation marks keep blanks in it, and go. */
static struct str next_word(struct line *l)
{
	char *out = arena_alloc(l->diags->arena, l->rest.len + 1);
	bool quoted = false;
	size_t n = 0, i = 0;

	for (; out && i < l->rest.len; i++) {
		char c = l->rest.p[i];

		if (is_blank(c) && !quoted)
			break;
		if (c == '"')
			quoted = !quoted;
		else
			out[n++] = c;
	}
	if (quoted)
		complain(l, "no closing quotation mark in", l->rest);
	l->rest = str_skip(l->rest, i);
	skip_blanks(l);
	return str_mem(out ? out : "", n);
}

static void set_word(struct line *l, struct flow_words *w, enum flow_word word,
		     struct str value)
{
	if (w->of[word])
		complain(l, "told twice:", str_of(flow_word_name(word)));
	w->of[word] = value.p;
}

/* "key=value", or the protocol or service alone. */
static void read_word(struct line *l, struct flow_words *w, struct str s)
{
	const char *eq = memchr(s.p, '=', s.len);
	size_t n = eq ? (size_t)(eq - s.p) : 0;
	enum flow_word word = flow_word_find(str_mem(s.p, n));

	if (!eq)
		set_word(l, w, FLOW_PROTO, s);
	else if (word == FLOW_WORDS)
		complain(l, "a flow is not told by", str_mem(s.p, n));
	else
		set_word(l, w, word, str_skip(s, n + 1));
}

static void read_expectation(struct line *l, struct flow_test *test)
{
	struct str word = next_word(l);
	size_t v = 0;

	while (v <= FLOW_OPEN && !str_is(word, verdicts[v]))
		v++;
	if (v > FLOW_OPEN) {
		complain(l,
			 "expected allow, deny, reject, refuse or undecided, "
			 "found",
			 word);
		return;
	}
	test->verdict = (enum flow_verdict)v;
	if (l->rest.len == 0)
		return;
	word = next_word(l);
	if (!str_is(word, "by") || l->rest.len == 0) {
		complain(l, "expected 'by NAME', found", word);
		return;
	}
	test->by = next_word(l).p;
	if (l->rest.len)
		complain(l, "too much:", l->rest);
}

static void read_test(struct line *l, struct flow_test *test)
{
	struct str word = next_word(l);

	set_word(l, &test->words, FLOW_FROM, word);
	word = next_word(l);
	if (!str_is(word, "->")) {
		complain(l, "expected 'FROM -> TO ...', found", test->text);
		return;
	}
	word = next_word(l);
	set_word(l, &test->words, FLOW_TO, word);
	while (!l->bad) {
		if (l->rest.len == 0) {
			complain(l, "no '=> allow' or the like behind",
				 test->text);
			return;
		}
		word = next_word(l);
		if (str_is(word, "=>")) {
			read_expectation(l, test);
			return;
		}
		read_word(l, &test->words, word);
	}
}

/* A comment begins the line, or stands behind a blank. */
static struct str without_comment(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '#' && (i == 0 || is_blank(s.p[i - 1])))
			s.len = i;
	while (s.len && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

void flow_tests_read(struct str text, const char *file, struct diag_list *diags,
		     flow_test_list *out_tests)
{
	struct place place = {.file = file};

	while (text.len) {
		struct line l = {.rest = without_comment(str_cut(&text, '\n')),
				 .diags = diags};
		struct flow_test test = {0}, *slot;

		place.line++;
		l.place = test.place = place;
		skip_blanks(&l);
		test.text = l.rest;
		if (l.rest.len == 0)
			continue;
		read_test(&l, &test);
		slot = l.bad ? NULL : vec_push(diags->arena, out_tests);
		if (slot)
			*slot = test;
	}
}

/* --- running ----------------------------------------------------------------
 */

static const char *decided_by(const struct decision *d)
{
	switch (d->by) {
	case DECISION_BY_RULE:
	case DECISION_BY_LIMIT:
		return d->rule->name;
	case DECISION_BY_GUARD:
		return ir_guard_name(d->guard);
	case DECISION_BY_PROTOCOL:
		return d->protocol->match.name;
	case DECISION_BY_CDN:
		return d->cdn->name;
	case DECISION_BY_DEFAULT:
		return "no rule";
	case DECISION_BY_NO_LIST:
		break;
	}
	return "no list";
}

bool flow_test_run(const struct flow_test *test, const struct ir *ir,
		   struct arena *arena, enum flow_verdict *out_verdict,
		   const char **out_by, enum flow_word *out_wrong)
{
	struct decision d;
	enum hygiene wrong;
	struct facts f;

	facts_init(&f, arena);
	if (!flow_words_facts(&test->words, ir, &f, out_wrong))
		return false;
	wrong = ir_wrong_address(ir, f.zone_src, &f.src, &f.dst);
	if (wrong != HYGIENE_COUNT && !ir->observe) {
		*out_verdict = FLOW_DENY;
		*out_by = hygiene_name(wrong);
		return true;
	}
	if (facts_stay_within(&f)) {
		*out_verdict = FLOW_ALLOW;
		*out_by = "gateway";
		return true;
	}
	(void)translate_lead_on(ir, &f);
	if (!eval_but_hello(ir, &f, &d))
		d = eval_flow(ir, &f, EVAL_ENGINE);
	if (d.kind == DECISION_NOT_YET)
		*out_verdict = FLOW_OPEN;
	else if (d.kind == DECISION_ALLOW)
		*out_verdict = FLOW_ALLOW;
	else
		*out_verdict = d.silent ? FLOW_DENY : FLOW_REJECT;
	*out_by = decided_by(&d);
	return true;
}

bool flow_test_holds(const struct flow_test *test, enum flow_verdict verdict,
		     const char *by)
{
	bool refused = verdict == FLOW_DENY || verdict == FLOW_REJECT;

	return (test->verdict == verdict ||
		(test->verdict == FLOW_REFUSE && refused)) &&
	       (!test->by || !strcmp(test->by, by));
}
