/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define STRBUF_CEILING_DEFAULT (1UL << 30)

void strbuf_init(struct strbuf *b, size_t ceiling)
{
	*b = (struct strbuf){.ceiling = ceiling ? ceiling
						: STRBUF_CEILING_DEFAULT};
}

void strbuf_init_in(struct strbuf *b, char *room, size_t size, size_t ceiling)
{
	strbuf_init(b, ceiling);
	b->p = room;
	b->p[0] = '\0';
	b->cap = size;
	b->borrowed = true;
}

void strbuf_done(struct strbuf *b)
{
	if (!b->borrowed)
		free(b->p);
	*b = (struct strbuf){.ceiling = b->ceiling};
}

/* Room for n more bytes and the NUL. */
static bool strbuf_reserve(struct strbuf *b, size_t n)
{
	size_t need, cap;
	char *p;

	if (b->failed)
		return false;
	if (n > b->ceiling - b->len) {
		b->failed = b->full = true;
		return false;
	}
	need = b->len + n + 1;
	if (need <= b->cap)
		return true;
	cap = b->cap ? b->cap * 2 : 256;
	if (cap < need)
		cap = need;
	p = realloc(b->borrowed ? NULL : b->p, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	if (b->borrowed)
		memcpy(p, b->p, b->len + 1);
	b->borrowed = false;
	b->p = p;
	b->cap = cap;
	return true;
}

void strbuf_add(struct strbuf *b, struct str s)
{
	if (!s.len || !strbuf_reserve(b, s.len))
		return;
	memcpy(b->p + b->len, s.p, s.len);
	b->len += s.len;
	b->p[b->len] = '\0';
}

void strbuf_addz(struct strbuf *b, const char *z)
{
	strbuf_add(b, str_of(z));
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !strbuf_reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *strbuf_text(const struct strbuf *b)
{
	return b->p ? b->p : "";
}
