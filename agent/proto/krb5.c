/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kerberos 5 over TCP (RFC 4120): a length and a message.  Of a request for a
 * ticket it is told who asks for what.
 */
#include "agent/limits.h"
#include "agent/proto/ber.h"
#include "agent/proto/proto.h"
#include "agent/proto/tell.h"
#include "policy/base/strbuf.h"

#define VERSION       5
#define AS_REQ        10
#define TGS_REQ       12
#define PRINCIPAL_MAX 512

/* An element of this tag begins; what it holds may be there or not. */
static bool opens(struct reader *r, unsigned tag, uint32_t *out_len)
{
	uint8_t got = reader_u8(r);

	*out_len = ber_length(r);
	return r->failed || got == tag;
}

/* An element of this tag around an integer of one byte. */
static bool holds(struct reader *r, unsigned tag, uint8_t value)
{
	uint32_t len;
	uint8_t got;

	if (!opens(r, tag, &len) || (!r->failed && len != 3) ||
	    !opens(r, BER_INTEGER, &len) || (!r->failed && len != 1))
		return false;
	got = reader_u8(r);
	return r->failed || got == value;
}

static enum probe_result krb5_probe(const struct probe *first)
{
	struct reader r = first->client;
	uint32_t len = reader_u32(&r), all, sequence;
	uint8_t tag = reader_peek(&r, 0), type = tag & 0x1f;
	unsigned at = type == AS_REQ || type == TGS_REQ ? 1 : 0;
	size_t before;

	/* The first byte of the length is zero in life. */
	if (first->server.left > 0 || reader_peek(&first->client, 0) != 0)
		return PROBE_NO;
	if (r.failed)
		return PROBE_MORE;
	if (len < 16 || len > LIMIT_KRB5_MESSAGE)
		return PROBE_NO;
	if (r.left == 0)
		return PROBE_MORE;
	if ((tag & 0xe0) != 0x60 || type < AS_REQ || type > 22)
		return PROBE_NO;
	before = r.left;
	if (!opens(&r, tag, &all))
		return PROBE_NO;
	if (!r.failed && all + (before - r.left) != len)
		return PROBE_NO;
	if (!opens(&r, BER_SEQUENCE, &sequence) ||
	    !holds(&r, BER_CONTEXT(at), VERSION) ||
	    !holds(&r, BER_CONTEXT(at + 1), type))
		return PROBE_NO;
	/* A length that makes no sense never becomes one. */
	if (r.failed)
		return first->client.left < 40 ? PROBE_MORE : PROBE_NO;
	return PROBE_YES;
}

/* A kind, then a sequence of names. */
static void principal_tell(struct reader name, enum field field,
			   struct facts *facts)
{
	struct reader in = ber_take(&name, BER_SEQUENCE), parts;
	struct strbuf text;

	(void)ber_take(&in, BER_CONTEXT(0));
	parts = ber_take(&in, BER_CONTEXT(1));
	parts = ber_take(&parts, BER_SEQUENCE);
	strbuf_init(&text, PRINCIPAL_MAX);
	while (parts.left > 0) {
		struct reader part = ber_take(&parts, BER_GENERAL_TEXT);

		if (parts.failed)
			break;
		strbuf_addz(&text, text.len ? "/" : "");
		strbuf_add(&text, reader_text(part));
	}
	if (text.len && !text.failed)
		facts_add(facts, field, 0,
			  str_mem(strbuf_text(&text), text.len));
	strbuf_done(&text);
}

static void body_tell(struct reader body, struct facts *facts)
{
	struct reader realm;

	body = ber_take(&body, BER_SEQUENCE);
	while (body.left > 0) {
		uint8_t tag = reader_peek(&body, 0);
		struct reader element = ber_take(&body, tag);

		if (body.failed)
			return;
		if (tag == BER_CONTEXT(1))
			principal_tell(element, FIELD_KRB5_CNAME, facts);
		if (tag == BER_CONTEXT(3))
			principal_tell(element, FIELD_KRB5_SNAME, facts);
		realm = element;
		if (tag == BER_CONTEXT(2))
			tell_text(facts, FIELD_KRB5_REALM, 0,
				  ber_take(&realm, BER_GENERAL_TEXT));
	}
}

static void message_tell(struct reader message, struct facts *facts)
{
	uint8_t tag = reader_peek(&message, 0);
	struct reader request = ber_take(&message, tag);

	if (tag != BER_APP(AS_REQ) && tag != BER_APP(TGS_REQ))
		return;
	request = ber_take(&request, BER_SEQUENCE);
	while (request.left > 0) {
		tag = reader_peek(&request, 0);
		message = ber_take(&request, tag);
		if (!request.failed && tag == BER_CONTEXT(4))
			body_tell(message, facts);
	}
}

static enum proto_result krb5_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	struct reader r = *in, message;

	(void)state;
	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	message = reader_sub(&r, reader_u32(&r));
	if (message.failed)
		return PROTO_MORE;
	*in = r;
	message_tell(message, facts);
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

const struct proto proto_krb5_tcp = {
	.name = "krb5-tcp",
	.app = APP_KRB5,
	.state_size = 1,
	.ceiling = LIMIT_KRB5_MESSAGE + 4,
	.probe = krb5_probe,
	.feed = krb5_feed,
};
