/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/1: every request of a connection, bodies stepped over (RFC 9112).
 *
 * Of answers the status is told, for evidence alone, but for those that change
 * what the client's bytes mean: after CONNECT (2xx: an inner stream begins) and
 * after a request to upgrade (101: another stream begins).  Until then the
 * client's further bytes stay unread; but a client that goes on with a plain
 * request has not been upgraded, so that works without seeing the server.
 *
 * A request line is told as soon as it is there; a head is consumed as a whole,
 * `scan` says how far its end was looked for.  Facts are told even when the
 * request is bad: they are evidence.
 */
#include "agent/limits.h"
#include "agent/proto/http1_answer.h"
#include "agent/proto/http2.h"
#include "agent/proto/tell.h"
#include "agent/proto/websocket.h"

/* Empty lines before the first request line. */
#define EMPTY_BYTES_MAX 32
/* A status line. */
#define ANSWER_LINE_MAX 256

enum http1_awaited {
	HTTP1_AWAIT_NONE,
	HTTP1_AWAIT_CONNECT,
	HTTP1_AWAIT_UPGRADE,
};

/* What a stream can become, by the names in the field Upgrade. */
static const struct {
	const char *name;
	const struct proto *proto;
} upgrades[] = {
	{"websocket", &proto_websocket},
	{"h2c", &proto_http2_upgraded},
};

#define N_UPGRADES (sizeof(upgrades) / sizeof(upgrades[0]))

struct http1_state {
	struct http1_side client;
	struct http1_answers server;
	enum http1_awaited awaited;
	uint8_t offers;             /* a bit for each of `upgrades` */
	const struct proto *agreed; /* that the server has chosen */
	bool begun;                 /* this message was told to have */
	bool client_ahead;          /* unread requests behind the awaited one */
	bool line_told;             /* the request line of this message */
	bool old, loose, connect;   /* what it said */
	bool torn;                  /* its target may end earlier */
	bool head;                  /* its method */
	unsigned message;
};

/* RFC 9112 2.2; and there are servers that pass over blanks too. */
static size_t empty_lines(const struct reader *r)
{
	size_t n = 0;

	while (n < r->left && http1_is_gap(reader_peek(r, n)))
		n++;
	return n;
}

