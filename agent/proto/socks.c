/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SOCKS 4, 4a (no RFC; the two memos of its authors), 5 (RFC 1928) with user
 * and password (RFC 1929).
 *
 *	client		server		then
 *	GREETING	-		version told (5), or all of it (4)
 *	NEXT		CHOICE		methods: 0 -> REPLY, 2 -> AUTH, else
 *done NEXT (01)	AUTH		accepted -> REPLY, else done NEXT (05)
 *REPLY		target told; success -> inner stream
 *	END		REPLY		bytes from here on are the inner
 *stream's
 *
 * The client's next message shows by its first byte what it is, so a client
 * that does not wait for the answers is read as well.  The server's messages
 * are read only behind the client's that they answer.
 */
#include "agent/limits.h"
#include "agent/proto/proto.h"
#include "policy/base/ipaddr.h"

#include <stdio.h>

#define SOCKS4              4
#define SOCKS5              5
#define AUTH_VERSION        1
#define METHOD_NONE         0
#define METHOD_PASSWORD     2
#define METHOD_ASSIGNED_MAX 9
#define METHOD_PRIVATE      0x80
#define METHOD_REFUSED      0xff
#define ATYP_V4             1
#define ATYP_NAME           3
#define ATYP_V6             4
#define COMMAND_CONNECT     1
#define COMMAND_MAX         3
#define SOCKS4_REPLY_LEN    8
#define SOCKS4_GRANTED      0x5a
#define SOCKS4_REPLY_MAX    0x5d
/* "[" name "]:65535" */
#define TARGET_MAX (255 + 9)

enum socks_client {
	SOCKS_CLIENT_GREETING,
	SOCKS_CLIENT_NEXT,
	SOCKS_CLIENT_END,
};

enum socks_server {
	SOCKS_SERVER_CHOICE,
	SOCKS_SERVER_AUTH,
	SOCKS_SERVER_REPLY,
};

struct socks_state {
	uint8_t version, command;
	enum socks_client client;
	enum socks_server server;
	bool password_offered, password_sent;
};

static bool method_is_plausible(uint8_t m)
{
	return m <= METHOD_ASSIGNED_MAX ||
	       (m >= METHOD_PRIVATE && m != METHOD_REFUSED);
}

/* What may follow a greeting without waiting for the answer. */
static enum probe_result next_probe(struct reader r, bool password)
{
	uint8_t version = reader_u8(&r), command, reserved, atyp;

	if (version == AUTH_VERSION && password)
		return r.left > 0 && reader_peek(&r, 0) == 0 ? PROBE_NO
							     : PROBE_YES;
	if (version != SOCKS5)
		return PROBE_NO;
	command = reader_u8(&r);
	if (!r.failed && (command == 0 || command > COMMAND_MAX))
		return PROBE_NO;
	reserved = reader_u8(&r);
	if (!r.failed && reserved != 0)
		return PROBE_NO;
	atyp = reader_u8(&r);
	if (!r.failed && atyp != ATYP_V4 && atyp != ATYP_NAME &&
	    atyp != ATYP_V6)
		return PROBE_NO;
	return PROBE_YES;
}

static enum probe_result socks5_probe(struct reader r)
{
	struct reader methods;
	bool seen[256] = {0};
	uint8_t n;

	reader_skip(&r, 1);
	if (r.left == 0)
		return PROBE_MORE;
	n = reader_u8(&r);
	if (n == 0)
		return PROBE_NO;
	methods = reader_sub(&r, r.left < n ? r.left : n);
	n = (uint8_t)(n - methods.left);
	while (methods.left > 0) {
		uint8_t m = reader_u8(&methods);

		if (seen[m] || !method_is_plausible(m))
			return PROBE_NO;
		seen[m] = true;
	}
	if (n > 0)
		return PROBE_MORE;
	if (r.left == 0)
		return PROBE_YES;
	return next_probe(r, seen[METHOD_PASSWORD]);
}

static bool text_is_plausible(struct reader text, uint8_t least)
{
	while (text.left > 0) {
		uint8_t c = reader_u8(&text);

		if (c < least || c == 0x7f)
			return false;
	}
	return true;
}

