/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LDAP (RFC 4511): requests of a client up to a bind, behind which the
 * connection may be sealed.  StartTLS (4.14) opens a layer inside; what the
 * client says behind it before the answer is bad.
 */
#include "agent/limits.h"
#include "agent/proto/ber.h"
#include "agent/proto/proto.h"
#include "agent/proto/tell.h"

#define OP_BIND            0x60
#define OP_UNBIND          0x42
#define OP_SEARCH          0x63
#define OP_EXTENDED        0x77
#define OP_EXTENDED_ANSWER 0x78
#define BER_CONTEXT_TEXT   0x80
#define START_TLS          "1.3.6.1.4.1.1466.20037"

static const struct {
	uint8_t tag;
	const char *name;
} operations[] = {
	{OP_BIND, "bind_request"},     {OP_UNBIND, "unbind_request"},
	{OP_SEARCH, "search_request"}, {0x66, "modify_request"},
	{0x68, "add_request"},         {0x4a, "del_request"},
	{0x6c, "mod_dn_request"},      {0x6e, "compare_request"},
	{0x50, "abandon_request"},     {OP_EXTENDED, "extended_request"},
};

struct ldap_state {
	bool asked; /* for TLS */
	bool ahead;
	bool told;
};

static const char *operation_name(uint8_t tag)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (operations[i].tag == tag)
			return operations[i].name;
	return NULL;
}

/* Sequence, number of the message, tag of what is asked: as much as is there.
 */
static enum probe_result ldap_probe(const struct probe *first)
{
	struct reader r = first->client;
	uint8_t id_len, tag;
	uint32_t len;

	if (first->server.left > 0 || reader_u8(&r) != BER_SEQUENCE)
		return PROBE_NO;
	len = ber_length(&r);
	if (r.failed)
		return first->client.left < 6 ? PROBE_MORE : PROBE_NO;
	if (len < 5 || len > LIMIT_LDAP_MESSAGE)
		return PROBE_NO;
	if (r.left > 0 && reader_u8(&r) != BER_INTEGER)
		return PROBE_NO;
	id_len = reader_u8(&r);
	if (!r.failed && (id_len < 1 || id_len > 5))
		return PROBE_NO;
	reader_skip(&r, id_len);
	tag = reader_u8(&r);
	if (r.failed)
		return PROBE_MORE;
	return operation_name(tag) ? PROBE_YES : PROBE_NO;
}

static void bind_tell(struct reader request, struct facts *facts)
{
	(void)ber_u32(&request);
	tell_text(facts, FIELD_LDAP_BIND_NAME, 0,
		  ber_take(&request, BER_OCTETS));
}

static bool is_start_tls(struct reader request)
{
	return str_is(reader_text(ber_take(&request, BER_CONTEXT_TEXT)),
		      START_TLS);
}

/* A whole message: its tag and what that holds; false when it is none. */
static bool message_open(struct reader message, uint8_t *out_tag,
			 struct reader *out)
{
	(void)ber_take(&message, BER_INTEGER);
	*out_tag = reader_peek(&message, 0);
	*out = ber_take(&message, *out_tag);
	return !message.failed;
}

/* The next whole one of `in`, which goes on behind it. */
static enum proto_result message_take(struct reader *in, struct reader *out)
{
	struct reader r = *in;
	uint32_t len;

	if (reader_u8(&r) != BER_SEQUENCE)
		return PROTO_DONE;
	len = ber_length(&r);
	if (r.failed)
		return in->left < 6 ? PROTO_MORE : PROTO_DONE;
	if (len > LIMIT_LDAP_MESSAGE)
		return PROTO_DONE;
	*out = reader_sub(&r, len);
	if (out->failed)
		return PROTO_MORE;
	*in = r;
	return PROTO_INNER;
}

static enum proto_result request(struct ldap_state *st, struct reader message,
				 struct facts *facts)
{
	struct reader body;
	uint8_t tag;

	if (!message_open(message, &tag, &body) || !operation_name(tag)) {
		facts_layer_settle(facts, false);
		return PROTO_DONE;
	}
	if (!st->told)
		facts_add(facts, FIELD_LDAP_OPERATION, 0,
			  str_of(operation_name(tag)));
	st->told = true;
	if (tag == OP_EXTENDED && is_start_tls(body)) {
		st->asked = true;
		return PROTO_MORE;
	}
	if (tag == OP_BIND)
		bind_tell(body, facts);
	facts_layer_settle(facts, false);
	return tag == OP_BIND || tag == OP_UNBIND ? PROTO_DONE : PROTO_MORE;
}

static enum proto_result client_feed(struct ldap_state *st, struct reader *in,
				     struct facts *facts)
{
	enum proto_result result = PROTO_MORE;

	while (in->left > 0 && result == PROTO_MORE && !st->asked) {
		struct reader message;

		result = message_take(in, &message);
		if (result == PROTO_MORE)
			break;
		if (result == PROTO_INNER)
			result = request(st, message, facts);
	}
	st->ahead = st->asked && in->left > 0;
	return result;
}

static enum proto_result server_feed(struct ldap_state *st, struct reader *in,
				     struct facts *facts)
{
	struct reader message, body, code;
	enum proto_result result;
	uint8_t tag;

	if (!st->asked) {
		/* What the client has yet to be heard of comes first. */
		if (!st->ahead)
			reader_skip(in, in->left);
		return PROTO_MORE;
	}
	result = message_take(in, &message);
	if (result != PROTO_INNER)
		return result;
	if (!message_open(message, &tag, &body) || tag != OP_EXTENDED_ANSWER)
		return PROTO_MORE;
	st->asked = false;
	code = ber_take(&body, BER_ENUMERATED);
	if (code.left != 1 || reader_u8(&code) != 0) {
		facts_layer_settle(facts, false);
		return PROTO_MORE;
	}
	if (st->ahead)
		return PROTO_BAD;
	facts_layer_settle(facts, true);
	return PROTO_INNER;
}

static enum proto_result ldap_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	return dir == DIR_CLIENT ? client_feed(state, in, facts)
				 : server_feed(state, in, facts);
}

static bool ldap_waits(const void *state)
{
	const struct ldap_state *st = state;

	return st->asked;
}

const struct proto proto_ldap = {
	.name = "ldap",
	.app = APP_LDAP,
	.state_size = sizeof(struct ldap_state),
	.ceiling = LIMIT_LDAP_MESSAGE + 6,
	.probe = ldap_probe,
	.feed = ldap_feed,
	.waits = ldap_waits,
};
