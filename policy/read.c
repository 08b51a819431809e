/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings -> tree.  keywords.def says for each key of each group what type its
 * value has and which member of the tree takes it:
 *
 *	INT, MASK, BOOL, STRING	one value
 *	TEXT			a string; a number is the string of its digits
 *	WORDS			a string or an array of strings
 *	GROUP			a group whose keys are the rows of that name
 *	ZONES			a group of groups, each of the rows "zone"
 *	SETS			a group of WORDS
 *	RULES			a list of groups, each of the rows "rule"
 *	NATS			a list of groups, each of the rows "nat"
 *	PROTOCOLS		a list of groups, each of the rows "protocol"
 *	MANAGEMENT		a list of groups, each of the rows "management"
 *	CDNS			a group of groups, each of the rows "cdn"
 *
 * Words are kept as written: what they mean is asked in check.c.
 */
#include "policy/read_priv.h"

#include "policy/suggest.h"

#include <inttypes.h>
#include <stddef.h>

enum key_type {
	KEY_INT,
	KEY_MASK = KEY_INT,
	KEY_BOOL,
	KEY_STRING,
	KEY_TEXT,
	KEY_WORDS,
	KEY_GROUP,
	KEY_ZONES,
	KEY_SETS,
	KEY_RULES,
	KEY_PROTOCOLS,
	KEY_MANAGEMENT,
	KEY_NATS,
	KEY_CDNS
};

struct keyword {
	const char *group, *key;
	enum key_type type;
	size_t offset; /* of the member in its struct ast_... */
};

#define ast_policy ast /* the outermost group */

static const struct keyword keywords[] = {
#define X(group, key, type, member, usual, help) \
	{#group, key, KEY_##type, offsetof(struct ast_##group, member)},
#include "policy/keywords.def"
#undef X
};

#define N_KEYWORDS (sizeof(keywords) / sizeof(*keywords))

static struct place place_of(const struct reading *r, const config_setting_t *s)
{
	return source_place(r->source, config_setting_source_line(s));
}

static config_setting_t *child(const config_setting_t *s, int i)
{
	return config_setting_get_elem(s, (unsigned)i);
}

static const char *type_name(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP:
		return "a group";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a fraction";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_ARRAY:
		return "an array [ ]";
	case CONFIG_TYPE_LIST:
		return "a list ( )";
	default:
		return "nothing";
	}
}

static void wrong_type(struct reading *r, const config_setting_t *s,
		       const char *name, const char *wanted)
{
	r->ast->broken = true;
	diag_error(r->diags, place_of(r, s), "wrong-type",
		   "%s must be %s, not %s", diag_quote(r->diags, str_of(name)),
		   wanted, type_name(s));
}

/* A scalar that another file has set. */
static void set_twice(struct reading *r, const config_setting_t *s,
		      struct place first)
{
	const char *name = config_setting_name(s);

	diag_error(r->diags, place_of(r, s), "duplicate-key",
		   "%s is set a second time",
		   diag_quote(r->diags, str_of(name)));
	diag_note(r->diags, first, "it was first set here");
}

static struct word word_of(struct reading *r, const config_setting_t *s,
			   const char *text)
{
	struct str copy = arena_str(r->diags->arena, str_of(text));

	if (!copy.p)
		copy = str_of("");
	return (struct word){.text = copy, .place = place_of(r, s)};
}

static void read_number(struct reading *r, const config_setting_t *s,
			enum key_type type, struct number *n)
{
	int is = config_setting_type(s);
	int64_t value = 0;

	if (type == KEY_BOOL && is == CONFIG_TYPE_BOOL) {
		value = config_setting_get_bool(s);
	} else if (type == KEY_INT && is == CONFIG_TYPE_INT) {
		int written = config_setting_get_int(s);

		/* 0xff000000 is no negative number. */
		if (config_setting_get_format(s) == CONFIG_FORMAT_HEX)
			value = (unsigned)written;
		else
			value = written;
	} else if (type == KEY_INT && is == CONFIG_TYPE_INT64) {
		value = config_setting_get_int64(s);
	} else {
		wrong_type(r, s, config_setting_name(s),
			   type == KEY_BOOL ? "true or false"
					    : "a whole number");
		n->broken = true;
		return;
	}
	if (n->set)
		set_twice(r, s, n->place);
	else
		*n = (struct number){
			.value = value, .set = true, .place = place_of(r, s)};
}

static void read_string(struct reading *r, const config_setting_t *s,
			struct word *w)
{
	const char *text = config_setting_get_string(s);

	if (config_setting_type(s) != CONFIG_TYPE_STRING || !text) {
		wrong_type(r, s, config_setting_name(s), "a string");
		w->broken = true;
	} else if (w->text.p) {
		set_twice(r, s, w->place);
	} else {
		*w = word_of(r, s, text);
	}
}