/* Text up to its NUL, which is taken too; false when that is not there. */
static bool take_text(struct reader *r, struct reader *out_text)
{
	size_t n = reader_find(r, 0, 0);

	if (n == r->left)
		return false;
	*out_text = reader_sub(r, n);
	reader_skip(r, 1);
	return true;
}

/* 4a: an address 0.0.0.x, x not zero, says that a name follows. */
static bool is_4a(uint32_t address)
{
	return address != 0 && address < 256;
}

static enum probe_result socks4_probe(struct reader r)
{
	struct reader user, host;
	uint8_t command;
	uint16_t port;
	uint32_t address;

	reader_skip(&r, 1);
	command = reader_u8(&r);
	if (!r.failed && command != 1 && command != 2)
		return PROBE_NO;
	port = reader_u16(&r);
	if (!r.failed && port == 0)
		return PROBE_NO;
	address = reader_u32(&r);
	if (r.failed)
		return PROBE_MORE;
	if (address == 0)
		return PROBE_NO;
	if (r.left > LIMIT_SOCKS_MESSAGE)
		r = reader_sub(&r, LIMIT_SOCKS_MESSAGE);
	if (!take_text(&r, &user)) {
		if (r.left == LIMIT_SOCKS_MESSAGE)
			return PROBE_NO;
		return text_is_plausible(r, 0x20) ? PROBE_MORE : PROBE_NO;
	}
	if (!text_is_plausible(user, 0x20))
		return PROBE_NO;
	if (!is_4a(address))
		return PROBE_YES;
	if (!take_text(&r, &host)) {
		if (user.left + 1 + r.left >= LIMIT_SOCKS_MESSAGE)
			return PROBE_NO;
		return text_is_plausible(r, 0x21) ? PROBE_MORE : PROBE_NO;
	}
	return host.left > 0 && text_is_plausible(host, 0x21) ? PROBE_YES
							      : PROBE_NO;
}

static enum probe_result socks_probe(const struct probe *first)
{
	struct reader r = first->client;

	if (reader_peek(&r, 0) == SOCKS5)
		return socks5_probe(r);
	if (reader_peek(&r, 0) == SOCKS4)
		return socks4_probe(r);
	return PROBE_NO;
}

static void tell_target(struct reader host, const char *before,
			const char *after, uint16_t port, struct facts *facts)
{
	char text[TARGET_MAX + 1];
	size_t n = host.left;
	const uint8_t *p = reader_take(&host, n);
	char tail[8];
	size_t at = 0;

	(void)snprintf(tail, sizeof(tail), ":%u", port);
	for (; *before; before++)
		text[at++] = *before;
	for (size_t i = 0; p && i < n; i++)
		text[at++] = (char)p[i];
	for (; *after; after++)
		text[at++] = *after;
	for (const char *t = tail; *t; t++)
		text[at++] = *t;
	facts_add(facts, FIELD_SOCKS_TARGET, 0, str_mem(text, at));
}

static void tell_address(struct ipaddr address, uint16_t port,
			 struct facts *facts)
{
	char text[IPADDR_TEXT_MAX];
	bool v6 = address.family == IP_V6;
	struct str s = str_of(ipaddr_print(&address, text));

	tell_target(reader_of(s.p, s.len), v6 ? "[" : "", v6 ? "]" : "", port,
		    facts);
}

static enum proto_result socks4_request(struct socks_state *st,
					struct reader *in, struct facts *facts)
{
	struct reader r = *in, user, host = {0};
	const uint8_t *bytes;
	uint32_t address;
	uint16_t port;

	reader_skip(&r, 1);
	st->command = reader_u8(&r);
	port = reader_u16(&r);
	bytes = reader_take(&r, 4);
	if (!bytes)
		return PROTO_MORE;
	address = (uint32_t)(bytes[0] | bytes[1] | bytes[2]) << 8 | bytes[3];
	if (!take_text(&r, &user))
		return PROTO_MORE;
	if (is_4a(address) && !take_text(&r, &host))
		return PROTO_MORE;
	if (is_4a(address) && (host.left == 0 || host.left > 255))
		return PROTO_BAD;
	*in = r;
	st->client = SOCKS_CLIENT_END;
	st->server = SOCKS_SERVER_REPLY;
	facts_add(facts, FIELD_SOCKS_VERSION, 0,
		  str_of(is_4a(address) ? "4a" : "4"));
	if (is_4a(address))
		tell_target(host, "", "", port, facts);
	else
		tell_address(ipaddr_v4(bytes), port, facts);
	facts_layer_settle(facts, st->command == COMMAND_CONNECT);
	return PROTO_MORE;
}

