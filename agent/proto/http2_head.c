/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/proto/http2_head.h"

#include "agent/proto/http1_head.h"

#include <string.h>

#define FIELD_OVERHEAD 32 /* RFC 9113 6.5.2 */

enum pseudo {
	PSEUDO_METHOD,
	PSEUDO_SCHEME,
	PSEUDO_AUTHORITY,
	PSEUDO_PATH,
	PSEUDO_PROTOCOL, /* RFC 8441 */
	PSEUDO_COUNT,
	SEEN_HOST, /* no pseudo-field, but it says the same as :authority */
};

static const char *const pseudo_names[PSEUDO_COUNT] = {
	[PSEUDO_METHOD] = ":method",       [PSEUDO_SCHEME] = ":scheme",
	[PSEUDO_AUTHORITY] = ":authority", [PSEUDO_PATH] = ":path",
	[PSEUDO_PROTOCOL] = ":protocol",
};

void http2_head_begin(struct http2_head *h, bool request, unsigned message)
{
	h->message = message;
	h->bytes = 0;
	h->seen = 0;
	h->request = request;
	h->regular = h->connect = h->websocket = h->grpc = false;
}

static void tell_host(struct http2_head *h, struct str authority,
		      struct facts *facts)
{
	struct str host = http1_host_of(authority);

	if (host.len > 0)
		facts_add(facts, FIELD_HTTP_HOST, h->message, host);
}

/* RFC 9113 8.3.1: without a user.  Who minds none reads the host behind it. */
static bool authority_take(struct http2_head *h, struct str value,
			   struct facts *facts)
{
	const char *at = memrchr(value.p, '@', value.len);
	size_t user = at ? (size_t)(at - value.p) + 1 : 0;

	h->authority_len = value.len;
	if (value.len <= sizeof(h->authority))
		memcpy(h->authority, value.p, value.len);
	tell_host(h, str_skip(value, user), facts);
	if (at)
		facts_add(facts, FIELD_HTTP_AMBIGUOUS, h->message,
			  str_of("user"));
	return !at;
}

static bool tell_pseudo(struct http2_head *h, enum pseudo which,
			struct str value, struct facts *facts)
{
	switch (which) {
	case PSEUDO_METHOD:
		h->connect = str_is(value, "CONNECT");
		facts_add(facts, FIELD_HTTP_METHOD, h->message, value);
		break;
	case PSEUDO_AUTHORITY:
		return authority_take(h, value, facts);
	case PSEUDO_PATH:
		facts_add(facts, FIELD_HTTP_TARGET, h->message, value);
		break;
	case PSEUDO_PROTOCOL:
		h->websocket = str_is(value, "websocket");
		facts_add(facts, FIELD_CONNECT_PROTOCOL, h->message, value);
		break;
	case PSEUDO_SCHEME:
	case PSEUDO_COUNT:
	case SEEN_HOST:
		break;
	}
	return true;
}

/* RFC 9113 8.3: before all others, each once, no others than these. */
static bool pseudo_take(struct http2_head *h, struct str name, struct str value,
			struct facts *facts)
{
	enum pseudo which = 0;

	while (which < PSEUDO_COUNT && !str_is(name, pseudo_names[which]))
		which++;
	if (which == PSEUDO_COUNT || h->regular || (h->seen >> which & 1))
		return false;
	h->seen |= (uint8_t)(1 << which);
	return tell_pseudo(h, which, value, facts);
}

/* Was this host told of the request? */
static bool is_told(const struct http2_head *h, struct str host,
		    const struct facts *facts)
{
	for (unsigned i = facts->n_values; i-- > 0;) {
		const struct fact_value *v = &facts->values[i];

		if (v->field == FIELD_HTTP_HOST && v->message == h->message &&
		    v->layer == facts->n_layers - 1)
			return str_eq_nocase(v->value, host);
	}
	return false;
}

/* RFC 9113 8.3.1: a server may take either for what is asked for. */
static bool host_take(struct http2_head *h, struct str value,
		      struct facts *facts)
{
	bool before = h->seen & (1 << PSEUDO_AUTHORITY | 1 << SEEN_HOST);

	h->seen |= 1 << SEEN_HOST;
	if (before && is_told(h, http1_host_of(value), facts))
		return true;
	tell_host(h, value, facts);
	if (before)
		facts_add(facts, FIELD_HTTP_AMBIGUOUS, h->message,
			  str_of("host"));
	return !before;
}

