/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenVPN over UDP and TCP, by the reset that a connection begins with (the
 * project's "network protocol" documentation, ssl_pkt.h and tls_crypt.h): an
 * opcode, a session id, and then, by how the control channel is protected,
 *
 *   plain         number of acknowledgments (0), packet number (0)
 *   tls-auth      authenticator, replay number, time, and the plain part
 *   tls-crypt     replay number, time, authenticator, the plain part sealed
 *   tls-crypt-v2  the same with another opcode, and the client's sealed key
 *
 * The replay number of the first packet is 1, above a base by which a client
 * tells that it knows of early negotiation (two have been in use).  Data alone
 * has no shape.
 */
#include "agent/proto/datagram.h"

#define RESET_CLIENT_V1 1
#define RESET_CLIENT_V2 7
#define RESET_SERVER_V2 8
#define RESET_CLIENT_V3 10
#define SESSION_LEN     8
#define PLAIN_LEN       5 /* acknowledgments, packet number */
#define CRYPT_AUTH_LEN  32
#define REPLAY_LEN      8 /* number, time */
#define REPLAY_MOST     16
#define TIME_MIN        1000000000 /* 2001 */
#define WRAPPED_KEY_MIN 290
#define RESET_MAX       1023 /* the sealed key has 290 bytes and little more */
#define TCP_LENGTH      2

/* A replay number of a beginning, and a time of this century. */
static bool replay_read(struct reader *r)
{
	static const uint32_t bases[] = {0, 0x0f000000, 0x0a010000};
	uint32_t n = reader_u32(r), time = reader_u32(r);

	for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++)
		if (n > bases[i] && n <= bases[i] + REPLAY_MOST)
			return time >= TIME_MIN;
	return false;
}

/* Nothing acknowledged, and the first of the reliable packets. */
static bool is_plain(struct reader r)
{
	return r.left >= PLAIN_LEN && reader_u8(&r) == 0 && reader_u32(&r) == 0;
}

/* How the channel is protected; NULL: this is no reset of a client. */
static const char *auth_of(struct reader r)
{
	static const uint8_t auth_lens[] = {16, 20, 28, 32, 48, 64};
	const size_t behind = r.left;

	if (behind == PLAIN_LEN && is_plain(r))
		return "none";
	for (size_t i = 0; i < sizeof(auth_lens); i++) {
		struct reader rest = r;

		if (behind != (size_t)auth_lens[i] + REPLAY_LEN + PLAIN_LEN)
			continue;
		reader_skip(&rest, auth_lens[i]);
		if (replay_read(&rest) && is_plain(rest))
			return "tls-auth";
	}
	if (behind >= REPLAY_LEN + CRYPT_AUTH_LEN + PLAIN_LEN &&
	    behind <= REPLAY_LEN + CRYPT_AUTH_LEN + PLAIN_LEN + 16 &&
	    replay_read(&r))
		return "tls-crypt";
	return NULL;
}

static const char *client_reset(struct reader r)
{
	size_t all = r.left;
	uint8_t first = reader_u8(&r);

	/* The key's number, in the low bits, is 0. */
	if (first != RESET_CLIENT_V2 << 3 && first != RESET_CLIENT_V1 << 3 &&
	    first != RESET_CLIENT_V3 << 3)
		return NULL;
	reader_skip(&r, SESSION_LEN);
	if (r.failed)
		return NULL;
	if (first != RESET_CLIENT_V3 << 3)
		return auth_of(r);
	return all >= WRAPPED_KEY_MIN && all <= RESET_MAX && replay_read(&r)
		       ? "tls-crypt-v2"
		       : NULL;
}

/* A server's, not protected: it acknowledges packet 0 of the client. */
static bool is_server_reset(struct reader r)
{
	if (r.left != 26 || reader_u8(&r) != RESET_SERVER_V2 << 3)
		return false;
	reader_skip(&r, SESSION_LEN);
	if (reader_u8(&r) != 1 || reader_u32(&r) != 0)
		return false;
	reader_skip(&r, SESSION_LEN);
	return reader_u32(&r) == 0;
}

static enum probe_result openvpn_probe(const struct probe *first)
{
	return probe_yes_if(
		client_reset(first->client) ||
		(first->client.left == 0 && is_server_reset(first->server)));
}

/* Over TCP each packet stands behind its length. */
static enum probe_result openvpn_tcp_probe(const struct probe *first)
{
	struct reader r = first->client, packet;
	uint16_t len = reader_u16(&r);
	uint8_t opcode = reader_peek(&r, 0) >> 3;

	if (r.failed)
		return PROBE_MORE;
	if (len < 1 + SESSION_LEN + PLAIN_LEN || len > RESET_MAX)
		return PROBE_NO;
	if (r.left > 0 &&
	    ((reader_peek(&r, 0) & 7) ||
	     (opcode != RESET_CLIENT_V1 && opcode != RESET_CLIENT_V2 &&
	      opcode != RESET_CLIENT_V3)))
		return PROBE_NO;
	packet = reader_sub(&r, len);
	if (packet.failed)
		return PROBE_MORE;
	return probe_yes_if(client_reset(packet));
}

static enum proto_result tell(struct reader packet, struct reader *in,
			      struct facts *facts)
{
	const char *auth = client_reset(packet);

	if (auth)
		facts_add(facts, FIELD_OPENVPN_CONTROL, 0, str_of(auth));
	return told_all(in, facts);
}

static enum proto_result openvpn_feed(void *state, enum dir dir,
				      struct reader *in, struct facts *facts)
{
	(void)state;
	(void)dir;
	return tell(*in, in, facts);
}

static enum proto_result openvpn_tcp_feed(void *state, enum dir dir,
					  struct reader *in,
					  struct facts *facts)
{
	struct reader r = *in;

	(void)state;
	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	return tell(reader_sub(&r, reader_u16(&r)), in, facts);
}

const struct proto proto_openvpn = {
	.name = "openvpn",
	.app = APP_OPENVPN,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = openvpn_probe,
	.feed = openvpn_feed,
};

const struct proto proto_openvpn_tcp = {
	.name = "openvpn",
	.app = APP_OPENVPN,
	.state_size = 1,
	.ceiling = TCP_LENGTH + RESET_MAX,
	.probe = openvpn_tcp_probe,
	.feed = openvpn_tcp_feed,
};
