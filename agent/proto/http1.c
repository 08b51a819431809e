/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/1: every request of a connection, bodies stepped over (RFC 9112).
 *
 *	client		until			then
 *	HEAD		its empty line		facts told; by its framing
 *	LENGTH		Content-Length bytes	HEAD
 *	CHUNK_LINE	size line		CHUNK_DATA, or TRAILER for 0
 *	CHUNK_DATA	size bytes		CHUNK_END
 *	CHUNK_END	line end		CHUNK_LINE
 *	TRAILER		its empty line		HEAD
 *
 * The server is listened to only when its answer changes what the client's
 * bytes mean: after CONNECT (2xx: an inner stream begins) and after a request
 * to upgrade (101: another stream begins).  Until then the client's further
 * bytes stay unread; but a client that goes on with a plain request has not
 * been upgraded, so that works without seeing the server.
 *
 * A request line is told as soon as it is there; a head is consumed as a whole,
 * `scan` says how far its end was looked for.  Facts are told even when the
 * request is bad: they are evidence.
 */
#include "agent/limits.h"
#include "agent/proto/http1_head.h"
#include "agent/proto/proto.h"
#include "agent/proto/websocket.h"

/* Empty lines before the first request line. */
#define EMPTY_BYTES_MAX 32
/* A status line. */
#define ANSWER_LINE_MAX 256
/* Digits of a chunk's size: 60 bits. */
#define CHUNK_DIGITS_MAX 15

enum http1_client {
	HTTP1_HEAD,
	HTTP1_LENGTH,
	HTTP1_CHUNK_LINE,
	HTTP1_CHUNK_DATA,
	HTTP1_CHUNK_END,
	HTTP1_TRAILER,
};

enum http1_awaited {
	HTTP1_AWAIT_NONE,
	HTTP1_AWAIT_CONNECT,
	HTTP1_AWAIT_UPGRADE,
};

struct http1_state {
	enum http1_client client;
	enum http1_awaited awaited;
	struct http1_scan scan;   /* client */
	struct http1_scan answer; /* server */
	bool in_line;             /* server: in a line that is no answer */
	bool begun;               /* this message was told to have */
	bool websocket;           /* is asked for */
	bool client_ahead;        /* unread requests behind the awaited one */
	bool line_told;           /* the request line of this message */
	bool old, loose, connect; /* what it said */
	bool torn;                /* its target may end earlier */
	unsigned message;
	uint64_t left; /* bytes of a body or chunk still to come */
};

static size_t empty_lines(const struct reader *r)
{
	size_t n = 0;

	while (n < r->left &&
	       (reader_peek(r, n) == '\r' || reader_peek(r, n) == '\n'))
		n++;
	return n;
}

/* No control bytes but blanks from `from` on up to `end`. */
static bool is_text(const struct reader *r, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		uint8_t c = reader_peek(r, i);

		if (c < ' ' && c != '\t' && c != '\r')
			return false;
	}
	return true;
}

/* A request line must be there in full: "USER x" of FTP, or "OPTIONS *
 * RTSP/1.0" differ from HTTP only at their end. */
static enum probe_result probe_line(struct reader r, size_t seen)
{
	size_t skip = empty_lines(&r), method = 0, end;
	struct http1_request request;
	struct str line;

	if (skip > EMPTY_BYTES_MAX)
		return PROBE_NO;
	reader_skip(&r, skip);
	seen = seen > skip ? seen - skip : 0;
	while (method < r.left && method <= HTTP1_METHOD_MAX &&
	       http1_is_token_byte(reader_peek(&r, method)))
		method++;
	if (method > HTTP1_METHOD_MAX)
		return PROBE_NO;
	if (method == r.left)
		return PROBE_MORE;
	if (method == 0 ||
	    (reader_peek(&r, method) != ' ' && reader_peek(&r, method) != '\t'))
		return PROBE_NO;
	end = reader_find(&r, '\n', seen);
	if (!is_text(&r, seen, end))
		return PROBE_NO;
	/* Too long in any case: say so as HTTP. */
	if (end > LIMIT_HTTP_HEAD)
		return PROBE_YES;
	if (end == r.left || !http1_line(&r, &line))
		return PROBE_MORE;
	return http1_request_line(line, &request) ? PROBE_YES : PROBE_NO;
}

#define ANSWER_START "HTTP/1."

/* As many of the first bytes as an answer begins with. */
static size_t answer_start(const struct reader *r)
{
	size_t n = 0;

	while (n < sizeof(ANSWER_START) - 1 && n < r->left &&
	       reader_peek(r, n) == (uint8_t)ANSWER_START[n])
		n++;
	return n;
}

