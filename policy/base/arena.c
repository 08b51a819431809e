/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/base/arena.h"

#include "policy/base/spare.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_BLOCK_FIRST 4096
#define ARENA_BLOCK_MOST  (1024 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	max_align_t data[];
};

void arena_init(struct arena *a, size_t ceiling, size_t first)
{
	*a = (struct arena){.left = ceiling ? ceiling : SIZE_MAX,
			    .first = first ? (uint32_t)first
					   : ARENA_BLOCK_FIRST};
}

void arena_fail(struct arena *a)
{
	a->failed = true;
}

static void *refuse(struct arena *a)
{
	arena_fail(a);
	return NULL;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){.block = a->blocks,
				   .in_block = a->blocks ? a->blocks->used : 0};
}

void arena_rewind(struct arena *a, struct arena_mark mark)
{
	while (a->blocks != mark.block) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		a->left += b->used;
		spare_give(b, sizeof(*b) + b->size);
	}
	if (mark.block) {
		a->left += mark.block->used - mark.in_block;
		mark.block->used = mark.in_block;
	}
	a->failed = false;
}

void arena_done(struct arena *a)
{
	arena_rewind(a, (struct arena_mark){0});
}

static struct arena_block *block_new(struct arena *a, size_t need)
{
	size_t size = a->first;
	struct arena_block *b;

	if (a->blocks)
		size = a->blocks->size < ARENA_BLOCK_MOST ? a->blocks->size * 2
							  : ARENA_BLOCK_MOST;
	if (size < need)
		size = need;
	size += sizeof(*b);
	size = spare_room(size);
	b = spare_take(size);
	if (!b)
		return NULL;
	*b = (struct arena_block){.next = a->blocks, .size = size - sizeof(*b)};
	a->blocks = b;
	return b;
}

/* As arena_alloc(), not zeroed. */
static void *take(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;
	void *p;

	if (n > SIZE_MAX / 2)
		return refuse(a);
	n = (n + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (n > a->left)
		return refuse(a);
	if (!b || n > b->size - b->used)
		b = block_new(a, n);
	if (!b)
		return refuse(a);
	p = (char *)b->data + b->used;
	b->used += n;
	a->left -= n;
	return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = take(a, n);

	return p ? memset(p, 0, n) : NULL;
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return refuse(a);
	return arena_alloc(a, bytes);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = take(a, s.len + 1);

	if (!p)
		return (struct str){0};
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return (struct str){.p = p, .len = s.len};
}

const char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0)
		p = take(a, (size_t)n + 1);
	if (!p)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}
