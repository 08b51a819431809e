/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One direction of a TCP stream: order, overlaps, gaps, ceiling.
 *
 * Bytes are kept from the start until stream_forget(), so that a later copy of
 * a byte can be compared with the first one even when a parser consumed it.
 * First copy wins; a later copy that differs is a conflict.
 */
#pragma once

#include "policy/base/reader.h"

enum stream_result {
	STREAM_OK,       /* taken, all of it new or the rest a true repeat */
	STREAM_REPEAT,   /* nothing new: a retransmit */
	STREAM_CONFLICT, /* a byte seen before has another value now */
	STREAM_LIMIT,    /* would go past LIMIT_STREAM_BYTES or _PIECES */
	STREAM_NOMEM,
};

struct stream_piece {
	uint32_t from, to; /* offsets from `base` */
};

struct stream {
	uint8_t *data; /* owned */
	union {
		struct stream_piece *many; /* owned */
		struct stream_piece one;   /* where piece_capacity is 0 */
	} pieces;      /* sorted, disjoint: stream_pieces() */
	uint32_t base; /* sequence number of data[0] */
	uint32_t capacity;
	uint32_t consumed; /* offset: the reader's bytes start here */
	uint8_t n_pieces, piece_capacity;
	bool started;
};

static inline const struct stream_piece *stream_pieces(const struct stream *s)
{
	return s->piece_capacity ? s->pieces.many : &s->pieces.one;
}

void stream_done(struct stream *s);

/* The sequence number of the first byte to come (ISN + 1). */
void stream_start(struct stream *s, uint32_t seq);

/* A segment: `payload` at `seq`.  A stream not started starts here.  Bytes
 * before `base` are ignored.  On anything but STREAM_OK nothing is changed. */
enum stream_result stream_add(struct stream *s, uint32_t seq,
			      struct reader payload);

/* What is there in order and not consumed yet; borrowed until the next call. */
struct reader stream_unread(const struct stream *s);

/* `rest` is what the parser left of stream_unread(): consume the others. */
void stream_consume(struct stream *s, const struct reader *rest);

/* Drop consumed bytes: after the decision nothing is compared any more. */
void stream_forget(struct stream *s);

/* `n` bytes from offset `from`, all of them in order; borrowed. */
struct reader stream_copy(const struct stream *s, uint32_t from, uint32_t n);

/* Does it say something else about bytes that are there?  Adds nothing. */
bool stream_differs(const struct stream *s, uint32_t seq,
		    struct reader payload);

/* Contiguous bytes from the start, consumed or not. */
uint32_t stream_in_order(const struct stream *s);

/* Are there bytes behind a gap? */
bool stream_has_gap(const struct stream *s);
