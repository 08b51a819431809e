/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Header blocks of HTTP/2: HPACK (RFC 7541) by libnghttp2, and what is told of
 * a request (RFC 9113 8.3).  All memory that the library wants is in the
 * struct.
 */
#pragma once

#include "agent/limits.h"
#include "agent/proto/pool.h"
#include "policy/base/reader.h"
#include "policy/facts.h"

#include <nghttp2/nghttp2.h>

/* Zeroed at the start, and never moved. */
struct http2_head {
	_Alignas(POOL_ALIGN) uint8_t pool[LIMIT_HTTP2_POOL];
	nghttp2_mem mem;
	nghttp2_hd_inflater *inflater;
	/* Of the block that is being read: */
	unsigned message;
	uint32_t bytes; /* of its fields, with RFC 9113 6.5.2's 32 each */
	uint8_t seen;   /* a bit for each pseudo-field */
	bool request;   /* else trailers: nothing is told of them */
	bool regular;   /* a field that is none was seen */
	bool connect;
	size_t authority_len;
	char authority[LIMIT_HTTP2_AUTHORITY];
};

void http2_head_begin(struct http2_head *h, bool request, unsigned message);

/* A part of the block, the last one or not.  False: not by the grammar, or
 * beyond a ceiling. */
bool http2_head_feed(struct http2_head *h, struct reader part, bool last,
		     struct facts *facts);
