/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/str.h"

#include <stdint.h>
#include <stdlib.h>

#define DISTANCE_MAX_LEN 64

void str_free(struct str s)
{
	free((void *)(uintptr_t)s.p); /* NOLINT: else -Wcast-qual */
}

struct str str_cut(struct str *rest, char stop)
{
	const char *at = rest->len ? memchr(rest->p, stop, rest->len) : NULL;
	struct str cut = *rest;

	if (at)
		cut.len = (size_t)(at - rest->p);
	*rest = str_skip(*rest, cut.len + (at != NULL));
	return cut;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	if (d)
		return d;
	return (a.len > b.len) - (a.len < b.len);
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && !memcmp(s.p, prefix, n);
}

/* Line and paragraph separators, and what turns the direction of text. */
static bool is_unseen(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	       (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

size_t str_utf8(struct str s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = 1;
	uint32_t c;

	if (s.len == 0)
		return 0;
	c = p[0];
	if (c >= 0xf0 && c < 0xf5)
		n = 4;
	else if (c >= 0xe0 && c < 0xf0)
		n = 3;
	else if (c >= 0xc2 && c < 0xe0)
		n = 2;
	else if (c >= 0x80)
		return 0;
	if (n > s.len)
		return 0;
	if (n > 1)
		c &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return is_unseen(c) ? 0 : n;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t str_distance(struct str a, struct str b, size_t most)
{
	/* Three rows of the Damerau-Levenshtein table are enough. */
	size_t row[3][DISTANCE_MAX_LEN + 1];
	size_t *before = row[0], *last = row[1], *cur = row[2];

	if (a.len > DISTANCE_MAX_LEN || b.len > DISTANCE_MAX_LEN)
		return most + 1;
	for (size_t j = 0; j <= b.len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *spare = before;

		cur[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t cost = a.p[i - 1] != b.p[j - 1];

			cur[j] = min3(last[j] + 1, cur[j - 1] + 1,
				      last[j - 1] + cost);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1] && before[j - 2] < cur[j])
				cur[j] = before[j - 2] + 1;
		}
		before = last;
		last = cur;
		cur = spare;
	}
	return last[b.len] > most ? most + 1 : last[b.len];
}
