/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an HTTP/2 server says: the status of each answer, for evidence alone.
 * What is not by the grammar, or beyond a ceiling, ends the telling.
 */
#pragma once

#include "agent/proto/http2_table.h"
#include "policy/facts.h"

/* Zeroed at the start but for the table's pool and share, and never moved. */
struct http2_answers {
	struct http2_table table;
	/* Requests that wait, the oldest forgotten first; stream 0: none. */
	struct http2_wait {
		uint32_t stream;
		unsigned message;
	} waits[LIMIT_HTTP2_WAITS];
	unsigned next; /* the place for another */
	bool lost;
	uint32_t skip;   /* bytes of a frame that nobody reads */
	uint32_t stream; /* of the block that is not at its end, or 0 */
	uint32_t block;  /* bytes of it */
	bool promise;    /* it is a request that the server makes up */
	unsigned status; /* that it says */
};

void http2_answers_expect(struct http2_answers *a, uint32_t stream,
			  unsigned message);
void http2_answers_feed(struct http2_answers *a, struct reader *in,
			struct facts *facts);
void http2_answers_lose(struct http2_answers *a);
