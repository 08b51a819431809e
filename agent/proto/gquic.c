/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Google's QUIC before the IETF's, versions Q024 to Q046: nothing of the first
 * packets is encrypted.  Sources: the wire specification and "QUIC Crypto" that
 * Google published (2016), and its changes for Q039 (order of bytes), Q043 and
 * Q046 (a long header) as Chromium's sources describe them.
 *
 * Of a flow the first ClientHello is told, which is all in one packet.
 */
#include "agent/proto/gquic.h"

#include <stdio.h>
#include <string.h>

#define FLAG_VERSION     0x01
#define FLAG_RESET       0x02
#define FLAG_CID         0x08
#define FLAG_UNUSED      0x80
#define LONG_HEADER      0x80
#define HASH_LEN         12
#define FRAME_STREAM     0x80
#define CHLO             0x43484c4f
#define TAG_SNI          0x534e4900
#define TAG_UAID         0x55414944
#define TAGS_MAX         128
#define REJECTION_WITHIN 64

/* "Q046" -> 46; 0 for what is none of these versions. */
static unsigned version_of(uint32_t v)
{
	unsigned tens = (v >> 8 & 0xff) - '0', ones = (v & 0xff) - '0';

	if (v >> 16 != 0x5130 || tens > 9 || ones > 9)
		return 0;
	v = tens * 10 + ones;
	return v >= 24 && v <= 46 ? v : 0;
}

/* The header up to the frames; the version as it stands there, or 0. */
static uint32_t header_read(struct reader *r)
{
	static const uint8_t number_len[] = {1, 2, 4, 6};
	uint8_t flags = reader_u8(r);
	uint32_t version;

	if (flags & LONG_HEADER) {
		uint8_t lens;

		version = reader_u32(r);
		if (version_of(version) < 44)
			return 0;
		lens = reader_u8(r);
		/* 8 bytes of the one, or of both. */
		reader_skip(r, lens >> 4 ? (lens >> 4) + 3u : 0);
		reader_skip(r, lens & 15 ? (lens & 15) + 3u : 0);
		reader_skip(r, version_of(version) < 46 ? 4 : (flags & 3) + 1u);
	} else {
		if ((flags & (FLAG_VERSION | FLAG_RESET | FLAG_CID)) !=
		    (FLAG_VERSION | FLAG_CID))
			return 0;
		reader_skip(r, 8);
		version = reader_u32(r);
		if (version_of(version) == 0 || version_of(version) > 43)
			return 0;
		reader_skip(r, number_len[flags >> 4 & 3]);
	}
	return r->failed ? 0 : version;
}

static uint16_t u16_le(struct reader *r)
{
	uint16_t v = reader_u16(r);

	return (uint16_t)(v >> 8 | v << 8);
}

static uint32_t u32_le(struct reader *r)
{
	return __builtin_bswap32(reader_u32(r));
}

static void tag_tell(uint32_t tag, struct reader value, struct facts *facts)
{
	size_t n = value.left;
	struct str text = str_mem(reader_take(&value, n), n);

	if (n == 0)
		return;
	if (tag == TAG_SNI)
		facts_add(facts, FIELD_TLS_SNI, 0, text);
	else if (tag == TAG_UAID)
		facts_add(facts, FIELD_QUIC_UA, 0, text);
}

/* Tags in rising order, each with where its value ends; then the values. */
enum proto_result gquic_chlo_tell(struct reader message, struct facts *facts)
{
	struct reader tags, values = message, r;
	uint32_t end = 0;
	uint16_t n;

	if (reader_u32(&values) != CHLO && !values.failed)
		return PROTO_BAD;
	n = u16_le(&values);
	reader_skip(&values, 2);
	if (n > TAGS_MAX)
		return PROTO_BAD;
	tags = reader_sub(&values, n * 8u);
	if (values.failed)
		return PROTO_MORE;
	for (r = tags; r.left > 0;) {
		uint32_t before = end;

		reader_skip(&r, 4);
		end = u32_le(&r);
		if (end < before)
			return PROTO_BAD;
	}
	if (end > values.left)
		return PROTO_MORE;
	end = 0;
	while (tags.left > 0) {
		uint32_t tag = reader_u32(&tags), before = end;

		end = u32_le(&tags);
		tag_tell(tag, reader_sub(&values, end - before), facts);
	}
	return PROTO_DONE;
}

/* What a stream's first frame holds, where nothing but padding stands before
 * it; empty when there is none. */
static struct reader frame_of(struct reader r, unsigned version)
{
	uint8_t type;
	size_t offset_len;

	reader_skip(&r, HASH_LEN);
	/* Flags of its own before Q034. */
	if (version < 34)
		reader_skip(&r, 1);
	reader_skip(&r, reader_run(&r, 0));
	type = reader_u8(&r);
	if (!(type & FRAME_STREAM))
		return (struct reader){0};
	offset_len = type >> 2 & 7;
	reader_skip(&r, (type & 3) + 1u + (offset_len ? offset_len + 1 : 0));
	if (type & 0x20) {
		uint16_t len = version < 39 ? u16_le(&r) : reader_u16(&r);

		r = reader_sub(&r, len);
	}
	return r;
}

/* The server's rejection, the first thing that it says (it never says its
 * version): in a stream frame of stream 1, perhaps behind an acknowledgment. */
static bool is_rejection(struct reader r)
{
	static const uint8_t tag[] = {'R', 'E', 'J', 0};
	uint8_t flags = reader_u8(&r);

	if ((flags & ~0x30) != FLAG_CID)
		return false;
	reader_skip(&r, 8 + 1 + HASH_LEN);
	for (unsigned i = 0; i < REJECTION_WITHIN && r.left > 8; i++) {
		struct reader frame = r;
		uint8_t type = reader_u8(&frame), stream = reader_u8(&frame);
		uint16_t len = reader_u16(&frame);

		if (type == (FRAME_STREAM | 0x20) && stream == 1 &&
		    len <= frame.left &&
		    !memcmp(reader_take(&frame, 4), tag, sizeof(tag)))
			return true;
		reader_skip(&r, 1);
	}
	return false;
}

static enum probe_result gquic_probe(const struct probe *first)
{
	struct reader r = first->client;

	if (r.left == 0)
		return is_rejection(first->server) ? PROBE_YES : PROBE_NO;
	return header_read(&r) ? PROBE_YES : PROBE_NO;
}

static enum proto_result gquic_feed(void *state, enum dir dir,
				    struct reader *in, struct facts *facts)
{
	struct reader r = *in;
	uint32_t version;
	char text[16];

	(void)state;
	reader_skip(in, in->left);
	if (dir == DIR_SERVER)
		return PROTO_MORE;
	version = header_read(&r);
	if (!version)
		return PROTO_MORE;
	(void)snprintf(text, sizeof(text), "0x%08x", version);
	facts_add(facts, FIELD_QUIC_VERSION, 0, str_of(text));
	r = frame_of(r, version_of(version));
	if (r.left > 0)
		(void)gquic_chlo_tell(r, facts);
	facts_layer_settle(facts, false);
	/* The next one counts alone. */
	return PROTO_DONE;
}

static bool gquic_is_hello(struct reader datagram)
{
	uint32_t version = header_read(&datagram);

	datagram = frame_of(datagram, version_of(version));
	return version && reader_u32(&datagram) == CHLO;
}

const struct proto proto_gquic = {
	.name = "gquic",
	.app = APP_QUIC,
	.state_size = 1,
	.ceiling = 65536,
	.probe = gquic_probe,
	.feed = gquic_feed,
	.is_hello = gquic_is_hello,
};
