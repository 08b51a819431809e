/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/pool.h"

#include "policy/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Before each piece; a zeroed block is one free piece of size 0, which stands
 * for all of it. */
struct piece {
	uint32_t size; /* with this head */
	bool used;
	uint8_t unused[11];
};

_Static_assert(sizeof(struct piece) == POOL_ALIGN, "pieces are aligned");

static struct piece *piece_at(void *block, size_t at)
{
	return (struct piece *)((char *)block + at);
}

/* Join a free piece with the free ones behind it. */
static void join(void *block, size_t size, size_t at)
{
	struct piece *p = piece_at(block, at);

	while (at + p->size < size) {
		const struct piece *next = piece_at(block, at + p->size);

		if (next->used)
			return;
		p->size += next->size;
	}
}

static void take(struct piece *p, size_t need)
{
	size_t rest = p->size - need;

	p->used = true;
	if (rest <= sizeof(*p))
		return;
	p->size = (uint32_t)need;
	p = piece_at(p, need);
	p->size = (uint32_t)rest;
	p->used = false;
}

void *pool_alloc(void *block, size_t size, size_t n)
{
	size_t need;

	if (n > size)
		return NULL;
	need = sizeof(struct piece) +
	       (n + POOL_ALIGN - 1) / POOL_ALIGN * POOL_ALIGN;
	if (piece_at(block, 0)->size == 0)
		piece_at(block, 0)->size = (uint32_t)size;
	for (size_t at = 0; at < size; at += piece_at(block, at)->size) {
		struct piece *p = piece_at(block, at);

		if (p->used)
			continue;
		join(block, size, at);
		if (p->size < need)
			continue;
		take(p, need);
		return p + 1;
	}
	return NULL;
}

void pool_free(void *block, void *p)
{
	struct piece *piece;

	if (!p)
		return;
	piece = (struct piece *)p - 1;
	FW_ASSERT((void *)piece >= block && piece->used);
	piece->used = false;
}

size_t pool_size(const void *p)
{
	const struct piece *piece = (const struct piece *)p - 1;

	return piece->size - sizeof(*piece);
}
