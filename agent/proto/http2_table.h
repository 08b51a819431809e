/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One direction's table of header fields in HTTP/2: HPACK (RFC 7541) by
 * libnghttp2, whose memory is a pool that both directions have together.
 */
#pragma once

#include "agent/limits.h"
#include "agent/proto/pool.h"
#include "policy/base/reader.h"
#include "policy/base/str.h"

#include <nghttp2/nghttp2.h>

struct http2_pool {
	_Alignas(POOL_ALIGN) uint8_t bytes[LIMIT_HTTP2_POOL];
};

/* Zeroed at the start but for the pool and its share, and never moved. */
struct http2_table {
	struct http2_pool *pool; /* borrowed */
	size_t most, used;       /* of the pool */
	nghttp2_mem mem;
	nghttp2_hd_inflater *inflater;
};

/* Takes a field; false: it is a wrong one. */
typedef bool http2_take(void *ctx, struct str name, struct str value);

/* A part of a header block, the last one or not.  False: not by the grammar,
 * beyond a ceiling, or `take` has said so; the table is of no use then. */
bool http2_table_feed(struct http2_table *t, struct reader part, bool last,
		      http2_take *take, void *ctx);

/* It gives its memory back. */
void http2_table_close(struct http2_table *t);
