/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/spare.h"

#include <stdlib.h>

/* Bytes of one size that a thread keeps.  None where misuse of memory is looked
 * for: what is kept counts as in use. */
#ifndef SPARE_BYTES
#define SPARE_BYTES (1024 * 1024)
#endif

#define SPARE_LEAST 64

struct spare {
	struct spare *next;
};

static _Thread_local struct {
	struct spare *first;
	size_t n;
} kept[7];

_Static_assert(SPARE_LEAST << (sizeof(kept) / sizeof(*kept) - 1) ==
		       SPARE_MOST + sizeof(size_t),
	       "a list for each size");

/* Blocks of list i have SPARE_LEAST << i bytes, but for what malloc adds. */
static size_t size_of(unsigned i)
{
	return ((size_t)SPARE_LEAST << i) - sizeof(size_t);
}

static unsigned list_of(size_t n)
{
	size_t more = (n + sizeof(size_t) - 1) / SPARE_LEAST;

	return more ? 64 - (unsigned)__builtin_clzll(more) : 0;
}

size_t spare_room(size_t n)
{
	return n > SPARE_MOST ? n : size_of(list_of(n));
}

void *spare_take(size_t n)
{
	struct spare *p;
	unsigned i;

	if (n > SPARE_MOST)
		return malloc(n);
	i = list_of(n);
	p = kept[i].first;
	if (!p)
		return malloc(size_of(i));
	kept[i].first = p->next;
	kept[i].n--;
	return p;
}

void spare_give(void *p, size_t n)
{
	struct spare *s = p;
	unsigned i;

	if (!p)
		return;
	i = n > SPARE_MOST ? 0 : list_of(n);
	if (n > SPARE_MOST || kept[i].n >= SPARE_BYTES / size_of(i)) {
		free(p);
		return;
	}
	s->next = kept[i].first;
	kept[i].first = s;
	kept[i].n++;
}