/* Of a flow whose client was not seen: the status line of an answer. */
static enum probe_result probe_answer(struct reader r)
{
	size_t end = reader_find(&r, '\n', 0), start = answer_start(&r);
	struct str line;

	if (start < r.left && start < sizeof(ANSWER_START) - 1)
		return PROBE_NO;
	if (end > ANSWER_LINE_MAX || !is_text(&r, 0, end))
		return PROBE_NO;
	if (!http1_line(&r, &line))
		return PROBE_MORE;
	return http1_status(line) >= 100 ? PROBE_YES : PROBE_NO;
}

static enum probe_result http1_probe(const struct probe *first)
{
	if (first->middle && first->client.left == 0)
		return probe_answer(first->server);
	return probe_line(first->client, first->seen);
}

static void tell_host(const struct http1_state *st, struct str authority,
		      struct facts *facts)
{
	struct str host = http1_host_of(authority);

	if (host.len > 0)
		facts_add(facts, FIELD_HTTP_HOST, st->message, host);
}

/* `line` is the request line. */
static enum proto_result line_tell(struct http1_state *st, struct str line,
				   struct facts *facts)
{
	struct http1_request request;
	struct str authority;

	if (!http1_request_line(line, &request))
		return PROTO_BAD;
	st->line_told = true;
	st->old = request.old;
	st->loose = request.loose;
	st->torn = request.torn.len > 0;
	/* RFC 9110 9.1 has methods in one case; there are proxies that do
	 * not mind. */
	st->connect = str_eq_nocase(request.method, str_of("CONNECT"));
	facts_add(facts, FIELD_HTTP_METHOD, st->message, request.method);
	if (request.target.len > 0)
		facts_add(facts, FIELD_HTTP_TARGET, st->message,
			  request.target);
	if (st->torn)
		facts_add(facts, FIELD_HTTP_TARGET, st->message, request.torn);
	if (st->connect)
		facts_add(facts, FIELD_CONNECT_TARGET, st->message,
			  request.target);
	else if (http1_authority_of(request.target, &authority))
		tell_host(st, authority, facts);
	return PROTO_MORE;
}

/* Where the message goes on behind its head. */
static void message_begin(struct http1_state *st,
			  const struct http1_framing *framing)
{
	if (framing->chunked) {
		st->client = HTTP1_CHUNK_LINE;
	} else if (framing->length > 0) {
		st->client = HTTP1_LENGTH;
		st->left = framing->length;
	}
	st->message++;
}

static void tell_field(struct http1_state *st, const struct http1_field *field,
		       struct facts *facts)
{
	static const struct {
		const char *name;
		enum field field;
	} told[] = {
		{"user-agent", FIELD_HTTP_USER_AGENT},
		{"content-type", FIELD_HTTP_CONTENT_TYPE},
		{"sec-websocket-protocol", FIELD_WEBSOCKET_PROTOCOL},
	};

	if (str_eq_nocase(field->name, str_of("host")))
		tell_host(st, field->value, facts);
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		if (str_eq_nocase(field->name, str_of(told[i].name)))
			facts_add(facts, told[i].field, st->message,
				  field->value);
}

/* What two servers could take for two different things, or NULL. */
static const char *ambiguity(const struct http1_state *st, bool clean,
			     const struct http1_framing *framing)
{
	if (st->loose)
		return "version";
	if (st->torn)
		return "blank in target";
	if (!clean)
		return "control bytes";
	if (http1_framing_is_bad(framing, st->old))
		return "length";
	/* RFC 9110 9.3.6: a CONNECT has no body. */
	if (st->connect && (framing->chunked || framing->length > 0))
		return "body of CONNECT";
	return NULL;
}

/* `head`: request line (told), fields, empty line. */
static enum proto_result head_tell(struct http1_state *st, struct reader head,
				   struct facts *facts)
{
	struct http1_framing framing = {0};
	bool upgrade = false, clean = http1_head_is_clean(head);
	struct http1_field field;
	const char *ambiguous;
	struct str line;

	(void)http1_line(&head, &line);
	while (http1_field_next(&head, &field)) {
		http1_framing_note(&framing, &field);
		tell_field(st, &field, facts);
		if (!str_eq_nocase(field.name, str_of("upgrade")))
			continue;
		upgrade = true;
		st->websocket = str_eq_nocase(field.value, str_of("websocket"));
	}
	ambiguous = ambiguity(st, clean, &framing);
	if (ambiguous) {
		facts_add(facts, FIELD_HTTP_AMBIGUOUS, st->message,
			  str_of(ambiguous));
		return PROTO_BAD;
	}
	if (st->connect)
		st->awaited = HTTP1_AWAIT_CONNECT;
	else if (upgrade)
		st->awaited = HTTP1_AWAIT_UPGRADE;
	facts_layer_settle(facts, st->awaited != HTTP1_AWAIT_NONE);
	message_begin(st, &framing);
	return PROTO_MORE;
}

