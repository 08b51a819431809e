/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/service_words.h"

static enum fw_err add_one(struct arena *arena, service_list *out,
			   struct str text)
{
	struct service s, *slot;

	if (service_parse(text, &s))
		return FW_ERR_INVAL;
	slot = vec_push(arena, out);
	if (!slot)
		return FW_ERR_NOMEM;
	*slot = s;
	return FW_OK;
}

/* "tcp/53", or a built-in service: "tcp/53 udp/53". */
static enum fw_err add_members(struct arena *arena, service_list *out,
			       struct str word)
{
	struct str list = service_builtin(word);
	enum fw_err err = FW_OK;

	if (!list.p)
		list = word;
	while (list.len && !err) {
		size_t n = 0;

		while (n < list.len && list.p[n] != ' ')
			n++;
		err = add_one(arena, out, str_mem(list.p, n));
		list = str_skip(list, n + 1);
	}
	return err;
}

static enum fw_err add_word(const struct ast *ast, struct arena *arena,
			    service_list *out, struct str word)
{
	enum fw_err err = FW_OK;

	vec_foreach (own, &ast->services) {
		if (!str_eq(own->name.text, word))
			continue;
		vec_foreach (m, &own->members)
			if (!err)
				err = add_members(arena, out, m->text);
		return err;
	}
	return add_members(arena, out, word);
}

enum fw_err service_words(const struct ast *ast, struct arena *arena,
			  const word_list *words, service_list *out)
{
	service_list minus = {0};
	enum fw_err err = FW_OK;

	*out = (service_list){0};
	vec_foreach (w, words)
		if (str_is(w->text, "any"))
			return FW_OK;
	vec_foreach (w, words)
		if (!err)
			err = add_word(ast, arena,
				       word_is_negated(w) ? &minus : out,
				       word_bare(w));
	vec_foreach (m, &minus)
		if (!err && !service_list_subtract(arena, out, *m))
			err = FW_ERR_NOMEM;
	return err;
}
