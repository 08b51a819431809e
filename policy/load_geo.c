/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "country:NL" and "as:64500": the database is asked here, once, and what it
 * says of each word becomes a list of prefixes that travels with the policy
 * like a file.  So neither the daemon nor a boot needs the database.
 */
#include "policy/load_priv.h"

#include "policy/base/strbuf.h"
#include "policy/file.h"
#include "policy/geo.h"

#include <inttypes.h>

/* A word that was met, for the first time. */
struct asked {
	struct word word; /* canonical, without '!' */
	struct geo_query query;
	enum geo_kind kind;
};

typedef VEC(struct asked) asked_list;

static const char *prefix_of(enum geo_kind kind)
{
	return kind == GEO_COUNTRY ? AST_COUNTRY : AST_AS;
}

static bool is_country(struct str code)
{
	return code.len == 2 && ascii_is_alpha(code.p[0]) &&
	       ascii_is_alpha(code.p[1]);
}

static bool is_number(struct str code)
{
	uint64_t n = 0;

	for (size_t i = 0; i < code.len; i++) {
		if (!ascii_is_digit(code.p[i]) || (i > 0 && n == 0))
			return false;
		n = n * 10 + (uint64_t)(code.p[i] - '0');
		if (n > UINT32_MAX)
			return false;
	}
	return n > 0;
}

/* The code as the database has it; arena.  Complains when it is none. */
static struct str code_of(struct loading *l, const struct word *w,
			  enum geo_kind kind)
{
	struct str code = str_skip(word_bare(w), strlen(prefix_of(kind)));

	if (kind == GEO_AS && is_number(code))
		return code;
	if (kind == GEO_COUNTRY && is_country(code))
		return str_of(arena_printf(l->arena, "%c%c", code.p[0] & ~0x20,
					   code.p[1] & ~0x20));
	diag_error(l->diags, w->place, "bad-address",
		   kind == GEO_AS
			   ? "%s is no autonomous system: expected its "
			     "number, as in \"as:64500\""
			   : "%s is no country: expected the two letters "
			     "of ISO 3166, as in \"country:NL\"",
		   diag_quote(l->diags, w->text));
	return (struct str){0};
}

static void ask(struct loading *l, struct word *w, enum geo_kind kind,
		asked_list *out)
{
	struct str code = code_of(l, w, kind);
	const char *sign = word_is_negated(w) ? "!" : "";
	struct asked *slot;

	if (!code.p)
		return;
	w->text = str_of(arena_printf(l->arena, "%s%s%.*s", sign,
				      prefix_of(kind), STR_ARG(code)));
	if (ast_entries_of(l->ast, LIST_ADDRESSES, word_bare(w)))
		return;
	slot = load_entries(l, LIST_ADDRESSES, word_bare(w))
		       ? vec_push(l->arena, out)
		       : NULL;
	if (slot)
		*slot = (struct asked){.word = {word_bare(w), w->place, false},
				       .query = {.code = code},
				       .kind = kind};
	else
		l->failed = true;
}

static void ask_words(struct loading *l, word_list *words, asked_list *out)
{
	vec_foreach (w, words) {
		if (str_starts(word_bare(w), AST_COUNTRY))
			ask(l, w, GEO_COUNTRY, out);
		else if (str_starts(word_bare(w), AST_AS))
			ask(l, w, GEO_AS, out);
	}
}

/* Every place where such a word may stand. */
static void ask_all(struct loading *l, asked_list *out)
{
	vec_foreach (set, &l->ast->addresses)
		ask_words(l, &set->members, out);
	for (int i = 0; i < AST_LISTS; i++) {
		vec_foreach (r, &l->ast->rules[i]) {
			ask_words(l, &r->from, out);
			ask_words(l, &r->to, out);
		}
	}
	vec_foreach (p, &l->ast->protocols) {
		ask_words(l, &p->from, out);
		ask_words(l, &p->to, out);
	}
	vec_foreach (n, &l->ast->nats) {
		ask_words(l, &n->from, out);
		ask_words(l, &n->to, out);
	}
}

/* The list of a word, as a file of the policy. */
static void parse(struct loading *l, const struct asked *a,
		  const struct policy_file *file)
{
	/* The entries may have moved since: they are looked up. */
	vec_foreach (e, &l->ast->entries)
		if (e->kind == LIST_ADDRESSES && str_eq(e->word, a->word.text))
			load_parse(l, file, a->word.text.p, a->word.place, e);
}

static struct str write_list(struct geo_query *q)
{
	struct ipset set = ipset_of(q->ranges.items, q->ranges.n);
	char text[IPRANGE_TEXT_MAX];
	struct strbuf out;

