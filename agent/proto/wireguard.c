/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * WireGuard ("WireGuard: Next Generation Kernel Network Tunnel", 5.4): a type,
 * three reserved bytes, and a length that the type gives.
 *
 * Some operators put numbers of their own into the reserved bytes.  Then the
 * second authenticator tells: of the first message of a client it is zero.
 */
#include "agent/proto/datagram.h"

#define INITIATION_LEN  148
#define INITIATION_MOST 256
#define RESPONSE_LEN    92
#define COOKIE_LEN      64
#define DATA_HEADER     16
#define DATA_MIN        32
#define MAC2_LEN        16

static bool is_zero(struct reader r, size_t at, size_t n)
{
	reader_skip(&r, at);
	r = reader_sub(&r, n);
	while (r.left > 0)
		if (reader_u8(&r) != 0)
			return false;
	return !r.failed;
}

/* Data: whole blocks of 16 bytes, and a counter (low bytes first) that no
 * tunnel has counted up to its high half. */
static bool is_data(struct reader r)
{
	return r.left >= DATA_MIN && (r.left - DATA_HEADER) % 16 == 0 &&
	       is_zero(r, 12, 4);
}

/* A variant of it may be longer. */
static bool is_first_initiation(struct reader r)
{
	return r.left >= INITIATION_LEN && r.left <= INITIATION_MOST &&
	       is_zero(r, r.left - MAC2_LEN, MAC2_LEN);
}

static enum probe_result wireguard_probe(const struct probe *first)
{
	struct reader r = probe_either(first);
	bool plain = is_zero(r, 1, 3);

	switch (reader_peek(&r, 0)) {
	case 1:
		return probe_yes_if((plain && r.left == INITIATION_LEN) ||
				    is_first_initiation(r));
	case 2:
		return probe_yes_if(plain && r.left == RESPONSE_LEN);
	case 3:
		return probe_yes_if(plain && r.left == COOKIE_LEN);
	case 4:
		return probe_yes_if(plain && is_data(r));
	default:
		return PROBE_NO;
	}
}

const struct proto proto_wireguard = {
	.name = "wireguard",
	.app = APP_WIREGUARD,
	.state_size = 1,
	.ceiling = DATAGRAM_MAX,
	.probe = wireguard_probe,
	.feed = feed_nothing,
};
