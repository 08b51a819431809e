/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where one side of HTTP/1 is in its messages: in a head, or in the body behind
 * it, which is stepped over (RFC 9112 6, 7.1).
 *
 *	part		until			then
 *	HEAD		its empty line		by its framing
 *	LENGTH		Content-Length bytes	HEAD
 *	CHUNK_LINE	size line		CHUNK_DATA, or TRAILER for 0
 *	CHUNK_DATA	size bytes		CHUNK_END
 *	CHUNK_END	line end		CHUNK_LINE
 *	TRAILER		its empty line		HEAD
 */
#pragma once

#include "agent/proto/http1_head.h"

enum http1_part {
	HTTP1_HEAD,
	HTTP1_LENGTH,
	HTTP1_CHUNK_LINE,
	HTTP1_CHUNK_DATA,
	HTTP1_CHUNK_END,
	HTTP1_TRAILER,
};

/* Zeroed at the start. */
struct http1_side {
	enum http1_part part;
	struct http1_scan scan; /* for the end of a head or line */
	uint64_t left;          /* of a body or chunk, still to come */
};

/* A head has ended: what follows? */
void http1_side_begin(struct http1_side *side,
		      const struct http1_framing *framing);

/* One step through a body; nothing is consumed when more is needed.  False: not
 * by the grammar. */
bool http1_side_step(struct http1_side *side, struct reader *in);

/* Bytes that come next and are a body's; and that they have gone by. */
uint64_t http1_side_skips(const struct http1_side *side);
void http1_side_skip(struct http1_side *side, uint64_t n);