/* No control bytes but blanks from `from` on up to `end`. */
static bool is_text(const struct reader *r, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		uint8_t c = reader_peek(r, i);

		if (c < ' ' && !http1_is_gap(c))
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

	/* Servers of HTTP pass over any number; nobody else does. */
	if (skip > EMPTY_BYTES_MAX)
		return PROBE_YES;
	reader_skip(&r, skip);
	seen = seen > skip ? seen - skip : 0;
	while (method < r.left && method <= HTTP1_METHOD_MAX &&
	       http1_is_token_byte(reader_peek(&r, method)))
		method++;
	if (method > HTTP1_METHOD_MAX)
		return PROBE_NO;
	if (method == r.left)
		return PROBE_MORE;
	if (method == 0 || !http1_is_gap(reader_peek(&r, method)) ||
	    reader_peek(&r, method) == '\n')
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

/* Of a flow whose client was not seen: the status line of an answer. */
static enum probe_result probe_answer(struct reader r)
{
	size_t end = reader_find(&r, '\n', 0), start = http1_answer_start(&r);
	struct str line;

	if (start < r.left && start < HTTP1_ANSWER_START)
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
	st->head = str_is(request.method, "HEAD");
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

static void offers_note(struct http1_state *st, struct str list)
{
	for (size_t i = 0; i < N_UPGRADES; i++)
		if (http1_list_has(list, str_of(upgrades[i].name)))
			st->offers |= (uint8_t)(1 << i);
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

	st->offers = 0;
	(void)http1_line(&head, &line);
	while (http1_field_next(&head, &field)) {
		http1_framing_note(&framing, &field);
		tell_field(st, &field, facts);
		if (!str_eq_nocase(field.name, str_of("upgrade")))
			continue;
		upgrade = true;
		offers_note(st, field.value);
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
	http1_answers_expect(&st->server, st->head);
	http1_side_begin(&st->client, &framing);
	st->message++;
	return PROTO_MORE;
}

/* The start of a message: empty lines away (RFC 9112 2.2), request line told
 * when it is there. */
static enum proto_result line_feed(struct http1_state *st, struct reader *in,
				   struct facts *facts)
{
	struct reader r;
	struct str line;

	if (st->client.scan.at == 0)
		reader_skip(in, empty_lines(in));
	if (in->left == 0)
		return PROTO_MORE;
	if (!st->begun && st->message > 0)
		facts_layer_again(facts);
	st->begun = true;
	if (probe_line(*in, st->client.scan.at) == PROBE_NO)
		return PROTO_BAD;
	if (reader_find(in, '\n', st->client.scan.at) == in->left)
		return PROTO_MORE;
	r = *in;
	if (!http1_line(&r, &line))
		return PROTO_MORE;
	return line_tell(st, line, facts);
}

static enum proto_result head_feed(struct http1_state *st, struct reader *in,
				   struct facts *facts)
{
	size_t seen = st->client.scan.at, len;

	if (st->awaited == HTTP1_AWAIT_CONNECT)
		return PROTO_MORE;
	if (st->awaited == HTTP1_AWAIT_UPGRADE) {
		st->client.scan.at = in->left;
		if (probe_line(*in, seen) != PROBE_YES)
			return PROTO_MORE;
		st->awaited = HTTP1_AWAIT_NONE;
		st->client.scan.at = 0;
	}
	if (!st->line_told && line_feed(st, in, facts) == PROTO_BAD)
		return PROTO_BAD;
	len = http1_scan_head(&st->client.scan, in);
	if (len > LIMIT_HTTP_HEAD)
		return PROTO_BAD;
	if (len == 0)
		return PROTO_MORE;
	st->client.scan = (struct http1_scan){0};
	st->line_told = st->begun = false;
	return head_tell(st, reader_sub(in, len), facts);
}

static uint64_t http1_skips(const void *state)
{
	const struct http1_state *st = state;

	return http1_side_skips(&st->client);
}

static void http1_skip(void *state, uint64_t n)
{
	struct http1_state *st = state;

	http1_side_skip(&st->client, n);
}

static enum proto_result client_step(struct http1_state *st, struct reader *in,
				     struct facts *facts)
{
	if (st->client.part == HTTP1_HEAD)
		return head_feed(st, in, facts);
	return http1_side_step(&st->client, in) ? PROTO_MORE : PROTO_BAD;
}

static enum proto_result client_feed(struct http1_state *st, struct reader *in,
				     struct facts *facts)
{
	enum proto_result result = PROTO_MORE;
	size_t before = in->left + 1;

	while (result == PROTO_MORE && in->left > 0 && in->left < before) {
		enum http1_awaited awaited = st->awaited;
		uint64_t body = http1_skips(st);

		before = in->left;
		result = client_step(st, in, facts);
		/* The server may have said already what is waited for now. */
		if ((!body && http1_skips(st)) ||
		    (awaited == HTTP1_AWAIT_NONE && st->awaited != awaited))
			break;
	}
	st->client_ahead = st->awaited != HTTP1_AWAIT_NONE && in->left > 0;
	return result;
}

static const struct proto *agreed(const struct http1_state *st,
				  struct str chosen)
{
	for (size_t i = 0; i < N_UPGRADES; i++)
		if ((st->offers >> i & 1) &&
		    (chosen.len == 0 ||
		     http1_list_has(chosen, str_of(upgrades[i].name))))
			return upgrades[i].proto;
	return NULL;
}

/* The answer that the client's further bytes wait for. */
static enum proto_result awaited_take(struct http1_state *st,
				      const struct http1_answer *answer,
				      struct facts *facts)
{
	enum http1_awaited awaited = st->awaited;
	unsigned status = answer->status;

	if (awaited == HTTP1_AWAIT_UPGRADE && status == 101) {
		st->agreed = agreed(st, answer->upgrade);
		return PROTO_INNER;
	}
	st->awaited = HTTP1_AWAIT_NONE;
	if (st->client.part == HTTP1_HEAD)
		st->client.scan = (struct http1_scan){0};
	if (awaited == HTTP1_AWAIT_CONNECT && status >= 200 && status < 300)
		return PROTO_INNER;
	/* It stays what it is. */
	facts_layer_settle(facts, false);
	return PROTO_MORE;
}

static enum proto_result answer_take(struct http1_state *st,
				     const struct http1_answer *answer,
				     struct facts *facts)
{
	if (!http1_is_final(answer->status))
		return PROTO_MORE;
	if (answer->status)
		tell_number(facts, FIELD_HTTP_STATUS, answer->message,
			    answer->status);
	if (st->awaited != HTTP1_AWAIT_NONE && answer->last)
		return awaited_take(st, answer, facts);
	/* Whatever the server speaks from here on. */
	if (answer->status == 101)
		http1_answers_lose(&st->server);
	return PROTO_MORE;
}

static enum proto_result server_feed(struct http1_state *st, struct reader *in,
				     struct facts *facts)
{
	enum proto_result result = PROTO_MORE;
	struct http1_answer answer;

	while (result == PROTO_MORE) {
		bool lost = st->server.lost;

		/* Requests that waited for an answer come before more. */
		if (lost && st->awaited == HTTP1_AWAIT_NONE && st->client_ahead)
			break;

		if (http1_answer_next(&st->server, in, &answer)) {
			/* Whose it is, is known of what is waited for alone. */
			if (lost && st->awaited == HTTP1_AWAIT_NONE)
				continue;
			if (lost)
				answer.message = st->message - 1;
			result = answer_take(st, &answer, facts);
		} else if (lost == st->server.lost) {
			return PROTO_MORE;
		}
	}
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

	return st->agreed;
}

static bool http1_waits(const void *state)
{
	const struct http1_state *st = state;

	return st->client.part == HTTP1_HEAD && st->awaited != HTTP1_AWAIT_NONE;
}

/* Answers, and requests that were allowed before. */
static void http1_lose(void *state)
{
	struct http1_state *st = state;

	http1_answers_lose(&st->server);
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
	.lose = http1_lose,
};
