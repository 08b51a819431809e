/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * QUIC (RFC 9000, RFC 9369 and the drafts before them): the client's Initial
 * packets are opened, and the ClientHello in them is told as TLS's is.
 *
 * The flow is QUIC by a version's number at its place and lengths that fit.  It
 * is settled as soon as the ClientHello is complete, or when it is certain that
 * there is none to be read: of a version that cannot be opened, or of a packet
 * whose keys lie before what was seen.
 *
 * The keys come from the connection id that the client first sends to.  After
 * a Retry it is another one: a packet that the keys do not fit is tried with
 * those of its own id.  Until a ClientHello is complete all packets must agree
 * about its bytes, whatever connection they are of: the server might be told
 * another one than we.  Behind it another connection may begin, by another id
 * or by other bytes where the first one's were; its hello counts alone.
 */
#include "agent/proto/gquic.h"
#include "agent/proto/quic_crypto.h"
#include "agent/proto/quic_packet.h"
#include "agent/proto/tell.h"
#include "agent/proto/tls_tell.h"
#include "policy/base/arena.h"

#include <string.h>

#define HANDSHAKE_HEADER       4
#define HANDSHAKE_CLIENT_HELLO 1

enum frame {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
	FRAME_CRYPTO_GOOGLE = 0x08,
	FRAME_CLOSE = 0x1c,
};

struct quic_state {
	uint32_t version; /* told last */
	bool has_keys;
	uint8_t told; /* ClientHellos */
	struct quic_keys keys;
	int64_t largest;          /* packet number */
	uint64_t before;          /* handshake bytes of what was told */
	struct quic_crypto *kept; /* of a hello that is not complete */
	const uint8_t *last;      /* the message told last; arena */
	size_t last_len;
};

/* --- the probe ----------------------------------------------------------- */

/* RFC 9000 17.2.1: what the server would rather speak. */
static bool is_negotiation(struct reader r)
{
	bool known = false;

	if (!(reader_u8(&r) & 0x80) || reader_u32(&r) != 0)
		return false;
	reader_skip(&r, reader_u8(&r));
	reader_skip(&r, reader_u8(&r));
	if (r.failed || r.left == 0 || r.left % 4 != 0)
		return false;
	while (r.left > 0) {
		const struct quic_version *v =
			quic_version_find(reader_u32(&r));

		known = known || (v && !(v->traits & QUIC_RESERVED));
	}
	return known;
}

static enum probe_result quic_probe(const struct probe *first)
{
	bool server = first->client.left == 0;
	struct reader r = server ? first->server : first->client;
	struct quic_packet p;

	if (server && is_negotiation(r))
		return PROBE_YES;
	if (quic_packet_read(&r, &p) || !p.version ||
	    (p.version->traits & QUIC_CLEAR))
		return PROBE_NO;
	/* There is something in it, and a tag. */
	if (p.type == QUIC_INITIAL &&
	    p.whole.left < p.number_at + QUIC_SEALED_MIN)
		return PROBE_NO;
	/* A number that is only kept free proves little: the first datagram
	 * must be as long as it has to be. */
	if ((p.version->traits & QUIC_RESERVED) &&
	    (first->client.left < 1200 || p.dcid.left < 8))
		return PROBE_NO;
	return PROBE_YES;
}

/* --- what is told -------------------------------------------------------- */

static void version_tell(struct quic_state *st, uint32_t version,
			 struct facts *facts)
{
	char text[16];

	if (st->version == version)
		return;
	(void)snprintf(text, sizeof(text), "0x%08x", version);
	facts_add(facts, FIELD_QUIC_VERSION, st->version ? 1 : 0, str_of(text));
	st->version = version;
}

/* After a Retry the client says the same again. */
static bool is_last(const struct quic_state *st, struct reader message)
{
	size_t n = message.left;

	return st->last && n == st->last_len &&
	       !memcmp(st->last, reader_take(&message, n), n);
}

static bool is_told(const struct quic_state *st, struct reader message,
		    struct facts *facts)
{
	struct tls_hello hello;

	if (st->before == 0 && is_last(st, message))
		return true;
	/* In a replay all connections are told together. */
	if (st->before == 0 && facts->judged)
		return false;
	reader_skip(&message, HANDSHAKE_HEADER);
	return !tls_hello_parse(message, TLS_OVER_QUIC, &hello) &&
	       tls_hello_is_told(&hello, facts);
}

static void last_keep(struct quic_state *st, struct reader message,
		      struct arena *arena)
{
	size_t n = message.left;
	uint8_t *p = arena_alloc(arena, n);

	st->last = p;
	st->last_len = p ? n : 0;
	if (p)
		memcpy(p, reader_take(&message, n), n);
}

