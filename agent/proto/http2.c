/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/2 in clear: every request of a connection (RFC 9113).
 *
 *	PREFACE   until its 24 bytes        FRAME
 *	FRAME     a frame's header          its payload: read whole when it is
 *	                                    part of a header block, else skipped
 *
 * Header blocks change what later ones mean, so each is decoded, trailers too.
 * Between the frames of one block nothing else may stand.  A stream whose
 * number is higher than any before is a request.  What the server says is not
 * read: no decision waits for it.
 */
#include "agent/proto/http2.h"

#include "agent/limits.h"
#include "agent/proto/http2_head.h"

#include <string.h>

#define PREFACE      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define PREFACE_LEN  (sizeof(PREFACE) - 1)
#define FRAME_HEADER 9
#define FRAME_MAX    16384 /* RFC 9113 4.2; the server may offer more */

enum frame {
	FRAME_DATA = 0,
	FRAME_HEADERS = 1,
	FRAME_SETTINGS = 4,
	FRAME_PUSH_PROMISE = 5,
	FRAME_CONTINUATION = 9,
	FRAME_KNOWN = 10,
};

#define FLAG_END_HEADERS 0x4
#define FLAG_PADDED      0x8
#define FLAG_PRIORITY    0x20

struct http2_state {
	struct http2_head head;
	bool prefaced, set; /* preface and first SETTINGS were there */
	bool in_block;      /* only CONTINUATION may come */
	bool told;          /* a request, so that a further one is another */
	uint32_t skip;      /* bytes of a frame that nobody reads */
	uint32_t stream;    /* of the block */
	uint32_t last;      /* the highest that a request had */
	uint32_t block;     /* bytes of this block */
	unsigned continuations, message;
};

struct frame_header {
	uint32_t len, stream;
	uint8_t type, flags;
};

static enum probe_result http2_probe(const struct probe *first)
{
	struct reader r = first->client;
	size_t n = r.left < PREFACE_LEN ? r.left : PREFACE_LEN;

	if (n == 0 || memcmp(reader_take(&r, n), PREFACE, n) != 0)
		return PROBE_NO;
	return n < PREFACE_LEN ? PROBE_MORE : PROBE_YES;
}

/* The fragment of the header block in a frame's payload. */
static struct reader fragment_of(const struct frame_header *f,
				 struct reader payload)
{
	size_t padding = 0;

	if (f->type == FRAME_HEADERS && (f->flags & FLAG_PADDED))
		padding = reader_u8(&payload);
	if (f->type == FRAME_HEADERS && (f->flags & FLAG_PRIORITY))
		reader_skip(&payload, 5);
	if (padding > payload.left)
		return (struct reader){.failed = true};
	return reader_sub(&payload, payload.left - padding);
}

/* RFC 9113 5.1.1: numbers of a client are odd and go up. */
static bool block_begin(struct http2_state *st, const struct frame_header *f,
			struct facts *facts)
{
	bool request = f->stream > st->last;

	if (f->stream % 2 == 0)
		return false;
	if (request && st->told) {
		st->message++;
		facts_layer_again(facts);
	}
	if (request) {
		st->last = f->stream;
		st->told = true;
	}
	st->stream = f->stream;
	st->block = 0;
	st->continuations = 0;
	st->in_block = true;
	http2_head_begin(&st->head, request, st->message);
	return true;
}

static enum proto_result block_feed(struct http2_state *st,
				    const struct frame_header *f,
				    struct reader payload, struct facts *facts)
{
	struct reader fragment = fragment_of(f, payload);
	bool last = f->flags & FLAG_END_HEADERS;

	if (fragment.failed ||
	    (f->type == FRAME_HEADERS && !block_begin(st, f, facts)))
		return PROTO_BAD;
	st->block += (uint32_t)fragment.left;
	if (st->block > LIMIT_HTTP2_BLOCK ||
	    !http2_head_feed(&st->head, fragment, last, facts))
		return PROTO_BAD;
	st->in_block = !last;
	if (last && st->head.request)
		facts_layer_settle(facts, false);
	return PROTO_MORE;
}

/* May this frame come here? */
static bool may_come(struct http2_state *st, const struct frame_header *f)
{
	bool block = f->type == FRAME_HEADERS || f->type == FRAME_CONTINUATION;

	/* RFC 9113 3.4. */
	if (!st->set && f->type != FRAME_SETTINGS)
		return false;
	st->set = true;
	if (st->in_block != (f->type == FRAME_CONTINUATION) ||
	    (st->in_block && f->stream != st->stream) ||
	    f->type == FRAME_PUSH_PROMISE)
		return false;
	if (f->type == FRAME_CONTINUATION &&
	    ++st->continuations > LIMIT_HTTP2_CONTINUATIONS)
		return false;
	return f->len <= FRAME_MAX ||
	       (!block && (f->type == FRAME_DATA || f->type >= FRAME_KNOWN));
}

static enum proto_result frame_feed(struct http2_state *st, struct reader *in,
				    struct facts *facts)
{
	struct reader r = *in, payload;
	struct frame_header f;

	f.len = reader_u24(&r);
	f.type = reader_u8(&r);
	f.flags = reader_u8(&r);
	f.stream = reader_u32(&r) & 0x7fffffff;
	if (r.failed)
		return PROTO_MORE;
	if (f.type != FRAME_HEADERS && f.type != FRAME_CONTINUATION) {
		*in = r;
		st->skip = f.len;
		return may_come(st, &f) ? PROTO_MORE : PROTO_BAD;
	}
	/* Known to be too long before it is there. */
	if (f.len > FRAME_MAX)
		return PROTO_BAD;
	payload = reader_sub(&r, f.len);
	if (payload.failed)
		return PROTO_MORE;
	*in = r;
	return may_come(st, &f) ? block_feed(st, &f, payload, facts)
				: PROTO_BAD;
}

static enum proto_result client_feed(struct http2_state *st, struct reader *in,
				     struct facts *facts)
{
	enum proto_result result = PROTO_MORE;
	size_t before;

	if (!st->prefaced) {
		const uint8_t *p;
		struct reader r = *in;

		p = reader_take(&r, PREFACE_LEN);
		if (!p)
			return PROTO_MORE;
		if (memcmp(p, PREFACE, PREFACE_LEN) != 0)
			return PROTO_BAD;
		st->prefaced = true;
		*in = r;
	}
	do {
		size_t n = in->left < st->skip ? in->left : st->skip;

		before = in->left;
		reader_skip(in, n);
		st->skip -= (uint32_t)n;
		if (in->left > 0)
			result = frame_feed(st, in, facts);
	} while (result == PROTO_MORE && in->left > 0 && in->left < before);
	return result;
}

static enum proto_result http2_feed(void *state, enum dir dir,
				    struct reader *in, struct facts *facts)
{
	if (dir == DIR_CLIENT)
		return client_feed(state, in, facts);
	reader_skip(in, in->left);
	return PROTO_MORE;
}

/* Nobody is asked for anything inside of a frame's payload. */
static uint64_t http2_skips(const void *state)
{
	const struct http2_state *st = state;

	return st->skip;
}

static void http2_skip(void *state, uint64_t n)
{
	struct http2_state *st = state;

	st->skip -= (uint32_t)n;
}

const struct proto proto_http2 = {
	.name = "http2",
	.app = APP_HTTP2,
	.state_size = sizeof(struct http2_state),
	.ceiling = FRAME_HEADER + FRAME_MAX,
	.probe = http2_probe,
	.feed = http2_feed,
	.skips = http2_skips,
	.skip = http2_skip,
};