static enum proto_result socks5_greeting(struct socks_state *st,
					 struct reader *in, struct facts *facts)
{
	struct reader r = *in, methods;

	reader_skip(&r, 1);
	methods = reader_sub(&r, reader_u8(&r));
	if (r.failed)
		return PROTO_MORE;
	while (methods.left > 0)
		if (reader_u8(&methods) == METHOD_PASSWORD)
			st->password_offered = true;
	*in = r;
	st->client = SOCKS_CLIENT_NEXT;
	facts_add(facts, FIELD_SOCKS_VERSION, 0, str_of("5"));
	return PROTO_MORE;
}

static enum proto_result greeting(struct socks_state *st, struct reader *in,
				  struct facts *facts)
{
	st->version = reader_peek(in, 0);
	if (st->version == SOCKS4)
		return socks4_request(st, in, facts);
	return socks5_greeting(st, in, facts);
}

/* RFC 1929: version, user, password. */
static enum proto_result socks5_password(struct socks_state *st,
					 struct reader *in)
{
	struct reader r = *in;

	reader_skip(&r, 1);
	reader_skip(&r, reader_u8(&r));
	reader_skip(&r, reader_u8(&r));
	if (r.failed)
		return PROTO_MORE;
	*in = r;
	st->password_sent = true;
	return PROTO_MORE;
}

/* Address and port of a request or reply; false when not all is there.
 * `*out_bad` for an address type that does not exist. */
static bool take_address(struct reader *r, struct reader *out_host,
			 uint8_t *out_type, uint16_t *out_port, bool *out_bad)
{
	uint8_t type = reader_u8(r);
	size_t n = 0;

	*out_bad = false;
	if (type == ATYP_V4)
		n = 4;
	else if (type == ATYP_V6)
		n = 16;
	else if (type == ATYP_NAME)
		n = reader_u8(r);
	else
		*out_bad = !r->failed;
	*out_host = reader_sub(r, n);
	*out_port = reader_u16(r);
	*out_type = type;
	return !r->failed && !*out_bad;
}

static enum proto_result socks5_request(struct socks_state *st,
					struct reader *in, struct facts *facts)
{
	struct reader r = *in, host;
	uint8_t type;
	const uint8_t *bytes;
	uint16_t port;
	bool bad;

	reader_skip(&r, 1);
	st->command = reader_u8(&r);
	reader_skip(&r, 1);
	if (!take_address(&r, &host, &type, &port, &bad))
		return bad ? PROTO_BAD : PROTO_MORE;
	if (host.left == 0)
		return PROTO_BAD;
	*in = r;
	st->client = SOCKS_CLIENT_END;
	if (type == ATYP_NAME) {
		tell_target(host, "", "", port, facts);
	} else {
		bytes = reader_take(&host, host.left);
		tell_address(type == ATYP_V4 ? ipaddr_v4(bytes)
					     : ipaddr_v6(bytes),
			     port, facts);
	}
	facts_layer_settle(facts, st->command == COMMAND_CONNECT);
	return PROTO_MORE;
}

static enum proto_result next_message(struct socks_state *st, struct reader *in,
				      struct facts *facts)
{
	bool password = st->password_offered && !st->password_sent;

	if (next_probe(*in, password) == PROBE_NO)
		return PROTO_BAD;
	if (reader_peek(in, 0) == SOCKS5)
		return socks5_request(st, in, facts);
	return socks5_password(st, in);
}

/* One message: an answer that is there already comes before the next. */
static enum proto_result client_feed(struct socks_state *st, struct reader *in,
				     struct facts *facts)
{
	switch (st->client) {
	case SOCKS_CLIENT_GREETING:
		return greeting(st, in, facts);
	case SOCKS_CLIENT_NEXT:
		return next_message(st, in, facts);
	case SOCKS_CLIENT_END:
		break;
	}
	return PROTO_MORE;
}

