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

static void *mem_malloc(size_t n, void *pool)
{
	return pool_alloc(pool, LIMIT_HTTP2_POOL, n);
}

static void mem_free(void *p, void *pool)
{
	pool_free(pool, p);
}

static void *mem_calloc(size_t n, size_t size, void *pool)
{
	void *p =
		size && n > SIZE_MAX / size ? NULL : mem_malloc(n * size, pool);

	if (p)
		memset(p, 0, n * size);
	return p;
}

static void *mem_realloc(void *old, size_t n, void *pool)
{
	void *p = mem_malloc(n, pool);
	size_t keep = old ? pool_size(old) : 0;

	if (p && old)
		memcpy(p, old, keep < n ? keep : n);
	if (p)
		mem_free(old, pool);
	return p;
}

static bool inflater_ready(struct http2_head *h)
{
	if (h->inflater)
		return true;
	h->mem = (nghttp2_mem){.mem_user_data = h->pool,
			       .malloc = mem_malloc,
			       .free = mem_free,
			       .calloc = mem_calloc,
			       .realloc = mem_realloc};
	return nghttp2_hd_inflate_new2(&h->inflater, &h->mem) == 0;
}

void http2_head_begin(struct http2_head *h, bool request, unsigned message)
{
	h->message = message;
	h->bytes = 0;
	h->seen = 0;
	h->request = request;
	h->regular = h->connect = false;
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

static bool field_take(struct http2_head *h, const nghttp2_nv *nv,
		       struct facts *facts)
{
	struct str name = str_mem(nv->name, nv->namelen);
	struct str value = str_mem(nv->value, nv->valuelen);

	h->bytes += (uint32_t)(name.len + value.len + FIELD_OVERHEAD);
	if (h->bytes > LIMIT_HTTP2_HEAD || !is_clean(name, value))
		return false;
	if (!h->request)
		return name.p[0] != ':';
	return name.p[0] == ':' ? pseudo_take(h, name, value, facts)
				: regular_take(h, name, value, facts);
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

static bool block_end(struct http2_head *h, struct facts *facts)
{
	if (nghttp2_hd_inflate_end_headers(h->inflater) != 0)
		return false;
	if (!h->request)
		return true;
	if (!is_whole(h))
		return false;
	if (h->connect)
		facts_add(facts, FIELD_CONNECT_TARGET, h->message,
			  str_mem(h->authority, h->authority_len));
	return true;
}

bool http2_head_feed(struct http2_head *h, struct reader part, bool last,
		     struct facts *facts)
{
	int flags = 0;

	if (!inflater_ready(h))
		return false;
	while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
		size_t len = part.left;
		const uint8_t *p = part.p;
		nghttp2_nv nv = {0};
		ssize_t n;

		flags = 0;
		n = nghttp2_hd_inflate_hd2(h->inflater, &nv, &flags, p, len,
					   last);
		if (n < 0)
			return false;
		reader_skip(&part, (size_t)n);
		if ((flags & NGHTTP2_HD_INFLATE_EMIT) &&
		    !field_take(h, &nv, facts))
			return false;
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && part.left == 0)
			break;
	}
	return !last || block_end(h, facts);
}