/* "application/grpc", perhaps with how messages are coded behind it. */
static bool is_grpc(struct str type)
{
	static const char grpc[] = "application/grpc";
	struct str rest = str_skip(type, sizeof(grpc) - 1);

	return str_starts(type, grpc) &&
	       (rest.len == 0 || rest.p[0] == '+' || rest.p[0] == ';');
}

static bool regular_take(struct http2_head *h, struct str name,
			 struct str value, struct facts *facts)
{
	static const struct {
		const char *name;
		enum field field;
	} told[] = {
		{"user-agent", FIELD_HTTP_USER_AGENT},
		{"content-type", FIELD_HTTP_CONTENT_TYPE},
	};

	h->regular = true;
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		if (str_is(name, told[i].name))
			facts_add(facts, told[i].field, h->message, value);
	if (str_is(name, "content-type"))
		h->grpc = is_grpc(value);
	return !str_is(name, "host") || host_take(h, value, facts);
}

/* RFC 9113 8.2.1: what would end a field in HTTP/1 is in none. */
static bool is_clean(struct str name, struct str value)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~' ||
		    (name.p[i] >= 'A' && name.p[i] <= 'Z'))
			return false;
	return name.len > 0 && !memchr(value.p, '\0', value.len) &&
	       !memchr(value.p, '\r', value.len) &&
	       !memchr(value.p, '\n', value.len);
}

static bool field_take(void *ctx, struct str name, struct str value)
{
	struct http2_head *h = ctx;

	h->bytes += (uint32_t)(name.len + value.len + FIELD_OVERHEAD);
	if (h->bytes > LIMIT_HTTP2_HEAD || !is_clean(name, value))
		return false;
	if (!h->request)
		return name.p[0] != ':';
	return name.p[0] == ':' ? pseudo_take(h, name, value, h->facts)
				: regular_take(h, name, value, h->facts);
}

/* RFC 9113 8.3.1, 8.5: what a request cannot be without. */
static bool is_whole(const struct http2_head *h)
{
	const unsigned usual =
		1 << PSEUDO_METHOD | 1 << PSEUDO_SCHEME | 1 << PSEUDO_PATH;
	const unsigned connect = 1 << PSEUDO_METHOD | 1 << PSEUDO_AUTHORITY;
	const unsigned extended = usual | connect | 1 << PSEUDO_PROTOCOL;
	unsigned seen = h->seen & ~(1U << SEEN_HOST);

	if (h->connect)
		return (seen == connect || seen == extended) &&
		       h->authority_len <= sizeof(h->authority);
	return (seen & usual) == usual && !(seen >> PSEUDO_PROTOCOL & 1);
}

/* The path of a call is "/service/method" (gRPC over HTTP/2, its PROTOCOL
 * document). */
static void tell_grpc(const struct http2_head *h, struct facts *facts)
{
	struct str path = {0}, service;

	for (unsigned i = facts->n_values; i-- > 0 && !path.p;)
		if (facts->values[i].field == FIELD_HTTP_TARGET &&
		    facts->values[i].layer == facts->n_layers - 1 &&
		    facts->values[i].message == h->message)
			path = facts->values[i].value;
	if (!path.p || path.len == 0 || path.p[0] != '/')
		return;
	path = str_skip(path, 1);
	service = str_cut(&path, '/');
	if (service.len == 0 || path.len == 0 || memchr(path.p, '/', path.len))
		return;
	facts_add(facts, FIELD_GRPC_SERVICE, h->message, service);
	facts_add(facts, FIELD_GRPC_METHOD, h->message, path);
}

static bool block_end(struct http2_head *h, struct facts *facts)
{
	if (!h->request)
		return true;
	if (!is_whole(h))
		return false;
	/* RFC 8441 5: a WebSocket is with the server itself; what else is
	 * opened so, as in RFC 9298, goes on through it. */
	if (h->connect && !h->websocket)
		facts_add(facts, FIELD_CONNECT_TARGET, h->message,
			  str_mem(h->authority, h->authority_len));
	if (h->grpc)
		tell_grpc(h, facts);
	return true;
}

bool http2_head_feed(struct http2_head *h, struct reader part, bool last,
		     struct facts *facts)
{
	h->facts = facts;
	return http2_table_feed(&h->table, part, last, field_take, h) &&
	       (!last || block_end(h, facts));
}