/* The start of a message: empty lines away (RFC 9112 2.2), request line told
 * when it is there. */
static enum proto_result line_feed(struct http1_state *st, struct reader *in,
				   struct facts *facts)
{
	struct reader r;
	struct str line;

	if (st->scan.at == 0)
		reader_skip(in, empty_lines(in));
	if (in->left == 0)
		return PROTO_MORE;
	if (!st->begun && st->message > 0)
		facts_layer_again(facts);
	st->begun = true;
	if (probe_line(*in, st->scan.at) == PROBE_NO)
		return PROTO_BAD;
	if (reader_find(in, '\n', st->scan.at) == in->left)
		return PROTO_MORE;
	r = *in;
	if (!http1_line(&r, &line))
		return PROTO_MORE;
	return line_tell(st, line, facts);
}

static enum proto_result head_feed(struct http1_state *st, struct reader *in,
				   struct facts *facts)
{
	size_t seen = st->scan.at, len;

	if (st->awaited == HTTP1_AWAIT_CONNECT)
		return PROTO_MORE;
	if (st->awaited == HTTP1_AWAIT_UPGRADE) {
		st->scan.at = in->left;
		if (probe_line(*in, seen) != PROBE_YES)
			return PROTO_MORE;
		st->awaited = HTTP1_AWAIT_NONE;
		st->scan.at = 0;
	}
	if (!st->line_told && line_feed(st, in, facts) == PROTO_BAD)
		return PROTO_BAD;
	len = http1_scan_head(&st->scan, in);
	if (len > LIMIT_HTTP_HEAD)
		return PROTO_BAD;
	if (len == 0)
		return PROTO_MORE;
	st->scan = (struct http1_scan){0};
	st->line_told = st->begun = false;
	return head_tell(st, reader_sub(in, len), facts);
}

static uint64_t http1_skips(const void *state)
{
	const struct http1_state *st = state;

	return st->client == HTTP1_LENGTH || st->client == HTTP1_CHUNK_DATA
		       ? st->left
		       : 0;
}

static void http1_skip(void *state, uint64_t n)
{
	struct http1_state *st = state;

	st->left -= n;
	if (st->left == 0)
		st->client = st->client == HTTP1_LENGTH ? HTTP1_HEAD
							: HTTP1_CHUNK_END;
}

static void body_skip(struct http1_state *st, struct reader *in)
{
	size_t n = in->left < st->left ? in->left : (size_t)st->left;

	reader_skip(in, n);
	http1_skip(st, n);
}

