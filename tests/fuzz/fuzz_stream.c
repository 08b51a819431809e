/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segments of one stream, against a plain model: an array of bytes with a note
 * of which are there.  Each step is three bytes: what to do and where, where,
 * how much; the bytes of a segment follow from their offset, unless the step
 * says otherwise.
 */
#include "agent/limits.h"
#include "agent/stream/stream.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MODEL_BYTES 8192
#define BASE        0xfffffc00u

struct model {
	uint8_t bytes[MODEL_BYTES];
	bool there[MODEL_BYTES];
	uint32_t base; /* offset of the stream's base */
	uint32_t consumed;
};

static void check(bool right)
{
	if (!right)
		abort();
}

static uint32_t model_in_order(const struct model *m)
{
	uint32_t n = m->base;

	while (n < MODEL_BYTES && m->there[n])
		n++;
	return n;
}

static enum stream_result model_add(struct model *m, uint32_t from,
				    const uint8_t *p, uint32_t n)
{
	bool new = false;

	if (n == 0)
		return STREAM_OK;
	for (uint32_t i = 0; i < n; i++) {
		if (from + i < m->base)
			continue;
		if (m->there[from + i] && m->bytes[from + i] != p[i])
			return STREAM_CONFLICT;
		new = new || !m->there[from + i];
	}
	if (!new)
		return STREAM_REPEAT;
	for (uint32_t i = 0; i < n; i++) {
		if (from + i < m->base)
			continue;
		m->there[from + i] = true;
		m->bytes[from + i] = p[i];
	}
	return STREAM_OK;
}

static void step_add(struct model *m, struct stream *s, const uint8_t step[3])
{
	uint32_t from = ((uint32_t)step[0] << 8 | step[1]) & 0x0fff;
	uint32_t n = step[2];
	uint8_t segment[256] = {0};
	struct model before;
	enum stream_result got, want;

	for (uint32_t i = 0; i < n; i++)
		segment[i] = (uint8_t)((from + i) * 31);
	if (n > 0 && (step[0] & 0x20))
		segment[n / 2] ^= 1;
	before = *m;
	want = model_add(m, from, segment, n);
	got = stream_add(s, BASE + from, reader_of(segment, n));
	if (got == STREAM_LIMIT && want == STREAM_OK &&
	    s->n_pieces == LIMIT_STREAM_PIECES)
		*m = before;
	else
		check(got == want);
}

static void step_read(struct model *m, struct stream *s, uint8_t n, bool forget)
{
	uint32_t end = model_in_order(m);
	struct reader r = stream_unread(s);

	check(r.left == end - m->consumed);
	check(r.left == 0 || !memcmp(r.p, &m->bytes[m->consumed], r.left));
	if (n < r.left)
		reader_skip(&r, n);
	else
		reader_skip(&r, r.left);
	stream_consume(s, &r);
	m->consumed = end - (uint32_t)r.left;
	if (forget) {
		stream_forget(s);
		m->base = m->consumed;
	}
	check(stream_unread(s).left == end - m->consumed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model model;
	struct stream s = {0};

	memset(&model, 0, sizeof(model));
	stream_start(&s, BASE);
	for (; size >= 3; data += 3, size -= 3) {
		if (data[0] & 0x40)
			step_read(&model, &s, data[2], data[0] & 0x80);
		else
			step_add(&model, &s, data);
		check(stream_in_order(&s) ==
		      model_in_order(&model) - model.base);
	}
	stream_done(&s);
	return 0;
}