/* A whole message with its header. */
static enum proto_result hello_tell(struct quic_state *st,
				    struct reader message, struct facts *facts)
{
	static _Thread_local uint8_t copy[LIMIT_QUIC_HELLO];
	struct reader body;
	size_t n = message.left;
	enum fw_err err;

	if (st->told > 0 && is_told(st, message, facts))
		return PROTO_DONE;
	memcpy(copy, reader_take(&message, n), n);
	message = body = reader_of(copy, n);
	reader_skip(&body, HANDSHAKE_HEADER);
	if (st->told > 0 && facts->judged) {
		uint32_t version = st->version;

		err = tls_hello_tell_again(body, TLS_OVER_QUIC, st->told,
					   facts);
		st->version = 0;
		version_tell(st, version, facts);
	} else {
		err = tls_hello_tell(body, TLS_OVER_QUIC, st->told, facts);
	}
	if (err)
		return PROTO_BAD;
	last_keep(st, message, facts->arena);
	return PROTO_DONE;
}

/* The first handshake message, when it is complete; *used: its bytes. */
static enum proto_result message_tell(struct quic_state *st,
				      const struct quic_packet *p,
				      struct reader start, size_t *used,
				      struct facts *facts)
{
	struct reader whole = start;

	if (p->version->traits & QUIC_CHLO) {
		enum proto_result result = PROTO_DONE;

		*used = start.left;
		if (st->before > 0 || !is_last(st, start))
			result = gquic_chlo_tell(start, facts);
		if (result == PROTO_DONE)
			last_keep(st, start, facts->arena);
		return result;
	}
	if (start.left > 0 && reader_peek(&start, 0) != HANDSHAKE_CLIENT_HELLO)
		return PROTO_BAD;
	reader_skip(&start, 1);
	*used = reader_u24(&start);
	if (!start.failed && *used > LIMIT_QUIC_HELLO - HANDSHAKE_HEADER)
		return PROTO_BAD;
	*used += HANDSHAKE_HEADER;
	whole = reader_sub(&whole, *used);
	if (start.failed || whole.failed)
		return PROTO_MORE;
	return hello_tell(st, whole, facts);
}

/* --- frames -------------------------------------------------------------- */

/* RFC 9000 19.3. */
static void ack_skip(struct reader *r, bool ecn)
{
	uint64_t ranges;

	(void)quic_varint(r);
	(void)quic_varint(r);
	ranges = quic_varint(r);
	(void)quic_varint(r);
	for (uint64_t i = 0; i < ranges && !r->failed; i++) {
		(void)quic_varint(r);
		(void)quic_varint(r);
	}
	for (unsigned i = 0; ecn && i < 3; i++)
		(void)quic_varint(r);
}

static void bytes_skip(struct reader *r, uint64_t n)
{
	reader_skip(r, n > r->left ? SIZE_MAX : (size_t)n);
}

/* Is it, up to where the last message ends, what was told? */
static bool is_old(const struct quic_state *st, uint64_t offset,
		   struct reader data)
{
	uint64_t from = st->before - st->last_len;
	size_t n = data.left;

	if (n > st->before - offset)
		n = (size_t)(st->before - offset);
	return st->last && offset >= from &&
	       !memcmp(st->last + (offset - from), reader_take(&data, n), n);
}

/* What was told before is not looked at again.  FW_ERR_EXIST: there is other in
 * its place, so another connection begins. */
static enum fw_err crypto_read(const struct quic_state *st, struct reader *r,
			       struct quic_crypto *c)
{
	uint64_t offset = quic_varint(r), len = quic_varint(r);
	struct reader data;

	if (r->failed || len > r->left)
		return FW_ERR_INVAL;
	data = reader_sub(r, (size_t)len);
	if (offset < st->before) {
		uint64_t old = st->before - offset;

		if (!is_old(st, offset, data))
			return FW_ERR_EXIST;
		if (old >= len)
			return FW_OK;
		reader_skip(&data, (size_t)old);
		offset = st->before;
	}
	return quic_crypto_add(c, offset - st->before, data);
}

/* RFC 9000 12.4: what an Initial may hold. */
static enum fw_err frame_read(const struct quic_state *st,
			      const struct quic_packet *p, struct reader *r,
			      struct quic_crypto *c)
{
	uint64_t type = quic_varint(r);

	if (type == FRAME_CRYPTO ||
	    (type == FRAME_CRYPTO_GOOGLE && (p->version->traits & QUIC_GOOGLE)))
		return crypto_read(st, r, c);
	if (type == FRAME_ACK || type == FRAME_ACK_ECN) {
		ack_skip(r, type == FRAME_ACK_ECN);
	} else if (type == FRAME_CLOSE) {
		(void)quic_varint(r);
		(void)quic_varint(r);
		bytes_skip(r, quic_varint(r));
	} else if (type != FRAME_PADDING && type != FRAME_PING) {
		return FW_ERR_INVAL;
	}
	return r->failed ? FW_ERR_INVAL : FW_OK;
}

