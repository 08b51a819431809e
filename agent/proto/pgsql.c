/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PostgreSQL: the first messages of a client (PostgreSQL documentation,
 * "Message Formats": SSLRequest, GSSENCRequest, StartupMessage).
 *
 * Who asks for encryption waits for one byte: 'S', and TLS follows as a layer
 * inside; 'G', and nothing more can be seen; 'N', and the client asks for the
 * other kind, or starts in clear.
 */
#include "agent/limits.h"
#include "agent/proto/shape.h"
#include "agent/proto/tell.h"

#define CODE_CANCEL 80877102u
#define CODE_SSL    80877103u
#define CODE_GSS    80877104u
#define VERSION_3   3u

struct pgsql_state {
	bool asked; /* for encryption */
	bool ahead; /* and did not wait for the answer */
};

static bool message_is_good(uint32_t len, uint32_t code)
{
	if (code == CODE_SSL || code == CODE_GSS)
		return len == 8;
	if (code == CODE_CANCEL)
		return len >= 16 && len <= 268;
	return code >> 16 == VERSION_3 && (code & 0xffff) <= 2 && len >= 9 &&
	       len <= LIMIT_PGSQL_STARTUP;
}

static enum probe_result pgsql_probe(const struct probe *first)
{
	static const char *const shapes[] = {"0000....04d216..",
					     "0000....000300..", NULL};
	struct reader r = first->client;
	enum probe_result said = shape_fits_one(&r, shapes);
	uint32_t len;

	if (first->server.left > 0 || said != PROBE_YES)
		return first->server.left > 0 ? PROBE_NO : said;
	len = reader_u32(&r);
	return message_is_good(len, reader_u32(&r)) ? PROBE_YES : PROBE_NO;
}

/* A text up to its NUL. */
static struct reader text_take(struct reader *r)
{
	struct reader text = reader_sub(r, reader_find(r, 0, 0));

	reader_skip(r, 1);
	return text;
}

/* Names and values, up to an empty name. */
static void startup_tell(struct reader r, struct facts *facts)
{
	while (r.left > 1) {
		struct reader name = text_take(&r), value = text_take(&r);

		if (r.failed)
			return;
		if (str_is(reader_text(name), "user"))
			tell_text(facts, FIELD_PGSQL_USER, 0, value);
		if (str_is(reader_text(name), "database"))
			tell_text(facts, FIELD_PGSQL_DATABASE, 0, value);
	}
}

static enum proto_result client_feed(struct pgsql_state *st, struct reader *in,
				     struct facts *facts)
{
	struct reader r = *in, body;
	uint32_t len, code;

	st->ahead = st->asked;
	if (st->asked)
		return PROTO_MORE;
	len = reader_u32(&r);
	code = reader_u32(&r);
	if (r.failed)
		return PROTO_MORE;
	if (!message_is_good(len, code))
		return PROTO_BAD;
	body = reader_sub(&r, len - 8);
	if (body.failed)
		return PROTO_MORE;
	*in = r;
	if (code == CODE_SSL || code == CODE_GSS) {
		st->asked = true;
		st->ahead = in->left > 0;
		return PROTO_MORE;
	}
	if (code != CODE_CANCEL)
		startup_tell(body, facts);
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

/* Older servers answer with an error in words. */
static enum proto_result server_feed(struct pgsql_state *st, struct reader *in,
				     struct facts *facts)
{
	uint8_t answer;

	if (!st->asked) {
		/* What the client has yet to be heard of comes first. */
		if (!st->ahead)
			reader_skip(in, in->left);
		return PROTO_MORE;
	}
	answer = reader_u8(in);
	st->asked = false;
	if (answer == 'N')
		return PROTO_MORE;
	if (answer != 'S') {
		facts_layer_settle(facts, false);
		return PROTO_DONE;
	}
	/* Said in clear, and taken as said under TLS (CVE-2021-23214). */
	if (st->ahead)
		return PROTO_BAD;
	facts_layer_settle(facts, true);
	return PROTO_INNER;
}

static enum proto_result pgsql_feed(void *state, enum dir dir,
				    struct reader *in, struct facts *facts)
{
	return dir == DIR_CLIENT ? client_feed(state, in, facts)
				 : server_feed(state, in, facts);
}

static bool pgsql_waits(const void *state)
{
	const struct pgsql_state *st = state;

	return st->asked;
}

const struct proto proto_pgsql = {
	.name = "pgsql",
	.app = APP_PGSQL,
	.state_size = sizeof(struct pgsql_state),
	.ceiling = LIMIT_PGSQL_STARTUP,
	.probe = pgsql_probe,
	.feed = pgsql_feed,
	.waits = pgsql_waits,
};
