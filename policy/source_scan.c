/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text is copied once, file by file, and looked at just closely enough to
 * know strings, comments and brackets.  That serves several ends which
 * libconfig 1.5 does not:
 *
 *   - Its scanner opens included files itself: a pipe makes it wait for ever, a
 *     directory makes it end the process.  Here only regular files are read.
 *   - It takes the end of the file inside a string or a comment for the end of
 *     the policy, drops "\x00" from strings and cuts large numbers to 32 bits,
 *     all without a word.  Here each is an error.
 *   - It joins strings that stand side by side, so that a comma forgotten in an
 *     array makes one word of two; and it forgets to free a string behind which
 *     something unexpected stands.  Here both are errors.
 *   - It gives a string in an array the line of the token behind it.  So a
 *     comma or bracket behind a string is moved up, before the newlines.
 *   - It frees nested settings by recursion, and looks for double keys in a
 *     group by walking it.  Depth and members are bounded.
 *   - It says "syntax error" about a bracket that is never closed.
 *
 * The scan needs no more than the text once; a policy file without includes is
 * one piece, and pieces are few, so the way back to a place is cheap.
 */
#include "policy/source_priv.h"

#include <stdlib.h>

#define KEY_MAX 128 /* longer keys are none that we know */

/* Take the next n bytes over as they are. */
static void copy(struct scan *c, size_t n)
{
	struct str part = str_mem(c->left.p, n);

	for (size_t i = 0; i < n; i++) {
		if (part.p[i] == '\n') {
			c->line++;
			c->source->line++;
		}
	}
	strbuf_add(&c->source->text, part);
	c->left = str_skip(c->left, n);
}

