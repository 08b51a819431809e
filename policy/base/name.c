/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/name.h"

#include "policy/base/arena.h"
#include "policy/base/ipaddr.h"

#include <stdlib.h>

#define LABEL_MAX_LEN 63

static bool is_name_byte(char lower)
{
	return (lower >= 'a' && lower <= 'z') || ascii_is_digit(lower) ||
	       lower == '-' || lower == '_';
}

enum fw_err name_normalise(struct str in, char *buf, struct str *out_name)
{
	size_t label = 0;

	if (in.len > 0 && in.p[in.len - 1] == '.')
		in.len--;
	if (in.len == 0 || in.len > NAME_MAX_LEN)
		return FW_ERR_INVAL;
	for (size_t i = 0; i < in.len; i++) {
		char c = ascii_lower(in.p[i]);

		if (c == '.') {
			if (label == 0)
				return FW_ERR_INVAL;
			label = 0;
		} else if (!is_name_byte(c) || ++label > LABEL_MAX_LEN) {
			return FW_ERR_INVAL;
		}
		buf[i] = c;
	}
	if (label == 0)
		return FW_ERR_INVAL;
	buf[in.len] = '\0';
	*out_name = str_mem(buf, in.len);
	return FW_OK;
}

bool name_is_address(struct str s)
{
	struct ipaddr a;

	if (s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_mem(s.p + 1, s.len - 2);
	/* Most are names, and seen at a glance to be none. */
	if (s.len == 0 ||
	    (!ascii_is_digit(s.p[s.len - 1]) && !memchr(s.p, ':', s.len)))
		return false;
	return ipaddr_parse(s, &a) == FW_OK;
}

static int by_text(const void *pa, const void *pb)
{
	const struct str *a = pa, *b = pb;

	return str_cmp(*a, *b);
}

static bool has_exactly(const struct str *sorted, size_t n, struct str s)
{
	return n > 0 && bsearch(&s, sorted, n, sizeof(*sorted), by_text);
}

enum fw_err nameset_of(struct arena *arena, const struct str *patterns,
		       size_t n, struct nameset *out_set)
{
	struct nameset s = {0};

	s.exact = arena_calloc(arena, n + 1, sizeof(*s.exact));
	s.below = arena_calloc(arena, n + 1, sizeof(*s.below));
	if (!s.exact || !s.below)
		return FW_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		if (str_is(patterns[i], "*"))
			s.any = true;
		else if (str_starts(patterns[i], "*."))
			s.below[s.n_below++] = str_skip(patterns[i], 2);
		else
			s.exact[s.n_exact++] = patterns[i];
	}
	if (s.n_exact)
		qsort(s.exact, s.n_exact, sizeof(*s.exact), by_text);
	if (s.n_below)
		qsort(s.below, s.n_below, sizeof(*s.below), by_text);
	*out_set = s;
	return FW_OK;
}

bool nameset_has(const struct nameset *s, struct str name)
{
	if (name.len == 0)
		return false;
	if (has_exactly(s->exact, s->n_exact, name))
		return true;
	/* An address literal is matched only when it is written out. */
	if (name_is_address(name))
		return false;
	if (s->any)
		return true;
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] == '.' &&
		    has_exactly(s->below, s->n_below, str_skip(name, i + 1)))
			return true;
	return false;
}

struct str name_without_brackets(struct str s)
{
	if (s.len >= 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_mem(s.p + 1, s.len - 2);
	return s;
}

struct str name_without_port(struct str s)
{
	for (size_t i = s.len; i-- > 0;) {
		if (s.p[i] == ':') {
			s.len = i;
			break;
		}
		if (!ascii_is_digit(s.p[i]))
			break;
	}
	return name_without_brackets(s);
}
