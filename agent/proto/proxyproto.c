/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The PROXY protocol, versions 1 and 2: a header in which a proxy says for whom
 * it connects; what follows is the stream itself (HAProxy's
 *proxy-protocol.txt).
 *
 *	1   "PROXY TCP4 SOURCE DESTINATION PORT PORT\r\n", or TCP6, or UNKNOWN
 *	    and anything; 107 bytes at most
 *	2   12 bytes that nothing else begins with, version and command, family,
 *	    length; addresses, and values that are of no interest
 *
 * It is a layer of its own: behind it another begins.
 */
#include "agent/proto/proto.h"
#include "policy/base/ipaddr.h"

#include <stdio.h>

#define V1_START   "PROXY "
#define V1_MAX     107
#define V2_START   "\r\n\r\n\0\r\nQUIT\n"
#define V2_HEADER  16
#define V2_VERSION 2
#define V2_LOCAL   0
#define V2_PROXY   1
#define ENDPOINT   (IPADDR_TEXT_MAX + 8)

struct endpoint {
	struct ipaddr addr;
	uint16_t port;
};

/* Said of nobody: both are IP_NONE. */
struct ends {
	struct endpoint source, destination;
};

/* As much of `start` as there is. */
static bool begins(struct reader r, const char *start, size_t n)
{
	size_t have = r.left < n ? r.left : n;

	return have > 0 && memcmp(reader_take(&r, have), start, have) == 0;
}

/* --- version 1 ----------------------------------------------------------- */

static bool number(struct str s, uint16_t *out)
{
	unsigned n = 0;

	if (s.len == 0 || s.len > 5 || (s.len > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit(s.p[i]))
			return false;
		n = n * 10 + (unsigned)(s.p[i] - '0');
	}
	*out = (uint16_t)n;
	return n <= UINT16_MAX;
}

/* `line`: what stands between "PROXY " and its end. */
static bool line_read(struct str line, struct ends *out)
{
	struct str family = str_cut(&line, ' ');
	struct str source = str_cut(&line, ' ');
	struct str destination = str_cut(&line, ' ');
	struct str sport = str_cut(&line, ' ');
	uint8_t want = str_is(family, "TCP4") ? IP_V4 : IP_V6;

	*out = (struct ends){0};
	if (str_is(family, "UNKNOWN"))
		return true;
	if (!str_is(family, "TCP4") && !str_is(family, "TCP6"))
		return false;
	return !ipaddr_parse(source, &out->source.addr) &&
	       !ipaddr_parse(destination, &out->destination.addr) &&
	       out->source.addr.family == want &&
	       out->destination.addr.family == want &&
	       number(sport, &out->source.port) &&
	       number(line, &out->destination.port);
}

/* DONE: `in` stands behind the header. */
static enum proto_result v1_read(struct reader *in, struct ends *out)
{
	size_t end = reader_find(in, '\n', 0);
	struct str line;

	if (end == in->left)
		return in->left < V1_MAX ? PROTO_MORE : PROTO_BAD;
	if (end >= V1_MAX || reader_peek(in, end - 1) != '\r')
		return PROTO_BAD;
	line = str_mem(reader_take(in, end + 1), end - 1);
	return line_read(str_skip(line, sizeof(V1_START) - 1), out) ? PROTO_DONE
								    : PROTO_BAD;
}

/* --- version 2 ----------------------------------------------------------- */

static bool endpoints_read(struct reader *r, bool v6, struct ends *out)
{
	const uint8_t *source = reader_take(r, v6 ? 16 : 4);
	const uint8_t *destination = reader_take(r, v6 ? 16 : 4);

	if (!source || !destination)
		return false;
	out->source.addr = v6 ? ipaddr_v6(source) : ipaddr_v4(source);
	out->destination.addr =
		v6 ? ipaddr_v6(destination) : ipaddr_v4(destination);
	out->source.port = reader_u16(r);
	out->destination.port = reader_u16(r);
	return !r->failed;
}

static enum proto_result v2_read(struct reader *in, struct ends *out)
{
	struct reader r = *in, body;
	uint8_t command, family;

	*out = (struct ends){0};
	reader_skip(&r, sizeof(V2_START) - 1);
	command = reader_u8(&r);
	family = reader_u8(&r);
	body = reader_sub(&r, reader_u16(&r));
	if (body.failed)
		return PROTO_MORE;
	*in = r;
	if (command >> 4 != V2_VERSION || (command & 15) > V2_PROXY)
		return PROTO_BAD;
	/* 1: IPv4, 2: IPv6; others have no addresses that we could tell. */
	if ((command & 15) == V2_LOCAL || family >> 4 == 0 || family >> 4 > 2)
		return PROTO_DONE;
	return endpoints_read(&body, family >> 4 == 2, out) ? PROTO_DONE
							    : PROTO_BAD;
}

/* --- the module ---------------------------------------------------------- */

static enum proto_result header_read(struct reader *in, struct ends *out)
{
	return reader_peek(in, 0) == 'P' ? v1_read(in, out) : v2_read(in, out);
}

static enum probe_result proxy_probe(const struct probe *first)
{
	struct reader r = first->client;
	struct ends ends;

	if (begins(r, V2_START, sizeof(V2_START) - 1)) {
		uint8_t command = reader_peek(&r, sizeof(V2_START) - 1);

		if (r.left < V2_HEADER)
			return PROBE_MORE;
		return command >> 4 == V2_VERSION ? PROBE_YES : PROBE_NO;
	}
	if (!begins(r, V1_START, sizeof(V1_START) - 1))
		return PROBE_NO;
	switch (v1_read(&r, &ends)) {
	case PROTO_MORE:
		return PROBE_MORE;
	case PROTO_DONE:
		return PROBE_YES;
	case PROTO_INNER:
	case PROTO_BAD:
		break;
	}
	return PROBE_NO;
}

static void tell(const struct endpoint *e, enum field field,
		 struct facts *facts)
{
	char addr[IPADDR_TEXT_MAX], text[ENDPOINT];

	if (e->addr.family == IP_NONE)
		return;
	(void)snprintf(text, sizeof(text),
		       e->addr.family == IP_V6 ? "[%s]:%u" : "%s:%u",
		       ipaddr_print(&e->addr, addr), e->port);
	facts_add(facts, field, 0, str_of(text));
}

static enum proto_result proxy_feed(void *state, enum dir dir,
				    struct reader *in, struct facts *facts)
{
	struct ends ends;
	enum proto_result result;

	(void)state;
	/* Who knows the protocol waits for the header. */
	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	result = header_read(in, &ends);
	if (result != PROTO_DONE)
		return result;
	tell(&ends.source, FIELD_PROXY_SOURCE, facts);
	tell(&ends.destination, FIELD_PROXY_DESTINATION, facts);
	facts_layer_settle(facts, true);
	return PROTO_INNER;
}

const struct proto proto_proxyproto = {
	.name = "proxyprotocol",
	.app = APP_PROXYPROTOCOL,
	.state_size = 1, /* the whole header is there, or nothing is read */
	.ceiling = V2_HEADER + UINT16_MAX,
	.probe = proxy_probe,
	.feed = proxy_feed,
};