static int hex_digit(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of the escape at the begin of s. */
static size_t check_escape(struct scan *c, struct str s, struct place at)
{
	struct diag_list *d = c->source->diags;

	if (s.len > 3 && ascii_lower(s.p[1]) == 'x' && hex_digit(s.p[2]) >= 0 &&
	    hex_digit(s.p[3]) >= 0) {
		if (hex_digit(s.p[2]) == 0 && hex_digit(s.p[3]) == 0)
			diag_error(
				d, at, "syntax",
				"a string cannot hold a zero byte ('\\x00')");
		return 4;
	}
	if (s.len > 1 && !strchr("\\\"fnrt", s.p[1])) {
		diag_error(d, at, "syntax", "unknown escape %s in a string",
			   diag_quote(d, str_mem(s.p, 2)));
		diag_note(d, at, "known: \\\\ \\\" \\f \\n \\r \\t \\xHH");
	}
	return s.len > 1 ? 2 : 1;
}

static bool in_list(const struct source *s)
{
	if (s->depth == 0 || s->depth > SOURCE_NESTING_MAX)
		return false;
	return s->brackets[s->depth - 1].open != '{';
}

/* Is `next` possible behind what came before, as far as strings go?  libconfig
 * would lose the string that it holds at that moment. */
static void check_neighbour(struct scan *c, char next)
{
	struct source *s = c->source;
	bool word = ascii_is_alpha(next) || next == '*';
	const char *said = NULL;

	if (next == '"') {
		if (in_list(s) && s->before == '"')
			said = "two strings side by side: is a ',' missing "
			       "between them?";
		else if (!s->before ||
			 !strchr(in_list(s) ? "[(," : "=:\"", s->before))
			said = in_list(s) ? "expected ',' before the string"
					  : "expected '=' before the string";
	} else if (s->before == '"') {
		if (in_list(s) && !strchr(",])}", next))
			said = "expected ',' or the end of the list behind "
			       "the string";
		else if (!in_list(s) && !word && !strchr(";,})]", next))
			said = "expected ';' behind the string";
	}
	if (said && !c->muddled)
		diag_error(s->diags, here(c), "syntax", "%s", said);
	c->muddled |= said != NULL;
	s->before = word ? 'a' : next;
}

static void scan_string(struct scan *c)
{
	struct place at = here(c);
	unsigned line = 0; /* newlines inside, before i */
	size_t i = 1;

	while (i < c->left.len && c->left.p[i] != '"') {
		struct place escape = {at.file, at.line + line};

		line += c->left.p[i] == '\n';
		if (c->left.p[i] == '\\')
			i += check_escape(c, str_skip(c->left, i), escape);
		else
			i++;
	}
	if (i >= c->left.len) {
		diag_error(c->source->diags, at, "syntax",
			   "the string that begins here is never closed");
		i = c->left.len;
	} else {
		i++;
	}
	copy(c, i);
	c->source->last = (struct word){0};
	c->gap = c->source->text.len;
	c->after_string = true;
}

static void scan_block_comment(struct scan *c)
{
	size_t i = 2;

	while (i < c->left.len &&
	       !(c->left.p[i] == '*' && i + 1 < c->left.len &&
		 c->left.p[i + 1] == '/'))
		i++;
	if (i >= c->left.len) {
		diag_error(c->source->diags, here(c), "syntax",
			   "the comment that begins here is never closed");
		copy(c, c->left.len);
		return;
	}
	copy(c, i + 2);
}

static bool is_word_byte(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_' || c == '-' ||
	       c == '+' || c == '.' || c == '*';
}

/* libconfig cuts a number to 32 bits, or to 64 with an L behind it. */
static bool number_fits(struct str s)
{
	uint64_t most = INT32_MAX, v = 0;
	uint64_t base = 10;

	if (s.len > 0 && (s.p[0] == '+' || s.p[0] == '-'))
		s = str_skip(s, 1);
	if (s.len > 2 && s.p[0] == '0' && ascii_lower(s.p[1]) == 'x') {
		s = str_skip(s, 2);
		base = 16;
		most = UINT32_MAX;
	}
	while (s.len > 0 && ascii_lower(s.p[s.len - 1]) == 'l') {
		most = INT64_MAX;
		s.len--;
	}
	for (size_t i = 0; i < s.len; i++) {
		int digit = hex_digit(s.p[i]);

		if (digit < 0 || (uint64_t)digit >= base)
			return true; /* no whole number */
		if (v > (most - (uint64_t)digit) / base)
			return false;
		v = v * base + (uint64_t)digit;
	}
	return true;
}

static void scan_word(struct scan *c)
{
	size_t n = 0;
	struct str word;

	while (n < c->left.len && is_word_byte(c->left.p[n]))
		n++;
	word = str_mem(c->left.p, n);
	if (!ascii_is_alpha(word.p[0]) && !number_fits(word))
		diag_error(c->source->diags, here(c), "bad-value",
			   "the number %s is too large",
			   diag_quote(c->source->diags, word));
	c->source->last = (struct word){.text = word, .place = here(c)};
	copy(c, n);
}

static void bracket_open(struct scan *c, char open)
{
	struct source *s = c->source;

	if (s->depth < SOURCE_NESTING_MAX) {
		s->brackets[s->depth] =
			(struct source_bracket){open, here(c), s->keys.n};
	} else if (s->depth == SOURCE_NESTING_MAX) {
		diag_error(s->diags, here(c), "nesting",
			   "brackets are nested more than %d deep",
			   SOURCE_NESTING_MAX);
	}
	s->depth++;
}

static int by_key(const void *pa, const void *pb)
{
	const struct word *a = pa, *b = pb;
	int d = str_cmp(a->text, b->text);

	if (d == 0)
		d = (a->place.line > b->place.line) -
		    (a->place.line < b->place.line);
	return d;
}

/* A group ends: none of its keys may stand twice. */
void source_keys_end(struct source *s, size_t first)
{
	size_t n = s->keys.n - first;
	struct word *keys = n ? s->keys.items + first : NULL;

	if (n > 1)
		qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 1; i < n; i++) {
		if (!str_eq(keys[i - 1].text, keys[i].text))
			continue;
		diag_error(s->diags, keys[i].place, "duplicate-key",
			   "%s stands twice in one group",
			   diag_quote(s->diags, keys[i].text));
		diag_note(s->diags, keys[i - 1].place, "the first is here");
	}
	s->keys.n = first;
}

static void bracket_close(struct scan *c, char close)
{
	static const char pairs[] = "(){}[]";
	struct source *s = c->source;
	const struct source_bracket *b;

	if (s->depth == 0) {
		diag_error(s->diags, here(c), "syntax", "'%c' closes nothing",
			   close);
		return;
	}
	s->depth--;
	if (s->depth >= SOURCE_NESTING_MAX)
		return;
	source_keys_end(s, s->brackets[s->depth].first);
	b = &s->brackets[s->depth];
	if (strchr(pairs, b->open)[1] == close)
		return;
	diag_error(s->diags, here(c), "syntax", "'%c' cannot close a '%c'",
		   close, b->open);
	diag_note(s->diags, b->place, "the '%c' stands here", b->open);
}

