/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of HTTP/2 (RFC 9113 4.1, 6). */
#pragma once

#include "policy/base/reader.h"

#define HTTP2_FRAME_HEADER 9
#define HTTP2_FRAME_MAX    16384 /* 4.2; the other side may offer more */

enum http2_kind {
	HTTP2_DATA = 0,
	HTTP2_HEADERS = 1,
	HTTP2_SETTINGS = 4,
	HTTP2_PUSH_PROMISE = 5,
	HTTP2_CONTINUATION = 9,
	HTTP2_KNOWN = 10, /* from here on nobody need know */
};

#define HTTP2_END_HEADERS 0x4
#define HTTP2_PADDED      0x8
#define HTTP2_PRIORITY    0x20

struct http2_frame {
	uint32_t len, stream;
	uint8_t type, flags;
};

static inline struct http2_frame http2_frame_read(struct reader *r)
{
	struct http2_frame f;

	f.len = reader_u24(r);
	f.type = reader_u8(r);
	f.flags = reader_u8(r);
	f.stream = reader_u32(r) & 0x7fffffff;
	return f;
}

static inline bool http2_has_block(const struct http2_frame *f)
{
	return f->type == HTTP2_HEADERS || f->type == HTTP2_CONTINUATION ||
	       f->type == HTTP2_PUSH_PROMISE;
}

/* The fragment of a header block in the payload of such a frame. */
static inline struct reader http2_fragment(const struct http2_frame *f,
					   struct reader payload)
{
	size_t padding = 0;

	if (f->type != HTTP2_CONTINUATION && (f->flags & HTTP2_PADDED))
		padding = reader_u8(&payload);
	if (f->type == HTTP2_PUSH_PROMISE)
		reader_skip(&payload, 4);
	else if (f->type == HTTP2_HEADERS && (f->flags & HTTP2_PRIORITY))
		reader_skip(&payload, 5);
	if (padding > payload.left)
		return (struct reader){.failed = true};
	return reader_sub(&payload, payload.left - padding);
}
