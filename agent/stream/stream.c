/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All offsets are from `base`.  `pieces` says which bytes of `data` are there:
 * sorted, and neighbours never touch (they would be one).  What is in order is
 * the first piece, when it starts at 0.
 */
#include "agent/stream/stream.h"

#include "agent/limits.h"
#include "policy/base/err.h"

#include <stdlib.h>
#include <string.h>

#define STREAM_DATA_FIRST   512
#define STREAM_PIECES_FIRST 4

_Static_assert(LIMIT_STREAM_BYTES <= INT32_MAX, "offsets are compared signed");
_Static_assert(2 * LIMIT_STREAM_PIECES <= UINT8_MAX,
	       "they are counted in 8 bits");

void stream_done(struct stream *s)
{
	free(s->data);
	free(s->pieces);
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
		struct stream_piece p = s->pieces[i];
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
	uint32_t capacity = s->capacity ? s->capacity : STREAM_DATA_FIRST;
	uint8_t *data;

	if (need <= s->capacity)
		return true;
	while (capacity < need)
		capacity *= 2;
	data = realloc(s->data, capacity);
	if (!data)
		return false;
	s->data = data;
	s->capacity = capacity;
	return true;
}

static bool pieces_reserve(struct stream *s)
{
	unsigned capacity = s->piece_capacity ? s->piece_capacity * 2U
					      : STREAM_PIECES_FIRST;
	struct stream_piece *pieces;

	if (s->n_pieces < s->piece_capacity)
		return true;
	pieces = realloc(s->pieces, capacity * sizeof(*pieces));
	if (!pieces)
		return false;
	s->pieces = pieces;
	s->piece_capacity = (uint8_t)capacity;
	return true;
}

/* Add to `pieces`, joining all that it touches; there is room for one more. */
static void pieces_join(struct stream *s, struct stream_piece new)
{
	unsigned first = 0, end;

	while (first < s->n_pieces && s->pieces[first].to < new.from)
		first++;
	for (end = first; end < s->n_pieces && s->pieces[end].from <= new.to;
	     end++) {
		if (s->pieces[end].from < new.from)
			new.from = s->pieces[end].from;
		if (s->pieces[end].to > new.to)
			new.to = s->pieces[end].to;
	}
	memmove(&s->pieces[first + 1], &s->pieces[end],
		(s->n_pieces - end) * sizeof(*s->pieces));
	s->pieces[first] = new;
	s->n_pieces = (uint8_t)(s->n_pieces - (end - first) + 1);
}

static bool touches(const struct stream *s, struct stream_piece new)
{
	for (unsigned i = 0; i < s->n_pieces; i++)
		if (s->pieces[i].from <= new.to &&new.from <= s->pieces[i].to)
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
	if (s->n_pieces == 0 || s->pieces[0].from > 0)
		return 0;
	return s->pieces[0].to;
}

bool stream_has_gap(const struct stream *s)
{
	return s->n_pieces > 1 || (s->n_pieces == 1 && s->pieces[0].from > 0);
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
	uint32_t n = s->consumed, end;
	unsigned kept = 0;

	if (n == 0)
		return;
	end = s->pieces[s->n_pieces - 1].to;
	memmove(s->data, &s->data[n], end - n);
	for (unsigned i = 0; i < s->n_pieces; i++) {
		struct stream_piece p = s->pieces[i];

		p.from = p.from > n ? p.from - n : 0;
		p.to -= n;
		if (p.from < p.to)
			s->pieces[kept++] = p;
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