static enum fw_err packet_collect(const struct quic_state *st,
				  const struct quic_packet *p,
				  struct reader frames, struct quic_crypto *c)
{
	enum fw_err err = FW_OK;

	while (!err && frames.left > 0) {
		err = frame_read(st, p, &frames, c);
		/* Most of a packet is padding, a byte each. */
		reader_skip(&frames, reader_run(&frames, FRAME_PADDING));
	}
	return err;
}

/* The next hello begins at the first byte. */
static void begin_anew(struct quic_state *st)
{
	st->before = 0;
	st->kept = NULL;
}

/* What is collected: a hello that is not complete, or nothing yet. */
static struct quic_crypto *collected(const struct quic_state *st)
{
	return st->kept ? st->kept : quic_crypto_scratch();
}

static enum proto_result frames_read(struct quic_state *st,
				     const struct quic_packet *p,
				     struct reader frames, struct facts *facts)
{
	struct quic_crypto *c = collected(st);
	enum fw_err err = packet_collect(st, p, frames, c);
	enum proto_result result;
	size_t used = 0;

	if (err == FW_ERR_EXIST && !st->kept) {
		begin_anew(st);
		c = collected(st);
		err = packet_collect(st, p, frames, c);
	}
	if (!err && c->n == 0)
		return PROTO_MORE;
	/* Another hello is not judged by the last one. */
	facts_layer_reopen(facts);
	if (err)
		return PROTO_BAD;
	result = message_tell(st, p, quic_crypto_start(c), &used, facts);
	if (result == PROTO_DONE) {
		if (st->told < UINT8_MAX)
			st->told++;
		st->before += used;
		st->kept = NULL;
		facts_layer_settle(facts, false);
	} else if (result == PROTO_MORE && !st->kept) {
		st->kept = quic_crypto_keep(c, facts->arena);
		if (!st->kept)
			return PROTO_BAD;
	}
	return result;
}

/* --- packets ------------------------------------------------------------- */

/* By the keys of the packet's own connection id. */
static bool open_anew(struct quic_state *st, const struct quic_packet *p,
		      struct reader *out_frames)
{
	struct quic_keys keys;
	int64_t largest = -1;

	if (!quic_keys_derive(p->version, p->dcid, &keys) ||
	    !quic_open(&keys, p->whole, p->number_at, &largest, out_frames))
		return false;
	/* Another connection, or a version that was agreed upon. */
	if (!st->kept)
		begin_anew(st);
	st->keys = keys;
	st->largest = largest;
	st->has_keys = true;
	return true;
}

static enum proto_result initial_feed(struct quic_state *st,
				      const struct quic_packet *p,
				      struct facts *facts)
{
	struct reader frames;

	if (!(st->has_keys && quic_open(&st->keys, p->whole, p->number_at,
					&st->largest, &frames)) &&
	    !open_anew(st, p, &frames)) {
		if (!st->told && !st->kept)
			facts_layer_settle(facts, false);
		return PROTO_MORE;
	}
	return frames_read(st, p, frames, facts) == PROTO_BAD ? PROTO_BAD
							      : PROTO_MORE;
}

/* Of a version whose hello cannot be read: one that names nobody. */
static void sealed_feed(struct quic_state *st, const struct quic_packet *p,
			struct facts *facts)
{
	if (st->kept)
		return;
	if (st->told && facts->judged && p->number != st->version) {
		facts_layer_again(facts);
		st->last = NULL;
	}
	facts_layer_settle(facts, false);
}

static enum proto_result quic_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	struct quic_state *st = state;
	struct quic_packet p;
	enum proto_result result = PROTO_MORE;

	while (dir == DIR_CLIENT && result == PROTO_MORE && in->left > 0 &&
	       !quic_packet_read(in, &p) && p.version) {
		if (!p.version->salt && !(p.version->traits & QUIC_RESERVED))
			sealed_feed(st, &p, facts);
		else if (!p.version->salt && !st->told)
			facts_layer_settle(facts, false);
		version_tell(st, p.number, facts);
		if (p.type == QUIC_INITIAL)
			result = initial_feed(st, &p, facts);
	}
	reader_skip(in, in->left);
	return result;
}

static bool quic_is_hello(struct reader datagram)
{
	struct quic_packet p;

	while (datagram.left > 0 && !quic_packet_read(&datagram, &p) &&
	       p.version && !(p.version->traits & (QUIC_RESERVED | QUIC_CLEAR)))
		if (p.type == QUIC_INITIAL || !p.version->salt)
			return true;
	return false;
}

const struct proto proto_quic = {
	.name = "quic",
	.app = APP_QUIC,
	.state_size = sizeof(struct quic_state),
	.ceiling = 65536,
	.probe = quic_probe,
	.feed = quic_feed,
	.is_hello = quic_is_hello,
};
