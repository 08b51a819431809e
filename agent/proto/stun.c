/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * STUN (RFC 8489) and TURN (RFC 8656), over UDP and TCP: known by the magic
 * cookie and a length that fits, or in the older form without a cookie (RFC
 * 3489) as a binding request whose attributes fit exactly.
 *
 * The flow is settled with its first message.  What comes later is evidence:
 * what else is asked of the server, and whom a relay is asked to speak to.  A
 * flow that STUN opened is used for other things as well (RFC 7983): media,
 * which are passed over, and DTLS, which is a layer of its own.
 */
#include "agent/proto/datagram.h"
#include "agent/proto/tell.h"
#include "policy/base/hash.h"

#include <netinet/in.h>

#define HEADER_LEN    20
#define COOKIE        0x2112a442
#define METHOD_MAX    12
#define ATTR_END      0x0200 /* nobody has used a higher one */
#define ATTR_PEER     0x0012
#define ATTR_SOFTWARE 0x8022
#define CLASS_BITS    0x0110
#define PEERS_MAX     8
#define FRAME_MAX     1500
#define STREAM_MAX    (4 + 65536)

struct stun_state {
	uint16_t methods; /* told: bit i = method i */
	uint8_t peers;    /* told */
	bool software;
	bool begun, framed;       /* over TCP */
	uint64_t peer[PEERS_MAX]; /* hashes of what was told */
};

static const char *const methods[METHOD_MAX + 1] = {
	[1] = "binding",
	[2] = "shared-secret",
	[3] = "allocate",
	[4] = "refresh",
	[6] = "send",
	[7] = "data",
	[8] = "create-permission",
	[9] = "channel-bind",
	[10] = "connect",
	[11] = "connection-bind",
	[12] = "connection-attempt",
};

struct message {
	uint16_t type;
	struct reader id; /* cookie and transaction */
	struct reader attributes;
};

/* A header and as many bytes as it says. */
static bool message_read(struct reader *in, struct message *m)
{
	struct reader r = *in;
	uint16_t len;

	m->type = reader_u16(&r);
	len = reader_u16(&r);
	m->id = reader_sub(&r, HEADER_LEN - 4);
	m->attributes = reader_sub(&r, len);
	if (r.failed || m->type & 0xc000)
		return false;
	*in = r;
	return true;
}

static bool has_cookie(const struct message *m)
{
	struct reader id = m->id;

	return reader_u32(&id) == COOKIE;
}

/* The attributes fill their place: those before RFC 5389 were not padded. */
static bool attributes_fit(struct reader r)
{
	while (r.left > 0) {
		uint16_t type = reader_u16(&r);

		if ((type & 0x7fff) >= ATTR_END)
			return false;
		reader_skip(&r, reader_u16(&r));
	}
	return reader_done(&r);
}

static enum probe_result stun_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	struct message m;

	if (!message_read(&r, &m) || r.left > 0)
		return PROBE_NO;
	return probe_yes_if(has_cookie(&m) ||
			    (m.type == 1 && attributes_fit(m.attributes)));
}

/* Over TCP the cookie alone decides, once it is there; of the methods there are
 * none has a higher first byte. */
static enum probe_result begins_message(struct reader r)
{
	bool more = r.left < 8;

	if (reader_u8(&r) > 1)
		return PROBE_NO;
	reader_skip(&r, 1);
	if (reader_u16(&r) % 4 != 0)
		return PROBE_NO;
	for (unsigned i = 0; i < 4 && r.left > 0; i++)
		if (reader_u8(&r) != (uint8_t)(COOKIE >> (24 - 8 * i)))
			return PROBE_NO;
	return more ? PROBE_MORE : PROBE_YES;
}

/* Between peers each message stands behind its length (RFC 4571, RFC 6544),
 * which is that of the message with its header. */
static enum probe_result begins_framed(struct reader r)
{
	struct reader at = r;
	uint16_t len = reader_u16(&at);
	enum probe_result said;

	if (r.left < 2)
		return r.left == 1 && reader_peek(&r, 0) <= FRAME_MAX >> 8
			       ? PROBE_MORE
			       : PROBE_NO;
	if (len < HEADER_LEN || len > FRAME_MAX || len % 4 != 0)
		return PROBE_NO;
	said = at.left > 0 ? begins_message(at) : PROBE_MORE;
	reader_skip(&at, 2);
	if (at.left >= 2 && reader_u16(&at) + HEADER_LEN != len)
		return PROBE_NO;
	return said;
}

static enum probe_result stun_tcp_probe(const struct probe *first)
{
	enum probe_result plain = begins_message(first->client);
	enum probe_result framed = begins_framed(first->client);

	return plain > framed ? plain : framed;
}

/* RFC 8489 14.2, RFC 8656 18.3: an address, under the cookie and the number of
 * the transaction. */
static void peer_tell(struct stun_state *st, const struct message *m,
		      struct reader value, struct facts *facts)
{
	struct reader mask = m->id;
	uint8_t family, bytes[16] = {0};
	char text[IPADDR_TEXT_MAX], all[IPADDR_TEXT_MAX + 10];
	struct ipaddr addr;
	unsigned port;
	uint64_t hash;

