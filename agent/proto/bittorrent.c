/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BitTorrent: the handshake of peers over TCP (BEP 3); over UDP the distributed
 * hash table (BEP 5), the transport protocol uTP (BEP 29), the question to a
 * tracker (BEP 15) and the search for neighbours (BEP 14).
 */
#include "agent/proto/datagram.h"
#include "agent/proto/match.h"
#include "agent/proto/tell.h"

#define HANDSHAKE \
	"\x13"    \
	"BitTorrent protocol"
#define HANDSHAKE_LEN 20
#define HASH_AT       28
#define HASH_LEN      20
#define WHOLE_LEN     (HASH_AT + HASH_LEN)
#define DEPTH_MAX     8

/* --- bencoding (BEP 3) --------------------------------------------------- */

static bool digits_read(struct reader *r, uint8_t stop, size_t *out)
{
	size_t n = 0, digits = 0;

	while (r->left > 0 && reader_peek(r, 0) != stop) {
		uint8_t c = reader_u8(r);

		if (c < '0' || c > '9' || ++digits > 18)
			return false;
		n = n * 10 + (c - '0');
	}
	reader_skip(r, 1);
	*out = n;
	return digits > 0 && !r->failed;
}

static bool text_read(struct reader *r, struct reader *out)
{
	size_t n;

	if (!digits_read(r, ':', &n))
		return false;
	*out = reader_sub(r, n);
	return !r->failed;
}

/* One value with all that is in it. */
static bool value_skip(struct reader *r)
{
	unsigned depth = 0;

	do {
		uint8_t c = reader_peek(r, 0);
		struct reader text;
		size_t n;

		if (c == 'd' || c == 'l') {
			reader_skip(r, 1);
			if (++depth > DEPTH_MAX)
				return false;
		} else if (c == 'e' && depth > 0) {
			reader_skip(r, 1);
			depth--;
		} else if (c == 'i') {
			reader_skip(r, reader_peek(r, 1) == '-' ? 2 : 1);
			if (!digits_read(r, 'e', &n))
				return false;
		} else if (!text_read(r, &text)) {
			return false;
		}
	} while (depth > 0 && r->left > 0);
	return depth == 0;
}

/* --- over UDP ------------------------------------------------------------ */

/* One dictionary that fills the datagram, with the kind of the message, and
 * what this kind has. */
static bool is_dht(struct reader r)
{
	bool kind = false, body = false;

	if (reader_u8(&r) != 'd')
		return false;
	while (r.left > 1) {
		struct reader key, value;
		uint8_t name;

		if (!text_read(&r, &key))
			return false;
		name = key.left == 1 ? reader_peek(&key, 0) : 0;
		value = r;
		if (!value_skip(&r))
			return false;
		if (name == 'y')
			kind = text_read(&value, &key) && key.left == 1;
		if (name == 'a' || name == 'r' || name == 'e')
			body = true;
	}
	return kind && body && reader_u8(&r) == 'e' && reader_done(&r);
}

#define UTP_HEADER   20
#define UTP_DATA     0x01
#define UTP_STATE    0x21
#define UTP_SYN      0x41
#define WINDOW_MOST  (64u << 20)
#define EXTENDED     20 /* BEP 10 */
#define EXTENDED_MAX 16

/* What a packet of data begins with, when it is a message of peers. */
static bool is_peer_message(struct reader r)
{
	uint32_t len;

	if (match_bytes(r, HANDSHAKE, HANDSHAKE_LEN) == PROBE_YES)
		return true;
	len = reader_u32(&r);
	return len > 2 && len < 1 << 20 && reader_u8(&r) == EXTENDED &&
	       reader_u8(&r) <= EXTENDED_MAX && !r.failed;
}

/* A connection begins with nothing to acknowledge and no delay known.  Of one
 * that is under way: the whole KiBs that its window is of. */
static bool is_utp(struct reader r)
{
	uint8_t type = reader_u8(&r), extension = reader_u8(&r);
	uint32_t delay, window;
	uint16_t ack;

	reader_skip(&r, 6);
	delay = reader_u32(&r);
	window = reader_u32(&r);
	reader_skip(&r, 2);
	ack = reader_u16(&r);
	if (r.failed)
		return false;
	if (type == UTP_SYN)
		return delay == 0 && ack == 0 &&
		       ((extension == 0 && r.left == 0) ||
			(extension == 2 && r.left == 10));
	if (extension != 0 || window > WINDOW_MOST)
		return false;
	if (type == UTP_STATE)
		return r.left == 0 && window > 0 && window % 65536 == 0;
	return type == UTP_DATA && is_peer_message(r);
}

static bool is_search(struct reader r)
{
	return match_text(r, "BT-SEARCH * HTTP/1.") == PROBE_YES;
}

/* The number that connects to a tracker, and nothing but a number behind. */
static bool is_tracker(struct reader r)
{
	return r.left == 16 &&
	       match_bytes(r, "\0\0\x04\x17\x27\x10\x19\x80\0\0\0\0", 12) ==
		       PROBE_YES;
}

static enum probe_result bittorrent_probe(const struct probe *first)
{
	struct reader r = probe_either(first);

	return probe_yes_if(is_tracker(r) || is_dht(r) || is_utp(r) ||
			    is_search(r));
}

/* --- over TCP ------------------------------------------------------------ */

static enum probe_result bittorrent_tcp_probe(const struct probe *first)
{
	return match_bytes(first->client, HANDSHAKE, HANDSHAKE_LEN);
}

static enum proto_result bittorrent_tcp_feed(void *state, enum dir dir,
					     struct reader *in,
					     struct facts *facts)
{
	char text[2 * HASH_LEN + 1];
	struct reader r = *in;

	(void)state;
	facts_layer_settle(facts, false);
	if (dir == DIR_SERVER) {
		reader_skip(in, in->left);
		return PROTO_MORE;
	}
	if (r.left < WHOLE_LEN)
		return PROTO_MORE;
	reader_skip(&r, HASH_AT);
	for (size_t i = 0; i < HASH_LEN; i++)
		(void)snprintf(&text[2 * i], 3, "%02x", reader_u8(&r));
	facts_add(facts, FIELD_BITTORRENT_HASH, 0, str_of(text));
	return told_all(in, facts);
}

const struct proto proto_bittorrent = {
	.name = "bittorrent",
	.app = APP_BITTORRENT,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = bittorrent_probe,
	.feed = feed_nothing,
};

const struct proto proto_bittorrent_tcp = {
	.name = "bittorrent",
	.app = APP_BITTORRENT,
	.state_size = 1,
	.ceiling = WHOLE_LEN,
	.probe = bittorrent_tcp_probe,
	.feed = bittorrent_tcp_feed,
};
