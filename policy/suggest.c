/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/suggest.h"

#include <stdio.h>

void suggest_init(struct suggest *s, struct str wrong)
{
	*s = (struct suggest){.wrong = wrong};
	/* Of a short word less may differ, else all are near. */
	s->distance = (wrong.len < 4 ? 1 : wrong.len < 8 ? 2 : 3) + 1;
}

static bool same_but_case(struct str a, struct str b)
{
	for (size_t i = 0; i < a.len && a.len == b.len; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return a.len == b.len;
}

void suggest_offer(struct suggest *s, struct str known)
{
	size_t d = same_but_case(s->wrong, known)
			   ? 0
			   : str_distance(s->wrong, known, s->distance);
	size_t room = sizeof(s->all) - s->len;

	if (d < s->distance) {
		s->distance = d;
		s->best = known;
	}
	if (s->cut)
		return;
	if (known.len + 3 > room) {
		s->cut = true;
		return;
	}
	s->len += (size_t)snprintf(s->all + s->len, room, "%s%.*s",
				   s->len ? ", " : "", STR_ARG(known));
}

void suggest_note(const struct suggest *s, struct diag_list *diags,
		  struct place at)
{
	if (s->best.p)
		diag_note(diags, at, "did you mean %s?",
			  diag_quote(diags, s->best));
	else if (s->len)
		diag_note(diags, at, "possible here: %s%s", s->all,
			  s->cut ? ", ..." : "");
}