static void read_text(struct reading *r, const config_setting_t *s,
		      struct word *w)
{
	struct number n = {0};

	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		read_string(r, s, w);
		return;
	}
	if (config_setting_type(s) != CONFIG_TYPE_INT) {
		wrong_type(r, s, config_setting_name(s),
			   "a string or a whole number");
		w->broken = true;
		return;
	}
	read_number(r, s, KEY_INT, &n);
	if (n.set && w->text.p)
		set_twice(r, s, w->place);
	else if (n.set)
		*w = word_of(
			r, s,
			arena_printf(r->diags->arena, "%" PRId64, n.value));
}

static void push_word(struct reading *r, const config_setting_t *s,
		      word_list *words)
{
	struct word *w = vec_push(r->diags->arena, words);

	if (w)
		*w = word_of(r, s, config_setting_get_string(s));
}

static void read_words(struct reading *r, const config_setting_t *s,
		       word_list *words)
{
	const char *name = config_setting_name(s);
	int n = config_setting_length(s);

	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		push_word(r, s, words);
		return;
	}
	if (config_setting_type(s) != CONFIG_TYPE_ARRAY) {
		wrong_type(r, s, name,
			   "a string or an array of strings [ \"...\" ]");
		return;
	}
	if (n == 0) {
		r->ast->broken = true;
		diag_error(r->diags, place_of(r, s), "empty", "%s is empty",
			   diag_quote(r->diags, str_of(name)));
	}
	for (int i = 0; i < n; i++) {
		const config_setting_t *item = child(s, i);

		if (config_setting_type(item) == CONFIG_TYPE_STRING) {
			push_word(r, item, words);
			continue;
		}
		r->ast->broken = true;
		diag_error(r->diags, place_of(r, item), "wrong-type",
			   "the members of %s must be strings, not %s",
			   diag_quote(r->diags, str_of(name)), type_name(item));
		return; /* an array has one type only */
	}
}

static void unknown_key(struct reading *r, const config_setting_t *s,
			const char *group)
{
	struct str name = str_of(config_setting_name(s));
	const char *where = diag_quote(r->diags, str_of(group));
	struct suggest near;

	suggest_init(&near, name);
	for (size_t i = 0; i < N_KEYWORDS && !diag_is_full(r->diags); i++)
		if (!strcmp(keywords[i].group, group))
			suggest_offer(&near, str_of(keywords[i].key));
	if (!strcmp(group, "policy"))
		where = "the policy";
	else if (!strcmp(group, "zone"))
		where = "a zone";
	else if (!strcmp(group, "rule"))
		where = "a rule";
	else if (!strcmp(group, "nat"))
		where = "a translation";
	else if (!strcmp(group, "protocol"))
		where = "a guard";
	else if (!strcmp(group, "management"))
		where = "a management flow";
	else if (!strcmp(group, "cdn"))
		where = "a content network";
	diag_error(r->diags, place_of(r, s), "unknown-key",
		   "unknown key %s in %s", diag_quote(r->diags, name), where);
	suggest_note(&near, r->diags, place_of(r, s));
}

static const struct keyword *keyword_find(const char *group, const char *key)
{
	for (size_t i = 0; i < N_KEYWORDS; i++)
		if (!strcmp(keywords[i].group, group) &&
		    !strcmp(keywords[i].key, key))
			return &keywords[i];
	return NULL;
}

static void read_value(struct reading *r, const config_setting_t *s,
		       const struct keyword *k, void *member);

/* The settings of one group into the struct that its rows are made for. */
static void read_group(struct reading *r, const config_setting_t *s,
		       const char *group, void *target)
{
	int n = config_setting_length(s);

	for (int i = 0; i < n; i++) {
		const config_setting_t *c = child(s, i);
		const struct keyword *k =
			keyword_find(group, config_setting_name(c));

		if (k)
			read_value(r, c, k, (char *)target + k->offset);
		else
			unknown_key(r, c, group);
	}
}

static bool is_group(struct reading *r, const config_setting_t *s,
		     const char *name)
{
	if (config_setting_type(s) == CONFIG_TYPE_GROUP)
		return true;
	wrong_type(r, s, name, "a group { ... }");
	return false;
}

/* A new member of a group of groups, of the rows `group`. */
static struct word *named_push(struct reading *r, enum key_type type,
			       void *list, const char **out_group)
{
	if (type == KEY_CDNS) {
		*out_group = "cdn";
		return (void *)vec_push(r->diags->arena, (cdn_list *)list);
	}
	*out_group = "zone";
	return (void *)vec_push(r->diags->arena, (zone_list *)list);
}

static void read_named(struct reading *r, const config_setting_t *s,
		       enum key_type type, void *list)
{
	int n = config_setting_length(s);

