/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NTP (RFC 5905, RFC 1305): no magic number, but each field of the header has
 * few values that make sense, and what follows is an authenticator or extension
 * fields of exact length.  Control messages (RFC 9327) and ntpd's private ones
 * are told by their counts.
 */
#include "agent/proto/datagram.h"
#include "agent/proto/tell.h"

#define HEADER_LEN   48
#define MODE_CONTROL 6
#define MODE_PRIVATE 7
#define STRATUM_MAX  16
#define POLL_MAX     17
#define DELAY_MAX    0x00100000 /* 16 seconds */

/* A power of two in seconds: from 2^-32 up; 0 of simple clients, and 2^32 of
 * chrony, which tells nobody how good its clock is. */
static bool is_precision(uint8_t v)
{
	return v == 0 || v == 32 || (v >= 0xe0 && v <= 0xfd);
}

/* Extension fields (RFC 7822), then a key's number and a digest. */
static bool tail_fits(struct reader r)
{
	while (r.left > 24) {
		uint16_t len;

		reader_skip(&r, 2);
		len = reader_u16(&r);
		if (len < 16 || len % 4 != 0)
			return false;
		reader_skip(&r, len - 4u);
	}
	return !r.failed && (r.left == 0 || r.left == 4 || r.left == 12 ||
			     r.left == 16 || r.left == 20 || r.left == 24);
}

static bool is_time_message(struct reader r)
{
	uint8_t stratum, poll;

	reader_skip(&r, 1);
	stratum = reader_u8(&r);
	poll = reader_u8(&r);
	if (stratum > STRATUM_MAX || poll > POLL_MAX ||
	    !is_precision(reader_u8(&r)) || reader_u32(&r) > DELAY_MAX ||
	    reader_u32(&r) > DELAY_MAX)
		return false;
	reader_skip(&r, HEADER_LEN - 12);
	return !r.failed && tail_fits(r);
}

/* RFC 9327 2: a request or an answer, data as long as the count says; what is
 * asked for begins at its start. */
static bool is_control(struct reader r)
{
	uint8_t flags, operation;
	uint16_t offset, count;

	if (reader_u8(&r) & 0xc0)
		return false;
	flags = reader_u8(&r);
	operation = flags & 31;
	reader_skip(&r, 6);
	offset = reader_u16(&r);
	count = reader_u16(&r);
	if (r.failed || (operation > 12 && operation != 31) ||
	    ((flags & 0x80) == 0 && ((flags & 0x60) || offset != 0)))
		return false;
	return r.left == ((count + 3u) & ~3u) || r.left == count;
}

/* ntpd's ntp_request.h: which of its two implementations, a request, and items
 * of a size that fill it; a request may have empty room. */
static bool is_private(struct reader r)
{
	uint8_t implementation, request;
	unsigned items, size;

	reader_skip(&r, 2);
	implementation = reader_u8(&r);
	request = reader_u8(&r);
	items = reader_u16(&r);
	size = reader_u16(&r);
	if (r.failed || (implementation != 3 && implementation != 2) ||
	    request > 45)
		return false;
	items &= 0x0fff;
	return items * size == r.left || (items == 0 && size == 0);
}

static enum probe_result ntp_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	uint8_t mode = reader_peek(&r, 0) & 7;
	uint8_t version = reader_peek(&r, 0) >> 3 & 7;

	if (version < 1 || version > 4 || mode == 0)
		return PROBE_NO;
	if (mode == MODE_CONTROL)
		return probe_yes_if(is_control(r));
	if (mode == MODE_PRIVATE)
		return probe_yes_if(version >= 2 && is_private(r));
	return probe_yes_if(is_time_message(r));
}

static enum proto_result ntp_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	static const char *const modes[8] = {
		"reserved", "symmetric-active", "symmetric-passive", "client",
		"server",   "broadcast",        "control",           "private"};
	uint8_t flags = reader_peek(in, 0);

	(void)state;
	(void)dir;
	tell_number(facts, FIELD_NTP_VERSION, 0, flags >> 3 & 7);
	facts_add(facts, FIELD_NTP_MODE, 0, str_of(modes[flags & 7]));
	return told_all(in, facts);
}

const struct proto proto_ntp = {
	.name = "ntp",
	.app = APP_NTP,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = ntp_probe,
	.feed = ntp_feed,
};
