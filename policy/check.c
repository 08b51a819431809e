/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tree against what it may say.  The parts run in a fixed order, because
 * each needs the names and networks that the one before has gathered: zones,
 * sets, rules, and the order of the rules.  Everything is reported; a part that
 * cannot judge a thing because of an earlier error passes over it in silence.
 */
#include "policy/check.h"

#include "policy/check_priv.h"
#include "policy/range.h"

#include <stdlib.h>

#define NAME_MAX_BYTES 32

const char *check_quote(struct check *c, const struct word *w)
{
	return diag_quote(c->diags, w->text);
}

bool check_range(struct check *c, const struct word *w,
		 struct iprange *out_range)
{
	return range_read(w->text, w->place, c->diags, out_range);
}

static int by_word(const void *pa, const void *pb)
{
	const struct word *const *a = pa, *const *b = pb;
	int d = str_cmp((*a)->text, (*b)->text);

	if (d == 0 && (*a)->place.file == (*b)->place.file)
		d = ((*a)->place.line > (*b)->place.line) -
		    ((*a)->place.line < (*b)->place.line);
	return d ? d : (*a > *b) - (*a < *b);
}

const struct word **check_sorted(struct check *c, const word_list *words)
{
	const size_t one = sizeof(void *); /* they are pointers */
	const struct word **sorted;

	sorted = arena_calloc(c->arena, words->n + 1, one);
	if (!sorted)
		return NULL;
	for (size_t i = 0; i < words->n; i++)
		sorted[i] = &words->items[i];
	if (words->n)
		qsort(sorted, words->n, one, by_word);
	return sorted;
}

static bool name_is_good(struct str s)
{
	if (s.len == 0 || s.len > NAME_MAX_BYTES || !ascii_is_alpha(s.p[0]))
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    s.p[i] != '_' && s.p[i] != '-')
			return false;
	return true;
}

static void check_name(struct check *c, const char *what, const struct word *w)
{
	if (str_is(w->text, "self") || str_is(w->text, "any")) {
		diag_error(c->diags, w->place, "bad-name",
			   "a %s cannot be named %s: the word has a meaning "
			   "of its own",
			   what, check_quote(c, w));
	} else if (!name_is_good(w->text)) {
		diag_error(c->diags, w->place, "bad-name",
			   "%s is no name for a %s", check_quote(c, w), what);
		diag_note(c->diags, w->place,
			  "a letter, then letters, digits, '-' or '_', "
			  "%d at most",
			  NAME_MAX_BYTES);
	}
}

static int by_name(const void *pa, const void *pb)
{
	const struct check_name *a = pa, *b = pb;
	int d = str_cmp(a->word->text, b->word->text);

	return d ? d : (a->i > b->i) - (a->i < b->i);
}

struct check_index check_index_of(struct check *c, const char *what, size_t n,
				  const struct word *(*next)(const struct ast *,
							     size_t))
{
	struct check_index index = {0};
	size_t kept = 0;

	index.items = arena_calloc(c->arena, n + 1, sizeof(*index.items));
	if (!index.items)
		return index;
	for (size_t i = 0; i < n; i++) {
		index.items[i] = (struct check_name){next(c->ast, i), i, false};
		check_name(c, what, index.items[i].word);
	}
	if (n)
		qsort(index.items, n, sizeof(*index.items), by_name);
	for (size_t i = 0; i < n; i++) {
		const struct word *w = index.items[i].word;
		const struct check_name *last =
			kept ? &index.items[kept - 1] : NULL;

		if (!last || !str_eq(last->word->text, w->text)) {
			index.items[kept++] = index.items[i];
			continue;
		}
		diag_error(c->diags, w->place, "duplicate-name",
			   "a %s named %s is there already", what,
			   check_quote(c, w));
		diag_note(c->diags, last->word->place, "it stands here");
	}
	index.n = kept;
	return index;
}

struct check_name *check_find(const struct check_index *index, struct str name)
{
	size_t lo = 0, hi = index->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = str_cmp(index->items[mid].word->text, name);

