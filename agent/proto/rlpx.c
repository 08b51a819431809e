/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RLPx, which nodes of Ethereum speak over TCP
 * (https://github.com/ethereum/devp2p/blob/master/rlpx.md, EIP-8): a length,
 * and a message for one key, which begins with a key made for it.  All else is
 * encrypted; but that 64 bytes are a point of the curve does not happen by
 * chance.
 */
#include "agent/limits.h"
#include "agent/proto/shape.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <pthread.h>

#define KEY_LEN  65
#define KEY_TYPE 4
#define AUTH_MIN 150
#define AUTH_MAX 2048

/* Made once, for all threads. */
static EC_GROUP *group;

static void make_group(void)
{
	group = EC_GROUP_new_by_curve_name(NID_secp256k1);
}

static bool is_on_curve(const uint8_t *key)
{
	static pthread_once_t made = PTHREAD_ONCE_INIT;
	EC_POINT *point;
	bool on;

	if (pthread_once(&made, make_group) != 0)
		return false;
	point = group ? EC_POINT_new(group) : NULL;
	on = point && EC_POINT_oct2point(group, point, key, KEY_LEN, NULL) == 1;
	EC_POINT_free(point);
	return on;
}

static enum probe_result rlpx_probe(const struct probe *first)
{
	struct reader r = first->client;
	uint16_t len = reader_u16(&r);
	const uint8_t *key;

	if (first->server.left > 0 ||
	    reader_peek(&first->client, 0) > AUTH_MAX >> 8)
		return PROBE_NO;
	if (!r.failed && (len < AUTH_MIN || len > AUTH_MAX))
		return PROBE_NO;
	if (r.left > 0 && reader_peek(&r, 0) != KEY_TYPE)
		return PROBE_NO;
	key = reader_take(&r, KEY_LEN);
	if (!key)
		return PROBE_MORE;
	return is_on_curve(key) ? PROBE_YES : PROBE_NO;
}

SHAPE(rlpx, APP_ETHEREUM);
