/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SSH: the banner of both sides (RFC 4253 4.2) and what they offer in the first
 * packet (7.1), with the fingerprints that are made of that
 * (https://github.com/salesforce/hassh).
 *
 * A decision has what it needs with the client's banner.  The server may say
 * other lines before its own; of what it said before the client, only the
 * beginning is there, so an offer that does not fit to its last byte is none.
 */
#include "agent/limits.h"
#include "agent/proto/proto.h"
#include "agent/proto/tell.h"
#include "policy/base/strbuf.h"

#include <openssl/evp.h>

#define KEXINIT        20
#define KEXINIT_COOKIE 16
/* Key exchange, host key; then to the server and from it in turns: cipher, MAC,
 * compression, language. */
#define KEXINIT_LISTS 10
#define LIST_KEX      0
#define LIST_CIPHER   2
#define LIST_MAC      4
#define LIST_COMPRESS 6

enum ssh_side {
	SSH_BANNER,
	SSH_PACKET,
	SSH_END,
};

struct ssh_state {
	enum ssh_side sides[2];
	bool in_line; /* server: of a line that is no banner */
};

/* What is told of each side. */
static const struct {
	enum field banner, version, software, hash, string;
} fields[] = {
	[DIR_CLIENT] = {FIELD_SSH_CLIENT_BANNER, FIELD_SSH_CLIENT_VERSION,
			FIELD_SSH_CLIENT_SOFTWARE, FIELD_SSH_HASSH,
			FIELD_SSH_HASSH_STRING},
	[DIR_SERVER] = {FIELD_SSH_SERVER_BANNER, FIELD_SSH_SERVER_VERSION,
			FIELD_SSH_SERVER_SOFTWARE, FIELD_SSH_HASSH_SERVER,
			FIELD_SSH_HASSH_SERVER_STRING},
};

/* How many bytes of "SSH-" a digit and "." there are: MORE when they all fit
 * and are not enough. */
static enum probe_result begins(const struct reader *r)
{
	static const char start[] = "SSH-";
	size_t n = 0;

	for (; n < sizeof(start) - 1; n++) {
		if (n == r->left)
			return PROBE_MORE;
		if (reader_peek(r, n) != (uint8_t)start[n])
			return PROBE_NO;
	}
	if (n == r->left)
		return PROBE_MORE;
	if (reader_peek(r, n) != '1' && reader_peek(r, n) != '2')
		return PROBE_NO;
	if (++n == r->left)
		return PROBE_MORE;
	return reader_peek(r, n) == '.' ? PROBE_YES : PROBE_NO;
}

static enum probe_result ssh_probe(const struct probe *first)
{
	/* A server that nobody answers. */
	if (first->client.left == 0)
		return begins(&first->server);
	return begins(&first->client);
}

/* "SSH-protoversion-softwareversion SP comments". */
static bool banner_tell(enum dir dir, struct reader line, struct facts *facts)
{
	struct reader version;
	size_t n;

	if (line.left > 0 && reader_peek(&line, line.left - 1) == '\r')
		line.left--;
	facts_add(facts, fields[dir].banner, 0, reader_text(line));
	reader_skip(&line, 4);
	n = reader_find(&line, '-', 0);
	if (n == line.left)
		return false;
	version = reader_sub(&line, n);
	reader_skip(&line, 1);
	line.left = reader_find(&line, ' ', 0);
	tell_text(facts, fields[dir].version, 0, version);
	tell_text(facts, fields[dir].software, 0, line);
	return reader_peek(&version, 0) == '2' ||
	       str_is(reader_text(version), "1.99");
}

/* Over the server's lines that are no banner; false when more is needed to
 * know. */
static bool skip_lines(struct ssh_state *st, struct reader *in)
{
	while (in->left > 0) {
		size_t n;

		if (!st->in_line && begins(in) != PROBE_NO)
			return begins(in) == PROBE_YES;
		n = reader_find(in, '\n', 0);
		st->in_line = n == in->left;
		reader_skip(in, st->in_line ? n : n + 1);
	}
	return false;
}

static enum proto_result banner_feed(struct ssh_state *st, enum dir dir,
				     struct reader *in, struct facts *facts)
{
	struct reader line;
	size_t n;

	if (dir == DIR_SERVER && !skip_lines(st, in))
		return PROTO_MORE;
	/* The line is short: it can be looked through again. */
	n = reader_find(in, '\n', 0);
	if (n > LIMIT_SSH_BANNER)
		return PROTO_BAD;
	if (n == in->left)
		return PROTO_MORE;
	line = reader_sub(in, n);
	reader_skip(in, 1);
	st->sides[dir] = banner_tell(dir, line, facts) ? SSH_PACKET : SSH_END;
	if (dir == DIR_CLIENT)
		facts_layer_settle(facts, false);
	return PROTO_MORE;
}

/* The fingerprint is of the lists of one way: `from` is 0 for the client's, 1
 * for the server's. */
static void hassh_tell(enum dir dir, const struct reader lists[KEXINIT_LISTS],
		       struct facts *facts)
{
	const unsigned from = dir == DIR_SERVER;
	const unsigned of[] = {LIST_KEX, LIST_CIPHER + from, LIST_MAC + from,
			       LIST_COMPRESS + from};
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct strbuf line;
	char text[33];

	strbuf_init(&line, LIMIT_SSH_PACKET);
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		strbuf_addz(&line, i ? ";" : "");
		strbuf_add(&line, reader_text(lists[of[i]]));
	}
	if (!line.failed && EVP_Digest(strbuf_text(&line), line.len, digest,
				       NULL, EVP_md5(), NULL) == 1) {
		for (size_t i = 0; i < 16; i++) {
			text[2 * i] = hex[digest[i] >> 4];
			text[2 * i + 1] = hex[digest[i] & 15];
		}
		facts_add(facts, fields[dir].hash, 0, str_mem(text, 32));
		facts_add(facts, fields[dir].string, 0,
			  str_mem(strbuf_text(&line), line.len));
	}
	strbuf_done(&line);
}

