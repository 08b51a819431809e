/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/urlpath.h"

#include <stdint.h>

/* "http://host/path" -> "/path"; a target that begins with '/' as it is. */
static bool path_of(struct str target, struct str *out)
{
	size_t i = 0;

	if (str_starts(target, "/")) {
		*out = target;
		return true;
	}
	if (str_eq_nocase(str_mem(target.p, target.len < 7 ? 0 : 7),
			  str_of("http://")))
		i = 7;
	else if (str_eq_nocase(str_mem(target.p, target.len < 8 ? 0 : 8),
			       str_of("https://")))
		i = 8;
	else
		return false;
	while (i < target.len && target.p[i] != '/' && target.p[i] != '?')
		i++;
	*out = i < target.len && target.p[i] == '/' ? str_skip(target, i)
						    : str_of("/");
	return true;
}

static bool hex_digit(char c, unsigned *out)
{
	char l = ascii_lower(c);

	if (ascii_is_digit(c))
		*out = (unsigned)(c - '0');
	else if (l >= 'a' && l <= 'f')
		*out = (unsigned)(l - 'a' + 10);
	else
		return false;
	return true;
}

static bool is_unreserved(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

/* Some servers decode these before they look for segments, some do not. */
static bool is_doubtful(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f || c == '/' || c == '\\' ||
	       c == '%' || c == ';';
}

/* "%41" -> "A"; other escapes stay, with capitals.  The number of bytes read,
 * or 0. */
static size_t decode(struct str s, char *out, size_t *out_len)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned hi, lo;
	char c;

	if (s.len < 3 || !hex_digit(s.p[1], &hi) || !hex_digit(s.p[2], &lo))
		return 0;
	c = (char)(hi << 4 | lo);
	if (is_doubtful(c))
		return 0;
	*out_len = 1;
	out[0] = c;
	if (!is_unreserved(c)) {
		*out_len = 3;
		out[0] = '%';
		out[1] = digits[hi];
		out[2] = digits[lo];
	}
	return 3;
}

/* The segment's characters, decoded; false at what is doubtful. */
static bool put_segment(struct str s, char *buf, size_t *len)
{
	while (s.len) {
		size_t n = 1, made = 1;

		if (s.p[0] == '%')
			n = decode(s, buf + *len, &made);
		else if ((unsigned char)s.p[0] <= 0x20 || s.p[0] == '\\' ||
			 (unsigned char)s.p[0] >= 0x7f)
			return false;
		else
			buf[*len] = s.p[0];
		if (n == 0)
			return false;
		*len += made;
		s = str_skip(s, n);
	}
	return true;
}

/* Take back a segment that was "." or "..", and for the latter the one before
 * it.  False where there is none, or where dots have parameters. */
static bool resolve_dots(char *buf, size_t start, size_t *len)
{
	struct str s = str_mem(buf + start, *len - start);

	if (str_starts(s, ".;") || str_starts(s, "..;"))
		return false;
	if (!str_is(s, ".") && !str_is(s, ".."))
		return true;
	*len = start;
	if (s.len == 1)
		return true;
	/* Behind the '/' that begins the path there is nothing to go up to. */
	if (start <= 1)
		return false;
	for ((*len)--; buf[*len - 1] != '/';)
		(*len)--;
	return true;
}

bool urlpath_normalise(struct str target, char *buf, struct str *out)
{
	size_t len = 0;
	struct str path;
	const char *query;

	if (!path_of(target, &path) || path.len > URLPATH_MAX)
		return false;
	query = memchr(path.p, '?', path.len);
	if (query)
		path.len = (size_t)(query - path.p);
	if (memchr(path.p, '#', path.len))
		return false;
	buf[len++] = '/';
	path = str_skip(path, 1);
	while (path.len) {
		const char *slash = memchr(path.p, '/', path.len);
		size_t n = slash ? (size_t)(slash - path.p) : path.len;
		size_t start = len;
		bool kept;

		if (n == 0 || !put_segment(str_mem(path.p, n), buf, &len) ||
		    !resolve_dots(buf, start, &len))
			return false;
		kept = len > start;
		if (slash && kept)
			buf[len++] = '/';
		path = str_skip(path, n + (slash != NULL));
	}
	*out = str_mem(buf, len);
	return true;
}

bool urlpath_fits(struct str pattern, struct str path)
{
	size_t p = 0, s = 0;
	size_t star = SIZE_MAX, from = 0; /* the last '*', and what it takes */

	while (s < path.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			from = s;
		} else if (p < pattern.len && pattern.p[p] == path.p[s]) {
			p++;
			s++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			s = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}
