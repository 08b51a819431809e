/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DTLS 1.0 to 1.3 over UDP (RFC 4347, RFC 6347, RFC 9147), as far as it is in
 * clear: the ClientHello, and for the evidence the server's answer.
 *
 * A datagram holds whole records, a record of handshake whole fragments.  The
 * fragments of one message may come in any order, twice, and overlap; copies
 * that differ are malformed, as the two ends could read them differently.  A
 * message in one fragment is read in place, else it is collected in the flow's
 * arena.
 *
 * A server may ask for the hello again, with a cookie: the second is told where
 * it differs.  Which end is the client of DTLS is told by who says hello, as
 * with WebRTC it may be either.  A flow that begins in the middle of a session
 * (the table has forgotten it) has nothing to tell but that it is one.
 */
#include "agent/limits.h"
#include "agent/proto/datagram.h"
#include "agent/proto/proto.h"
#include "agent/proto/tls_record.h"
#include "agent/proto/tls_server.h"
#include "agent/proto/tls_tell.h"
#include "policy/base/arena.h"

#include <string.h>

#define DTLS_1_0        0xfeff
#define DTLS_1_2        0xfefd
#define DTLS_BAD_VER    0x0100 /* before there was a standard; still in use */
#define SERVER_DONE     14
#define HANDSHAKE_LAST  24
#define ENCRYPTED_LEAST 17 /* 8 bytes of nonce or none, 8 to 16 of a tag */

/* One handshake message in parts. */
struct collected {
	uint8_t *bytes; /* NULL: nothing yet; arena */
	uint8_t *seen;  /* a bit for each; arena */
	uint32_t length, have;
	uint16_t sequence;
};

struct dtls_state {
	struct collected hello, answer;
	uint8_t hellos;
	uint8_t client; /* enum dir: who says hello */
	uint8_t wanted; /* the server's next message; 0: no more */
	bool begun;
};

struct record {
	uint8_t type;
	uint16_t epoch;
	struct reader body;
};

struct fragment {
	uint8_t type;
	uint16_t sequence;
	uint32_t length, offset;
	struct reader bytes;
};

static bool record_read(struct reader *in, struct record *out)
{
	uint16_t version;

	out->type = reader_u8(in);
	version = reader_u16(in);
	out->epoch = reader_u16(in);
	reader_skip(in, 6); /* sequence number */
	out->body = reader_sub(in, reader_u16(in));
	return !in->failed &&
	       (version == DTLS_1_0 || version == DTLS_1_2 ||
		version == DTLS_BAD_VER) &&
	       out->type >= TLS_RECORD_CCS && out->type <= TLS_RECORD_DATA &&
	       out->body.left > 0;
}

static bool fragment_read(struct reader *in, struct fragment *out)
{
	uint32_t len;

	out->type = reader_u8(in);
	out->length = reader_u24(in);
	out->sequence = reader_u16(in);
	out->offset = reader_u24(in);
	len = reader_u24(in);
	out->bytes = reader_sub(in, len);
	return !in->failed && out->offset <= out->length &&
	       len <= out->length - out->offset;
}

/* Can a record have this body? */
static bool fits(struct record *r)
{
	struct fragment f;

	if (r->epoch > 0)
		return r->body.left >= ENCRYPTED_LEAST;
	switch (r->type) {
	case TLS_RECORD_HANDSHAKE:
		return fragment_read(&r->body, &f) && f.type <= HANDSHAKE_LAST;
	case TLS_RECORD_ALERT:
		return r->body.left == 2;
	case TLS_RECORD_CCS:
		return r->body.left <= 3;
	default:
		return false;
	}
}

/* Records that fill the datagram, none of which cannot be. */
static enum probe_result dtls_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	struct record record;

	if (r.left == 0)
		return PROBE_NO;
	while (r.left > 0)
		if (!record_read(&r, &record) || !fits(&record))
			return PROBE_NO;
	return PROBE_YES;
}

static bool collect_begin(struct collected *c, const struct fragment *f,
			  struct arena *arena)
{
	if (f->length > LIMIT_DTLS_MESSAGE)
		return false;
	c->bytes = arena_alloc(arena, f->length + (f->length + 7) / 8);
	if (!c->bytes)
		return false;
	c->seen = c->bytes + f->length;
	c->length = f->length;
	c->have = 0;
	c->sequence = f->sequence;
	return true;
}

/* Add a fragment.  DONE: `out` is the whole message; BAD: it does not fit what
 * was there before, or is too long. */
static enum proto_result collect(struct collected *c, const struct fragment *f,
				 struct arena *arena, struct reader *out)
{
	struct reader r = f->bytes;

	if (!c->bytes && r.left == f->length) {
		*out = r;
		return PROTO_DONE;
	}
	if (!c->bytes && !collect_begin(c, f, arena))
		return PROTO_BAD;
	if (c->sequence != f->sequence || c->length != f->length)
		return PROTO_BAD;
	for (uint32_t i = f->offset; r.left > 0; i++) {
		uint8_t byte = reader_u8(&r), bit = (uint8_t)(1 << i % 8);

		if ((c->seen[i / 8] & bit) && c->bytes[i] != byte)
			return PROTO_BAD;
		c->have += !(c->seen[i / 8] & bit);
		c->seen[i / 8] |= bit;
		c->bytes[i] = byte;
	}
	if (c->have < c->length)
		return PROTO_MORE;
	*out = reader_of(c->bytes, c->length);
	c->bytes = NULL;
	return PROTO_DONE;
}

