/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an HTTP/1 server says: answers in the order of the requests (RFC 9112
 * 9.3), their bodies stepped over (6.3).
 *
 * Where an answer ends with its connection, or is not by the grammar, or some
 * of it went by unseen, nobody knows which request the next one is for: the
 * answers are lost.  From then on a line that can be an answer's first is one.
 */
#pragma once

#include "agent/proto/http1_side.h"

/* Zeroed at the start. */
struct http1_answers {
	struct http1_side side;
	uint64_t heads;   /* who waits: a bit for each that is a HEAD */
	unsigned waiting; /* how many they are */
	unsigned message; /* the first of them */
	bool lost;
	bool in_line; /* in a line that is no answer */
};

struct http1_answer {
	unsigned status;
	unsigned message;   /* of the request; not when they are lost */
	bool last;          /* no other request waits, as far as known */
	struct str upgrade; /* borrowed until the next call */
};

/* A request was there: a HEAD? */
void http1_answers_expect(struct http1_answers *a, bool head);

/* What comes next is in no relation to what came before. */
void http1_answers_lose(struct http1_answers *a);

/* Goes on to the end of the next answer's head.  False: there is none yet, or
 * the answers were lost just now. */
bool http1_answer_next(struct http1_answers *a, struct reader *in,
		       struct http1_answer *out);

/* It answers a request, and the next one will answer another. */
static inline bool http1_is_final(unsigned status)
{
	return status < 100 || status == 101 || status >= 200;
}