/* The word before '=' or ':' is a key of the innermost bracket. */
static void key_add(struct scan *c)
{
	struct source *s = c->source;
	struct str name = s->last.text;
	size_t first = 0, members;
	struct word *key;

	if (!name.p || s->depth > SOURCE_NESTING_MAX)
		return;
	if (s->depth > 0)
		first = s->brackets[s->depth - 1].first;
	key = vec_push(s->diags->arena, &s->keys);
	if (!key)
		return;
	members = s->keys.n - first;
	name.len = name.len < KEY_MAX ? name.len : KEY_MAX;
	*key = (struct word){.text = arena_str(s->diags->arena, name),
			     .place = s->last.place};
	s->work += members;
	if (members == SOURCE_GROUP_MAX + 1)
		diag_error(s->diags, here(c), "too-many",
			   "a group has more than %d members",
			   SOURCE_GROUP_MAX);
	else if (s->work > SOURCE_WORK_MAX &&
		 s->work - members <= SOURCE_WORK_MAX)
		diag_error(s->diags, here(c), "too-many",
			   "too many groups with too many members");
}

/* ',' ')' ']' behind a string goes before the white space between them, so that
 * the string keeps its line. */
static void scan_punctuation(struct scan *c)
{
	struct strbuf *text = &c->source->text;
	char mark = c->left.p[0];
	size_t gap = c->gap;

	if (mark == '(' || mark == '[' || mark == '{')
		bracket_open(c, mark);
	else if (mark == ')' || mark == ']' || mark == '}')
		bracket_close(c, mark);
	else if (mark == '=' || mark == ':')
		key_add(c);
	c->source->last = (struct word){0};
	copy(c, 1);
	if (c->after_string && strchr(",)]", mark) && !text->failed &&
	    gap + 1 < text->len) {
		memmove(text->p + gap + 1, text->p + gap, text->len - gap - 1);
		text->p[gap] = mark;
	}
	c->after_string = false;
}

/* '@include "file"', the '@' being the first of its line. */
static void scan_include(struct scan *c)
{
	struct str rest = c->left;
	size_t n;

	if (!str_starts(rest, "@include")) {
		copy(c, 1); /* libconfig will complain */
		return;
	}
	if (!c->fresh)
		diag_error(c->source->diags, here(c), "include",
			   "'@include' must be the first on its line");
	rest = str_skip(rest, strlen("@include"));
	while (rest.len > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t'))
		rest = str_skip(rest, 1);
	n = length_until(str_skip(rest, 1), '"');
	if (rest.len < 2 || rest.p[0] != '"' || n + 1 >= rest.len ||
	    length_until(rest, '\n') < n + 1) {
		diag_error(c->source->diags, here(c), "include",
			   "'@include' wants a file name in double quotes");
		c->left = str_skip(c->left, length_until(c->left, '\n'));
		return;
	}
	c->left = str_skip(rest, n + 2);
	source_include(c, str_mem(rest.p + 1, n));
}

static void scan_one(struct scan *c)
{
	char first = c->left.p[0];
	char second = c->left.len > 1 ? c->left.p[1] : '\0';
	bool blank =
		first == ' ' || first == '\t' || first == '\r' || first == '\f';

	if (first == '\n') {
		copy(c, 1);
		c->fresh = true;
		return;
	}
	if (!blank && first != '#' && first != '@' &&
	    !(first == '/' && (second == '/' || second == '*')))
		check_neighbour(c, first);
	if (first == '#' || (first == '/' && second == '/')) {
		copy(c, length_until(c->left, '\n'));
	} else if (first == '/' && second == '*') {
		scan_block_comment(c);
	} else if (blank) {
		copy(c, 1);
		return;
	} else if (first == '"') {
		scan_string(c);
	} else if (first == '@') {
		scan_include(c);
		c->after_string = false;
	} else if (is_word_byte(first)) {
		scan_word(c);
		c->after_string = false;
	} else {
		scan_punctuation(c);
	}
	c->fresh = false;
}

void source_scan(struct scan *c)
{
	while (c->left.len > 0)
		scan_one(c);
}
