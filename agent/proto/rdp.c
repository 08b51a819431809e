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
 * there. */
static struct reader message_take(struct reader *in)
{
	struct reader r = *in, message = *in;

	reader_skip(&r, 2);
	message = reader_sub(&message, reader_u16(&r));
	if (!message.failed)
		reader_skip(in, message.left);
	if (message.left >= FIXED_LEN)
		reader_skip(&message, FIXED_LEN);
	return message;
}

static enum proto_result rdp_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	bool *asked = state;
	struct reader message;
	bool tls;

	if (dir == DIR_CLIENT && *asked)
		return PROTO_MORE;
	if (dir == DIR_SERVER && !*asked) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	if (in->left < FIXED_LEN)
		return PROTO_MORE;
	if (reader_peek(in, 0) != 3)
		return PROTO_DONE;
	message = message_take(in);
	if (message.failed)
		return PROTO_MORE;
	if (dir == DIR_CLIENT) {
		cookie_tell(&message, facts);
		*asked = negotiated(message, NEG_REQUEST) != 0;
		if (*asked)
			return PROTO_MORE;
	}
	tls = dir == DIR_SERVER && negotiated(message, NEG_RESPONSE) != 0;
	facts_layer_settle(facts, tls);
	return tls ? PROTO_INNER : PROTO_DONE;
}

static bool rdp_waits(const void *state)
{
	const bool *asked = state;

	return *asked;
}

const struct proto proto_rdp = {
	.name = "rdp",
	.app = APP_RDP,
	.state_size = sizeof(bool),
	.ceiling = LIMIT_SHAPE,
	.probe = rdp_probe,
	.feed = rdp_feed,
	.waits = rdp_waits,
};
