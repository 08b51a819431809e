/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS over TCP: the record layer as far as the ClientHello (RFC 8446 5.1).
 *
 * Nothing is consumed before the ClientHello is complete: its packets are held
 * anyway, and so no copy of it is kept.  `walked` says how far whole records
 * were looked at.  A hello in one record is parsed in place, one in several is
 * joined first.  A server reads whole records, so a hello that is complete
 * inside of an incomplete record waits for the rest.
 *
 * A ClientHello in the form of SSL 2 (RFC 5246 E.2) has no extensions, thus no
 * name: only the application is told.
 */
#include "agent/limits.h"
#include "agent/proto/proto.h"
#include "agent/proto/tls_tell.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_HEADER          5
#define RECORD_HANDSHAKE       22
#define RECORD_MAX             16384
#define HANDSHAKE_HEADER       4
#define HANDSHAKE_CLIENT_HELLO 1
#define SSL2_PROBE_LEN         11

struct tls_state {
	size_t walked;    /* unread bytes that are whole records */
	size_t handshake; /* handshake bytes in them */
	unsigned empty;   /* records without a byte */
	uint8_t header[HANDSHAKE_HEADER]; /* of the ClientHello */
};

/* RFC 5246 E.2: every length has to fit every other. */
static enum probe_result ssl2_probe(struct reader r)
{
	bool more = r.left < SSL2_PROBE_LEN;
	uint16_t len, version, ciphers, session, challenge;
	uint8_t type;

	len = reader_u16(&r) & 0x7fff;
	if (r.failed)
		return PROBE_MORE;
	if (len < SSL2_PROBE_LEN - 2)
		return PROBE_NO;
	type = reader_u8(&r);
	if (!r.failed && type != HANDSHAKE_CLIENT_HELLO)
		return PROBE_NO;
	version = reader_u16(&r);
	if (!r.failed && version != 0x0002 && version >> 8 != 3)
		return PROBE_NO;
	ciphers = reader_u16(&r);
	session = reader_u16(&r);
	challenge = reader_u16(&r);
	if (more)
		return PROBE_MORE;
	if (ciphers == 0 || ciphers % 3 != 0 ||
	    (session != 0 && session != 16) || challenge < 16 ||
	    challenge > 32 || len != 9u + ciphers + session + challenge)
		return PROBE_NO;
	return PROBE_YES;
}

static enum probe_result tls_probe(const struct probe *first)
{
	struct reader r = first->client;
	uint16_t version, len;
	uint8_t type;

	if (reader_peek(&r, 0) & 0x80)
		return ssl2_probe(r);
	if (reader_u8(&r) != RECORD_HANDSHAKE)
		return PROBE_NO;
	if (r.left > 0 && reader_peek(&r, 0) != 3)
		return PROBE_NO;
	version = reader_u16(&r);
	if (!r.failed && (version & 0xff) > 4)
		return PROBE_NO;
	len = reader_u16(&r);
	if (!r.failed && len > RECORD_MAX)
		return PROBE_NO;
	/* Nobody but one who wants to hide begins with an empty record. */
	if (!r.failed && len == 0)
		return PROBE_YES;
	type = reader_u8(&r);
	if (r.failed)
		return PROBE_MORE;
	return type == HANDSHAKE_CLIENT_HELLO ? PROBE_YES : PROBE_NO;
}

/* `message`: the handshake message with its header. */
static enum proto_result hello_tell(struct reader message, struct facts *facts)
{
	struct reader body;

	reader_skip(&message, 1);
	body = reader_sub(&message, reader_u24(&message));
	if (body.failed || tls_hello_tell(body, TLS_OVER_TCP, 0, facts))
		return PROTO_BAD;
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

/* The payloads of all whole records, one behind the other. */
static enum proto_result hello_join(struct reader records, size_t n,
				    struct facts *facts)
{
	uint8_t *joined = malloc(n);
	enum proto_result result;
	size_t at = 0;

	if (!joined)
		return PROTO_BAD;
	while (records.left > 0 && at < n) {
		size_t len;
		const uint8_t *p;

		reader_skip(&records, 3);
		len = reader_u16(&records);
		if (len > n - at)
			len = n - at;
		p = reader_take(&records, len);
		if (p && len > 0)
			memcpy(&joined[at], p, len);
		at += len;
	}
	result = hello_tell(reader_of(joined, at), facts);
	free(joined);
	return result;
}

/* Note the handshake header, which may be spread over records too. */
static void header_note(struct tls_state *st, struct reader payload)
{
	size_t at = st->handshake;

	while (payload.left > 0 && at < HANDSHAKE_HEADER)
		st->header[at++] = reader_u8(&payload);
}

/* Bytes of the ClientHello with its header; 0 when not known yet. */
static size_t hello_size(const struct tls_state *st)
{
	struct reader h = reader_of(st->header, sizeof(st->header));

	if (st->handshake < HANDSHAKE_HEADER)
		return 0;
	reader_skip(&h, 1);
	return HANDSHAKE_HEADER + reader_u24(&h);
}

/* Step over the next record; MORE when it is not all there. */
static enum proto_result record_walk(struct tls_state *st, struct reader *rest)
{
	struct reader r = *rest, payload;
	uint8_t type = reader_u8(&r), major = reader_u8(&r);
	size_t len;

	if (rest->left >= 1 && type != RECORD_HANDSHAKE)
		return PROTO_BAD;
	if (rest->left >= 2 && major != 3)
		return PROTO_BAD;
	reader_skip(&r, 1);
	len = reader_u16(&r);
	if (len > RECORD_MAX)
		return PROTO_BAD;
	payload = reader_sub(&r, len);
	if (payload.failed)
		return PROTO_MORE;
	if (len == 0 && ++st->empty > LIMIT_TLS_EMPTY_RECORDS)
		return PROTO_BAD;
	header_note(st, payload);
	st->walked += RECORD_HEADER + len;
	st->handshake += len;
	*rest = r;
	return PROTO_DONE;
}

static enum proto_result records_feed(struct tls_state *st, struct reader *in,
				      struct facts *facts)
{
	struct reader rest = *in, records;
	size_t size;

	reader_skip(&rest, st->walked);
	do {
		enum proto_result result = record_walk(st, &rest);

		if (result != PROTO_DONE)
			return result;
		if (st->handshake > 0 &&
		    st->header[0] != HANDSHAKE_CLIENT_HELLO)
			return PROTO_BAD;
		size = hello_size(st);
		if (size > LIMIT_TLS_HELLO)
			return PROTO_BAD;
	} while (size == 0 || st->handshake < size);
	records = reader_sub(in, st->walked);
	if (st->walked == RECORD_HEADER + st->handshake) {
		reader_skip(&records, RECORD_HEADER);
		return hello_tell(records, facts);
	}
	return hello_join(records, size, facts);
}

static enum proto_result ssl2_feed(struct reader *in, struct facts *facts)
{
	struct reader r = *in, hello;

	hello = reader_sub(&r, reader_u16(&r) & 0x7fff);
	if (hello.failed)
		return PROTO_MORE;
	*in = r;
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

static enum proto_result tls_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	if (reader_peek(in, 0) & 0x80)
		return ssl2_feed(in, facts);
	return records_feed(state, in, facts);
}

const struct proto proto_tls = {
	.name = "tls",
	.app = APP_TLS,
	.state_size = sizeof(struct tls_state),
	/* Small records: their headers count too. */
	.ceiling = LIMIT_STREAM_BYTES,
	.probe = tls_probe,
	.feed = tls_feed,
};
