/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A borrowed string view: valid as long as what it was made from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *p;
	size_t len;
};

/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, (s).p ? (s).p : ""

static inline struct str str_of(const char *z)
{
	return (struct str){.p = z, .len = z ? strlen(z) : 0};
}

static inline struct str str_mem(const void *p, size_t len)
{
	return (struct str){.p = p, .len = len};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len &&
	       (a.len == 0 || (a.p && b.p && !memcmp(a.p, b.p, a.len)));
}

static inline bool str_is(struct str a, const char *z)
{
	return str_eq(a, str_of(z));
}

static inline struct str str_skip(struct str s, size_t n)
{
	if (!s.p)
		return (struct str){0};
	if (n > s.len)
		n = s.len;
	return (struct str){.p = s.p + n, .len = s.len - n};
}

/* The text up to `stop`, which is taken off `rest` with it; all of it where it
 * has none. */
struct str str_cut(struct str *rest, char stop);

/* ASCII only: what another locale calls a letter is not one here. */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_alpha(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

/* Free the bytes of a text that was handed over as owned. */
void str_free(struct str s);

/* Order of bytes, shorter first on a tie: <0, 0, >0. */
int str_cmp(struct str a, struct str b);

/* Equal but for the case of ASCII letters. */
bool str_eq_nocase(struct str a, struct str b);

bool str_starts(struct str s, const char *prefix);

/* Bytes of the printable UTF-8 character that s begins with, or 0: a control
 * character (also U+0080..U+009F and the marks that turn the direction of
 * text), broken or overlong UTF-8, or nothing. */
size_t str_utf8(struct str s);

/* Edit distance (insert, delete, replace, swap of neighbours), or `most` + 1
 * when it is larger.  For "did you mean". */
size_t str_distance(struct str a, struct str b, size_t most);
