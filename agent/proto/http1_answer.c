/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/http1_answer.h"

#include "agent/limits.h"

void http1_answers_expect(struct http1_answers *a, bool head)
{
	if (a->lost)
		return;
	if (a->waiting == LIMIT_HTTP_ANSWERS) {
		http1_answers_lose(a);
		return;
	}
	if (head)
		a->heads |= (uint64_t)1 << a->waiting;
	a->waiting++;
}

void http1_answers_lose(struct http1_answers *a)
{
	a->lost = true;
	a->waiting = 0;
	a->side = (struct http1_side){0};
}

/* Leave `in` at a line that can be an answer's first; false when there is none
 * yet. */
static bool find(struct http1_answers *a, struct reader *in)
{
	while (in->left > 0) {
		size_t n = a->in_line ? 0 : http1_answer_start(in);

		if (n == HTTP1_ANSWER_START)
			return true;
		if (n == in->left)
			return false;
		n = reader_find(in, '\n', 0);
		a->in_line = n == in->left;
		reader_skip(in, a->in_line ? n : n + 1);
	}
	return false;
}

/* RFC 9112 6.3.  A status that is no number may have any. */
static bool has_body(bool to_head, unsigned status)
{
	return status == 0 ||
	       (!to_head && status >= 200 && status != 204 && status != 304);
}

/* RFC 9112 6.1: chunks count more than a length, and not in HTTP/1.0. */
static bool has_end(const struct http1_framing *framing, bool old)
{
	if (framing->coded)
		return framing->chunked && !old && !framing->bad;
	return framing->has_length && !framing->bad;
}

/* Whom it answers. */
static void request_take(struct http1_answers *a, struct http1_answer *out)
{
	out->message = a->message;
	out->last = a->waiting <= 1;
	if (a->waiting == 0 || !http1_is_final(out->status))
		return;
	a->waiting--;
	a->heads >>= 1;
	a->message++;
}

static void head_take(struct http1_answers *a, struct reader head,
		      struct http1_answer *out)
{
	struct http1_framing framing = {0};
	bool old, to_head = a->heads & 1;
	struct http1_field field;
	struct str line = {0};

	*out = (struct http1_answer){0};
	(void)http1_line(&head, &line);
	out->status = http1_status(line);
	old = str_starts(line, "HTTP/1.0");
	while (http1_field_next(&head, &field)) {
		http1_framing_note(&framing, &field);
		if (str_eq_nocase(field.name, str_of("upgrade")))
			out->upgrade = field.value;
	}
	request_take(a, out);
	if (a->lost || !has_body(to_head, out->status))
		return;
	if (has_end(&framing, old))
		http1_side_begin(&a->side, &framing);
	else
		http1_answers_lose(a);
}

/* The length of a whole head that begins `in`, or 0.  What is too long for one
 * is none: there may be one behind its first line. */
static size_t head_find(struct http1_answers *a, struct reader *in)
{
	size_t len;

	while (a->side.scan.at > 0 || find(a, in)) {
		if (!a->lost && a->waiting == 0) {
			/* It came before its request, or nobody has asked for
			 * it. */
			if (in->left > LIMIT_HTTP_EARLY)
				http1_answers_lose(a);
			return 0;
		}
		len = http1_scan_head(&a->side.scan, in);
		if ((len ? len : in->left) <= LIMIT_HTTP_ANSWER)
			return len;
		if (!a->lost) {
			http1_answers_lose(a);
			return 0;
		}
		a->side = (struct http1_side){0};
		a->in_line = true;
	}
	return 0;
}

/* True when a whole head was taken. */
static bool head_feed(struct http1_answers *a, struct reader *in,
		      struct http1_answer *out)
{
	size_t len = head_find(a, in);

	if (len == 0)
		return false;
	a->side = (struct http1_side){0};
	head_take(a, reader_sub(in, len), out);
	return true;
}

bool http1_answer_next(struct http1_answers *a, struct reader *in,
		       struct http1_answer *out)
{
	size_t before = in->left + 1;

	while (in->left > 0 && in->left < before) {
		if (a->side.part == HTTP1_HEAD)
			return head_feed(a, in, out);
		before = in->left;
		if (!http1_side_step(&a->side, in) ||
		    (before == in->left && before > LIMIT_HTTP_ANSWER)) {
			http1_answers_lose(a);
			return false;
		}
	}
	return false;
}
