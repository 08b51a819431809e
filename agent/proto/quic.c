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
 * another one than we.
 */
#include "agent/proto/gquic.h"
#include "agent/proto/quic_crypto.h"
#include "agent/proto/quic_packet.h"
#include "agent/proto/tell.h"
#include "agent/proto/tls_tell.h"

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
	uint8_t dcid_len, dcid[QUIC_CID_MAX]; /* that the keys are of */
	uint8_t told;                         /* ClientHellos */
	struct quic_keys keys;
	int64_t largest;          /* packet number */
	uint64_t before;          /* handshake bytes of what was told */
	struct quic_crypto *kept; /* of a hello that is not complete */
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

/* A client that is sent elsewhere says the same again: a further hello is told
 * when it asks for another name. */
static bool is_told(struct reader body, const struct facts *facts)
{
	struct tls_hello hello;

	if (tls_hello_parse(body, TLS_OVER_QUIC, &hello) || !hello.has_sni)
		return true;
	for (unsigned i = 0; i < facts->n_values; i++)
		if (facts->values[i].field == FIELD_TLS_SNI &&
		    str_eq(facts->values[i].value, reader_text(hello.sni)))
			return true;
	return false;
}

static enum proto_result hello_tell(struct quic_state *st, struct reader body,
				    struct facts *facts)
{
	if (st->told > 0 && is_told(body, facts))
		return PROTO_DONE;
	return tls_hello_tell(body, TLS_OVER_QUIC, st->told, facts)
		       ? PROTO_BAD
		       : PROTO_DONE;
}

/* The first handshake message, when it is complete; *used: its bytes. */
static enum proto_result message_tell(struct quic_state *st,
				      const struct quic_packet *p,
				      struct reader start, size_t *used,
				      struct facts *facts)
{
	struct reader body;

	if (p->version->traits & QUIC_CHLO) {
		*used = start.left;
		return gquic_chlo_tell(start, facts);
	}
	if (start.left > 0 && reader_peek(&start, 0) != HANDSHAKE_CLIENT_HELLO)
		return PROTO_BAD;
	reader_skip(&start, 1);
	*used = reader_u24(&start);
	if (!start.failed && *used > LIMIT_QUIC_HELLO - HANDSHAKE_HEADER)
		return PROTO_BAD;
	body = reader_sub(&start, *used);
	if (start.failed)
		return PROTO_MORE;
	*used += HANDSHAKE_HEADER;
	return hello_tell(st, body, facts);
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

/* What was told before is not looked at again. */
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

		if (old >= len)
			return FW_OK;
		reader_skip(&data, (size_t)old);
		offset = st->before;
	}
	return quic_crypto_add(c, offset - st->before, data);
}

/* RFC 9000 12.4: what an Initial may hold. */
static bool frame_read(const struct quic_state *st, const struct quic_packet *p,
		       struct reader *r, struct quic_crypto *c)
{
	uint64_t type = quic_varint(r);

	if (type == FRAME_CRYPTO ||
	    (type == FRAME_CRYPTO_GOOGLE && (p->version->traits & QUIC_GOOGLE)))
		return crypto_read(st, r, c) == FW_OK;
	if (type == FRAME_ACK || type == FRAME_ACK_ECN) {
		ack_skip(r, type == FRAME_ACK_ECN);
	} else if (type == FRAME_CLOSE) {
		(void)quic_varint(r);
		(void)quic_varint(r);
		bytes_skip(r, quic_varint(r));
	} else if (type != FRAME_PADDING && type != FRAME_PING) {
		return false;
	}
	return !r->failed;
}

static enum proto_result frames_read(struct quic_state *st,
				     const struct quic_packet *p,
				     struct reader frames, struct facts *facts)
{
	struct quic_crypto *c = st->kept ? st->kept : quic_crypto_scratch();
	enum proto_result result;
	struct reader start;
	size_t used = 0;

	while (frames.left > 0) {
		if (!frame_read(st, p, &frames, c))
			return PROTO_BAD;
		/* Most of a packet is padding, a byte each. */
		reader_skip(&frames, reader_run(&frames, FRAME_PADDING));
	}
	if (c->n == 0)
		return PROTO_MORE;
	start = quic_crypto_start(c);
	result = message_tell(st, p, start, &used, facts);
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

static bool is_of_keys(const struct quic_state *st, struct reader dcid)
{
	size_t n = dcid.left;

	return st->has_keys && n == st->dcid_len &&
	       !memcmp(st->dcid, reader_take(&dcid, n), n);
}

/* By the keys of the packet's own connection id. */
static bool open_anew(struct quic_state *st, const struct quic_packet *p,
		      struct reader *out_frames)
{
	struct reader dcid = p->dcid;
	size_t n = dcid.left;
	struct quic_keys keys;
	int64_t largest = -1;

	if (!quic_keys_derive(p->version, dcid, &keys) ||
	    !quic_open(&keys, p->whole, p->number_at, &largest, out_frames))
		return false;
	if (st->told > 0) {
		/* Another connection, or a version that was agreed upon. */
		st->before = 0;
		st->kept = NULL;
	}
	st->keys = keys;
	st->largest = largest;
	st->has_keys = true;
	st->dcid_len = (uint8_t)n;
	memcpy(st->dcid, reader_take(&dcid, n), n);
	return true;
}

static enum proto_result initial_feed(struct quic_state *st,
				      const struct quic_packet *p,
				      struct facts *facts)
{
	enum proto_result result;
	struct reader frames;

	if (!(st->has_keys && quic_open(&st->keys, p->whole, p->number_at,
					&st->largest, &frames)) &&
	    (is_of_keys(st, p->dcid) || !open_anew(st, p, &frames))) {
		if (!st->told && !st->kept)
			facts_layer_settle(facts, false);
		return PROTO_MORE;
	}
	result = frames_read(st, p, frames, facts);
	/* What comes behind the decision is evidence only. */
	return result == PROTO_BAD && st->told == 0 ? PROTO_BAD : PROTO_MORE;
}

static enum proto_result quic_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	struct quic_state *st = state;
	struct quic_packet p;
	enum proto_result result = PROTO_MORE;

	while (dir == DIR_CLIENT && result == PROTO_MORE && in->left > 0 &&
	       !quic_packet_read(in, &p) && p.version) {
		version_tell(st, p.number, facts);
		if (!p.version->salt && !st->told)
			facts_layer_settle(facts, false);
		if (p.type == QUIC_INITIAL)
			result = initial_feed(st, &p, facts);
	}
	reader_skip(in, in->left);
	return result;
}

const struct proto proto_quic = {
	.name = "quic",
	.app = APP_QUIC,
	.state_size = sizeof(struct quic_state),
	.ceiling = 65536,
	.probe = quic_probe,
	.feed = quic_feed,
};