	if (!is_group(r, s, config_setting_name(s)))
		return;
	for (int i = 0; i < n; i++) {
		const config_setting_t *c = child(s, i);
		const char *group;
		struct word *member;

		if (!is_group(r, c, config_setting_name(c)))
			continue;
		member = named_push(r, type, list, &group);
		if (!member)
			return;
		*member = word_of(r, c, config_setting_name(c));
		read_group(r, c, group, member);
	}
}

static void read_sets(struct reading *r, const config_setting_t *s,
		      set_list *sets)
{
	int n = config_setting_length(s);

	if (!is_group(r, s, config_setting_name(s)))
		return;
	for (int i = 0; i < n; i++) {
		const config_setting_t *c = child(s, i);
		struct ast_set *set = vec_push(r->diags->arena, sets);

		if (!set)
			return;
		set->name = word_of(r, c, config_setting_name(c));
		read_words(r, c, &set->members);
	}
}

/* A new member of a list of groups, of the rows `group`. */
static struct place *list_push(struct reading *r, enum key_type type,
			       void *list, const char **out_group)
{
	if (type == KEY_PROTOCOLS) {
		*out_group = "protocol";
		return (void *)vec_push(r->diags->arena, (protocol_list *)list);
	}
	if (type == KEY_MANAGEMENT) {
		*out_group = "management";
		return (void *)vec_push(r->diags->arena,
					(management_list *)list);
	}
	if (type == KEY_NATS) {
		*out_group = "nat";
		return (void *)vec_push(r->diags->arena, (nat_list *)list);
	}
	*out_group = "rule";
	return (void *)vec_push(r->diags->arena, (rule_list *)list);
}

/* What cannot be read of a rule is told of it, not of the policy. */
static void note_errors(struct reading *r, void *rule, size_t before)
{
	((struct ast_rule *)rule)->bad = r->diags->errors != before;
	r->ast->rule_errors += r->diags->errors - before;
}

static const char *member_name(enum key_type type)
{
	if (type == KEY_RULES)
		return "a rule";
	if (type == KEY_NATS)
		return "a translation";
	return type == KEY_MANAGEMENT ? "a management flow" : "a guard";
}

static void read_list(struct reading *r, const config_setting_t *s,
		      enum key_type type, void *list)
{
	int n = config_setting_length(s);

	if (config_setting_type(s) != CONFIG_TYPE_LIST) {
		wrong_type(r, s, config_setting_name(s),
			   type == KEY_RULES
				   ? "a list of rules ( { ... }, { ... } )"
				   : "a list of groups ( { ... }, { ... } )");
		return;
	}
	for (int i = 0; i < n; i++) {
		const config_setting_t *c = child(s, i);
		const char *group;
		struct place *member;
		size_t before;

		if (!is_group(r, c, member_name(type)))
			continue;
		member = list_push(r, type, list, &group);
		if (!member)
			return;
		*member = place_of(r, c);
		before = r->diags->errors;
		read_group(r, c, group, member);
		if (type == KEY_RULES)
			note_errors(r, member, before);
	}
}

static void read_value(struct reading *r, const config_setting_t *s,
		       const struct keyword *k, void *member)
{
	switch (k->type) {
	case KEY_INT:
	case KEY_BOOL:
		read_number(r, s, k->type, member);
		break;
	case KEY_STRING:
		read_string(r, s, member);
		break;
	case KEY_TEXT:
		read_text(r, s, member);
		break;
	case KEY_WORDS:
		read_words(r, s, member);
		break;
	case KEY_GROUP:
		if (!is_group(r, s, k->key))
			break;
		/* Each of them begins with its place; the first counts. */
		if (!((struct place *)member)->file)
			*(struct place *)member = place_of(r, s);
		read_group(r, s, k->key, member);
		break;
	case KEY_ZONES:
	case KEY_CDNS:
		read_named(r, s, k->type, member);
		break;
	case KEY_SETS:
		read_sets(r, s, member);
		break;
	case KEY_RULES:
	case KEY_PROTOCOLS:
	case KEY_MANAGEMENT:
	case KEY_NATS:
		read_list(r, s, k->type, member);
		break;
	}
}

_Static_assert(offsetof(struct ast_gateway, place) == 0 &&
		       offsetof(struct ast_geo, place) == 0 &&
		       offsetof(struct ast_hygiene, place) == 0 &&
		       offsetof(struct ast_application, place) == 0 &&
		       offsetof(struct ast_rule, place) == 0 &&
		       offsetof(struct ast_protocol, place) == 0 &&
		       offsetof(struct ast_management, place) == 0 &&
		       offsetof(struct ast_nat, place) == 0 &&
		       offsetof(struct ast_log, place) == 0,
	       "a group's struct begins with its place");
_Static_assert(offsetof(struct ast_zone, name) == 0 &&
		       offsetof(struct ast_cdn, name) == 0,
	       "what has its name as a key begins with it");

void read_tree(struct reading *r, const config_setting_t *root)
{
	read_group(r, root, "policy", r->ast);
}
