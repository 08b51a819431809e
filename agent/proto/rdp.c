/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RDP: the connection request over X.224 ([MS-RDPBCGR] 2.2.1.1 and 2.2.1.2).
 * Where the client offers TLS, the server says whether it follows as a layer
 * inside.
 */
#include "agent/limits.h"
#include "agent/proto/shape.h"
#include "agent/proto/tell.h"

#define COOKIE       "Cookie: mstshash="
#define NEG_REQUEST  1
#define NEG_RESPONSE 2
#define TPKT         3
#define FIXED_LEN    11 /* TPKT, and X.224 without what varies */

/* Length in both headers, a connection request, no references, class 0. */
static enum probe_result rdp_probe(const struct probe *first)
{
	struct reader r = first->client;
	enum probe_result said = shape_fits(&r, "0300......e00000....00");
	uint16_t len;
	uint8_t rest;

	if (said != PROBE_YES)
		return said;
	reader_skip(&r, 2);
	len = reader_u16(&r);
	rest = reader_u8(&r);
	return len >= FIXED_LEN && len <= LIMIT_SHAPE && len == rest + 5u
		       ? PROBE_YES
		       : PROBE_NO;
}

/* The protocols in a negotiation of this type; 0: none but RDP's own. */
static uint32_t negotiated(struct reader r, uint8_t type)
{
	uint8_t got = reader_u8(&r);

	reader_skip(&r, 3);
	return got == type ? reader_le32(&r) : 0;
}

static void cookie_tell(struct reader *r, struct facts *facts)
{
	struct str text = reader_text(*r);
	size_t n;

	if (!str_starts(text, "Cookie: "))
		return;
	n = reader_find(r, '\r', 0);
	if (str_starts(text, COOKIE) && n < r->left) {
		text = str_mem(r->p, n);
		facts_add(facts, FIELD_RDP_COOKIE, 0,
			  str_skip(text, sizeof(COOKIE) - 1));
	}
	reader_skip(r, n < r->left ? n + 2 : r->left);
}

/* The next message without its fixed part; a failed reader when it is not all
 * there, or none. */
static struct reader message_take(struct reader *in)
{
	struct reader r = *in, message = *in;

	reader_skip(&r, 2);
	message = reader_sub(&message, reader_u16(&r));
	if (message.left < FIXED_LEN)
		return (struct reader){.failed = true};
	reader_skip(in, message.left);
	reader_skip(&message, FIXED_LEN);
	return message;
}

struct rdp_state {
	bool asked; /* for TLS */
	bool ahead; /* the client did not wait for the answer */
};

static enum proto_result request(struct rdp_state *st, struct reader *in,
				 struct facts *facts)
{
	struct reader message;

	if (!st->asked) {
		if (in->left < FIXED_LEN)
			return PROTO_MORE;
		message = message_take(in);
		if (message.failed)
			return PROTO_MORE;
		cookie_tell(&message, facts);
		st->asked = negotiated(message, NEG_REQUEST) != 0;
	}
	if (st->asked) {
		st->ahead = in->left > 0;
		return PROTO_MORE;
	}
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

static enum proto_result answer(const struct rdp_state *st, struct reader *in,
				struct facts *facts)
{
	struct reader message;
	bool tls;

	if (!st->asked) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	if (reader_peek(in, 0) != TPKT) {
		facts_layer_settle(facts, false);
		return PROTO_DONE;
	}
	if (in->left < FIXED_LEN)
		return PROTO_MORE;
	message = message_take(in);
	if (message.failed)
		return PROTO_MORE;
	tls = negotiated(message, NEG_RESPONSE) != 0;
	if (tls && st->ahead)
		return PROTO_BAD;
	facts_layer_settle(facts, tls);
	return tls ? PROTO_INNER : PROTO_DONE;
}

static enum proto_result rdp_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	return dir == DIR_CLIENT ? request(state, in, facts)
				 : answer(state, in, facts);
}

static bool rdp_waits(const void *state)
{
	const struct rdp_state *st = state;

	return st->asked;
}

const struct proto proto_rdp = {
	.name = "rdp",
	.app = APP_RDP,
	.state_size = sizeof(struct rdp_state),
	.ceiling = LIMIT_SHAPE,
	.probe = rdp_probe,
	.feed = rdp_feed,
	.waits = rdp_waits,
};
