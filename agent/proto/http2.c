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
 * number is higher than any before is a request.  No decision waits for what
 * the server says.
 *
 * Opened by an upgrade (RFC 7540 3.2), stream 1 is the request that asked for
 * it: what a policy wants of requests holds of it in this layer as well, and
 * the client need not say more before its answer comes.
 */
#include "agent/proto/http2.h"

#include "agent/limits.h"
#include "agent/proto/http2_answer.h"
#include "agent/proto/http2_frame.h"
#include "agent/proto/http2_head.h"

#include <string.h>

#define PREFACE     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define PREFACE_LEN (sizeof(PREFACE) - 1)

struct http2_state {
	struct http2_pool pool;
	struct http2_head head;
	struct http2_answers answers;
	bool open;          /* the two have their pool */
	bool upgraded;      /* stream 1 was asked for by HTTP/1 */
	bool prefaced, set; /* preface and first SETTINGS were there */
	bool in_block;      /* only CONTINUATION may come */
	bool told;          /* a request, so that a further one is another */
	uint32_t skip;      /* bytes of a frame that nobody reads */
	uint32_t stream;    /* of the block */
	uint32_t last;      /* the highest that a request had */
	uint32_t block;     /* bytes of this block */
	unsigned continuations, message;
};

static enum probe_result http2_probe(const struct probe *first)
{
	struct reader r = first->client;
	size_t n = r.left < PREFACE_LEN ? r.left : PREFACE_LEN;

	if (n == 0 || memcmp(reader_take(&r, n), PREFACE, n) != 0)
		return PROBE_NO;
	return n < PREFACE_LEN ? PROBE_MORE : PROBE_YES;
}

/* RFC 9113 5.1.1: numbers of a client are odd and go up. */
static bool block_begin(struct http2_state *st, const struct http2_frame *f,
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
		http2_answers_expect(&st->answers, f->stream, st->message);
	}
	st->stream = f->stream;
	st->block = 0;
	st->continuations = 0;
	st->in_block = true;
	http2_head_begin(&st->head, request, st->message);
	return true;
}

static enum proto_result block_feed(struct http2_state *st,
				    const struct http2_frame *f,
				    struct reader payload, struct facts *facts)
{
	struct reader fragment = http2_fragment(f, payload);
	bool last = f->flags & HTTP2_END_HEADERS;

	if (fragment.failed ||
	    (f->type == HTTP2_HEADERS && !block_begin(st, f, facts)))
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
static bool may_come(struct http2_state *st, const struct http2_frame *f)
{
	/* RFC 9113 3.4. */
	if (!st->set && f->type != HTTP2_SETTINGS)
		return false;
	st->set = true;
	if (st->in_block != (f->type == HTTP2_CONTINUATION) ||
	    (st->in_block && f->stream != st->stream) ||
	    f->type == HTTP2_PUSH_PROMISE)
		return false;
	if (f->type == HTTP2_CONTINUATION &&
	    ++st->continuations > LIMIT_HTTP2_CONTINUATIONS)
		return false;
	return f->len <= HTTP2_FRAME_MAX || f->type == HTTP2_DATA ||
	       f->type >= HTTP2_KNOWN;
}

static enum proto_result frame_feed(struct http2_state *st, struct reader *in,
				    struct facts *facts)
{
	struct reader r = *in, payload;
	struct http2_frame f = http2_frame_read(&r);

	if (r.failed)
		return PROTO_MORE;
	if (f.type != HTTP2_HEADERS && f.type != HTTP2_CONTINUATION) {
		*in = r;
		st->skip = f.len;
		return may_come(st, &f) ? PROTO_MORE : PROTO_BAD;
	}
	/* Known to be too long before it is there. */
	if (f.len > HTTP2_FRAME_MAX)
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
		if (st->upgraded)
			facts_layer_settle(facts, false);
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
	struct http2_state *st = state;

	if (!st->open) {
		st->open = true;
		st->head.table.pool = st->answers.table.pool = &st->pool;
		st->head.table.most = LIMIT_HTTP2_POOL;
		st->answers.table.most = LIMIT_HTTP2_ANSWER_POOL;
	}
	if (dir == DIR_CLIENT)
		return client_feed(st, in, facts);
	http2_answers_feed(&st->answers, in, facts);
	return PROTO_MORE;
}

/* What the layer around has told of its last request is true of this one's
 * first. */
static void adopt(struct facts *facts)
{
	unsigned n = facts->n_values, last = 0, outer = facts->n_layers - 2;

	for (unsigned i = 0; i < n; i++)
		if (facts->values[i].layer == outer)
			last = facts->values[i].message;
	for (unsigned i = 0; i < n; i++) {
		struct fact_value v = facts->values[i];

		if (v.layer == outer && v.message == last &&
		    (v.field == FIELD_HTTP_METHOD ||
		     v.field == FIELD_HTTP_HOST ||
		     v.field == FIELD_HTTP_TARGET))
			facts_add(facts, v.field, 0, v.value);
	}
}

static enum proto_result upgraded_feed(void *state, enum dir dir,
				       struct reader *in, struct facts *facts)
{
	struct http2_state *st = state;

	if (!st->upgraded) {
		st->upgraded = st->told = true;
		st->last = 1;
		http2_answers_expect(&st->answers, 1, 0);
		adopt(facts);
	}
	return http2_feed(state, dir, in, facts);
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

static void http2_lose(void *state)
{
	struct http2_state *st = state;

	http2_answers_lose(&st->answers);
}

#define HTTP2_PROTO                                                            \
	.app = APP_HTTP2, .state_size = sizeof(struct http2_state),            \
	.ceiling = HTTP2_FRAME_HEADER + HTTP2_FRAME_MAX, .skips = http2_skips, \
	.skip = http2_skip, .lose = http2_lose

const struct proto proto_http2 = {
	.name = "http2",
	HTTP2_PROTO,
	.probe = http2_probe,
	.feed = http2_feed,
};

const struct proto proto_http2_upgraded = {
	.name = "http2-upgraded",
	HTTP2_PROTO,
	.probe = http2_probe,
	.feed = upgraded_feed,
};