	reader_skip(&value, 1);
	family = reader_u8(&value);
	port = reader_u16(&value) ^ (COOKIE >> 16);
	for (size_t i = 0; i < (family == 2 ? 16 : 4); i++)
		bytes[i] = reader_u8(&value) ^ reader_u8(&mask);
	if (!reader_done(&value) || (family != 1 && family != 2))
		return;
	addr = family == 2 ? ipaddr_v6(bytes) : ipaddr_v4(bytes);
	(void)snprintf(all, sizeof(all), family == 2 ? "[%s]:%u" : "%s:%u",
		       ipaddr_print(&addr, text), port);
	hash = hash_text(all, strlen(all));
	for (unsigned i = 0; i < st->peers; i++)
		if (st->peer[i] == hash)
			return;
	if (st->peers == PEERS_MAX)
		return;
	st->peer[st->peers] = hash;
	facts_add(facts, FIELD_TURN_PEER, st->peers++, str_of(all));
}

static void attributes_tell(struct stun_state *st, const struct message *m,
			    struct facts *facts)
{
	struct reader r = m->attributes;

	while (r.left >= 4) {
		uint16_t type = reader_u16(&r), len = reader_u16(&r);
		struct reader value = reader_sub(&r, len);

		if (value.failed)
			return;
		reader_skip(&r, -(size_t)len % 4);
		if (type == ATTR_PEER)
			peer_tell(st, m, value, facts);
		if (type != ATTR_SOFTWARE || st->software)
			continue;
		st->software = true;
		tell_text(facts, FIELD_STUN_SOFTWARE, 0, value);
	}
}

static void message_tell(struct stun_state *st, enum dir dir,
			 const struct message *m, struct facts *facts)
{
	unsigned method = m->type & 0x0f;
	bool named = method <= METHOD_MAX && methods[method] &&
		     (m->type & ~CLASS_BITS) == method;

	if (named && !(st->methods & 1u << method)) {
		unsigned which = (unsigned)__builtin_popcount(st->methods);

		st->methods |= (uint16_t)(1u << method);
		facts_add(facts, FIELD_STUN_METHOD, which,
			  str_of(methods[method]));
	}
	/* What the server is made of is of no interest. */
	if (dir == DIR_CLIENT || m->type == 0x0017)
		attributes_tell(st, m, facts);
}

/* Records of DTLS that fill the datagram (RFC 6347 4.1). */
static bool is_dtls(struct reader r)
{
	while (r.left > 0) {
		uint8_t type = reader_u8(&r);

		if (type < 20 || type > 25 || reader_u8(&r) != 0xfe)
			return false;
		reader_skip(&r, 9);
		reader_skip(&r, reader_u16(&r));
	}
	return reader_done(&r);
}

static enum proto_result stun_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	struct stun_state *st = state;
	struct message m;

	if (message_read(in, &m))
		message_tell(st, dir, &m, facts);
	else if (is_dtls(*in))
		return PROTO_INNER;
	reader_skip(in, in->left);
	facts_layer_settle(facts, false);
	return PROTO_MORE;
}

/* RFC 8656 3.1: messages and channel data one behind the other. */
static enum proto_result message_feed(struct stun_state *st, enum dir dir,
				      struct reader *in, struct facts *facts)
{
	struct reader r = *in;
	struct message m;

	if (reader_peek(&r, 0) >> 6 == 1) {
		uint16_t len;

		reader_skip(&r, 2);
		len = reader_u16(&r);
		reader_skip(&r, (len + 3u) & ~3u);
		if (!r.failed)
			*in = r;
		return r.failed ? PROTO_MORE : PROTO_DONE;
	}
	if (!message_read(in, &m))
		return PROTO_MORE;
	message_tell(st, dir, &m, facts);
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

/* What is no message in a frame is media. */
static enum proto_result frame_feed(struct stun_state *st, enum dir dir,
				    struct reader *in, struct facts *facts)
{
	struct reader r = *in, frame = reader_sub(&r, reader_u16(&r));
	struct message m;

	if (r.failed)
		return PROTO_MORE;
	*in = r;
	if (message_read(&frame, &m))
		message_tell(st, dir, &m, facts);
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

static enum proto_result stun_tcp_feed(void *state, enum dir dir,
				       struct reader *in, struct facts *facts)
{
	struct stun_state *st = state;
	enum proto_result result = PROTO_DONE;

	if (!st->begun && dir == DIR_CLIENT)
		st->framed = begins_message(*in) == PROBE_NO;
	st->begun = st->begun || dir == DIR_CLIENT;
	while (in->left > 0 && result == PROTO_DONE) {
		/* What a relayed connection carries (RFC 6062). */
		if (!st->framed && reader_peek(in, 0) & 0x80)
			return PROTO_DONE;
		result = st->framed ? frame_feed(st, dir, in, facts)
				    : message_feed(st, dir, in, facts);
	}
	return PROTO_MORE;
}

const struct proto proto_stun = {
	.name = "stun",
	.app = APP_STUN,
	.state_size = sizeof(struct stun_state),
	.ceiling = DATAGRAM_MAX,
	.probe = stun_probe,
	.feed = stun_feed,
};

const struct proto proto_stun_tcp = {
	.name = "stun",
	.app = APP_STUN,
	.state_size = sizeof(struct stun_state),
	.ceiling = STREAM_MAX,
	.probe = stun_tcp_probe,
	.feed = stun_tcp_feed,
};
