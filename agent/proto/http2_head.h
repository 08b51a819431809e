/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Header blocks of a client of HTTP/2, and what is told of a request (RFC 9113
 * 8.3).  gRPC is a request of a content type of its own, whose path is its
 * service and method.
 */
#pragma once

#include "agent/proto/http2_table.h"
#include "policy/facts.h"

/* Zeroed at the start but for the table's pool and share, and never moved. */
struct http2_head {
	struct http2_table table;
	struct facts *facts; /* borrowed while a part is fed */
	/* Of the block that is being read: */
	unsigned message;
	uint32_t bytes; /* of its fields, with RFC 9113 6.5.2's 32 each */
	uint8_t seen;   /* a bit for each pseudo-field */
	bool request;   /* else trailers: nothing is told of them */
	bool regular;   /* a field that is none was seen */
	bool connect, websocket, grpc;
	size_t authority_len;
	char authority[LIMIT_HTTP2_AUTHORITY];
};

void http2_head_begin(struct http2_head *h, bool request, unsigned message);

/* A part of the block, the last one or not.  False: not by the grammar, or
 * beyond a ceiling. */
bool http2_head_feed(struct http2_head *h, struct reader part, bool last,
		     struct facts *facts);