/* A hello behind one that was told; one that asks for something else than what
 * was judged counts alone. */
static enum fw_err hello_again(struct dtls_state *st, struct reader body,
			       struct facts *facts)
{
	struct tls_hello hello;
	enum fw_err err = tls_hello_parse(body, TLS_OVER_DTLS, &hello);

	if (err || (facts->judged && tls_hello_is_told(&hello, facts)))
		return err;
	if (!facts->judged)
		return st->hellos > 1
			       ? FW_OK
			       : tls_hello_tell(body, TLS_OVER_DTLS, 1, facts);
	/* It was kept with what is forgotten. */
	st->answer.bytes = NULL;
	st->wanted = 0;
	return tls_hello_tell_again(body, TLS_OVER_DTLS, st->hellos, facts);
}

static enum fw_err hello_tell(struct dtls_state *st, struct reader body,
			      struct facts *facts)
{
	return st->hellos == 0 ? tls_hello_tell(body, TLS_OVER_DTLS, 0, facts)
			       : hello_again(st, body, facts);
}

static enum proto_result client_fragment(struct dtls_state *st, enum dir dir,
					 const struct fragment *f,
					 struct facts *facts)
{
	enum proto_result result;
	struct reader body;

	/* Whoever said it first, what the flow's client asks for is judged. */
	if (!st->begun || (dir == DIR_CLIENT && st->client != DIR_CLIENT)) {
		st->begun = true;
		st->client = (uint8_t)dir;
		st->wanted = TLS_SERVER_HELLO;
		st->hello.bytes = NULL;
	}
	if (dir != st->client)
		return PROTO_MORE;
	result = collect(&st->hello, f, facts->arena, &body);
	if (result == PROTO_DONE && hello_tell(st, body, facts))
		result = PROTO_BAD;
	/* Another one is not judged by the last. */
	facts_layer_reopen(facts);
	if (result != PROTO_DONE)
		return result;
	if (st->hellos < UINT8_MAX)
		st->hellos++;
	facts_layer_settle(facts, false);
	return PROTO_MORE;
}

static void server_fragment(struct dtls_state *st, const struct fragment *f,
			    struct facts *facts)
{
	struct tls_answer answer = {0};
	enum proto_result result;
	struct reader body;

	if (f->type == SERVER_DONE)
		st->wanted = 0;
	if (f->type != st->wanted)
		return;
	result = collect(&st->answer, f, facts->arena, &body);
	if (result == PROTO_MORE)
		return;
	st->wanted = 0;
	if (result == PROTO_BAD)
		return;
	if (f->type == TLS_CERTIFICATE)
		tls_certificate_tell(body, facts);
	else if (!tls_answer_tell(body, facts, &answer) && answer.retry)
		st->wanted = TLS_SERVER_HELLO;
	else if (answer.version == DTLS_1_0 || answer.version == DTLS_1_2 ||
		 answer.version == DTLS_BAD_VER)
		st->wanted = TLS_CERTIFICATE;
}

static enum proto_result handshake(struct dtls_state *st, enum dir dir,
				   struct reader body, struct facts *facts)
{
	struct fragment f;

	/* What cannot be read, no server reads either. */
	while (body.left > 0 && fragment_read(&body, &f)) {
		if (f.type == TLS_CLIENT_HELLO &&
		    client_fragment(st, dir, &f, facts) == PROTO_BAD)
			return PROTO_BAD;
		if (st->begun && dir != st->client)
			server_fragment(st, &f, facts);
	}
	return PROTO_MORE;
}

static enum proto_result dtls_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	struct dtls_state *st = state;
	struct reader r = *in;
	struct record record;

	reader_skip(in, in->left);
	while (r.left > 0 && record_read(&r, &record))
		if (record.type == TLS_RECORD_HANDSHAKE && record.epoch == 0 &&
		    handshake(st, dir, record.body, facts) == PROTO_BAD)
			return PROTO_BAD;
	if (!st->begun)
		facts_layer_settle(facts, false);
	return st->hellos > 0 && st->wanted == 0 ? PROTO_DONE : PROTO_MORE;
}

static bool dtls_is_hello(struct reader datagram)
{
	struct record record;
	struct fragment f;

	while (datagram.left > 0 && record_read(&datagram, &record)) {
		if (record.type != TLS_RECORD_HANDSHAKE || record.epoch > 0)
			continue;
		while (record.body.left > 0 && fragment_read(&record.body, &f))
			if (f.type == TLS_CLIENT_HELLO)
				return true;
	}
	return false;
}

const struct proto proto_dtls = {
	.name = "dtls",
	.app = APP_DTLS,
	.state_size = sizeof(struct dtls_state),
	.ceiling = DATAGRAM_MAX,
	.probe = dtls_probe,
	.feed = dtls_feed,
	.is_hello = dtls_is_hello,
};
