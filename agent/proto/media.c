/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RTCP (RFC 3550 6) is told by packets whose lengths fill the datagram.
 *
 * RTP (RFC 3550 5) has too little in its header to be certain of one packet.
 * It is told where there is more: the general header extension (RFC 8285) that
 * fits, or a codec of a fixed number (RFC 3551 6) with a payload of the length
 * that this codec makes of 10 to 60 ms.  The rest stays unknown.
 */
#include "agent/proto/datagram.h"

#define VERSION_MASK  0xc0
#define VERSION       0x80
#define RTP_HEADER    12
#define PADDING       0x20
#define EXTENSION     0x10
#define EXTENSION_ONE 0xbede
#define EXTENSION_TWO 0x1000

/* --- RTCP ---------------------------------------------------------------- */

#define RTCP_SENDER   200
#define RTCP_RECEIVER 201
#define RTCP_BYE      203
#define RTCP_PSFB     206
#define RTCP_LAST     207

/* Words behind the first that a packet has at least. */
static unsigned words_min(uint8_t type, unsigned count)
{
	if (type == RTCP_SENDER)
		return 6 + 6 * count;
	if (type == RTCP_RECEIVER)
		return 1 + 6 * count;
	return type == RTCP_BYE ? count : 1;
}

/* A compound packet begins with a report; feedback may stand alone (RFC 5506).
 * Behind a sealed one (RFC 3711) stands an index and an authenticator. */
static enum probe_result rtcp_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	unsigned packets = 0;

	while (r.left > 0) {
		uint8_t flags = reader_u8(&r), type = reader_u8(&r);
		uint16_t words = reader_u16(&r);

		if ((flags & VERSION_MASK) != VERSION || type < RTCP_SENDER ||
		    type > RTCP_LAST)
			break;
		if (packets == 0 && type > RTCP_RECEIVER &&
		    type < RTCP_PSFB - 1)
			return PROBE_NO;
		if (words < words_min(type, flags & 31))
			return PROBE_NO;
		reader_skip(&r, words * 4u);
		if (r.failed)
			return PROBE_NO;
		packets++;
	}
	return probe_yes_if(packets > 0 && reader_done(&r));
}

/* --- RTP ----------------------------------------------------------------- */

/* Codecs of a fixed number: bytes of a frame, and how many are sent at once. */
static const struct codec {
	uint8_t type, frame, least, most;
} codecs[] = {
	{0, 80, 1, 6}, {8, 80, 1, 6}, {9, 80, 1, 6},  {3, 33, 1, 3},
	{4, 24, 1, 2}, {4, 20, 1, 2}, {18, 10, 1, 6},
};

static bool is_codec(uint8_t type, size_t payload)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(*codecs); i++) {
		const struct codec *c = &codecs[i];

		if (c->type == type && payload % c->frame == 0 &&
		    payload / c->frame >= c->least &&
		    payload / c->frame <= c->most)
			return true;
	}
	return false;
}

/* H.263 in the form of RFC 2190, whose number is fixed too: the first kind of
 * header, and the start of a picture. */
static bool is_h263(uint8_t type, struct reader r)
{
	uint8_t head = reader_u8(&r);

	reader_skip(&r, 3);
	return type == 34 && head < 0x40 && reader_u16(&r) == 0 &&
	       (reader_u8(&r) & 0xfc) == 0x80 && !r.failed;
}

/* Each element's number and length, and padding, fill the extension. */
static bool elements_fit(struct reader r, bool two)
{
	while (r.left > 0) {
		uint8_t head = reader_u8(&r);

		if (head == 0)
			continue;
		if (!two && head >> 4 == 15)
			return true;
		reader_skip(&r, two ? reader_u8(&r) : (head & 15) + 1u);
	}
	return reader_done(&r);
}

static enum probe_result rtp_probe(const struct probe *first)
{
	struct reader r = probe_either(first), extension;
	uint8_t flags = reader_u8(&r), type = reader_u8(&r) & 0x7f;
	uint16_t kind, words;

	/* Numbers that would be those of RTCP are not given to codecs. */
	if ((flags & VERSION_MASK) != VERSION || (type >= 64 && type < 96))
		return PROBE_NO;
	reader_skip(&r, RTP_HEADER - 6);
	if (reader_u32(&r) == 0)
		return PROBE_NO;
	reader_skip(&r, (flags & 15) * 4u);
	if (!(flags & EXTENSION))
		return probe_yes_if(
			flags == VERSION && !r.failed &&
			(is_codec(type, r.left) || is_h263(type, r)));
	kind = reader_u16(&r);
	words = reader_u16(&r);
	extension = reader_sub(&r, words * 4u);
	if (extension.left == 0 || r.left == 0)
		return PROBE_NO;
	if (kind == EXTENSION_ONE)
		return probe_yes_if(elements_fit(extension, false));
	return probe_yes_if((kind & 0xfff0) == EXTENSION_TWO &&
			    elements_fit(extension, true));
}

const struct proto proto_rtcp = {
	.name = "rtcp",
	.app = APP_RTP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = rtcp_probe,
	.feed = feed_nothing,
};

const struct proto proto_rtp = {
	.name = "rtp",
	.app = APP_RTP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = rtp_probe,
	.feed = feed_nothing,
};
