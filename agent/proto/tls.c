/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS over TCP: the ClientHello that a decision stands on, and what both sides
 * say in clear behind it, for the evidence (RFC 8446, RFC 5246).
 *
 * Nothing is consumed before the ClientHello is complete: its packets are held
 * anyway.  A server reads whole records, so a hello that is complete inside of
 * an incomplete record waits for the rest.  A ClientHello in the form of SSL 2
 * (RFC 5246 E.2) has no extensions, thus no name: its version alone is told.
 *
 * Behind the hello nothing is malformed: what does not fit ends the reading.
 *
 *   client   HELLO -> AGAIN (a second hello may come) -> OVER
 *   server   HELLO -> CERTIFICATE (up to TLS 1.2)     -> OVER
 *
 * A flow whose beginning was not seen (in a replay) may begin with any record.
 */
#include "agent/limits.h"
#include "agent/proto/proto.h"
#include "agent/proto/tls_record.h"
#include "agent/proto/tls_server.h"
#include "agent/proto/tls_tell.h"

#include <stdlib.h>
#include <string.h>

#define SSL2_PROBE_LEN  11
#define RANDOM_AT       2 /* in a ClientHello */
#define RANDOM_KEPT     8
#define ALERT_WARNING   1
#define TLS_1_2         0x0303
#define RECORD_OVERHEAD 2048 /* RFC 5246 6.2.3: of one that is encrypted */

enum client_phase { CLIENT_NOTHING, CLIENT_HELLO, CLIENT_AGAIN, CLIENT_OVER };
enum server_phase { SERVER_HELLO, SERVER_CERTIFICATE, SERVER_OVER };

struct tls_state {
	struct tls_messages messages[2]; /* by enum dir */
	enum client_phase client;
	enum server_phase server;
	uint8_t early;               /* records before the hello */
	bool retried;                /* the server asked for another hello */
	uint8_t random[RANDOM_KEPT]; /* of the first hello; the second has it */
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
	if (!r.failed && type != TLS_CLIENT_HELLO)
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

/* The first record of a flow whose beginning was not seen.  One in clear says
 * what it is; of others the header is all there is to see. */
static enum probe_result middle_probe(struct reader r)
{
	uint8_t type = reader_peek(&r, 0);
	uint16_t len;

	if (type & 0x80)
		return ssl2_probe(r);
	if (!tls_is_header(r, TLS_RECORD_MAX + RECORD_OVERHEAD))
		return PROBE_NO;
	reader_skip(&r, 2);
	if (reader_u8(&r) > 4)
		return PROBE_NO;
	len = reader_u16(&r);
	if (r.failed || r.left == 0)
		return PROBE_MORE;
	if (len == 0 || (type == TLS_RECORD_CCS && len != 1))
		return PROBE_NO;
	return PROBE_YES;
}

/* Some servers pass over a warning, or a change of ciphers, before the hello.
 */
static enum probe_result early_probe(struct reader r)
{
	uint8_t kind = reader_u8(&r);
	uint16_t most = kind == TLS_RECORD_CCS ? 1 : 2, len;

	if (kind != TLS_RECORD_CCS && kind != TLS_RECORD_ALERT)
		return PROBE_NO;
	if (r.left > 0 && reader_peek(&r, 0) != 3)
		return PROBE_NO;
	reader_skip(&r, 2);
	len = reader_u16(&r);
	if (r.failed)
		return PROBE_MORE;
	return len <= most ? PROBE_YES : PROBE_NO;
}

/* Those are no part of it.  MORE: until it is known what comes. */
static enum proto_result early_skip(struct tls_state *st, struct reader *in)
{
	while (in->left > 0) {
		enum probe_result early = early_probe(*in);

		if (early == PROBE_NO)
			break;
		if (early == PROBE_MORE || !tls_skip_record(in))
			return PROTO_MORE;
		if (st->early++ == LIMIT_TLS_EMPTY_RECORDS)
			return PROTO_BAD;
	}
	return st->early > 0 && in->left <= TLS_RECORD_HEADER ? PROTO_MORE
							      : PROTO_DONE;
}

static enum probe_result tls_probe(const struct probe *first)
{
	struct reader r = first->client;
	uint16_t len;
	uint8_t type;

