/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control channels of L2TP (RFC 2661 3.1, RFC 3931 4.1) and PPTP (RFC 2637
 * 2.1), GTP (3GPP TS 29.060, 29.281, 29.274, 32.295), and iodine's raw mode,
 * each by its header and a length that is the message's.
 */
#include "agent/proto/datagram.h"

/* --- L2TP ---------------------------------------------------------------- */

#define L2TP_CONTROL 0xc800 /* type, length and sequence are there */

/* A control message begins with the attribute that says its type. */
static enum probe_result l2tp_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	size_t all = r.left;
	uint16_t flags = reader_u16(&r), len = reader_u16(&r);
	uint16_t attribute;

	if ((flags != (L2TP_CONTROL | 2) && flags != (L2TP_CONTROL | 3)) ||
	    len != all)
		return PROBE_NO;
	reader_skip(&r, 8);
	/* An acknowledgment has none. */
	if (reader_done(&r))
		return PROBE_YES;
	attribute = reader_u16(&r) & 0x3ff;
	return probe_yes_if(attribute == 8 && reader_u16(&r) == 0 &&
			    reader_u16(&r) == 0 && reader_u16(&r) != 0 &&
			    !r.failed);
}

/* --- PPTP ---------------------------------------------------------------- */

#define PPTP_START_LEN 156
#define PPTP_COOKIE    0x1a2b3c4d

/* The first message asks to begin. */
static enum probe_result pptp_probe(const struct probe *first)
{
	static const uint8_t start[] = {0,    PPTP_START_LEN, 0, 1, 0x1a, 0x2b,
					0x3c, 0x4d,           0, 1, 0,    0};
	struct reader r = first->client;
	size_t n = r.left < sizeof(start) ? r.left : sizeof(start);

	for (size_t i = 0; i < n; i++)
		if (reader_u8(&r) != start[i])
			return PROBE_NO;
	return n < sizeof(start) ? PROBE_MORE : PROBE_YES;
}

/* --- GTP ----------------------------------------------------------------- */

#define GTP_USER_DATA 255

/* The user's packet inside is of IP, and as long as it says. */
static bool carries_ip(struct reader r)
{
	size_t all = r.left;
	uint8_t version = reader_u8(&r) >> 4;

	reader_skip(&r, version == 4 ? 1 : 3);
	if (version == 4)
		return reader_u16(&r) == all;
	return version == 6 && reader_u16(&r) + 40u == all;
}

/* Version 1: the rest of the header when any of its three flags is set, then
 * extensions, each as long as it says. */
static bool gtp1_optional(struct reader *r, uint8_t flags)
{
	uint8_t next;

	if (!(flags & 7))
		return true;
	reader_skip(r, 3);
	next = reader_u8(r);
	while ((flags & 4) && next != 0 && !r->failed) {
		uint8_t words = reader_u8(r);

		if (words == 0)
			return false;
		reader_skip(r, words * 4u - 2);
		next = reader_u8(r);
	}
	return !r->failed;
}

/* An element of version 1: below 128 its length is fixed by the type. */
static bool gtp1_begins(struct reader r, uint8_t type)
{
	uint8_t element = reader_u8(&r);

	/* Echo: a counter of restarts at most. */
	if (type == 1 || type == 2)
		return r.failed || (element == 14 && r.left >= 1) ||
		       element == 255;
	return !r.failed && (element <= 29 || element >= 127);
}

static bool is_gtp1(struct reader r)
{
	uint8_t flags = reader_u8(&r), type = reader_u8(&r);

	if (reader_u16(&r) + 4u != r.left || (flags & 0x08))
		return false;
	reader_skip(&r, 4);
	if (r.failed || !gtp1_optional(&r, flags))
		return false;
	if (type == GTP_USER_DATA)
		return carries_ip(r);
	/* Signalling is numbered. */
	return (flags & 2) && type > 0 && type <= 129 && gtp1_begins(r, type);
}

/* Version 2: elements of a type, a length and an instance fill it. */
static bool is_gtp2(struct reader r)
{
	uint8_t flags = reader_u8(&r), type = reader_u8(&r);

	if ((flags & 0x07) || type == 0 || reader_u16(&r) != r.left)
		return false;
	reader_skip(&r, flags & 0x08 ? 8 : 4);
	while (r.left > 0) {
		uint16_t len;

		if (reader_u8(&r) == 0)
			return false;
		len = reader_u16(&r);
		reader_skip(&r, 1u + len);
	}
	return reader_done(&r);
}

/* Charging, "GTP prime": echo, node alive, redirection, records. */
static bool is_gtp_prime(struct reader r)
{
	uint8_t flags = reader_u8(&r), type = reader_u8(&r);
	uint16_t len = reader_u16(&r);

	if ((flags & 0x0e) != 0x0e || flags >> 5 > 2 ||
	    !((type >= 1 && type <= 7) || type == 240 || type == 241))
		return false;
	/* A number, and in the long form a tunnel. */
	reader_skip(&r, flags & 1 || flags >> 5 > 0 ? 2 : 16);
	return !r.failed && r.left == len;
}

static enum probe_result gtp_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	uint8_t flags = reader_peek(&r, 0);

	if (!(flags & 0x10))
		return probe_yes_if(flags >> 5 == 2 ? is_gtp2(r)
						    : is_gtp_prime(r));
	return probe_yes_if(flags >> 5 == 2 ? is_gtp2(r)
					    : flags >> 5 == 1 && is_gtp1(r));
}

/* --- iodine -----------------------------------------------------------------
 * Its raw mode (src/common.h of iodine 0.7): three fixed bytes, a command with
 * a user's number, and 16 bytes of a digest behind a login, nothing behind a
 * ping, what zlib makes of a packet behind data. */

#define IODINE_MAGIC  0x10d19e
#define IODINE_LOGIN  0x10
#define IODINE_DATA   0x20
#define IODINE_PING   0x30
#define IODINE_DIGEST 16
#define ZLIB_HEADER   0x78

static enum probe_result iodine_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	uint32_t magic = reader_u24(&r);
	uint8_t command = reader_u8(&r) & 0xf0;

	if (r.failed || magic != IODINE_MAGIC)
		return PROBE_NO;
	if (command == IODINE_LOGIN)
		return probe_yes_if(r.left == IODINE_DIGEST);
	if (command == IODINE_PING)
		return probe_yes_if(r.left == 0);
	return probe_yes_if(command == IODINE_DATA &&
			    reader_u8(&r) == ZLIB_HEADER);
}

const struct proto proto_iodine = {
	.name = "iodine",
	.app = APP_IODINE,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = iodine_probe,
	.feed = feed_nothing,
};

const struct proto proto_l2tp = {
	.name = "l2tp",
	.app = APP_L2TP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = l2tp_probe,
	.feed = feed_nothing,
};

const struct proto proto_pptp = {
	.name = "pptp",
	.app = APP_PPTP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = pptp_probe,
	.feed = feed_nothing,
};

const struct proto proto_gtp = {
	.name = "gtp",
	.app = APP_GTP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = gtp_probe,
	.feed = feed_nothing,
};
