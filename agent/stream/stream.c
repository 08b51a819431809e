/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All offsets are from `base`.  `pieces` says which bytes of `data` are there:
 * sorted, and neighbours never touch (they would be one).  What is in order is
 * the first piece, when it starts at 0.
 */
#include "agent/stream/stream.h"

#include "agent/limits.h"
#include "policy/base/err.h"
#include "policy/base/spare.h"

#include <stdlib.h>
#include <string.h>

#define STREAM_PIECES_FIRST 4

_Static_assert(LIMIT_STREAM_BYTES <= INT32_MAX, "offsets are compared signed");
_Static_assert(2 * LIMIT_STREAM_PIECES <= UINT8_MAX,
	       "they are counted in 8 bits");

static struct stream_piece *pieces(struct stream *s)
{
	return s->piece_capacity ? s->pieces.many : &s->pieces.one;
}

/* Behind the last byte that is there. */
static uint32_t end_of(const struct stream *s)
{
	return s->n_pieces ? stream_pieces(s)[s->n_pieces - 1].to : 0;
}

void stream_done(struct stream *s)
{
	spare_give(s->data, s->capacity);
	if (s->piece_capacity)
		free(s->pieces.many);
	*s = (struct stream){0};
}

void stream_start(struct stream *s, uint32_t seq)
{
	s->started = true;
	s->base = seq;
}

/* Bytes of [from, to) that are there already; false when one differs. */
static bool compare(const struct stream *s, struct stream_piece want,
		    struct reader bytes, uint32_t *out_known)
{
	uint32_t known = 0;

	for (unsigned i = 0; i < s->n_pieces; i++) {
		struct stream_piece p = stream_pieces(s)[i];
		struct reader new = bytes;
		const uint8_t *at;

		if (p.from < want.from)
			p.from = want.from;
		if (p.to > want.to)
			p.to = want.to;
		if (p.from >= p.to)
			continue;
		reader_skip(&new, p.from - want.from);
		at = reader_take(&new, p.to - p.from);
		if (!at || memcmp(&s->data[p.from], at, p.to - p.from) != 0)
			return false;
		known += p.to - p.from;
	}
	*out_known = known;
	return true;
}

static bool data_reserve(struct stream *s, uint32_t need)
{
	uint32_t end = end_of(s);
	uint8_t *data;

	if (need <= s->capacity)
		return true;
	if (need < 2 * s->capacity)
		need = 2 * s->capacity;
	need = (uint32_t)spare_room(need);
	data = spare_take(need);
	if (!data)
		return false;
	if (end)
		memcpy(data, s->data, end);
	spare_give(s->data, s->capacity);
	s->data = data;
	s->capacity = need;
	return true;
}

static bool pieces_reserve(struct stream *s)
{
	unsigned capacity = s->piece_capacity ? s->piece_capacity * 2U
					      : STREAM_PIECES_FIRST;
	struct stream_piece *many = s->piece_capacity ? s->pieces.many : NULL;

	if (s->n_pieces < (many ? s->piece_capacity : 1))
		return true;
	many = realloc(many, capacity * sizeof(*many));
	if (!many)
		return false;
	if (!s->piece_capacity)
		*many = s->pieces.one;
	s->pieces.many = many;
	s->piece_capacity = (uint8_t)capacity;
	return true;
}

/* Add to `pieces`, joining all that it touches; there is room for one more. */
static void pieces_join(struct stream *s, struct stream_piece new)
{
	struct stream_piece *all = pieces(s);
	unsigned first = 0, end;

	while (first < s->n_pieces && all[first].to < new.from)
		first++;
	for (end = first; end < s->n_pieces && all[end].from <= new.to; end++) {
		if (all[end].from < new.from)
			new.from = all[end].from;
		if (all[end].to > new.to)
			new.to = all[end].to;
	}
	if (end < s->n_pieces)
		memmove(&all[first + 1], &all[end],
			(s->n_pieces - end) * sizeof(*all));
	all[first] = new;
	s->n_pieces = (uint8_t)(s->n_pieces - (end - first) + 1);
}