	if (first->middle)
		return middle_probe(r.left > 0 ? r : first->server);
	if (r.left == 0)
		return PROBE_NO;
	if (reader_peek(&r, 0) & 0x80)
		return ssl2_probe(r);
	if (reader_peek(&r, 0) != TLS_RECORD_HANDSHAKE)
		return early_probe(r);
	reader_skip(&r, 1);
	/* Of the version servers look at the first byte alone. */
	if (r.left > 0 && reader_peek(&r, 0) != 3)
		return PROBE_NO;
	reader_skip(&r, 2);
	len = reader_u16(&r);
	if (!r.failed && len > TLS_RECORD_MAX)
		return PROBE_NO;
	/* Nobody but one who wants to hide begins with an empty record. */
	if (!r.failed && len == 0)
		return PROBE_YES;
	type = reader_u8(&r);
	if (r.failed)
		return PROBE_MORE;
	return type == TLS_CLIENT_HELLO ? PROBE_YES : PROBE_NO;
}

/* The first ClientHello: a decision needs no more. */
static enum proto_result hello_told(struct tls_state *st,
				    struct tls_message *message,
				    struct facts *facts)
{
	struct reader random = message->body;
	enum fw_err err = tls_hello_tell(message->body, TLS_OVER_TCP, 0, facts);
	const uint8_t *p;

	reader_skip(&random, RANDOM_AT);
	p = reader_take(&random, RANDOM_KEPT);
	if (!err && p)
		memcpy(st->random, p, RANDOM_KEPT);
	free(message->joined);
	if (err)
		return PROTO_BAD;
	facts_layer_settle(facts, false);
	st->client = CLIENT_AGAIN;
	return PROTO_DONE;
}

static enum proto_result client_hello(struct tls_state *st, struct reader *in,
				      struct facts *facts)
{
	struct tls_messages *m = &st->messages[DIR_CLIENT];
	struct tls_message message;

	st->client = CLIENT_HELLO;
	switch (tls_next(m, in, LIMIT_TLS_HELLO, &message)) {
	case TLS_STEP_MORE:
		return m->handshake > 0 && m->header[0] != TLS_CLIENT_HELLO
			       ? PROTO_BAD
			       : PROTO_MORE;
	case TLS_STEP_MESSAGE:
		if (message.type == TLS_CLIENT_HELLO)
			return hello_told(st, &message, facts);
		free(message.joined);
		return PROTO_BAD;
	case TLS_STEP_OTHER:
	case TLS_STEP_BAD:
		break;
	}
	return PROTO_BAD;
}

static enum proto_result ssl2_hello(struct tls_state *st, struct reader *in,
				    struct facts *facts)
{
	struct reader r = *in, hello;
	char room[TLS_VERSION_MAX];

	st->client = CLIENT_HELLO;
	hello = reader_sub(&r, reader_u16(&r) & 0x7fff);
	if (hello.failed)
		return PROTO_MORE;
	reader_skip(&hello, 1);
	facts_add(facts, FIELD_TLS_CLIENT_VERSIONS, 0,
		  tls_version_name(reader_u16(&hello), room));
	*in = r;
	facts_layer_settle(facts, false);
	st->client = CLIENT_OVER;
	return PROTO_DONE;
}

/* Does a record begin with another hello of this client?  What is encrypted
 * may look so by chance, but not with the random of the first. */
static bool is_second_hello(const struct tls_state *st, struct reader r)
{
	const uint8_t *random;

	reader_skip(&r, TLS_RECORD_HEADER);
	if (reader_u8(&r) != TLS_CLIENT_HELLO)
		return false;
	reader_skip(&r, 3 + RANDOM_AT);
	random = reader_take(&r, RANDOM_KEPT);
	return random && memcmp(random, st->random, RANDOM_KEPT) == 0;
}

/* RFC 8446 4.1.2: the hello again, changed as the server asked. */
static void client_again(struct tls_state *st, struct reader *in,
			 struct facts *facts)
{
	const size_t enough = TLS_RECORD_HEADER + TLS_HANDSHAKE_HEADER +
			      RANDOM_AT + RANDOM_KEPT;
	struct tls_messages *m = &st->messages[DIR_CLIENT];
	struct tls_message message = {0};
	enum tls_step step;