		if (d == 0)
			return &index->items[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void check_offer(struct check *c, struct suggest *near,
		 const struct check_index *index, const char *prefix)
{
	for (size_t i = 0; i < index->n && !diag_is_full(c->diags); i++) {
		struct str name = index->items[i].word->text;

		if (*prefix)
			name = str_of(arena_printf(c->arena, "%s%.*s", prefix,
						   STR_ARG(name)));
		if (name.p)
			suggest_offer(near, name);
	}
}

void check_choice(struct check *c, const struct word *w, const char *key,
		  const char *const choices[3])
{
	struct suggest near;

	if (!w->text.p)
		return;
	suggest_init(&near, w->text);
	for (int i = 0; i < 3 && choices[i]; i++) {
		if (str_is(w->text, choices[i]))
			return;
		suggest_offer(&near, str_of(choices[i]));
	}
	diag_error(c->diags, w->place, "bad-value", "'%s' cannot be %s", key,
		   check_quote(c, w));
	suggest_note(&near, c->diags, w->place);
}

static void check_version(struct check *c)
{
	const struct number *v = &c->ast->version;
	struct place whole = {c->ast->file, 0};

	if (v->broken)
		return;
	if (!v->set) {
		diag_error(c->diags, whole, "version",
			   "the policy does not say its version");
		diag_note(c->diags, whole, "write 'version = 1;' at its top");
	} else if (v->value != 1) {
		diag_error(c->diags, v->place, "version",
			   "version %lld of the language is not known here, "
			   "only 1",
			   (long long)v->value);
	}
}

static void check_between(struct check *c, const struct number *n,
			  const char *key, int64_t least, int64_t most)
{
	if (n->set && (n->value < least || n->value > most))
		diag_error(c->diags, n->place, "bad-value",
			   "'%s' must be a number from %lld to %lld, not %lld",
			   key, (long long)least, (long long)most,
			   (long long)n->value);
}

static void check_marks(struct check *c, const struct number *n)
{
	uint32_t bits = (uint32_t)n->value;

	if (!n->set)
		return;
	if (n->value <= 0 || n->value > (int64_t)UINT32_MAX) {
		diag_error(c->diags, n->place, "bad-value",
			   "'marks' must be a mask of 32 bits");
		return;
	}
	/* Shifted down, adjacent bits are one less than a power of two. */
	bits >>= __builtin_ctz(bits);
	if ((bits & (bits + 1)) != 0 || bits < 0xff) {
		diag_error(
			c->diags, n->place, "bad-value",
			"'marks' must be at least 8 adjacent bits, not 0x%llx",
			(unsigned long long)n->value);
		diag_note(c->diags, n->place, "0xff000000 is the usual mask");
	}
}

static void check_gateway(struct check *c)
{
	static const char *const modes[3] = {"enforce", "observe"};
	static const char *const fails[3] = {"closed", "open"};
	static const char *const zones[3] = {"local", "utc"};
	const struct ast_gateway *g = &c->ast->gateway;
	const struct number *last = g->queues.set ? &g->queues : &g->queue;
	int64_t first = g->queue.set ? g->queue.value : 5720;

	if (g->name.text.p && !name_is_good(g->name.text)) {
		diag_error(c->diags, g->name.place, "bad-name",
			   "%s is no name for a gateway",
			   check_quote(c, &g->name));
		diag_note(c->diags, g->name.place,
			  "a letter, then letters, digits, '-' or '_', "
			  "%d at most",
			  NAME_MAX_BYTES);
	}
	check_choice(c, &g->mode, "mode", modes);
	check_choice(c, &g->fail, "fail", fails);
	check_choice(c, &g->timezone, "timezone", zones);
	check_between(c, &g->queue, "queue", 0, 65535);
	check_between(c, &g->queues, "queues", 1, 16);
	if (first >= 0 && first <= 65535 && g->queues.set &&
	    g->queues.value <= 16 && first + g->queues.value > 65536)
		diag_error(c->diags, last->place, "bad-value",
			   "%lld queues from %lld on go beyond 65535",
			   (long long)g->queues.value, (long long)first);
	check_marks(c, &g->marks);
}

/* Values that are words of the language, but of which the engine can do only
 * one. */
static void check_later(struct check *c)
{
	const struct ast_application *a = &c->ast->application;
	const struct {
		const char *key;
		const struct word *word;
		const char *choices[3]; /* the first is what is done */
	} all[] = {
		{"websocket", &a->websocket, {"allow", "deny"}},
		{"tor", &a->tor, {"allow", "deny"}},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const struct word *w = all[i].word;

		check_choice(c, w, all[i].key, all[i].choices);
		for (int j = 1; j < 3 && w->text.p && all[i].choices[j]; j++)
			if (str_is(w->text, all[i].choices[j]))
				diag_error(c->diags, w->place, "not-yet",
					   "'%s' cannot be %s yet: the engine "
					   "of this version can only do '%s'",
					   all[i].key, check_quote(c, w),
					   all[i].choices[0]);
	}
}

static void check_guards(struct check *c)
{
	static const char *const pass[3] = {"allow", "deny"};
	static const char *const allowed[3] = {"first", "none"};
	static const char *const denied[3] = {"all", "first", "none"};

	check_choice(c, &c->ast->application.connect, "connect", pass);
	check_choice(c, &c->ast->application.socks, "socks", pass);
	check_choice(c, &c->ast->application.no_sni, "no-sni", pass);
	check_later(c);
	check_choice(c, &c->ast->log.allow, "allow", allowed);
	check_choice(c, &c->ast->log.deny, "deny", denied);
}

void check_policy(struct ast *ast, const struct policy_env *env,
		  struct diag_list *diags)
{
	struct check c = {
		.ast = ast, .env = env, .diags = diags, .arena = diags->arena};

	if (ast->partial)
		return;
	check_version(&c);
	check_gateway(&c);
	check_guards(&c);
	check_hygiene(&c);
	check_zones(&c);
	check_sets(&c);
	if (!check_sizes(&c))
		return;
	check_rules(&c);
	check_binding(&c);
	/* What is broken elsewhere may change what these would say. */
	if (diags->errors == 0)
		check_unused(&c);
}