static int hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Size, then blanks, then nothing or an extension. */
static bool chunk_size(struct str line, uint64_t *out_size)
{
	uint64_t size = 0;
	size_t n = 0;

	while (n < line.len && hex_value(line.p[n]) >= 0) {
		if (n == CHUNK_DIGITS_MAX)
			return false;
		size = size << 4 | (uint64_t)hex_value(line.p[n++]);
	}
	if (n == 0)
		return false;
	while (n < line.len && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	if (n < line.len && line.p[n] != ';')
		return false;
	*out_size = size;
	return true;
}

static enum proto_result chunk_line(struct http1_state *st, struct reader *in)
{
	size_t end = reader_find(in, '\n', st->scan.at);
	struct str line;

	if (end > LIMIT_HTTP_CHUNK_LINE)
		return PROTO_BAD;
	st->scan.at = end;
	if (end == in->left || !http1_line(in, &line))
		return PROTO_MORE;
	st->scan = (struct http1_scan){0};
	if (!chunk_size(line, &st->left))
		return PROTO_BAD;
	st->client = st->left > 0 ? HTTP1_CHUNK_DATA : HTTP1_TRAILER;
	return PROTO_MORE;
}

static enum proto_result chunk_end(struct http1_state *st, struct reader *in)
{
	struct reader r = *in;
	uint8_t c = reader_u8(&r);

	if (c == '\r')
		c = reader_u8(&r);
	if (r.failed)
		return PROTO_MORE;
	if (c != '\n')
		return PROTO_BAD;
	*in = r;
	st->client = HTTP1_CHUNK_LINE;
	return PROTO_MORE;
}

static void trailer(struct http1_state *st, struct reader *in)
{
	size_t len = http1_scan_head(&st->scan, in);

	if (len == 0)
		return;
	reader_skip(in, len);
	st->scan = (struct http1_scan){0};
	st->client = HTTP1_HEAD;
}

static enum proto_result client_step(struct http1_state *st, struct reader *in,
				     struct facts *facts)
{
	switch (st->client) {
	case HTTP1_HEAD:
		return head_feed(st, in, facts);
	case HTTP1_CHUNK_LINE:
		return chunk_line(st, in);
	case HTTP1_LENGTH:
	case HTTP1_CHUNK_DATA:
		body_skip(st, in);
		return PROTO_MORE;
	case HTTP1_CHUNK_END:
		return chunk_end(st, in);
	case HTTP1_TRAILER:
		trailer(st, in);
		return PROTO_MORE;
	}
	return PROTO_BAD;
}

static enum proto_result client_feed(struct http1_state *st, struct reader *in,
				     struct facts *facts)
{
	enum proto_result result = PROTO_MORE;
	size_t before = in->left + 1;

	while (result == PROTO_MORE && in->left > 0 && in->left < before) {
		uint64_t body = http1_skips(st);

		before = in->left;
		result = client_step(st, in, facts);
		if (!body && http1_skips(st))
			break;
	}
	st->client_ahead = st->awaited != HTTP1_AWAIT_NONE && in->left > 0;
	return result;
}

/* Leave `in` at a line that can be an answer's first; false when there is none
 * yet.  What comes before belongs to answers of earlier requests. */
static bool answer_find(struct http1_state *st, struct reader *in)
{
	while (in->left > 0) {
		size_t n = st->in_line ? 0 : answer_start(in);

		if (n == sizeof(ANSWER_START) - 1)
			return true;
		if (n == in->left)
			return false;
		n = reader_find(in, '\n', 0);
		st->in_line = n == in->left;
		reader_skip(in, st->in_line ? n : n + 1);
	}
	return false;
}

static enum proto_result answer_take(struct http1_state *st, struct reader head,
				     struct facts *facts)
{
	enum http1_awaited awaited = st->awaited;
	unsigned status = 0;
	struct str line;

	if (http1_line(&head, &line))
		status = http1_status(line);
	if (awaited == HTTP1_AWAIT_UPGRADE && status == 101)
		return PROTO_INNER;
	if (status >= 100 && status < 200 && status != 101)
		return PROTO_MORE;
	st->awaited = HTTP1_AWAIT_NONE;
	if (st->client == HTTP1_HEAD)
		st->scan = (struct http1_scan){0};
	if (awaited == HTTP1_AWAIT_CONNECT && status >= 200 && status < 300)
		return PROTO_INNER;
	/* It stays what it is. */
	facts_layer_settle(facts, false);
	return PROTO_MORE;
}

static enum proto_result server_feed(struct http1_state *st, struct reader *in,
				     struct facts *facts)
{
	enum proto_result result = PROTO_MORE;

	while (st->awaited != HTTP1_AWAIT_NONE && result == PROTO_MORE) {
		size_t len;

		if (st->answer.at == 0 && !answer_find(st, in))
			return PROTO_MORE;
		len = http1_scan_head(&st->answer, in);
		if (len == 0)
			return PROTO_MORE;
		st->answer = (struct http1_scan){0};
		result = answer_take(st, reader_sub(in, len), facts);
	}
	/* Requests that waited for this answer come before more answers. */
	if (result == PROTO_MORE && !st->client_ahead)
		reader_skip(in, in->left);
	return result;
}

static enum proto_result http1_feed(void *state, enum dir dir,
				    struct reader *in, struct facts *facts)
{
	return dir == DIR_CLIENT ? client_feed(state, in, facts)
				 : server_feed(state, in, facts);
}

static const struct proto *http1_inner(const void *state)
{
	const struct http1_state *st = state;

	return st->awaited == HTTP1_AWAIT_UPGRADE && st->websocket
		       ? &proto_websocket
		       : NULL;
}

static bool http1_waits(const void *state)
{
	const struct http1_state *st = state;

	return st->client == HTTP1_HEAD && st->awaited != HTTP1_AWAIT_NONE;
}

const struct proto proto_http1 = {
	.name = "http1",
	.app = APP_HTTP,
	.state_size = sizeof(struct http1_state),
	.ceiling = LIMIT_HTTP_HEAD,
	.probe = http1_probe,
	.feed = http1_feed,
	.waits = http1_waits,
	.inner = http1_inner,
	.skips = http1_skips,
	.skip = http1_skip,
};
