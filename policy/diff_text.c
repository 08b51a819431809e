/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/diff_text.h"

#include "policy/base/map.h"

/* A value in its entry; the entry's own line has an empty key. */
struct value {
	struct str entry, key, text;
};

struct value_list {
	VEC(struct value) all;
	VEC(struct str) entries; /* of lists, in their order */
	struct map by_name;      /* "entry\nkey" -> struct value */
	bool failed;
};

/* Where in the canonical text one is: the group, and the entry in it. */
struct reading {
	struct arena *arena;
	struct value_list *out;
	struct str group, entry;
	bool in_list; /* entries have names of their own within */
};

static struct str trimmed(struct str s)
{
	while (s.len && (s.p[0] == '\t' || s.p[0] == ' '))
		s = str_skip(s, 1);
	return s;
}

static bool ends_with(struct str s, const char *end)
{
	size_t n = strlen(end);

	return s.len >= n && !memcmp(s.p + s.len - n, end, n);
}

static struct str next_line(struct str *text)
{
	return trimmed(str_cut(text, '\n'));
}

static struct str key_of(struct arena *a, struct str entry, struct str key)
{
	return str_of(
		arena_printf(a, "%.*s\n%.*s", STR_ARG(entry), STR_ARG(key)));
}

static void add_value(struct reading *r, struct str key, struct str text)
{
	struct value *slot = vec_push(r->arena, &r->out->all);

	if (!slot) {
		r->out->failed = true;
		return;
	}
	*slot = (struct value){r->entry.len ? r->entry : r->group, key, text};
}

/* "key = value;", whose list may go on over lines. */
static void read_value(struct reading *r, struct str line, struct str *rest)
{
	const char *eq = memchr(line.p, '=', line.len);
	struct str key = str_mem(line.p, (size_t)(eq - line.p) - 1);
	const char *begin = eq + 2, *end = line.p + line.len;

	while (!ends_with(line, ";") && rest->len) {
		line = next_line(rest);
		end = line.p + line.len;
	}
	/* Without the semicolon. */
	add_value(r, key, str_mem(begin, (size_t)(end - begin) - 1));
}

/* An entry of a list begins with its name. */
static void read_name(struct reading *r, struct str line)
{
	struct str name = str_skip(line, strlen("name = "));
	struct str *slot;

	name = str_mem(name.p + 1, name.len - 3); /* "...";  */
	r->entry = str_of(arena_printf(r->arena, "%.*s '%.*s'",
				       STR_ARG(r->group), STR_ARG(name)));
	slot = vec_push(r->arena, &r->out->entries);
	if (slot)
		*slot = r->entry;
	add_value(r, str_of(""), str_of("there"));
}

static void read_line(struct reading *r, struct str line, struct str *rest)
{
	if (ends_with(line, ": {") || ends_with(line, ": (")) {
		struct str name = str_mem(line.p, line.len - 3);

		if (r->group.len)
			r->entry = str_of(arena_printf(r->arena, "%.*s %.*s",
						       STR_ARG(r->group),
						       STR_ARG(name)));
		else
			r->group = name;
		r->in_list = ends_with(line, "(");
	} else if (str_is(line, "};") || str_is(line, ");")) {
		if (r->entry.len)
			r->entry = (struct str){0};
		else
			r->group = (struct str){0};
	} else if (str_is(line, "}") || str_is(line, "},")) {
		r->entry = (struct str){0};
	} else if (r->in_list && !r->entry.len && str_starts(line, "name = ")) {
		read_name(r, line);
	} else if (memchr(line.p, '=', line.len)) {
		read_value(r, line, rest);
	}
}

static void read_values(struct str text, struct arena *arena,
			struct value_list *out)
{
	struct reading r = {.arena = arena, .out = out};

	while (text.len)
		read_line(&r, next_line(&text), &text);
	vec_foreach (v, &out->all)
		if (!map_put(arena, &out->by_name,
			     key_of(arena, v->entry, v->key), v))
			out->failed = true;
}

static void note_change(struct text_diff *d, struct arena *arena,
			const struct value *before, const struct value *after)
{
	struct text_change *slot = vec_push(arena, &d->changes);
	const struct value *v = before ? before : after;

	if (!slot) {
		d->failed = true;
		return;
	}
	*slot = (struct text_change){.entry = v->entry, .key = v->key};
	if (before)
		slot->before = before->text;
	if (after)
		slot->after = after->text;
}

/* Where each entry of the list stands, by its name. */
static size_t *places_of(const struct value_list *list, struct arena *arena,
			 struct map *out)
{
	size_t *places =
		arena_calloc(arena, list->entries.n + 1, sizeof(*places));

	for (size_t i = 0; places && i < list->entries.n; i++) {
		places[i] = i;
		if (!map_put(arena, out, list->entries.items[i], &places[i]))
			return NULL;
	}
	return places;
}

/* Entries that both have, in the order of each: what is out of order is named,
 * once for each entry that has to be moved past others. */
static void find_moved(const struct value_list *before,
		       const struct value_list *after, struct arena *arena,
		       struct text_diff *d)
{
	struct map places = {0};
	size_t j = 0;

	if (!places_of(before, arena, &places)) {
		d->failed = true;
		return;
	}
	vec_foreach (entry, &after->entries) {
		const size_t *at = map_get(&places, *entry);
		struct str *slot;

		if (!at)
			continue;
		if (*at >= j) {
			j = *at;
			continue;
		}
		slot = vec_push(arena, &d->moved);
		if (slot)
			*slot = *entry;
	}
}

void diff_text(struct str before, struct str after, struct arena *arena,
	       struct text_diff *out)
{
	struct value_list a = {0}, b = {0};

	read_values(before, arena, &a);
	read_values(after, arena, &b);
	vec_foreach (v, &a.all) {
		const struct value *now =
			map_get(&b.by_name, key_of(arena, v->entry, v->key));

		if (!now || !str_eq(now->text, v->text))
			note_change(out, arena, v, now);
	}
	vec_foreach (v, &b.all)
		if (!map_get(&a.by_name, key_of(arena, v->entry, v->key)))
			note_change(out, arena, NULL, v);
	find_moved(&a, &b, arena, out);
	out->failed |= a.failed || b.failed || arena->failed;
}

/* What stands between words of a list. */
static bool is_between(char c)
{
	return c == '[' || c == ']' || c == ',' || c == ' ' || c == '\n' ||
	       c == '\t';
}

/* The next word of "[a, b]" or of a plain value. */
static bool take_word(struct str *list, struct str *out)
{
	bool quoted = false;
	size_t n = 0;

	while (list->len && is_between(list->p[0]))
		*list = str_skip(*list, 1);
	while (n < list->len) {
		char c = list->p[n];

		if (c == '\\' && quoted)
			n++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ',' || c == ']'))
			break;
		n++;
	}
	if (n > list->len)
		n = list->len;
	*out = str_mem(list->p, n);
	*list = str_skip(*list, n);
	return out->len > 0;
}

static bool has_word(struct str list, struct str word)
{
	struct str other;

	while (take_word(&list, &other))
		if (str_eq(other, word))
			return true;
	return false;
}

struct str diff_words(struct str value, struct str other, struct arena *arena)
{
	struct str word, text = {.p = ""};

	while (take_word(&value, &word))
		if (!has_word(other, word))
			text = str_of(arena_printf(
				arena, "%.*s%s%.*s", STR_ARG(text),
				text.len ? ", " : "", STR_ARG(word)));
	return text;
}
