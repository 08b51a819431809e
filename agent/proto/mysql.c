/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * MySQL and MariaDB: the server's greeting and the client's answer (MySQL
 * Internals, "Connection Phase").  An answer that ends behind its fixed part
 * asks for TLS, which follows at once.
 */
#include "agent/limits.h"
#include "agent/proto/shape.h"
#include "agent/proto/tell.h"

#define HEADER_LEN       4
#define GREETING_VERSION 10
#define VERSION_TEXT_MAX 96
#define CAPABILITY_41    0x00000200u
#define CAPABILITY_SSL   0x00000800u
#define SSL_REQUEST_LEN  32
#define ANSWER_MAX       65536
#define BEFORE_USER      32

/* The text in a greeting; a failed reader when it is none. */
static struct reader greeting_version(struct reader r)
{
	uint32_t len = reader_le16(&r) | (uint32_t)reader_u8(&r) << 16;
	size_t n;

	if (len < 12 || len > 1024 || reader_u8(&r) != 0 ||
	    reader_u8(&r) != GREETING_VERSION)
		return (struct reader){.failed = true};
	n = reader_find(&r, 0, 0);
	if (n == 0 || n == r.left || n > VERSION_TEXT_MAX)
		return (struct reader){.failed = true};
	for (size_t i = 0; i < n; i++)
		if (reader_peek(&r, i) < ' ' || reader_peek(&r, i) > '~')
			return (struct reader){.failed = true};
	return reader_sub(&r, n);
}

/* Length, number 1, capabilities. */
static enum probe_result mysql_probe(const struct probe *first)
{
	struct reader r = first->client;
	enum probe_result said = shape_fits(&r, "....0001....");
	uint32_t len, capabilities;

	if (greeting_version(first->server).failed)
		return PROBE_NO;
	if (said != PROBE_YES)
		return said;
	len = reader_le16(&r);
	reader_skip(&r, 2);
	capabilities = reader_le16(&r);
	if (len < 6)
		return PROBE_NO;
	return !(capabilities & CAPABILITY_41) || len >= SSL_REQUEST_LEN
		       ? PROBE_YES
		       : PROBE_NO;
}

static enum proto_result client_feed(struct reader *in, struct facts *facts)
{
	struct reader r = *in, answer, user;
	uint32_t len = reader_le16(&r), capabilities;

	reader_skip(&r, 2);
	answer = reader_sub(&r, len);
	if (answer.failed)
		return PROTO_MORE;
	*in = r;
	user = answer;
	capabilities = reader_le16(&answer);
	if ((capabilities & CAPABILITY_SSL) && len == SSL_REQUEST_LEN) {
		facts_layer_settle(facts, true);
		return PROTO_INNER;
	}
	reader_skip(&user, capabilities & CAPABILITY_41 ? BEFORE_USER : 5);
	if (!user.failed)
		tell_text(facts, FIELD_MYSQL_USER, 0,
			  reader_sub(&user, reader_find(&user, 0, 0)));
	facts_layer_settle(facts, false);
	return PROTO_DONE;
}

static enum proto_result mysql_feed(void *state, enum dir dir,
				    struct reader *in, struct facts *facts)
{
	bool *told = state;
	struct reader version;

	if (dir == DIR_CLIENT)
		return client_feed(in, facts);
	version = greeting_version(*in);
	if (!*told && !version.failed)
		tell_text(facts, FIELD_MYSQL_VERSION, 0, version);
	*told = true;
	reader_skip(in, in->left);
	return PROTO_MORE;
}

const struct proto proto_mysql = {
	.name = "mysql",
	.app = APP_MYSQL,
	.state_size = sizeof(bool),
	.ceiling = ANSWER_MAX + HEADER_LEN,
	.probe = mysql_probe,
	.feed = mysql_feed,
	.wants_banner = true,
};
