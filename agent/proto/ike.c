/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IKE (RFC 2408 and 2409; RFC 7296), alone or behind the four zero bytes that
 * keep it apart from ESP (RFC 3948): the header's length is that of the
 * datagram, and payloads that are not sealed fill it.  What follows in the same
 * flow, ESP and its keepalives, is of it; a flow that begins with those has
 * nothing that nobody else could say.
 */
#include "agent/proto/datagram.h"
#include "agent/proto/tell.h"

#define NON_ESP_MARKER  4
#define SPI_LEN         8
#define HEADER_LEN      28
#define FLAG_ENCRYPTED1 0x01 /* version 1 */
#define SEALED2         46   /* version 2: payloads of encrypted data */
#define SEALED_SKF2     53

struct ike {
	uint8_t next, major, minor, exchange, flags;
	struct reader payloads;
};

/* Exchange types (IANA) of the two versions. */
static bool is_exchange(uint8_t major, uint8_t type)
{
	if (major == 1)
		return (type >= 1 && type <= 6) || type == 32 || type == 33;
	return type >= 34 && type <= 44;
}

/* Bits that are not defined must be zero. */
static bool are_flags(uint8_t major, uint8_t flags)
{
	return major == 1 ? flags <= 7 : !(flags & ~0x38);
}

static bool header_read(struct reader r, struct ike *ike)
{
	size_t all = r.left;
	uint8_t version;
	bool named;

	if (r.left > NON_ESP_MARKER + HEADER_LEN) {
		struct reader marked = r;

		if (reader_u32(&marked) == 0) {
			r = marked;
			all -= NON_ESP_MARKER;
		}
	}
	/* The initiator has a number, however little is known of others. */
	named = reader_u32(&r) != 0;
	named = reader_u32(&r) != 0 || named;
	reader_skip(&r, SPI_LEN);
	ike->next = reader_u8(&r);
	version = reader_u8(&r);
	ike->major = version >> 4;
	ike->minor = version & 15;
	ike->exchange = reader_u8(&r);
	ike->flags = reader_u8(&r);
	reader_skip(&r, 4);
	if (reader_u32(&r) != all || r.failed || !named)
		return false;
	ike->payloads = r;
	return (ike->major == 1 || ike->major == 2) && ike->minor == 0 &&
	       is_exchange(ike->major, ike->exchange) &&
	       are_flags(ike->major, ike->flags);
}

/* Each payload says what comes next, and how long it is. */
static bool payloads_fit(const struct ike *ike)
{
	struct reader r = ike->payloads;
	uint8_t next = ike->next;

	while (next != 0) {
		uint8_t type = next;
		uint16_t len;

		if (ike->major == 2 && (type == SEALED2 || type == SEALED_SKF2))
			return true;
		next = reader_u8(&r);
		reader_skip(&r, 1);
		len = reader_u16(&r);
		if (len < 4)
			return false;
		reader_skip(&r, len - 4u);
		if (r.failed)
			return false;
	}
	return reader_done(&r);
}

static enum probe_result ike_probe(const struct probe *first)
{
	struct ike ike;

	if (!header_read(probe_either(first), &ike))
		return PROBE_NO;
	if (ike.major == 1 && (ike.flags & FLAG_ENCRYPTED1))
		return PROBE_YES;
	return probe_yes_if(payloads_fit(&ike));
}

static enum proto_result ike_feed(void *state, enum dir dir, struct reader *in,
				  struct facts *facts)
{
	struct ike ike;

	(void)state;
	(void)dir;
	if (header_read(*in, &ike)) {
		tell_number(facts, FIELD_IKE_VERSION, 0, ike.major);
		tell_number(facts, FIELD_IKE_EXCHANGE, 0, ike.exchange);
	}
	return told_all(in, facts);
}

const struct proto proto_ike = {
	.name = "ike",
	.app = APP_IKE,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = ike_probe,
	.feed = ike_feed,
};
