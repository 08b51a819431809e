/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * XMPP: the client's stream header (RFC 6120 4.7) and STARTTLS (5.4), after
 * which TLS is a layer inside.  It is read tag by tag.
 */
#include "agent/limits.h"
#include "agent/proto/proto.h"
#include "agent/proto/tell.h"
#include "agent/proto/text.h"

struct xmpp_state {
	bool told;  /* whom the stream is for */
	bool asked; /* for TLS */
	bool ahead;
	/* Of a tag of the server: as much as tells it. */
	char tag[16];
	uint8_t n;
};

static enum probe_result fits(const struct reader *r, const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		if (i == r->left)
			return PROBE_MORE;
		if (reader_peek(r, i) != (uint8_t)text[i])
			return PROBE_NO;
	}
	return PROBE_YES;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void blanks_skip(struct reader *r)
{
	while (r->left > 0 && is_blank(reader_peek(r, 0)))
		reader_skip(r, 1);
}

/* "<?xml ...?>" may stand before "<stream:stream ". */
static enum probe_result xmpp_probe(const struct probe *first)
{
	struct reader r = first->client;
	enum probe_result said;
	size_t end;

	if (first->server.left > 0)
		return PROBE_NO;
	said = fits(&r, "<?xml");
	if (said == PROBE_MORE && fits(&r, "<stream:stream") == PROBE_NO)
		return PROBE_MORE;
	if (said == PROBE_YES) {
		end = reader_find(&r, '>', 0);
		if (end > 256)
			return PROBE_NO;
		if (end == r.left)
			return PROBE_MORE;
		reader_skip(&r, end + 1);
		blanks_skip(&r);
	}
	return fits(&r, "<stream:stream");
}

/* to='value', with either quote. */
static void to_tell(struct str tag, struct facts *facts)
{
	for (; tag.p && tag.len > 5; tag = str_skip(tag, 1)) {
		struct str value;
		char quote;

		if (!is_blank((uint8_t)tag.p[0]) ||
		    memcmp(tag.p + 1, "to=", 3) != 0)
			continue;
		quote = tag.p[4];
		value = str_skip(tag, 5);
		value = str_cut(&value, quote);
		if ((quote == '\'' || quote == '"') && value.len > 0)
			facts_add(facts, FIELD_XMPP_TO, 0, value);
		return;
	}
}

static enum proto_result client_feed(struct xmpp_state *st, struct reader *in,
				     struct facts *facts)
{
	if (!st->asked)
		st->ahead = false;
	while (!st->asked) {
		struct reader tag;
		size_t end;

		blanks_skip(in);
		if (in->left == 0)
			return PROTO_MORE;
		end = reader_find(in, '>', 0);
		if (end > LIMIT_XMPP_TAG)
			return PROTO_DONE;
		if (end == in->left)
			return PROTO_MORE;
		tag = reader_sub(in, end);
		reader_skip(in, 1);
		if (fits(&tag, "<stream:stream") == PROBE_YES && !st->told) {
			to_tell(reader_text(tag), facts);
			st->told = true;
			facts_layer_settle(facts, false);
		} else if (fits(&tag, "<starttls") == PROBE_YES) {
			st->asked = true;
		} else if (fits(&tag, "<?xml") != PROBE_YES &&
			   fits(&tag, "</starttls") != PROBE_YES) {
			/* Who logs in, or says more, has no TLS to come. */
			facts_layer_settle(facts, false);
			return PROTO_DONE;
		}
	}
	/* The end of an element that was not closed at once. */
	if (fits(in, "</starttls>") == PROBE_YES)
		reader_skip(in, sizeof("</starttls>") - 1);
	st->ahead = in->left > 0;
	return PROTO_MORE;
}

static enum proto_result server_feed(struct xmpp_state *st, struct reader *in,
				     struct facts *facts)
{
	/* What the client has yet to be heard of comes first. */
	while (in->left > 0 && (st->asked || !st->ahead)) {
		uint8_t c = reader_u8(in);
		struct reader tag;

		if (c == '<')
			st->n = 0;
		if (st->n < sizeof(st->tag))
			st->tag[st->n++] = (char)c;
		if (c != '>' || !st->asked)
			continue;
		tag = reader_of(st->tag, st->n);
		if (fits(&tag, "<failure") == PROBE_YES)
			st->asked = false;
		if (fits(&tag, "<proceed") != PROBE_YES)
			continue;
		if (st->ahead)
			return PROTO_BAD;
		facts_layer_settle(facts, true);
		return PROTO_INNER;
	}
	return PROTO_MORE;
}

static enum proto_result xmpp_feed(void *state, enum dir dir, struct reader *in,
				   struct facts *facts)
{
	return dir == DIR_CLIENT ? client_feed(state, in, facts)
				 : server_feed(state, in, facts);
}

static bool xmpp_waits(const void *state)
{
	const struct xmpp_state *st = state;

	return st->asked;
}

const struct proto proto_xmpp = {
	.name = "xmpp",
	.app = APP_XMPP,
	.state_size = sizeof(struct xmpp_state),
	.ceiling = LIMIT_XMPP_TAG + 2,
	.probe = xmpp_probe,
	.feed = xmpp_feed,
	.waits = xmpp_waits,
};