static enum proto_result choice(struct socks_state *st, struct reader *in)
{
	struct reader r = *in;
	uint8_t version = reader_u8(&r), method = reader_u8(&r);

	if (version != SOCKS5)
		return PROTO_BAD;
	if (r.failed)
		return PROTO_MORE;
	*in = r;
	if (method == METHOD_NONE)
		st->server = SOCKS_SERVER_REPLY;
	else if (method == METHOD_PASSWORD && st->password_offered)
		st->server = SOCKS_SERVER_AUTH;
	else
		return PROTO_DONE;
	return PROTO_MORE;
}

static enum proto_result auth_reply(struct socks_state *st, struct reader *in)
{
	struct reader r = *in;
	uint8_t status;

	if (!st->password_sent)
		return PROTO_MORE;
	reader_skip(&r, 1);
	status = reader_u8(&r);
	if (r.failed)
		return PROTO_MORE;
	*in = r;
	st->server = SOCKS_SERVER_REPLY;
	return status == 0 ? PROTO_MORE : PROTO_DONE;
}

static enum proto_result socks4_reply(struct socks_state *st, struct reader *in)
{
	struct reader r = *in, answer;
	uint8_t version, code;

	answer = reader_sub(&r, SOCKS4_REPLY_LEN);
	if (answer.failed)
		return PROTO_MORE;
	version = reader_u8(&answer);
	code = reader_u8(&answer);
	if (version != 0 || code < SOCKS4_GRANTED || code > SOCKS4_REPLY_MAX)
		return PROTO_BAD;
	*in = r;
	return code == SOCKS4_GRANTED && st->command == COMMAND_CONNECT
		       ? PROTO_INNER
		       : PROTO_DONE;
}

static enum proto_result socks5_reply(struct socks_state *st, struct reader *in)
{
	struct reader r = *in, host;
	uint8_t version = reader_u8(&r), code, type;
	uint16_t port;
	bool bad;

	if (version != SOCKS5)
		return PROTO_BAD;
	code = reader_u8(&r);
	reader_skip(&r, 1);
	if (!r.failed && code != 0)
		return PROTO_DONE;
	if (!take_address(&r, &host, &type, &port, &bad))
		return bad ? PROTO_BAD : PROTO_MORE;
	*in = r;
	return st->command == COMMAND_CONNECT ? PROTO_INNER : PROTO_DONE;
}

static enum proto_result command_reply(struct socks_state *st,
				       struct reader *in)
{
	if (st->client != SOCKS_CLIENT_END)
		return PROTO_MORE;
	return st->version == SOCKS4 ? socks4_reply(st, in)
				     : socks5_reply(st, in);
}

static enum proto_result server_feed(struct socks_state *st, struct reader *in)
{
	switch (st->server) {
	case SOCKS_SERVER_CHOICE:
		return choice(st, in);
	case SOCKS_SERVER_AUTH:
		return auth_reply(st, in);
	case SOCKS_SERVER_REPLY:
		return command_reply(st, in);
	}
	return PROTO_MORE;
}

static enum proto_result socks_feed(void *state, enum dir dir,
				    struct reader *in, struct facts *facts)
{
	return dir == DIR_CLIENT ? client_feed(state, in, facts)
				 : server_feed(state, in);
}

static bool socks_waits(const void *state)
{
	const struct socks_state *st = state;

	switch (st->client) {
	case SOCKS_CLIENT_GREETING:
		return false;
	case SOCKS_CLIENT_NEXT:
		return st->server == SOCKS_SERVER_CHOICE ||
		       (st->server == SOCKS_SERVER_AUTH && st->password_sent);
	case SOCKS_CLIENT_END:
		return true;
	}
	return false;
}

const struct proto proto_socks = {
	.name = "socks",
	.app = APP_SOCKS,
	.state_size = sizeof(struct socks_state),
	.ceiling = LIMIT_SOCKS_MESSAGE,
	.probe = socks_probe,
	.feed = socks_feed,
	.waits = socks_waits,
};