	while (in->left > 0 && reader_peek(in, 0) == TLS_RECORD_CCS)
		if (!tls_skip_record(in))
			return;
	if (in->left == 0)
		return;
	if (m->walked == 0 && reader_peek(in, 0) == TLS_RECORD_HANDSHAKE &&
	    in->left < enough)
		return;
	step = is_second_hello(st, *in)
		       ? tls_next(m, in, LIMIT_TLS_HELLO, &message)
		       : TLS_STEP_OTHER;
	if (step == TLS_STEP_MORE)
		return;
	if (step == TLS_STEP_MESSAGE && message.type == TLS_CLIENT_HELLO)
		(void)!tls_hello_tell(message.body, TLS_OVER_TCP, 1, facts);
	free(message.joined);
	st->client = CLIENT_OVER;
}

/* A record that is no handshake message; false when more of it is wanted. */
static bool server_record(struct tls_state *st, struct reader *in)
{
	uint8_t type = reader_peek(in, 0);
	size_t whole = TLS_RECORD_HEADER + (type == TLS_RECORD_CCS ? 1 : 2);

	if (type != TLS_RECORD_ALERT &&
	    (type != TLS_RECORD_CCS || st->server == SERVER_CERTIFICATE)) {
		st->server = SERVER_OVER; /* encrypted from here on */
		return true;
	}
	if (in->left < whole)
		return false;
	/* A warning, or what stands behind a HelloRetryRequest for the sake of
	 * those who know TLS 1.2 alone. */
	if ((type == TLS_RECORD_ALERT &&
	     reader_peek(in, TLS_RECORD_HEADER) != ALERT_WARNING) ||
	    reader_peek(in, 3) != 0 ||
	    reader_peek(in, 4) != whole - TLS_RECORD_HEADER)
		st->server = SERVER_OVER;
	else
		reader_skip(in, whole);
	return true;
}

static void server_message(struct tls_state *st,
			   const struct tls_message *message,
			   struct facts *facts)
{
	struct tls_answer answer = {0};

	if (st->server == SERVER_CERTIFICATE) {
		if (message->type == TLS_CERTIFICATE)
			tls_certificate_tell(message->body, facts);
		st->server = SERVER_OVER;
	} else if (message->type != TLS_SERVER_HELLO ||
		   tls_answer_tell(message->body, facts, &answer) ||
		   (answer.retry && st->retried)) {
		st->server = SERVER_OVER;
	} else if (answer.retry) {
		st->retried = true;
	} else {
		st->server = answer.version <= TLS_1_2 ? SERVER_CERTIFICATE
						       : SERVER_OVER;
	}
}

static void server_feed(struct tls_state *st, struct reader *in,
			struct facts *facts)
{
	while (in->left > 0 && st->server != SERVER_OVER) {
		struct tls_message message = {0};

		switch (tls_next(&st->messages[DIR_SERVER], in, LIMIT_TLS_HELLO,
				 &message)) {
		case TLS_STEP_MORE:
			return;
		case TLS_STEP_MESSAGE:
			server_message(st, &message, facts);
			free(message.joined);
			break;
		case TLS_STEP_OTHER:
			if (!server_record(st, in))
				return;
			break;
		case TLS_STEP_BAD:
			st->server = SERVER_OVER;
			break;
		}
	}
	reader_skip(in, in->left);
}

/* What the probe lets by that is no hello: the beginning was not seen. */
static bool is_hello(struct reader r)
{
	uint16_t len;

	if (reader_peek(&r, 0) & 0x80)
		return true;
	if (reader_u8(&r) != TLS_RECORD_HANDSHAKE)
		return false;
	reader_skip(&r, 2);
	len = reader_u16(&r);
	return len == 0 || reader_u8(&r) == TLS_CLIENT_HELLO;
}

static enum proto_result client_feed(struct tls_state *st, struct reader *in,
				     struct facts *facts)
{
	enum proto_result result = PROTO_DONE;

	if (st->client <= CLIENT_HELLO)
		result = reader_peek(in, 0) & 0x80
				 ? ssl2_hello(st, in, facts)
				 : client_hello(st, in, facts);
	if (result != PROTO_DONE)
		return result;
	if (st->client == CLIENT_AGAIN)
		client_again(st, in, facts);
	if (st->client == CLIENT_OVER)
		reader_skip(in, in->left);
	return PROTO_MORE;
}

static enum proto_result tls_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	struct tls_state *st = state;
	enum proto_result result = PROTO_MORE;

	if (st->client == CLIENT_NOTHING && dir == DIR_CLIENT) {
		result = early_skip(st, in);
		if (result != PROTO_DONE)
			return result;
		result = PROTO_MORE;
	}
	if (st->client == CLIENT_NOTHING &&
	    (dir == DIR_SERVER || !is_hello(*in))) {
		st->client = CLIENT_OVER;
		facts_layer_settle(facts, false);
	}
	if (dir == DIR_CLIENT)
		result = client_feed(st, in, facts);
	else if (st->client > CLIENT_HELLO)
		server_feed(st, in, facts);
	/* Else the server knows the hello before us: its answer waits. */
	if (result == PROTO_MORE && st->server == SERVER_OVER &&
	    (st->client == CLIENT_OVER || !st->retried))
		return PROTO_DONE;
	return result;
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
