/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SMB: what a client offers and the server takes ([MS-CIFS] 2.2.4.52, [MS-SMB2]
 * 2.2.3 and 2.2.4), over TCP with a length ([MS-SMB2] 2.1) or in a session of
 * NetBIOS (RFC 1002 4.3), which is a layer of its own.
 *
 * A client that begins with a message of version 1 is of that version alone,
 * unless it offers a later one in it.
 */
#include "agent/limits.h"
#include "agent/proto/dns_message.h"
#include "agent/proto/shape.h"
#include "agent/proto/tell.h"
#include "policy/base/strbuf.h"

#define HEADER_1        32
#define HEADER_2        64
#define COMMAND_1_AT    4
#define NEGOTIATE_1     0x72
#define NEGOTIATE_2     0
#define DIALECTS_MAX    512
#define DIALECT_ANY     0x02ff
#define SESSION_REQUEST 0x81
#define SESSION_YES     0x82

/* Message, its first four bytes behind the length. */
#define SHAPE_1 "00......ff534d42"
#define SHAPE_2 "00......fe534d42"
#define SHAPE_3 "00......fd534d42" /* sealed */

struct smb_state {
	bool told; /* what the client offers */
};

/* The message behind its length; a failed reader when not all is there. */
static struct reader message_of(struct reader r)
{
	reader_skip(&r, 1);
	return reader_sub(&r, reader_u24(&r));
}

static bool is_negotiate_1(const struct reader *message)
{
	return reader_peek(message, COMMAND_1_AT) == NEGOTIATE_1;
}

/* The dialects in a message of version 1: 02, a text, 00. */
static struct reader dialects_1(struct reader message)
{
	size_t words;

	reader_skip(&message, HEADER_1);
	words = reader_u8(&message);
	reader_skip(&message, 2 * words);
	return reader_sub(&message, reader_le16(&message));
}

static struct reader dialect_1_take(struct reader *all)
{
	struct reader dialect;

	reader_skip(all, 1);
	dialect = reader_sub(all, reader_find(all, 0, 0));
	reader_skip(all, 1);
	return dialect;
}

static bool offers_later(struct reader message)
{
	struct reader all = dialects_1(message);

	while (all.left > 0)
		if (str_starts(reader_text(dialect_1_take(&all)), "SMB 2"))
			return true;
	return false;
}

/* Which of the two a message of version 1 is of. */
static enum probe_result version_1(const struct probe *first, bool later)
{
	const struct reader *r = &first->client;
	enum probe_result said = shape_fits(r, SHAPE_1 "..");
	struct reader message, head = *r;
	bool offers = false;

	if (said != PROBE_YES)
		return said;
	reader_skip(&head, 4);
	if (is_negotiate_1(&head)) {
		head = *r;
		reader_skip(&head, 1);
		if (reader_u24(&head) > LIMIT_SMB_NEGOTIATE)
			return PROBE_NO;
		message = message_of(*r);
		if (message.failed)
			return PROBE_MORE;
		offers = offers_later(message);
	}
	return offers == later ? PROBE_YES : PROBE_NO;
}

static enum probe_result smb1_probe(const struct probe *first)
{
	return version_1(first, false);
}

static enum probe_result smb_probe(const struct probe *first)
{
	static const char *const shapes[] = {SHAPE_2, SHAPE_3, NULL};
	enum probe_result said = shape_fits_one(&first->client, shapes);

	return said == PROBE_NO ? version_1(first, true) : said;
}

static void add_dialect_2(struct strbuf *text, uint16_t dialect)
{
	strbuf_addf(text, "%s%x.%02x", text->len ? "," : "", dialect >> 8,
		    dialect & 0xff);
}

static void offer_tell(struct reader message, struct facts *facts)
{
	bool old = reader_peek(&message, 0) == 0xff;
	struct strbuf text;
	unsigned n;

	strbuf_init(&text, DIALECTS_MAX);
	if (old && is_negotiate_1(&message)) {
		message = dialects_1(message);
		while (message.left > 0) {
			struct reader one = dialect_1_take(&message);

			if (message.failed)
				break;
			strbuf_addz(&text, text.len ? "," : "");
			strbuf_add(&text, reader_text(one));
		}
	} else if (!old) {
		reader_skip(&message, 12);
		n = reader_le16(&message) == NEGOTIATE_2;
		reader_skip(&message, HEADER_2 - 14 + 2);
		n = n ? reader_le16(&message) : 0;
		reader_skip(&message, 32);
		while (n-- > 0 && message.left > 0)
			add_dialect_2(&text, reader_le16(&message));
	}
	if (text.len && !text.failed)
		facts_add(facts, FIELD_SMB_OFFERED, 0,
			  str_mem(strbuf_text(&text), text.len));
	strbuf_done(&text);
}

/* The n-th of what the client has offered. */
static struct str offered(const struct facts *facts, unsigned n)
{
	struct str all = facts_get(facts, FIELD_SMB_OFFERED,
				   facts->n_layers - 1),
		   one = {0};

