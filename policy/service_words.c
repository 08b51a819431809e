/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/service_words.h"

static bool add_one(struct arena *arena, service_list *out, struct str text)
{
	struct service s, *slot;

	if (service_parse(text, &s))
		FW_ASSERT(!"a service that was checked");
	slot = vec_push(arena, out);
	if (slot)
		*slot = s;
	return slot != NULL;
}

/* "tcp/53", or a built-in service: "tcp/53 udp/53". */
static bool add_members(struct arena *arena, service_list *out, struct str word)
{
	struct str list = service_builtin(word);

	if (!list.p)
		list = word;
	while (list.len) {
		size_t n = 0;

		while (n < list.len && list.p[n] != ' ')
			n++;
		if (!add_one(arena, out, str_mem(list.p, n)))
			return false;
		list = str_skip(list, n + 1);
	}
	return true;
}

static bool add_word(const struct ast *ast, struct arena *arena,
		     service_list *out, struct str word)
{
	vec_foreach (own, &ast->services) {
		if (!str_eq(own->name.text, word))
			continue;
		vec_foreach (m, &own->members)
			if (!add_members(arena, out, m->text))
				return false;
		return true;
	}
	return add_members(arena, out, word);
}

bool service_words(const struct ast *ast, struct arena *arena,
		   const word_list *words, service_list *out)
{
	service_list minus = {0};

	*out = (service_list){0};
	vec_foreach (w, words)
		if (str_is(w->text, "any"))
			return true;
	vec_foreach (w, words)
		if (!add_word(ast, arena, word_is_negated(w) ? &minus : out,
			      word_bare(w)))
			return false;
	vec_foreach (m, &minus)
		if (!service_list_subtract(arena, out, *m))
			return false;
	return true;
}