static void kexinit_tell(enum dir dir, struct reader payload,
			 struct facts *facts)
{
	struct reader lists[KEXINIT_LISTS];

	if (reader_u8(&payload) != KEXINIT)
		return;
	reader_skip(&payload, KEXINIT_COOKIE);
	for (size_t i = 0; i < KEXINIT_LISTS; i++)
		lists[i] = reader_sub(&payload, reader_u32(&payload));
	/* Whether a guess follows, and room for later. */
	reader_skip(&payload, 5);
	if (reader_done(&payload))
		hassh_tell(dir, lists, facts);
}

/* Length, length of padding, payload, padding (RFC 4253 6). */
static enum proto_result packet_feed(struct ssh_state *st, enum dir dir,
				     struct reader *in, struct facts *facts)
{
	struct reader r = *in, packet;
	uint32_t len = reader_u32(&r);
	uint8_t padding;

	if (r.failed)
		return PROTO_MORE;
	if (len > LIMIT_SSH_PACKET) {
		st->sides[dir] = SSH_END;
		return PROTO_MORE;
	}
	packet = reader_sub(&r, len);
	if (packet.failed)
		return PROTO_MORE;
	*in = r;
	st->sides[dir] = SSH_END;
	padding = reader_u8(&packet);
	if (!packet.failed && padding <= packet.left)
		kexinit_tell(dir, reader_sub(&packet, packet.left - padding),
			     facts);
	return PROTO_MORE;
}

static enum proto_result ssh_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	struct ssh_state *st = state;

	if (st->sides[dir] == SSH_BANNER &&
	    banner_feed(st, dir, in, facts) == PROTO_BAD)
		return PROTO_BAD;
	if (st->sides[dir] == SSH_PACKET && in->left > 0)
		(void)packet_feed(st, dir, in, facts);
	if (st->sides[dir] == SSH_END)
		reader_skip(in, in->left);
	return st->sides[DIR_CLIENT] == SSH_END &&
			       st->sides[DIR_SERVER] == SSH_END
		       ? PROTO_DONE
		       : PROTO_MORE;
}

const struct proto proto_ssh = {
	.name = "ssh",
	.app = APP_SSH,
	.state_size = sizeof(struct ssh_state),
	.ceiling = LIMIT_SSH_PACKET + 4,
	.probe = ssh_probe,
	.feed = ssh_feed,
	.wants_banner = true,
};
