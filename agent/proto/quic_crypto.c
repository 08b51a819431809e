/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/quic_crypto.h"

#include "policy/base/arena.h"

#include <string.h>

_Static_assert(LIMIT_QUIC_HELLO <= UINT16_MAX, "places are 16 bits");

struct quic_crypto *quic_crypto_scratch(void)
{
	static _Thread_local uint8_t bytes[LIMIT_QUIC_HELLO];
	static _Thread_local struct quic_crypto scratch;

	scratch.n = 0;
	scratch.room = sizeof(bytes);
	scratch.bytes = bytes;
	return &scratch;
}

struct quic_crypto *quic_crypto_keep(const struct quic_crypto *c,
				     struct arena *arena)
{
	struct quic_crypto *kept = arena_alloc(arena, sizeof(*kept));

	if (!kept)
		return NULL;
	*kept = *c;
	kept->bytes = arena_alloc(arena, c->room);
	if (!kept->bytes)
		return NULL;
	for (unsigned i = 0; i < c->n; i++)
		memcpy(&kept->bytes[c->have[i].from],
		       &c->bytes[c->have[i].from],
		       (size_t)(c->have[i].to - c->have[i].from));
	return kept;
}

/* Where it lies over a piece that is there, it must say the same. */
static bool agrees(const struct quic_crypto *c, struct quic_piece with,
		   struct quic_piece new, const uint8_t *p)
{
	size_t from = with.from > new.from ? with.from : new.from;
	size_t to = with.to < new.to ? with.to : new.to;

	return from >= to ||
	       !memcmp(&c->bytes[from], &p[from - new.from], to - from);
}

/* Put a piece among the others; those that it touches become one with it. */
static enum fw_err join(struct quic_crypto *c, struct quic_piece new)
{
	unsigned first = 0, behind;

	while (first < c->n && c->have[first].to < new.from)
		first++;
	behind = first;
	while (behind < c->n && c->have[behind].from <= new.to) {
		if (c->have[behind].from < new.from)
			new.from = c->have[behind].from;
		if (c->have[behind].to > new.to)
			new.to = c->have[behind].to;
		behind++;
	}
	if (behind == first && c->n == LIMIT_QUIC_PIECES)
		return FW_ERR_LIMIT;
	memmove(&c->have[first + 1], &c->have[behind],
		(c->n - behind) * sizeof(*c->have));
	c->have[first] = new;
	c->n = c->n - (behind - first) + 1;
	return FW_OK;
}

enum fw_err quic_crypto_add(struct quic_crypto *c, uint64_t offset,
			    struct reader data)
{
	size_t n = data.left;
	struct quic_piece new;
	const uint8_t *p;
	enum fw_err err;

	if (n == 0)
		return FW_OK;
	if (offset > c->room || n > c->room - offset)
		return FW_ERR_LIMIT;
	p = reader_take(&data, n);
	new = (struct quic_piece){(uint16_t)offset, (uint16_t)(offset + n)};
	for (unsigned i = 0; i < c->n; i++)
		if (!agrees(c, c->have[i], new, p))
			return FW_ERR_INVAL;
	err = join(c, new);
	if (!err)
		memcpy(&c->bytes[offset], p, n);
	return err;
}

struct reader quic_crypto_start(const struct quic_crypto *c)
{
	if (c->n == 0 || c->have[0].from > 0)
		return reader_of(c->bytes, 0);
	return reader_of(c->bytes, c->have[0].to);
}
