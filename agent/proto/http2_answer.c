/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/http2_answer.h"

#include "agent/proto/http2_frame.h"
#include "agent/proto/tell.h"

void http2_answers_expect(struct http2_answers *a, uint32_t stream,
			  unsigned message)
{
	a->waits[a->next] =
		(struct http2_wait){.stream = stream, .message = message};
	a->next = (a->next + 1) % LIMIT_HTTP2_WAITS;
}

void http2_answers_lose(struct http2_answers *a)
{
	a->lost = true;
	http2_table_close(&a->table);
}

/* RFC 9113 8.3.2: three digits. */
static bool field_take(void *ctx, struct str name, struct str value)
{
	struct http2_answers *a = ctx;

	if (!str_is(name, ":status"))
		return true;
	if (a->status || value.len != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (!ascii_is_digit(value.p[i]))
			return false;
		a->status = a->status * 10 + (unsigned)(value.p[i] - '0');
	}
	return true;
}

static void tell(struct http2_answers *a, struct facts *facts)
{
	if (a->promise || a->status < 200)
		return;
	for (size_t i = 0; i < LIMIT_HTTP2_WAITS; i++) {
		if (a->waits[i].stream != a->stream)
			continue;
		a->waits[i].stream = 0;
		tell_number(facts, FIELD_HTTP_STATUS, a->waits[i].message,
			    a->status);
		return;
	}
}

static bool block_feed(struct http2_answers *a, const struct http2_frame *f,
		       struct reader payload, struct facts *facts)
{
	struct reader fragment = http2_fragment(f, payload);
	bool last = f->flags & HTTP2_END_HEADERS;

	if (fragment.failed || f->stream == 0)
		return false;
	if (f->type != HTTP2_CONTINUATION) {
		a->stream = f->stream;
		a->promise = f->type == HTTP2_PUSH_PROMISE;
		a->block = a->status = 0;
	}
	a->block += (uint32_t)fragment.left;
	if (a->block > LIMIT_HTTP2_BLOCK ||
	    !http2_table_feed(&a->table, fragment, last, field_take, a))
		return false;
	if (!last)
		return true;
	tell(a, facts);
	a->stream = 0;
	return true;
}

/* A frame; false when it is not there yet.  Between those of one block no other
 * may come. */
static bool frame_feed(struct http2_answers *a, struct reader *in,
		       struct facts *facts)
{
	struct reader r = *in, payload;
	struct http2_frame f = http2_frame_read(&r);
	bool goes_on = a->stream != 0;

	if (r.failed)
		return false;
	if (goes_on != (f.type == HTTP2_CONTINUATION) ||
	    (goes_on && f.stream != a->stream) ||
	    (http2_has_block(&f) && f.len > HTTP2_FRAME_MAX)) {
		http2_answers_lose(a);
		return false;
	}
	if (!http2_has_block(&f)) {
		*in = r;
		a->skip = f.len;
		return true;
	}
	payload = reader_sub(&r, f.len);
	if (payload.failed)
		return false;
	*in = r;
	if (block_feed(a, &f, payload, facts))
		return true;
	http2_answers_lose(a);
	return false;
}

void http2_answers_feed(struct http2_answers *a, struct reader *in,
			struct facts *facts)
{
	do {
		size_t n = in->left < a->skip ? in->left : a->skip;

		reader_skip(in, n);
		a->skip -= (uint32_t)n;
	} while (!a->lost && in->left > 0 && frame_feed(a, in, facts));
	if (a->lost)
		reader_skip(in, in->left);
}