	strbuf_init(&out, BUNDLE_BYTES_MAX);
	for (size_t i = 0; i < set.n; i++)
		strbuf_addf(&out, "%s\n", iprange_print(&set.items[i], text));
	if (out.failed)
		strbuf_done(&out);
	return str_mem(out.p, out.len);
}

static void take_answer(struct loading *l, struct asked *a, const char *path)
{
	struct policy_file file;
	struct str bytes;

	if (!a->query.known) {
		diag_error(l->diags, a->word.place, "undefined",
			   "the database %s does not know %s",
			   diag_quote(l->diags, str_of(path)),
			   diag_quote(l->diags, a->word.text));
		if (a->query.near.best.p || a->kind == GEO_COUNTRY)
			suggest_note(&a->query.near, l->diags, a->word.place);
		return;
	}
	bytes = write_list(&a->query);
	if (!bytes.p) {
		l->failed = true;
		return;
	}
	if (load_keep(l, &a->word, bytes, 0, &file))
		parse(l, a, &file);
	else
		str_free(bytes);
}

/* All that is asked of one database.  `arena` holds what it answers. */
static void ask_database(struct loading *l, const struct word *database,
			 asked_list *asked, enum geo_kind kind,
			 struct arena *arena)
{
	const char *path = load_path(l, database->place.file, database->text);
	struct geo_query *queries =
		arena_calloc(arena, asked->n + 1, sizeof(*queries));
	const char *why = "";
	enum fw_err err;
	size_t n = 0;

	if (!queries) {
		l->failed = true;
		return;
	}
	vec_foreach (a, asked)
		if (a->kind == kind)
			queries[n++] = a->query;
	err = file_regular(path, &why);
	if (!err)
		err = geo_ask(path, kind, queries, n, arena, &why);
	if (err == FW_ERR_NOMEM || arena->failed) {
		l->failed = true;
		return;
	}
	if (err) {
		diag_error(l->diags, database->place, "file",
			   "cannot read the database %s: %s",
			   diag_quote(l->diags, str_of(path)), why);
		return;
	}
	n = 0;
	vec_foreach (a, asked) {
		if (a->kind != kind)
			continue;
		a->query = queries[n++];
		take_answer(l, a, path);
	}
}

static const char *kind_word(enum geo_kind kind)
{
	return kind == GEO_COUNTRY ? "country" : "asn";
}

/* Nothing asks it: that is said, and whether it could be asked at all. */
static void look_unused(struct loading *l, const struct word *database,
			enum geo_kind kind)
{
	const char *path = load_path(l, database->place.file, database->text);
	const char *why = "";

	if (file_regular(path, &why))
		diag_error(l->diags, database->place, "file",
			   "cannot read the database %s: %s",
			   diag_quote(l->diags, str_of(path)), why);
	else
		diag_warning(l->diags, database->place, "unused",
			     "the database of '%s' is asked by nothing: no "
			     "rule or set has a word as \"%s\"",
			     kind_word(kind),
			     kind == GEO_COUNTRY ? "country:NL" : "as:64500");
}

static void from_database(struct loading *l, asked_list *asked,
			  enum geo_kind kind)
{
	const struct word *database =
		kind == GEO_COUNTRY ? &l->ast->geo.country : &l->ast->geo.asn;
	const struct asked *first = NULL;
	struct arena arena;

	vec_foreach (a, asked)
		if (a->kind == kind && !first)
			first = a;
	if (database->text.p && !database->text.len) {
		diag_error(l->diags, database->place, "empty",
			   "'%s' of 'geo' names no file", kind_word(kind));
		return;
	}
	if (!first) {
		if (database->text.p)
			look_unused(l, database, kind);
		return;
	}
	if (!database->text.p) {
		if (database->broken)
			return;
		diag_error(l->diags, first->word.place, "missing",
			   "%s needs a database",
			   diag_quote(l->diags, first->word.text));
		diag_note(
			l->diags, first->word.place,
			kind == GEO_COUNTRY
				? "geo: { country = "
				  "\"/var/lib/GeoIP/GeoLite2-Country.mmdb\"; };"
				: "geo: { asn = "
				  "\"/var/lib/GeoIP/GeoLite2-ASN.mmdb\"; };");
		return;
	}
	arena_init(&arena, 0, 0);
	ask_database(l, database, asked, kind, &arena);
	arena_done(&arena);
}

void load_geo(struct loading *l)
{
	asked_list asked = {0};
	struct policy_file file;

	ask_all(l, &asked);
	if (!l->from->files) {
		from_database(l, &asked, GEO_COUNTRY);
		from_database(l, &asked, GEO_AS);
		return;
	}
	vec_foreach (a, &asked)
		if (load_given(l, &a->word, &file))
			parse(l, a, &file);
}