static bool touches(const struct stream *s, struct stream_piece new)
{
	const struct stream_piece *all = stream_pieces(s);

	for (unsigned i = 0; i < s->n_pieces; i++)
		if (all[i].from <= new.to &&new.from <= all[i].to)
			return true;
	return false;
}

enum stream_result stream_add(struct stream *s, uint32_t seq,
			      struct reader payload)
{
	struct stream_piece new;
	uint32_t known, before;
	const uint8_t *bytes;

	if (!s->started)
		stream_start(s, seq);
	if (payload.failed || payload.left == 0)
		return STREAM_OK;
	before = s->base - seq;
	if ((int32_t)before > 0) {
		if (payload.left <= before)
			return STREAM_REPEAT;
		reader_skip(&payload, before);
		seq = s->base;
	}
	new.from = seq - s->base;
	if (new.from > LIMIT_STREAM_BYTES ||
	    payload.left > LIMIT_STREAM_BYTES - new.from)
		return STREAM_LIMIT;
	new.to = new.from + (uint32_t)payload.left;
	if (!compare(s, new, payload, &known))
		return STREAM_CONFLICT;
	if (known == payload.left)
		return STREAM_REPEAT;
	if (s->n_pieces >= LIMIT_STREAM_PIECES && !touches(s, new))
		return STREAM_LIMIT;
	if (!data_reserve(s, new.to) || !pieces_reserve(s))
		return STREAM_NOMEM;
	bytes = reader_take(&payload, payload.left);
	memcpy(&s->data[new.from], bytes, new.to - new.from);
	pieces_join(s, new);
	return STREAM_OK;
}

bool stream_differs(const struct stream *s, uint32_t seq, struct reader payload)
{
	struct stream_piece want;
	uint32_t before = s->base - seq, known;

	if ((int32_t)before > 0) {
		if (payload.left <= before)
			return false;
		reader_skip(&payload, before);
		seq = s->base;
	}
	want.from = seq - s->base;
	if (want.from > LIMIT_STREAM_BYTES)
		return false;
	want.to = want.from + (uint32_t)payload.left;
	return !compare(s, want, payload, &known);
}

uint32_t stream_in_order(const struct stream *s)
{
	const struct stream_piece *first = stream_pieces(s);

	return s->n_pieces == 0 || first->from > 0 ? 0 : first->to;
}

bool stream_has_gap(const struct stream *s)
{
	return s->n_pieces > 1 ||
	       (s->n_pieces == 1 && stream_pieces(s)->from > 0);
}

struct reader stream_unread(const struct stream *s)
{
	uint32_t end = stream_in_order(s);

	if (end <= s->consumed)
		return (struct reader){0};
	return reader_of(&s->data[s->consumed], end - s->consumed);
}

void stream_consume(struct stream *s, const struct reader *rest)
{
	uint32_t end = stream_in_order(s);

	if (!rest->failed && rest->left <= end - s->consumed)
		s->consumed = end - (uint32_t)rest->left;
}

void stream_forget(struct stream *s)
{
	struct stream_piece *all = pieces(s);
	uint32_t n = s->consumed;
	unsigned kept = 0;

	if (n == 0)
		return;
	memmove(s->data, &s->data[n], end_of(s) - n);
	for (unsigned i = 0; i < s->n_pieces; i++) {
		struct stream_piece p = all[i];

		p.from = p.from > n ? p.from - n : 0;
		p.to -= n;
		if (p.from < p.to)
			all[kept++] = p;
	}
	s->n_pieces = (uint8_t)kept;
	s->base += n;
	s->consumed = 0;
}

struct reader stream_copy(const struct stream *s, uint32_t from, uint32_t n)
{
	FW_ASSERT(from + n <= stream_in_order(s));
	return reader_of(s->data + from, n);
}