	for (unsigned i = 0; i <= n && (all.len || i == 0); i++)
		one = str_cut(&all, ',');
	return one;
}

/* True when it says more than to ask again. */
static bool answer_tell(struct reader message, struct facts *facts)
{
	struct strbuf text;
	uint16_t dialect;
	bool more;

	if (reader_peek(&message, 0) == 0xff) {
		if (!is_negotiate_1(&message))
			return true;
		reader_skip(&message, HEADER_1 + 1);
		dialect = reader_le16(&message);
		if (!message.failed && offered(facts, dialect).len)
			facts_add(facts, FIELD_SMB_DIALECT, 0,
				  offered(facts, dialect));
		return true;
	}
	reader_skip(&message, 12);
	if (reader_le16(&message) != NEGOTIATE_2)
		return true;
	reader_skip(&message, HEADER_2 - 14 + 4);
	dialect = reader_le16(&message);
	more = message.failed || dialect != DIALECT_ANY;
	if (!more)
		return false;
	strbuf_init(&text, 16);
	add_dialect_2(&text, dialect);
	if (!message.failed)
		facts_add(facts, FIELD_SMB_DIALECT, 0,
			  str_mem(strbuf_text(&text), text.len));
	strbuf_done(&text);
	return true;
}

static enum proto_result smb_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	struct smb_state *st = state;

	facts_layer_settle(facts, false);
	while (in->left > 0) {
		struct reader r = *in, message;
		size_t len;

		reader_skip(&r, 1);
		len = reader_u24(&r);
		message = reader_sub(&r, len);
		if (message.failed)
			return in->left >= 4 && len > LIMIT_SMB_NEGOTIATE
				       ? PROTO_DONE
				       : PROTO_MORE;
		*in = r;
		if (len == 0)
			continue;
		if (dir == DIR_SERVER && answer_tell(message, facts))
			return PROTO_DONE;
		if (dir == DIR_CLIENT && !st->told)
			offer_tell(message, facts);
		st->told |= dir == DIR_CLIENT;
	}
	return PROTO_MORE;
}

/* --- a session of NetBIOS ------------------------------------------------ */

/* A request: the length of two names of 32 letters. */
static enum probe_result session_probe(const struct probe *first)
{
	return shape_fits(&first->client, "8100004420");
}

struct session_state {
	bool asked;
	bool ahead; /* the client did not wait for the answer */
};

static void session_tell(struct reader request, struct facts *facts)
{
	char text[DNS_NETBIOS_NAME];
	struct reader whole = request;
	struct dns_name name;
	size_t n;

	if (dns_name_read(&whole, &request, &name) != DNS_FITS ||
	    !dns_name_is_netbios(&name))
		return;
	n = dns_netbios_name(&name, text);
	facts_add(facts, FIELD_NETBIOS_NAME, 0, str_mem(text, n));
}

static enum proto_result session_answer(const struct session_state *st,
					struct reader *in, struct facts *facts)
{
	struct reader r = *in;
	bool yes = reader_u8(&r) == SESSION_YES;

	if (!st->asked) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	yes = reader_u24(&r) == 0 && yes;
	if (r.failed)
		return PROTO_MORE;
	*in = r;
	if (yes && st->ahead)
		return PROTO_BAD;
	facts_layer_settle(facts, yes);
	return yes ? PROTO_INNER : PROTO_DONE;
}

static enum proto_result session_feed(void *state, enum dir dir,
				      struct reader *in, struct facts *facts)
{
	struct session_state *st = state;
	struct reader request;

	if (dir == DIR_SERVER)
		return session_answer(st, in, facts);
	if (!st->asked) {
		request = message_of(*in);
		if (request.failed)
			return PROTO_MORE;
		reader_skip(in, 4 + request.left);
		session_tell(request, facts);
		st->asked = true;
	}
	st->ahead = in->left > 0;
	return PROTO_MORE;
}

static bool session_waits(const void *state)
{
	const struct session_state *st = state;

	return st->asked;
}

const struct proto proto_smb = {
	.name = "smb",
	.app = APP_SMB,
	.state_size = sizeof(struct smb_state),
	.ceiling = LIMIT_SMB_NEGOTIATE + 4,
	.probe = smb_probe,
	.feed = smb_feed,
};

const struct proto proto_smb1 = {
	.name = "smb1",
	.app = APP_SMB1,
	.state_size = sizeof(struct smb_state),
	.ceiling = LIMIT_SMB_NEGOTIATE + 4,
	.probe = smb1_probe,
	.feed = smb_feed,
};

const struct proto proto_netbios_session = {
	.name = "netbios-session",
	.app = APP_NETBIOS,
	.state_size = sizeof(struct session_state),
	.ceiling = LIMIT_SHAPE,
	.probe = session_probe,
	.feed = session_feed,
	.waits = session_waits,
};
